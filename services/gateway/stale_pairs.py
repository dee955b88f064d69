"""Orders that rest on a pair whose book nobody knows any more are taken back; those that only reduce may stay.

Bots hear nothing of a book that was set aside, so their quotes would rest at the prices of before until a guard of
theirs notices the silence.
"""

from services.gateway import pursuit
from services.gateway.state import State


def take_back(state: State) -> None:
    """Once a second. A quiet market is confirmed by REST meanwhile (marketdata.py), and is none of these."""
    limit_ms = state.timing.stale_rest_ms
    for symbol in sorted({row.symbol for row in state.orders.all_open()}):
        unsound_ms = state.market.unsound_ms(symbol, state.core.now.mono_ms)
        if unsound_ms is None or unsound_ms <= limit_ms:
            continue
        risky = [row for row in state.orders.all_open() if row.symbol == symbol and not row.reduce_only]
        fresh = [row for row in risky if not row.is_cancel_wanted]
        for row in fresh:
            pursuit.want_cancel(state, row, "STALE_MARKET")
        if fresh:
            value = f"{unsound_ms} ms without a sound book; {len(fresh)} orders taken back"
            state.tell_of_pair(symbol, "tightened", "STALE_MARKET", limit=f"stale_rest_ms={limit_ms}", value=value)
