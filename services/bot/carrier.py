"""The desk's own order carrier: one order per level, placed at most once, by one decide. Pure.

A level is occupied until its order is terminal at the connector, a cancel in progress included. A terminal event that
decide did not ask for (somebody cancelled, the gateway refused) empties the level until the next decide; a refused
level waits (decide lengthens the wait, here is its floor). Nothing here ever places by itself.

``execute``, ``tick`` and ``cancel_all`` return commands for the binding; ``on_*`` take what the connector reported.
Times are UTC milliseconds.
"""

from collections import deque
from decimal import Decimal
from typing import Literal, NamedTuple

from controllers.core.values import (
    LevelState,
    LiveOrder,
    OrderType,
    OwnFill,
    OwnRefusal,
    PlaceQuote,
    Plan,
    Side,
)

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_CLIENT_ORDER_ID_MAX = 32
_MINUTE_MS = 60_000
_SEEN_TRADES_MAX = 10_000


class CarrierSettings(NamedTuple):
    live_max: int = 10  # no new level at or above it
    ack_timeout_ms: int = 30_000  # no venue order id for that long: cancel by client id, level blocked
    cancel_retry_ms: int = 3_000  # a cancel without effect is asked again
    refusal_wait_ms: int = 10_000  # floor: at most one refused submit per level in this time
    terminal_kept_ms: int = 60_000  # for late fills
    fill_price_warn_pct: Decimal = Decimal("0.01")


class Submit(NamedTuple):
    client_order_id: str
    level_id: str
    side: Side
    order_type: OrderType
    price: Decimal
    qty_base: Decimal


class Cancel(NamedTuple):
    client_order_id: str


Command = Submit | Cancel


class Note(NamedTuple):
    """Something a person should be able to read in the log."""

    severity: Literal["info", "warning"]
    code: str
    text: str


class Counters(NamedTuple):
    """Since the start of this life."""

    submits: int = 0
    cancels: int = 0  # decided ones; a cancel asked again is not counted twice
    fills: int = 0
    refusals: int = 0
    skipped: int = 0  # places the plan asked for and the carrier held back


