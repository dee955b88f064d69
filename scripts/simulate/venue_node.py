"""The venue in virtual time: the exchange, what it has written, and the wires that lead to it."""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple, Protocol

import msgspec

from scripts.simulate.faults import Weather
from scripts.simulate.wires import Wires
from scripts.simulate.world import World
from services.common import venue
from services.simulation.exchange import Change, Exchange
from services.simulation.instruments import default_instruments
from services.simulation.params import ExchangeParams

START_QUOTE = Decimal(100_000)
_ZERO = Decimal(0)
_STEP_MS = 250  # how often the market is let go on and what it said is carried out
_TIMEOUT_MS = 5_000
_RECONNECT_MS = 400
_HEARD_EVERY_MS = 1_000  # an open session shows life at least so often: a message, or the answer to a ping

OnAnswer = Callable[[venue.Answer | venue.Unknown], None]


class Listener(Protocol):
    """Whoever holds the sessions with the venue: the gateway."""

    def on_push(self, push: venue.Push) -> None: ...
    def on_link(self, account_id: str, is_up: bool) -> None: ...
    def on_heard(self, account_id: str) -> None: ...


class Trade(NamedTuple):
    """A fill of an account, as the venue told it when it happened."""

    account_id: str
    fill: venue.Fill

    @property
    def base(self) -> Decimal:
        """Signed."""
        return self.fill.qty_base if self.fill.side == "buy" else -self.fill.qty_base


