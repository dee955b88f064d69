"""Orders and fills of one bot as the gateway's drop copy tells them, in any order and any number of times."""

from collections import OrderedDict
from decimal import Decimal
from typing import NamedTuple

from services.contracts.events import BotFillV1, FillV1, OrderV1

OPEN_STATES = frozenset({"SUBMITTING", "ACCEPTED", "UNKNOWN", "PARTIALLY_FILLED", "CANCELLING", "GHOST"})
RESTING_STATES = frozenset({"ACCEPTED", "PARTIALLY_FILLED", "CANCELLING", "GHOST"})
CLOSED_KEPT = 2_000  # closed orders remembered, so that a late copy of an earlier step does not open them again
FILLS_KEPT = 2_000


class OpenOrder(NamedTuple):
    client_order_id: str
    gateway_order_id: str
    symbol: str
    side: str
    state: str
    price: Decimal | None
    base_qty: Decimal
    filled_base: Decimal
    reduce_only: bool
    opened_ts_ms: int
    changed_ts_ms: int
    detail: str


class FillRow(NamedTuple):
    """One trade of ours. ``seen_by`` names who reported it: the gateway, the bot, or both."""

    trade_id: str
    symbol: str
    side: str
    price: Decimal
    base_qty: Decimal
    fee_quote: Decimal
    liquidity: str
    realized_pnl_quote: Decimal | None
    client_order_id: str
    ts_ms: int


class OrderTable:
    """Every order that is not yet terminal, by client order id; the newest step of each wins."""

    def __init__(self) -> None:
        self._open: dict[str, OpenOrder] = {}
        self._rank: OrderedDict[str, tuple[int, int]] = OrderedDict()  # (source_epoch, seq) of the newest step
        self._opened_ts_ms: dict[str, int] = {}

    def apply(self, event: OrderV1) -> bool:
        """True when the event told something newer than what was known."""
        key = event.client_order_id or event.gateway_order_id
        rank = (event.source_epoch, event.seq)
        opened = self._opened_ts_ms.get(key)
        if opened is None or event.ts_ms < opened:
            self._opened_ts_ms[key] = opened = event.ts_ms
        if key in self._rank and rank <= self._rank[key]:
            if key in self._open:
                self._open[key] = self._open[key]._replace(opened_ts_ms=opened)
            return False
        self._rank[key] = rank
        self._rank.move_to_end(key)
        if event.state in OPEN_STATES:
            self._open[key] = OpenOrder(
                client_order_id=event.client_order_id,
                gateway_order_id=event.gateway_order_id,
                symbol=event.symbol,
                side=event.side,
                state=event.state,
                price=event.price,
                base_qty=event.base_qty,
                filled_base=event.filled_base,
                reduce_only=event.reduce_only,
                opened_ts_ms=opened,
                changed_ts_ms=event.ts_ms,
                detail=event.detail or event.reason,
            )
        else:
            self._open.pop(key, None)
        self._forget_old()
        return True

    def open_orders(self) -> list[OpenOrder]:
        """Sells from the top down, then buys: as in a ladder."""
        return sorted(
            self._open.values(),
            key=lambda order: (order.side == "buy", -(order.price or Decimal(0)), order.client_order_id),
        )

    def best_resting(self, side: str) -> Decimal | None:
        """Our own best price on a side, as far as it rests at the venue."""
        prices = [
            order.price
            for order in self._open.values()
            if order.side == side and order.state in RESTING_STATES and order.price is not None
        ]
        if not prices:
            return None
        return max(prices) if side == "buy" else min(prices)

    def _forget_old(self) -> None:
        surplus = len(self._rank) - len(self._open) - CLOSED_KEPT
        if surplus <= CLOSED_KEPT // 4:
            return
        for key in [key for key in self._rank if key not in self._open][:surplus]:
            del self._rank[key]
            self._opened_ts_ms.pop(key, None)


class FillTable:
    """Fills by trade id, from the gateway's drop copy and from the bot; each counted once per reporter."""

    def __init__(self) -> None:
        self._rows: OrderedDict[str, FillRow] = OrderedDict()
        self._by_gateway: set[str] = set()
        self._by_bot: set[str] = set()

    def apply_gateway(self, event: FillV1) -> bool:
        if event.trade_id in self._by_gateway:
            return False
        self._by_gateway.add(event.trade_id)
        self._rows[event.trade_id] = FillRow(
            trade_id=event.trade_id,
            symbol=event.symbol,
            side=event.side,
            price=event.price,
            base_qty=event.base_qty,
            fee_quote=event.fee_quote,
            liquidity=event.liquidity,
            realized_pnl_quote=event.realized_pnl_quote,
            client_order_id=event.client_order_id,
            ts_ms=event.ts_exch_ms or event.ts_ms,
        )
        self._forget_old()
        return True

    def apply_bot(self, event: BotFillV1) -> bool:
        """The bot's own view: counted, so that a difference shows; its row is not drawn a second time."""
        trade_id = event.row.get("trade_id", "")
        if not trade_id or trade_id in self._by_bot:
            return False
        self._by_bot.add(trade_id)
        return True

    def newest(self, count_max: int) -> list[FillRow]:
        """Newest first."""
        return sorted(self._rows.values(), key=lambda row: row.ts_ms, reverse=True)[:count_max]

    def since(self, ts_ms: int) -> list[FillRow]:
        """Oldest first."""
        return sorted((row for row in self._rows.values() if row.ts_ms >= ts_ms), key=lambda row: row.ts_ms)

    @property
    def gateway_count(self) -> int:
        return len(self._by_gateway)

    @property
    def bot_count(self) -> int:
        return len(self._by_bot)

    def _forget_old(self) -> None:
        """Only the rows are dropped; ids are small and keep the counts right for the life of the page."""
        while len(self._rows) > FILLS_KEPT:
            self._rows.popitem(last=False)