class QueueStats(NamedTuple):
    """How long our maker fills had rested: what the simulated queue cost in patience."""

    fills: int = 0
    waited_ms: int = 0

    @property
    def mean_ms(self) -> Decimal | None:
        return Decimal(self.waited_ms // self.fills) if self.fills else None


class _Carrier:
    """One order from the moment it is decided until it is terminal."""

    __slots__ = ("cancel_attempts", "cancel_ts_ms", "filled_base", "quote", "state", "terminal_ts_ms", "ts_ms")

    def __init__(self, quote: PlaceQuote, ts_ms: int) -> None:
        self.quote = quote
        self.ts_ms = ts_ms
        self.state: LevelState = "placing"
        self.filled_base = Decimal(0)
        self.cancel_ts_ms: int | None = None
        self.cancel_attempts = 0
        self.terminal_ts_ms: int | None = None


class Carriers:
    """All orders of one bot in one life. ``epoch_s`` makes its ids differ from every other life's."""

    def __init__(self, bot_id: str, epoch_s: int, settings: CarrierSettings = CarrierSettings()) -> None:
        self.settings = settings
        self._id_prefix = f"hb{bot_code(bot_id)}"
        self._epoch36 = base36(epoch_s)
        self._minted = 0
        self._live: dict[str, _Carrier] = {}
        self._recent: dict[str, _Carrier] = {}
        self._refused_ts_ms: dict[str, int] = {}  # by level
        self._seen_trades: deque[str] = deque(maxlen=_SEEN_TRADES_MAX)
        self._seen_trades_set: set[str] = set()
        self._fills: list[OwnFill] = []
        self._refusals: list[OwnRefusal] = []
        self._notes: list[Note] = []
        self._cancel_times: deque[int] = deque()
        self._queue = QueueStats()
        self._submits = self._cancels = self._fills_count = self._refusals_count = self._skipped = 0

    # ------------------------------------------------------------------------------------------------- from the plan

    def execute(self, plan: Plan, now_ms: int) -> list[Command]:
        """Cancels first, then places; each at most once. What is not possible now is left for a later decide."""
        commands: list[Command] = []
        for cancel in plan.cancel:
            commands += self._cancel(cancel.client_order_id, now_ms)
        for quote in plan.place:
            held_back = self._why_not(quote.level_id, now_ms)
            if held_back:
                self._skipped += 1
                self._refusals.append(OwnRefusal(quote.level_id, held_back, "held back by the carrier", now_ms))
                continue
            client_order_id = self._mint(quote.level_id)
            self._live[client_order_id] = _Carrier(quote, now_ms)
            self._submits += 1
            commands.append(
                Submit(client_order_id, quote.level_id, quote.side, quote.order_type, quote.price, quote.qty_base)
            )
        return commands

    def cancel_all(self, now_ms: int) -> list[Command]:
        """Ask the end of every order that was not asked yet; ``tick`` asks again what has no effect."""
        return [command for client_order_id in self._live for command in self._cancel(client_order_id, now_ms)]

    def tick(self, now_ms: int) -> list[Command]:
        """What time alone brings: acknowledgements that never came, cancels that had no effect, old memory."""
        commands: list[Command] = []
        for client_order_id, carrier in self._live.items():
            if carrier.state == "placing" and now_ms - carrier.ts_ms >= self.settings.ack_timeout_ms:
                carrier.state = "unknown"
                self._note(
                    "warning",
                    "ACK_TIMEOUT",
                    f"{client_order_id}: no venue id for {now_ms - carrier.ts_ms} ms; cancelled",
                )
                commands += self._cancel(client_order_id, now_ms)
            elif carrier.cancel_ts_ms is not None and now_ms - carrier.cancel_ts_ms >= self.settings.cancel_retry_ms:
                commands.append(self._cancel_again(client_order_id, carrier, now_ms))
        for client_order_id in [
            key
            for key, carrier in self._recent.items()
            if now_ms - (carrier.terminal_ts_ms or 0) >= self.settings.terminal_kept_ms
        ]:
            del self._recent[client_order_id]
        return commands

    # -------------------------------------------------------------------------------------------- from the connector

    def on_acknowledged(self, client_order_id: str) -> None:
        carrier = self._live.get(client_order_id)
        if carrier is None:
            return
        self._refused_ts_ms.pop(carrier.quote.level_id, None)
        if carrier.state == "placing":
            carrier.state = "open"

    def on_fill(
        self,
        *,
        client_order_id: str,
        trade_id: str,
        side: Side,
        price: Decimal,
        qty_base: Decimal,
        fee_quote: Decimal,
        is_maker: bool | None,
        ts_ms: int,
        is_read_back: bool = False,
    ) -> OwnFill | None:
        """The fill to report, or None when this trade was reported before. Orders of an earlier life are told too.

        ``is_read_back``: listed at the start of this life; the counter is of what this life saw happen, or a fill that
        an earlier life had counted would count twice.
        """
        if trade_id in self._seen_trades_set:
            return None
        if len(self._seen_trades) == _SEEN_TRADES_MAX:
            self._seen_trades_set.discard(self._seen_trades[0])
        self._seen_trades.append(trade_id)
        self._seen_trades_set.add(trade_id)
        carrier = self._live.get(client_order_id) or self._recent.get(client_order_id)
        order_price = carrier.quote.price if carrier else price
        if carrier:
            carrier.filled_base += qty_base
            if is_maker:
                waited_ms = self._queue.waited_ms + max(0, ts_ms - carrier.ts_ms)
                self._queue = QueueStats(self._queue.fills + 1, waited_ms)
        if carrier and order_price > 0 and abs(price - order_price) / order_price > self.settings.fill_price_warn_pct:
            self._note(
                "warning",
                "FILL_PRICE_FAR",
                f"{client_order_id}: {side} {qty_base} filled at {price}, order price {order_price}, "
                f"limit {self.settings.fill_price_warn_pct} of it",
            )
        fill = OwnFill(
            trade_id=trade_id,
            level_id=carrier.quote.level_id if carrier else level_of(client_order_id),
            client_order_id=client_order_id,
            side=side,
            price=price,
            qty_base=qty_base,
            fee_quote=fee_quote,
            is_maker=is_maker,
            order_price=order_price,
            ts_ms=ts_ms,
        )
        self._fills.append(fill)
        self._fills_count += not is_read_back
        return fill

    def on_terminal(self, client_order_id: str, now_ms: int) -> None:
        """Filled, cancelled, or known to be gone: the level is free for the next decide."""
        carrier = self._live.pop(client_order_id, None)
        if carrier is not None:
            carrier.terminal_ts_ms = now_ms
            self._recent[client_order_id] = carrier

    def on_refused(self, client_order_id: str, code: str, text: str, now_ms: int) -> None:
        """The order was not taken. Its level waits."""
        carrier = self._live.get(client_order_id)
        if carrier is None:
            return
        self.on_terminal(client_order_id, now_ms)
        self._refused_ts_ms[carrier.quote.level_id] = now_ms
        self._refusals.append(OwnRefusal(carrier.quote.level_id, code, text, now_ms))
        self._refusals_count += 1
        self._note("warning", code, f"{client_order_id} refused: {text}")

    def on_unknown(self, client_order_id: str, text: str) -> None:
        """Nobody can say what became of it: the level stays occupied until ``on_terminal``."""
        carrier = self._live.get(client_order_id)
        if carrier is not None and carrier.state != "unknown":
            carrier.state = "unknown"
            self._note(
                "warning", "UNKNOWN_OUTCOME", f"{client_order_id}: {text}; level blocked until its fate is known"
            )

    # --------------------------------------------------------------------------------------------------- for the view

    def orders(self) -> tuple[LiveOrder, ...]:
        return tuple(
            LiveOrder(
                level_id=carrier.quote.level_id,
                client_order_id=client_order_id,
                side=carrier.quote.side,
                price=carrier.quote.price,
                qty_base=carrier.quote.qty_base,
                filled_base=carrier.filled_base,
                state=carrier.state,
                placed_ts_ms=carrier.ts_ms,
            )
            for client_order_id, carrier in self._live.items()
        )

    def take_fills(self) -> tuple[OwnFill, ...]:
        fills, self._fills = tuple(self._fills), []
        return fills

    def take_refusals(self) -> tuple[OwnRefusal, ...]:
        refusals, self._refusals = tuple(self._refusals), []
        return refusals

    def take_notes(self) -> tuple[Note, ...]:
        notes, self._notes = tuple(self._notes), []
        return notes

    def cancels_last_minute(self, now_ms: int) -> int:
        while self._cancel_times and now_ms - self._cancel_times[0] >= _MINUTE_MS:
            self._cancel_times.popleft()
        return len(self._cancel_times)

    def is_mine(self, client_order_id: str) -> bool:
        """Live, or terminal for less than a minute."""
        return client_order_id in self._live or client_order_id in self._recent

    @property
    def live_count(self) -> int:
        return len(self._live)

    @property
    def counters(self) -> Counters:
        return Counters(self._submits, self._cancels, self._fills_count, self._refusals_count, self._skipped)

    @property
    def queue_stats(self) -> QueueStats:
        return self._queue

    # -------------------------------------------------------------------------------------------------------- private

    def _why_not(self, level_id: str, now_ms: int) -> str:
        if len(self._live) >= self.settings.live_max:
            return "TOO_MANY_CARRIERS"
        if any(carrier.quote.level_id == level_id for carrier in self._live.values()):
            return "LEVEL_OCCUPIED"
        if now_ms - self._refused_ts_ms.get(level_id, -self.settings.refusal_wait_ms) < self.settings.refusal_wait_ms:
            return "LEVEL_COOLING"
        return ""

    def _cancel(self, client_order_id: str, now_ms: int) -> list[Command]:
        carrier = self._live.get(client_order_id)
        if carrier is None or carrier.cancel_ts_ms is not None:
            return []
        carrier.cancel_ts_ms = now_ms
        carrier.cancel_attempts = 1
        if carrier.state != "unknown":
            carrier.state = "cancelling"
        self._cancels += 1
        self._cancel_times.append(now_ms)
        return [Cancel(client_order_id)]

    def _cancel_again(self, client_order_id: str, carrier: _Carrier, now_ms: int) -> Cancel:
        carrier.cancel_ts_ms = now_ms
        carrier.cancel_attempts += 1
        self._note("warning", "CANCEL_REPEATED", f"{client_order_id}: attempt {carrier.cancel_attempts}")
        return Cancel(client_order_id)

    def _mint(self, level_id: str) -> str:
        self._minted += 1
        client_order_id = f"{self._id_prefix}-{level_id}-{self._epoch36}.{self._minted}"
        assert len(client_order_id) <= _CLIENT_ORDER_ID_MAX, f"{client_order_id} is longer than {_CLIENT_ORDER_ID_MAX}"
        return client_order_id

    def _note(self, severity: Literal["info", "warning"], code: str, text: str) -> None:
        self._notes.append(Note(severity, code, text))


def bot_code(bot_id: str) -> str:
    """ "bot1" -> "1"; any other name keeps its letters and digits, at most eight of them."""
    if bot_id.startswith("bot") and bot_id[3:].isdigit():
        return bot_id[3:]
    return "".join(ch for ch in bot_id.lower() if ch.isalnum())[:8]


def level_of(client_order_id: str) -> str:
    """The level written into an id of ours; "" when it is not one of ours."""
    parts = client_order_id.split("-")
    return parts[1] if len(parts) == 3 and parts[0].startswith("hb") else ""


def base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text or "0"
