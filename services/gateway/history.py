"""The last fills and bills of each bot, as the bot is shown them when it asks by REST."""

from collections import deque

from services.common import venue

_KEPT_MAX = 2_000


class History:
    def __init__(self) -> None:
        self._fills: dict[str, deque[venue.Fill]] = {}
        self._bills: dict[str, deque[venue.Bill]] = {}

    def add_fill(self, bot_id: str, fill: venue.Fill) -> None:
        self._fills.setdefault(bot_id, deque(maxlen=_KEPT_MAX)).append(fill)

    def add_bill(self, bot_id: str, bill: venue.Bill) -> None:
        self._bills.setdefault(bot_id, deque(maxlen=_KEPT_MAX)).append(bill)

    def fills_of(self, bot_id: str, asked: venue.GetFills) -> tuple[venue.Fill, ...]:
        """Newest first, as the venue lists them."""
        found = (
            fill
            for fill in reversed(self._fills.get(bot_id, ()))
            if asked.symbol in (None, fill.symbol)
            and asked.venue_order_id in ("", fill.venue_order_id)
            and _is_between(fill.ts_exch_ms, asked.start_ms, asked.end_ms)
            and is_below(fill.trade_id, asked.below_id)
        )
        return tuple(found)[: asked.limit]

    def bills_of(self, bot_id: str, asked: venue.GetBills) -> tuple[venue.Bill, ...]:
        found = (
            bill
            for bill in reversed(self._bills.get(bot_id, ()))
            if asked.kind in (None, bill.kind)
            and _is_between(bill.ts_ms, asked.start_ms, asked.end_ms)
            and is_below(bill.bill_id, asked.below_id)
        )
        return tuple(found)[: asked.limit]


def is_below(row_id: str, below_id: int | None) -> bool:
    """Whether the row belongs to the pages after the one that ended there."""
    return below_id is None or (row_id.isdigit() and int(row_id) < below_id)


def _is_between(ts_ms: int, start_ms: int | None, end_ms: int | None) -> bool:
    return (start_ms is None or ts_ms >= start_ms) and (end_ms is None or ts_ms <= end_ms)
