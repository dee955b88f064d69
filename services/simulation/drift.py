"""What happened right after our fills: the paper engine's statistics, per account.

Post-fill drift is not slippage at the fill: the mid is sampled ``window_ms`` after it and the move since the fill,
signed in our favour, is booked as ``paper_adverse_pnl_quote`` (negative: the market went on against us). It is an
account of its own and never touches the wallet.
"""

from collections import deque
from typing import NamedTuple

import msgspec

from services.common import venue
from services.simulation.ledger import Ledger
from services.simulation.listing import Listing
from services.simulation.orders import OpenOrder
from services.simulation.units import divide_half_up, from_e8

PLACES = (venue.PlaceOrder, venue.PlaceProtected, venue.PlaceStop)


class PaperStats(msgspec.Struct):
    """Counted since this life began; the adverse total is durable."""

    paper_fill_count: int = 0
    paper_reject_count: int = 0
    queue_delays: int = 0
    queue_delay_ms_total: int = 0

    @property
    def paper_avg_queue_delay_ms(self) -> float:
        """Mean time a maker order rested before its first fill."""
        return self.queue_delay_ms_total / self.queue_delays if self.queue_delays else 0.0


class _Pending(NamedTuple):
    due_ms: int
    account_id: str
    listing: Listing
    signed_lots: int
    mid_half_ticks: int


class Drift:
    def __init__(self, ledger: Ledger, window_ms: int) -> None:
        self._ledger = ledger
        self._window_ms = window_ms
        self._pending: deque[_Pending] = deque()
        self._stats: dict[str, PaperStats] = {}

    def stats(self, account_id: str) -> PaperStats:
        return self._stats.setdefault(account_id, PaperStats())

    def count_rejects(self, request: venue.Request, answer: venue.Answer) -> None:
        """Orders refused, one by one or several at once."""
        refused = 0
        if isinstance(request, PLACES):
            refused = int(isinstance(answer, venue.Refused))
        elif isinstance(answer, venue.PlacedMany):
            refused = len(answer.refused)
        if refused:
            self.stats(request.account_id).paper_reject_count += refused

    def on_fill(self, order: OpenOrder, fill: venue.Fill, listing: Listing) -> None:
        stats = self.stats(order.account_id)
        stats.paper_fill_count += 1
        lots = listing.grid.lots(fill.qty_base) or 0
        if fill.liquidity == "maker" and order.filled_lots == lots:
            stats.queue_delays += 1
            stats.queue_delay_ms_total += fill.ts_exch_ms - order.created_ms
        mid = listing.book.mid_half_ticks()
        if mid is not None:
            due_ms = fill.ts_exch_ms + self._window_ms
            self._pending.append(_Pending(due_ms, order.account_id, listing, order.sign * lots, mid))

    def step(self, now_ms: int) -> None:
        """Book what is due. Called often; the sample is taken at the first call after the window."""
        while self._pending and self._pending[0].due_ms <= now_ms:
            pending = self._pending.popleft()
            mid = pending.listing.book.mid_half_ticks()
            if mid is None:
                continue
            move = (mid - pending.mid_half_ticks) * pending.signed_lots * pending.listing.grid.value_e8
            book = self._ledger.accounts[pending.account_id]
            book.state.adverse_e8 += divide_half_up(move, 2)
            self._ledger.account_changed(book)

    def report(self, account_id: str) -> dict[str, object]:
        """Under the names the bots' minute rows use."""
        stats = self.stats(account_id)
        return {
            "paper_fill_count": stats.paper_fill_count,
            "paper_reject_count": stats.paper_reject_count,
            "paper_avg_queue_delay_ms": round(stats.paper_avg_queue_delay_ms, 3),
            "paper_adverse_pnl_quote": from_e8(self._ledger.accounts[account_id].state.adverse_e8),
        }
