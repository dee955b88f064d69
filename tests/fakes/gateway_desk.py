"""The gateway's state machine in virtual time, between a fake venue, a fake journal and bots made of function calls.

Faults are decided per question by ``desk.fault``: it is shown the request and says what happens to it.
"""

import heapq
import itertools
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Literal, NamedTuple

from services.common import venue
from services.contracts import events as e
from services.gateway import messages as m
from services.gateway.limits.policy import Policy, load_policy
from services.gateway.logic import Gateway
from services.gateway.records import AccountRecord, BillRecord, FillRecord, OrderRecord, Record
from services.gateway.state import Timing
from tests.fakes.fake_venue import SYMBOL, FakeVenue

POLICY_PATH = Path(__file__).resolve().parents[2] / "data" / "policies" / "limits.yml"
START_WALL_MS = 1_760_000_000_000


class Fault(NamedTuple):
    """What becomes of one question. ``delay_ms`` is to the venue's door; the answer takes as long again."""

    kind: Literal["none", "lose_request", "lose_answer", "refuse", "hang", "late"] = "none"
    code: str = ""
    delay_ms: int = 5
    late_ms: int = 0  # "late": the asker gives up first, and so much later the venue acts


NO_FAULT = Fault()


class Desk:
    def __init__(
        self, bots: Iterable[str] = ("bot1",), policy: Policy | None = None, timing: Timing = Timing(), seed: int = 0
    ) -> None:
        self.bots = tuple(bots)
        self.policy = policy or load_policy(POLICY_PATH)
        self.timing = timing
        self.mono_ms = 1_000
        self.venue = FakeVenue(lambda: self.wall_ms)
        self.fault: Callable[[venue.Request], Fault] = lambda _request: NO_FAULT
        self.journal_delay_ms = 1
        self.push_delay_ms = 3
        self.replies: dict[int, venue.Answer] = {}
        self.reply_ms: dict[int, int] = {}
        self.pushed: list[tuple[str, venue.PrivatePush]] = []
        self.published: list[m.Publish] = []
        self.tightened: list[m.Tighten] = []
        self.drained: list[int | None] = []
        self.durable: dict[tuple[str, ...], Record] = {}
        self.latch: dict[str, m.LatchEntry] = {}
        self.is_hearing_market = True
        self.after_each: Callable[[Desk], None] = lambda _desk: None
        self._unwritten: list[m.Publish] = []
        self._life = 0
        self._heap: list[tuple[int, int, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._request_ids = itertools.count(1)
        self._client_ids = itertools.count(1)
        self.gateway = Gateway(self.bots, self.policy, timing)

    # ------------------------------------------------------------------------------------------------------- lifecycle

    def start(self, *, until_open: bool = True) -> "Desk":
        """Begin a life with what is durable; by default wait for the doors."""
        self._life += 1
        self.gateway = Gateway(self.bots, self.policy, self.timing)
        self.feed(m.LatchChange(dict(self.latch)))
        self.feed(m.Start(sorted(self.durable.values(), key=_order_of)))
        self.feed(m.UpstreamLink("", True))
        self._hear_market()
        for bot in self.bots:
            self.feed(m.UpstreamLink(bot, True))
        if until_open:
            for _ in range(400):
                if all(lane.is_door_open for lane in self.gateway.state.lanes.values()):
                    break
                self.run(50)
            assert all(lane.is_door_open for lane in self.gateway.state.lanes.values()), self.doors()
        return self

    def crash(self) -> None:
        """kill -9: what is not durable is gone; answers and callbacks of this life reach nobody."""
        self._life += 1
        self._unwritten = []

    def restart(self, *, until_open: bool = True) -> "Desk":
        self.crash()
        return self.start(until_open=until_open)

    def doors(self) -> dict[str, str]:
        return {bot: lane.door_detail for bot, lane in self.gateway.state.lanes.items()}

    # ------------------------------------------------------------------------------------------------------------ time

    @property
    def wall_ms(self) -> int:
        return START_WALL_MS + self.mono_ms

    def run(self, for_ms: int) -> None:
        """Let time go on; everything due happens on the way."""
        until_ms = self.mono_ms + for_ms
        while self._heap and self._heap[0][0] <= until_ms:
            due_ms, _, life, action = heapq.heappop(self._heap)
            self.mono_ms = max(self.mono_ms, due_ms)
            if life in (0, self._life):
                action()
        self.mono_ms = until_ms

    def at(self, delay_ms: int, action: Callable[[], None], *, of_this_life: bool = True) -> None:
        life = self._life if of_this_life else 0
        heapq.heappush(self._heap, (self.mono_ms + delay_ms, next(self._order), life, action))

    # ---------------------------------------------------------------------------------------------------------- inputs

    def feed(self, message: m.Input) -> None:
        for output in self.gateway.handle(message, m.Instant(self.wall_ms, self.mono_ms)):
            self._carry_out(output)
        if self._unwritten:
            events, self._unwritten = self._unwritten, []
            self.at(self.journal_delay_ms, lambda: self.published.extend(events))
        self.after_each(self)

    def request(self, request: venue.Request, bot: str = "bot1", claims: m.Claims = m.Claims()) -> int:
        request_id = next(self._request_ids)
        self.feed(m.BotRequest(request_id, bot, request, claims))
        return request_id

    def ask(self, request: venue.Request, bot: str = "bot1", within_ms: int = 100) -> venue.Answer:
        """Request, let time go on, and return the answer; fails when there is none in time."""
        request_id = self.request(request, bot)
        self.run(within_ms)
        assert request_id in self.replies, f"no answer within {within_ms} ms"
        return self.replies[request_id]

    def place(
        self,
        side: venue.Side = "buy",
        price: str | None = None,
        qty: str = "0.001",
        level: str = "b0",
        **fields: object,
    ) -> tuple[int, str]:
        """A bot submits; returns (request id, client order id). Each level has a price of its own; "" is none."""
        if price is None:
            depth = int(level[1:] or 0)
            price = str(59_990 - depth if side == "buy" else 60_010 + depth)
        bot = str(fields.pop("bot", "bot1"))
        claims: m.Claims = fields.pop("claims", m.Claims())  # type: ignore[assignment]
        client_id = str(fields.pop("client_id", "")) or f"hb{bot[3:]}-{level}-abc.{next(self._client_ids)}"
        request = venue.PlaceOrder(
            symbol=str(fields.pop("symbol", SYMBOL)),
            client_order_id=client_id,
            side=side,
            order_type=fields.pop("order_type", "limit"),  # type: ignore[arg-type]
            time_in_force=fields.pop("time_in_force", "gtc"),  # type: ignore[arg-type]
            qty_base=Decimal(qty),
            price=Decimal(price) if price else None,
            **fields,  # type: ignore[arg-type]
        )
        return self.request(request, bot, claims), client_id

    def placed(self, *args: str, **fields: object) -> str:
        """A submit that is accepted; returns the client order id."""
        request_id, client_id = self.place(*args, **fields)
        self.run(50)
        assert isinstance(self.replies.get(request_id), venue.Placed), self.replies.get(request_id)
        return client_id

    def refusal(self, *args: str, **fields: object) -> venue.Refused:
        """A submit that is refused."""
        request_id, _ = self.place(*args, **fields)
        self.run(50)
        answer = self.replies.get(request_id)
        assert isinstance(answer, venue.Refused), answer
        return answer

    def set_latch(self, scope: str, state: m.LatchState, actor: str = "anna", reason: str = "MANUAL") -> None:
        self.latch[scope] = m.LatchEntry(state, reason, actor, self.wall_ms)
        self.feed(m.LatchChange(dict(self.latch)))

    def deliver_pushes(self) -> None:
        """What the venue has said so far is on its way to the gateway."""
        for push in self.venue.take_pushes():
            self.at(self.push_delay_ms, lambda push=push: self.feed(m.UpstreamPush(push)))

    # --------------------------------------------------------------------------------------------------------- reading

    def row(self, client_id: str, bot: str = "bot1"):  # type: ignore[no-untyped-def]
        row = self.gateway.state.orders.by_client_id(bot, client_id)
        assert row is not None, client_id
        return row

    def row_sum(self, bot: str = "bot1") -> Decimal:
        """Value of everything that rests."""
        return sum((r.remaining * r.limit_price for r in self.gateway.state.orders.open_of(bot)), Decimal(0))

    def events(self, kind: type[e.Event]) -> list[dict]:
        return [publish.fields for publish in self.published if publish.kind is kind]

    def submits_at_venue(self) -> list[str]:
        return [r.client_order_id for r in self.venue.asked if isinstance(r, venue.PlaceOrder)]

    # --------------------------------------------------------------------------------------------------------- outputs

    def _carry_out(self, output: m.Output) -> None:
        match output:
            case m.Reply():
                assert output.request_id not in self.replies, f"request {output.request_id} answered twice"
                self.replies[output.request_id] = output.answer
                self.reply_ms[output.request_id] = self.mono_ms
            case m.AskUpstream():
                self._travel(output)
            case m.WriteJournal():
                events, self._unwritten = self._unwritten, []
                self.at(self.journal_delay_ms, lambda: self._commit(output, events))
            case m.PushToBot():
                self.pushed.append((output.bot_id, output.push))
            case m.Publish():
                self._unwritten.append(output)
            case m.WakeAt():
                self.at(max(0, output.mono_ms - self.mono_ms), lambda: self.feed(m.Tick()))
            case m.Tighten():
                self.tightened.append(output)
                self.latch[output.scope] = output.entry
            case m.Drained():
                self.drained.append(output.open_orders)

    def _commit(self, output: m.WriteJournal, events: list[m.Publish]) -> None:
        for record in output.records:
            self.durable[_key_of(record)] = record
        self.published.extend(events)  # as the outbox does: with the rows, or not at all
        self.feed(m.JournalDurable(output.batch_id))

    def _travel(self, output: m.AskUpstream) -> None:
        """The question goes to the venue even if its asker dies on the way."""
        fault = self.fault(output.request)
        life = self._life

        def back(answer: venue.Answer | venue.Unknown) -> None:
            if life == self._life:
                self.at(fault.delay_ms, lambda: self.feed(m.UpstreamAnswer(output.op_id, answer)))

        def act_late() -> None:
            self.venue.answer(output.request)
            self.deliver_pushes()

        def arrive() -> None:
            if fault.kind == "lose_request":
                back(venue.Unknown(detail="connection reset"))
            elif fault.kind == "late":
                back(venue.Unknown(detail="timeout"))
                self.at(fault.late_ms, act_late, of_this_life=False)
            elif fault.kind == "refuse":
                back(venue.Refused(code=fault.code, text=f"{fault.code}: by the test"))
            else:
                answer = self.venue.answer(output.request)
                self.deliver_pushes()
                if fault.kind == "none":
                    back(answer)
                elif fault.kind == "lose_answer":
                    back(venue.Unknown(detail="timeout"))

        self.at(fault.delay_ms, arrive, of_this_life=False)

    def _hear_market(self) -> None:
        if self.is_hearing_market:
            self.feed(m.UpstreamPush(venue.BookPush(book=self.venue.book())))
        self.at(500, self._hear_market)


def _key_of(record: Record) -> tuple[str, ...]:
    match record:
        case OrderRecord():
            return ("order", record.gateway_order_id)
        case FillRecord():
            return ("fill", record.account_id, record.fill.trade_id)
        case BillRecord():
            return ("bill", record.account_id, record.bill.bill_id)
        case AccountRecord():
            return ("account", record.bot_id)


def _order_of(record: Record) -> tuple[int, str]:
    kinds = (AccountRecord, OrderRecord, FillRecord, BillRecord)
    return kinds.index(type(record)), str(_key_of(record))