class VenueNode:
    """Requests arrive after a wire delay and are handled in that order; pushes leave as the market is stepped."""

    def __init__(
        self, world: World, weather: Weather, symbols: tuple[str, ...], bots: tuple[str, ...], market: str, seed: int
    ):
        self.world = world
        self.weather = weather
        self.listener: Listener | None = None
        self.is_up = True
        self.placed_ids: dict[tuple[str, str], int] = {}  # (account, client id) -> times accepted
        self.trades: dict[str, Trade] = {}
        self.positions: dict[tuple[str, str], Decimal] = {}  # (account, pair) -> sum of its trades
        self.started_ms = world.now_ms
        self.heard_ms = 0  # when the gateway last heard the public stream
        self.told_of_ms = 0  # and the time of the latest sound book that it was told
        self.touch: tuple[Decimal, Decimal] | None = None  # best prices as they really were, at most a second ago
        self.on_request: list[Callable[[venue.Request], None]] = []  # as it arrives
        self.on_accepted: list[Callable[[venue.PlaceOrder], None]] = []
        self.on_trade: list[Callable[[str], None]] = []
        self.wires = Wires(seed)
        self._symbols, self._bots, self._market, self._seed = symbols, bots, market, seed
        self._instruments = tuple(i for i in default_instruments() if i.rules.symbol in symbols)
        self._params = ExchangeParams(
            history_minutes=90, book_push_interval_ms=1_000, book_push_depth=2, ticker_push_interval_ms=5_000
        )
        self._rows: dict[tuple[str, str], str] = {}  # what is durable
        self.exchange = self._build()
        self._links: dict[str, bool] = dict.fromkeys(("", *bots), False)  # "" is the public one
        self.settings_calls = 0
        world.every(_STEP_MS, self._step)

    def _build(self) -> Exchange:
        return Exchange(
            self._instruments,
            dict.fromkeys(self._bots, START_QUOTE),
            self._market,
            self._seed,
            self.world.now_ms,
            self._params,
        )

    # ------------------------------------------------------------------------------------------------------- requests

    def ask(self, request: venue.Request, then: OnAnswer) -> None:
        """One request over the wire, at most once. ``then`` gets the answer, Refused, or Unknown after the timeout."""
        is_public = not request.account_id
        acting = isinstance(request, venue.PlaceOrder | venue.CancelOrder | venue.CancelOrders)
        fault = self.weather.meets(
            self.world.elapsed_ms, "lose_request", "lose_reply", "late_reply", "rate_limited", "server_error"
        )
        if fault and is_public:
            fault = ""
        out_ms, back_ms = self.wires.request_ms(request), self.wires.answer_ms()
        if fault == "lose_request":
            self.world.after(_TIMEOUT_MS, lambda: then(venue.Unknown(detail="timeout")))
            return
        if fault == "rate_limited":
            refused = venue.Refused(code="RATE_LIMITED", text="RATE_LIMITED: too many requests", retry_after_ms=1_000)
            self.world.after(out_ms + back_ms, lambda: then(refused))
            return
        if fault == "server_error" and (not acting or self.weather.choice(2)):
            self.world.after(out_ms + back_ms, lambda: then(venue.Unknown(detail="HTTP 503")))
            return
        if fault == "late_reply":
            back_ms += self.weather.delay_ms(500, 8_000)

        def arrive() -> None:
            if not self.is_up:
                refused = venue.Refused(code="VENUE_UNREACHABLE", text="VENUE_UNREACHABLE: connection refused")
                self.world.after(back_ms, lambda: then(refused))
                return
            answer = _as_on_the_wire(self._handle(request))
            if fault == "lose_reply":
                self.world.after(_TIMEOUT_MS, lambda: then(venue.Unknown(detail="timeout")))
            elif fault == "server_error":
                self.world.after(back_ms, lambda: then(venue.Unknown(detail="HTTP 502")))
            elif back_ms >= _TIMEOUT_MS:
                self.world.after(_TIMEOUT_MS, lambda: then(venue.Unknown(detail="timeout")))
            else:
                self.world.after(back_ms, lambda: tell(answer))

        def tell(answer: venue.Answer) -> None:
            if isinstance(answer, venue.Book):
                self.told_of_ms = max(self.told_of_ms, answer.ts_exch_ms)
            then(answer)

        self.world.after(out_ms, arrive)

    def _handle(self, request: venue.Request) -> venue.Answer:
        for listener in self.on_request:
            listener(request)
        answer = self.exchange.handle(request, self.world.now_ms)
        if isinstance(request, venue.PlaceOrder):
            said = answer.code if isinstance(answer, venue.Refused) else "placed"
            self.world.note(f"place {request.account_id} {request.client_order_id} {request.price} {said}")
            if isinstance(answer, venue.Placed):
                key = (request.account_id, answer.client_order_id)
                self.placed_ids[key] = self.placed_ids.get(key, 0) + 1
                for hear in self.on_accepted:
                    hear(request)
        self._write()
        self._deliver()
        return answer

    def _write(self) -> None:
        """Durable before anything leaves."""
        for change in self.exchange.drain_changes():
            if change.value is None:
                self._rows.pop((change.kind, change.key), None)
            else:
                self._rows[change.kind, change.key] = change.value

    # --------------------------------------------------------------------------------------------------------- pushes

    def _step(self) -> None:
        if not self.is_up:
            return
        self.exchange.advance(self.world.now_ms)
        self._write()
        self._deliver()
        self._tend_links()

    def _deliver(self) -> None:
        elapsed_ms = self.world.elapsed_ms
        frozen = self.weather.holds(elapsed_ms, "frozen_feed")
        for push in self.exchange.drain_pushes():
            if isinstance(push, venue.BookPush | venue.TradesPush | venue.TickerPush):
                if not isinstance(push, venue.TradesPush):
                    self._deliver_public(push, is_heard=not frozen and self._links[""])
                continue
            if isinstance(push, venue.OrderPush) and push.fill is not None:
                self._note_trade(push.account_id, push.fill)
            if not self._links.get(push.account_id, False):
                continue
            fault = self.weather.meets(elapsed_ms, "duplicate_push", "late_push")
            self._send(push, self.weather.delay_ms(20, 3_000) if fault == "late_push" else 0)
            if fault == "duplicate_push":
                self._send(push, self.weather.delay_ms(1, 2_000))

    def _deliver_public(self, push: venue.BookPush | venue.TickerPush, *, is_heard: bool) -> None:
        elapsed_ms = self.world.elapsed_ms
        if isinstance(push, venue.TickerPush):
            if is_heard:
                self._send(push, feed_late_ms=self.weather.late_feed_ms(elapsed_ms))
            return
        book = push.book
        if book.bids and book.asks:
            self.touch = (book.bids[0][0], book.asks[0][0])
        if not is_heard:
            return
        told_of_ms = book.ts_exch_ms
        if self.touch is not None and self.weather.meets(elapsed_ms, "wrong_book"):
            push, told_of_ms = venue.BookPush(book=self.weather.spoil(book)), 0
        self._send(push, feed_late_ms=self.weather.late_feed_ms(elapsed_ms), told_of_ms=told_of_ms)

    def _note_trade(self, account_id: str, fill: venue.Fill) -> None:
        self.world.note(f"fill {account_id} {fill.trade_id} {fill.price} {fill.qty_base}")
        trade = Trade(account_id, fill)
        self.trades[fill.trade_id] = trade
        key = (account_id, fill.symbol)
        self.positions[key] = self.positions.get(key, _ZERO) + trade.base
        for hear in self.on_trade:
            hear(account_id)

    def _send(self, push: venue.Push, late_ms: int = 0, feed_late_ms: int = 0, told_of_ms: int = 0) -> None:
        """``late_ms``: others may overtake it; ``feed_late_ms``: nothing of its stream does."""

        def arrive() -> None:
            if self.listener is None:
                return
            if isinstance(push, venue.BookPush):
                self.heard_ms = self.world.now_ms
                self.told_of_ms = max(self.told_of_ms, told_of_ms)
            self.listener.on_push(push)

        self.world.after(late_ms + self.wires.push_ms(push, self.world.now_ms, feed_late_ms), arrive)

    # ---------------------------------------------------------------------------------------------------------- links

    def connect(self) -> None:
        """The gateway has started: its sessions come up one after the other."""
        for account_id in self._links:
            self._links[account_id] = False

    def _tend_links(self) -> None:
        elapsed_ms = self.world.elapsed_ms
        for account_id, was_up in self._links.items():
            name = "link_down" if account_id else "public_down"
            is_lost = self.weather.holds(elapsed_ms, name)
            is_up = self.listener is not None and not is_lost
            if is_up != was_up:
                if is_lost:
                    self.weather.count(name)
                self._links[account_id] = is_up
                self._tell_link(account_id, is_up, 0 if not is_up else _RECONNECT_MS)
            elif is_up and not account_id and self.listener is not None and elapsed_ms % _HEARD_EVERY_MS == 0:
                self.heard_ms = self.world.now_ms
                self.listener.on_heard(account_id)

    def _tell_link(self, account_id: str, is_up: bool, delay_ms: int) -> None:
        def tell() -> None:
            if self.listener is not None and self._links[account_id] == is_up:
                if not account_id:
                    self.heard_ms = self.world.now_ms
                self.listener.on_link(account_id, is_up)

        self.world.after(delay_ms, tell)

    # ----------------------------------------------------------------------------------------------------- what happens

    def kill(self) -> None:
        """SIGKILL: sessions are cut; what was written stays."""
        self.is_up = False
        for account_id, was_up in self._links.items():
            if was_up:
                self._links[account_id] = False
                self._tell_link(account_id, False, 0)

    def start(self) -> None:
        """Restored from what was durable."""
        self.exchange = self._build()
        self.exchange.restore(Change(kind, key, value) for (kind, key), value in self._rows.items())  # type: ignore[arg-type]
        self.exchange.advance(self.world.now_ms)
        self.is_up, self.started_ms = True, self.world.now_ms

    def person_cancels(self, number: int) -> bool:
        """Somebody cancels the n-th open order by hand. False when there is none."""
        if not self.is_up:
            return False
        resting = self.exchange.open_orders()
        if not resting:
            return False
        account_id, order = resting[number % len(resting)]
        request = venue.CancelOrder(account_id=account_id, symbol=order.symbol, venue_order_id=order.venue_order_id)
        self.exchange.handle(request, self.world.now_ms)
        self._write()
        self._deliver()
        return True

    def open_orders(self) -> tuple[tuple[str, venue.Order], ...]:
        return self.exchange.open_orders() if self.is_up else ()


def _as_on_the_wire(answer: venue.Answer) -> venue.Answer:
    """A list of fills names the venue's order id alone."""
    if isinstance(answer, tuple) and answer and isinstance(answer[0], venue.Fill):
        return tuple(
            msgspec.structs.replace(fill, client_order_id="") for fill in answer if isinstance(fill, venue.Fill)
        )
    return answer
