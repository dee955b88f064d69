"""The way between a client and the exchange inside one process, in virtual time: latency both ways, and the fault plan.

``send`` puts a request on its way; ``advance`` lets time pass and returns what has arrived at the client by then, in
order. Requests reach the exchange in the order of their arrival there, not of sending; pushes of one kind and account
never overtake each other (unless a fault reorders them). A request whose answer is lost arrives as Unknown after
``timeout_ms``.
"""

import heapq
from typing import NamedTuple

from services.common import venue
from services.simulation.exchange import Exchange
from services.simulation.fault_events import strike
from services.simulation.fault_feed import FaultyFeed
from services.simulation.fault_rest import FaultyDesk, Status, Verdict, after, before
from services.simulation.faults import FaultPlan, Rule
from services.simulation.latency import Latency, LatencySettings
from services.simulation.rng import Streams

STEP_MS = 50  # how often the venue speaks by itself


class Delivery(NamedTuple):
    """Something that has reached the client. ``ticket`` is that of the request; None for a push."""

    at_ms: int
    ticket: int | None
    payload: venue.Answer | venue.Unknown | venue.Push


class _Arrival(NamedTuple):
    ticket: int
    request: venue.Request
    rules: tuple[Rule, ...]


class Wire:
    """``faults`` may be replaced while running (``FaultPlan.put``); its seed and the exchange's decide everything."""

    def __init__(
        self,
        exchange: Exchange,
        latency: LatencySettings | None = None,
        faults: FaultPlan | None = None,
        timeout_ms: int = 5_000,
    ) -> None:
        self.exchange = exchange
        self.faults = faults or FaultPlan(exchange.seed)
        self._latency = Latency(latency or LatencySettings(), Streams(exchange.seed))
        self._feed = FaultyFeed(self.faults)
        self._desk = FaultyDesk(exchange)
        self._timeout_ms = timeout_ms
        self._now_ms = exchange.now_ms
        self._tickets = 0
        self._order = 0
        self._towards_venue: list[tuple[int, int, _Arrival]] = []
        self._towards_client: list[tuple[int, int, Delivery]] = []
        self._last_ms: dict[tuple[str, str], int] = {}  # when the last push of a stream arrives

    def send(self, request: venue.Request, now_ms: int) -> int:
        """Put a request on its way; returns the ticket its answer will carry."""
        self._tickets += 1
        rules = tuple(self.faults.rest(request.account_id, endpoint_of(request), now_ms))
        verdict = before(rules)
        if verdict.instead is not None:
            self._answer(self._tickets, _given(verdict), now_ms + verdict.wait_ms, verdict.instead)
            return self._tickets
        at_ms = now_ms + verdict.wait_ms + self._latency.request_ms(request)
        self._order += 1
        heapq.heappush(self._towards_venue, (at_ms, self._order, _Arrival(self._tickets, request, rules)))
        return self._tickets

    def advance(self, to_ms: int) -> list[Delivery]:
        """Live up to to_ms; what reached the client, in order of arrival."""
        while self._now_ms < to_ms:
            due_ms = min(to_ms, self._now_ms - self._now_ms % STEP_MS + STEP_MS)
            if self._towards_venue:
                due_ms = min(due_ms, max(self._now_ms, self._towards_venue[0][0]))
            self._live(due_ms)
        self._live(to_ms)
        arrived = []
        while self._towards_client and self._towards_client[0][0] <= to_ms:
            arrived.append(heapq.heappop(self._towards_client)[2])
        return arrived

    # ---------------------------------------------------------------------------------------------------------- details

    def _live(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self.exchange.advance(now_ms)
        for rule, begins in self.faults.events(now_ms):
            strike(self.exchange, rule, begins, now_ms)
        while self._towards_venue and self._towards_venue[0][0] <= now_ms:
            _, _, arrival = heapq.heappop(self._towards_venue)
            answer = self._desk.handle(arrival.request, arrival.rules, now_ms)
            verdict = after(arrival.rules)
            self._answer(arrival.ticket, answer, now_ms + verdict.wait_ms, verdict.instead)
        for push in self.exchange.drain_pushes():
            for outgoing in self._feed.outgoing(push, now_ms):
                if not outgoing.is_lost:
                    self._push(outgoing.push, now_ms, outgoing.delay_ms)

    def _answer(self, ticket: int, answer: venue.Answer | venue.Unknown, from_ms: int, instead: object) -> None:
        at_ms = from_ms + self._latency.answer_ms()
        payload = answer
        if instead is not None and not isinstance(instead, venue.Refused):
            at_status = isinstance(instead, Status)
            payload = venue.Unknown(detail=f"HTTP {instead.code}" if isinstance(instead, Status) else "timeout")
            at_ms = at_ms if at_status else from_ms + self._timeout_ms
        self._deliver(Delivery(at_ms, ticket, payload))

    def _push(self, push: venue.Push, now_ms: int, delay_ms: int) -> None:
        stream = (type(push).__name__, getattr(push, "account_id", ""))
        at_ms = now_ms + self._latency.push_ms(push)
        if not delay_ms:
            at_ms = self._last_ms[stream] = max(at_ms, self._last_ms.get(stream, 0))
        self._deliver(Delivery(at_ms + delay_ms, None, push))

    def _deliver(self, delivery: Delivery) -> None:
        self._order += 1
        heapq.heappush(self._towards_client, (delivery.at_ms, self._order, delivery))


ENDPOINTS: dict[type[venue.Request], str] = {
    venue.PlaceOrder: "mix/order/place-order",
    venue.PlaceOrders: "mix/order/batch-place-order",
    venue.PlaceProtected: "mix/order/place-order",
    venue.PlaceStop: "mix/order/place-tpsl-order",
    venue.CancelOrder: "mix/order/cancel-order",
    venue.CancelOrders: "mix/order/batch-cancel-orders",
    venue.ModifyOrder: "mix/order/modify-order",
    venue.ClosePosition: "mix/order/close-positions",
    venue.GetOrder: "mix/order/detail",
    venue.GetOpenOrders: "mix/order/orders-pending",
    venue.GetOrderHistory: "mix/order/orders-history",
    venue.GetFills: "mix/order/fills",
    venue.GetAccount: "mix/account/accounts",
    venue.GetPositions: "mix/position/all-position",
    venue.GetBills: "mix/account/bill",
}


def endpoint_of(request: venue.Request) -> str:
    """The name a fault rule's ``endpoint`` is compared with: the path of the dialect this desk speaks first."""
    return ENDPOINTS.get(
        type(request), request.__struct_config__.tag if isinstance(request.__struct_config__.tag, str) else ""
    )


def _given(verdict: Verdict) -> venue.Answer | venue.Unknown:
    return verdict.instead if isinstance(verdict.instead, venue.Refused) else venue.Unknown(detail="timeout")
