"""The board of one bot: its newest words, the gateway's word about it, its orders, fills, edge and last hour."""

from decimal import Decimal

from services.contracts import events as e
from services.desk_api.edge import EdgeBook
from services.desk_api.history import Series
from services.desk_api.orders import FillTable, OrderTable
from services.desk_api.readings import Stamp

EDGE_GATE_OFF = "EDGE_GATE_OFF"
STATUS_LEADS_MS = 10_000  # the gateway's account fills the equity line where the bot has been silent for longer


class BotBoard:
    """Mutable fold; feeding it the same events again, or in another order, gives the same board."""

    def __init__(self, bot_id: str, *, history_ms: int, edge_samples_max: int) -> None:
        self.bot_id = bot_id
        self.symbol = ""
        self.status: e.BotStatusV1 | None = None
        self.decision: e.QuoteDecisionV1 | None = None
        self.minute: e.BotMinuteV1 | None = None
        self.account: e.VirtualAccountV1 | None = None
        self.latch: e.LatchV1 | None = None
        self.stamps: dict[str, Stamp] = {}  # by name of the field above
        self.orders = OrderTable()
        self.fills = FillTable()
        self.edge = EdgeBook(edge_samples_max)
        self.mid = Series(history_ms)
        self.equity = Series(history_ms)
        self.position = Series(history_ms)
        self.our_bid = Series(history_ms)
        self.our_ask = Series(history_ms)
        self.refusals = 0

    def on_status(self, event: e.BotStatusV1, stamp: Stamp) -> e.BotStatusV1 | None:
        """The status that was shown before, when this one is newer; else None (and nothing changes but the history)."""
        self.symbol = event.symbol or self.symbol
        if event.mid_price is not None:
            self.mid.put(event.ts_ms, event.mid_price)
        if event.equity_quote is not None:
            self.equity.put(event.ts_ms, event.equity_quote)
        if event.position_base is not None:
            self.position.put(event.ts_ms, event.position_base)
        before = self.status
        if not is_newer(event, before):
            return None
        self.status = event
        self.stamps["status"] = stamp
        return before

    def on_decision(self, event: e.QuoteDecisionV1, stamp: Stamp) -> None:
        if is_newer(event, self.decision):
            self.decision = event
            self.stamps["decision"] = stamp
            self.symbol = self.symbol or event.symbol

    def on_minute(self, event: e.BotMinuteV1, stamp: Stamp) -> None:
        if is_newer(event, self.minute):
            self.minute = event
            self.stamps["minute"] = stamp

    def on_account(self, event: e.VirtualAccountV1, stamp: Stamp) -> None:
        silent = self.equity.last is None or event.ts_ms - self.equity.last.ts_ms > STATUS_LEADS_MS
        if silent:
            self.equity.put(event.ts_ms, event.equity_quote)
            if self.symbol:
                self.position.put(event.ts_ms, event.positions_base.get(self.symbol, Decimal(0)))
        if is_newer(event, self.account):
            self.account = event
            self.stamps["account"] = stamp

    def on_order(self, event: e.OrderV1) -> bool:
        self.symbol = self.symbol or event.symbol
        if not self.orders.apply(event):
            return False
        self.our_bid.put(event.ts_ms, self.orders.best_resting("buy"))
        self.our_ask.put(event.ts_ms, self.orders.best_resting("sell"))
        return True

    def on_latch(self, event: e.LatchV1, stamp: Stamp) -> None:
        if is_newer(event, self.latch):
            self.latch = event
            self.stamps["latch"] = stamp

    def series(self) -> dict[str, Series]:
        """What the charts draw, by the names they know it under."""
        return {
            "mid": self.mid,
            "equity": self.equity,
            "position": self.position,
            "our_bid": self.our_bid,
            "our_ask": self.our_ask,
        }

    def reason_codes(self) -> list[str]:
        """Newest first-hand reasons: the status says them every second, a decision only when something changed."""
        if self.status is not None and not (self.decision and self.decision.ts_ms > self.status.ts_ms):
            return list(self.status.reasons)
        return list(self.decision.reasons) if self.decision else []


def is_newer(event: e.Event, known: e.Event | None) -> bool:
    """Within one source by (epoch, seq); between sources by their stamp. An equal event is not newer."""
    if known is None:
        return True
    if event.source == known.source:
        return (event.source_epoch, event.seq) > (known.source_epoch, known.seq)
    return event.ts_ms > known.ts_ms
