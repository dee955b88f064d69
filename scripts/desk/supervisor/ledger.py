"""What the events of this run add up to, per bot: the live table and the summary read it. Pure.

Counts come from the gateway's drop copy, never from what a bot says of itself; the bot's status gives what only the bot
knows (guard, reasons, modelled edge). Events of earlier runs are left out by their time.
"""

from collections import Counter, deque
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from services.contracts.codec import kind_of
from services.contracts.events import (
    AnyEvent,
    BotMarkoutV1,
    BotStatusV1,
    FillV1,
    LatchV1,
    MarketSnapshotV1,
    OrderV1,
    Side,
    VirtualAccountV1,
)

SEEN_MAX = 100_000  # a republished event is younger than that
TERMINAL = frozenset({"REFUSED", "FILLED", "CANCELLED", "GHOST"})


class Edge(NamedTuple):
    """Means over fills of one horizon, positive in our favour. Only numbers of one sample may be compared."""

    modelled_bps: Decimal
    realised_bps: Decimal
    horizon_s: int
    samples: int


class BotLedger:
    def __init__(self, bot_id: str) -> None:
        self.bot_id = bot_id
        self.status: BotStatusV1 | None = None
        self.account: VirtualAccountV1 | None = None
        self.first_account: VirtualAccountV1 | None = None
        self.first_accepted_ts_ms: int | None = None
        self.orders: set[str] = set()  # gateway order ids that the venue accepted
        self.refused = 0
        self.fills: dict[str, FillV1] = {}  # by trade id
        self.open_orders: dict[str, OrderV1] = {}  # by gateway order id
        self.markouts: dict[int, dict[str, BotMarkoutV1]] = {}  # by horizon and trade id

    def fills_of(self, side: Side) -> int:
        return sum(1 for fill in self.fills.values() if fill.side == side)

    @property
    def positions_base(self) -> dict[str, Decimal]:
        return self.account.positions_base if self.account else {}

    @property
    def position_base(self) -> Decimal:
        """Of the bot's one pair; for several pairs the sum has no meaning and positions_base is the place to look."""
        return sum(self.positions_base.values(), Decimal(0))

    @property
    def pnl_quote(self) -> Decimal | None:
        """Change of the virtual account's equity since this run's first report of it: realised, open, fees, funding."""
        if self.account is None or self.first_account is None:
            return None
        return self.account.equity_quote - self.first_account.equity_quote

    @property
    def edge(self) -> Edge | None:
        """At the longest horizon that has fills; a minute after the first fill that is 60 s."""
        if not self.markouts:
            return None
        horizon_s = max(self.markouts)
        marks = list(self.markouts[horizon_s].values())
        return Edge(
            sum((mark.modelled_edge_bps for mark in marks), Decimal(0)) / len(marks),
            sum((mark.realised_edge_bps for mark in marks), Decimal(0)) / len(marks),
            horizon_s,
            len(marks),
        )

    def apply(self, event: AnyEvent) -> None:
        if isinstance(event, BotStatusV1):
            self.status = event
        elif isinstance(event, VirtualAccountV1):
            self.account = event
            self.first_account = self.first_account or event
        elif isinstance(event, OrderV1):
            self._apply_order(event)
        elif isinstance(event, FillV1):
            self.fills[event.trade_id] = event
        elif isinstance(event, BotMarkoutV1):
            self.markouts.setdefault(event.horizon_s, {})[event.trade_id] = event

    def _apply_order(self, event: OrderV1) -> None:
        order_id = event.gateway_order_id
        if event.state in TERMINAL:
            self.open_orders.pop(order_id, None)
            self.refused += event.state == "REFUSED"
            return
        if event.state in ("ACCEPTED", "PARTIALLY_FILLED", "CANCELLING"):
            self.open_orders[order_id] = event
        if event.state == "ACCEPTED":
            self.orders.add(order_id)
            if self.first_accepted_ts_ms is None:
                self.first_accepted_ts_ms = event.ts_ms


class RunLedger:
    def __init__(self, bots: Iterable[str], started_ms: int) -> None:
        self.started_ms = started_ms
        self.bots = {bot: BotLedger(bot) for bot in bots}
        self.by_kind: Counter[str] = Counter()
        self.markets: dict[str, MarketSnapshotV1] = {}
        self.latches: dict[str, LatchV1] = {}  # the newest of each scope
        self._seen: set[str] = set()
        self._seen_order: deque[str] = deque()

    def apply(self, event: AnyEvent) -> None:
        """Idempotent on event_id; events of before this run are left out."""
        if event.ts_ms < self.started_ms or event.event_id in self._seen:
            return
        self._remember(event.event_id)
        self.by_kind[kind_of(event)] += 1
        if isinstance(event, MarketSnapshotV1):
            self.markets[event.symbol] = event
        if isinstance(event, LatchV1):
            self.latches[event.scope] = event
        ledger = self.bots.get(event.bot_id)
        if ledger is not None:
            ledger.apply(event)

    def _remember(self, event_id: str) -> None:
        self._seen.add(event_id)
        self._seen_order.append(event_id)
        if len(self._seen_order) > SEEN_MAX:
            self._seen.discard(self._seen_order.popleft())

    def first_order_s(self, bot: str) -> Decimal | None:
        """From the start of the desk's own process to the bot's first order that the venue accepted."""
        accepted_ms = self.bots[bot].first_accepted_ts_ms
        return None if accepted_ms is None else Decimal(accepted_ms - self.started_ms) / 1000
