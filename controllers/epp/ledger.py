"""What our own fills add up to: position, average entry, realised result, and the streak of losing round trips.

This is our memory of fills, kept to be held against the venue. Inventory itself is always the venue's position.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from controllers.core.values import OwnFill

_ZERO: Final = Decimal(0)
_TRADE_IDS_KEPT: Final = 256


class LedgerState(NamedTuple):
    position_base: Decimal = _ZERO  # signed
    entry_price: Decimal = _ZERO  # average of what is open; 0 when flat
    is_based: bool = False  # the position was taken over from the venue in this life
    trade_ids: tuple[str, ...] = ()  # newest last: a fill told twice counts once
    trip_pnl_quote: Decimal = _ZERO  # of the round trip under way, fees included
    losing_trips: int = 0  # in a row


def rebase(ledger: LedgerState, position_base: Decimal, entry_price: Decimal) -> LedgerState:
    """Take the venue's position as ours: at the start of a life, or when a person says that it is right."""
    return ledger._replace(
        position_base=position_base, entry_price=entry_price if position_base != 0 else _ZERO, is_based=True
    )


def is_known(ledger: LedgerState, trade_id: str) -> bool:
    return trade_id in ledger.trade_ids


def apply_fill(ledger: LedgerState, fill: OwnFill, fee_quote: Decimal) -> tuple[LedgerState, Decimal]:
    """(ledger, realised result of this fill): (price - entry) * closed quantity * direction - fee."""
    direction = 1 if fill.side == "buy" else -1
    before = ledger.position_base
    after = before + fill.qty_base * direction
    move_quote = _ZERO
    entry = ledger.entry_price
    if before * direction >= 0:
        entry = (entry * abs(before) + fill.price * fill.qty_base) / abs(after)
    else:
        closed = min(fill.qty_base, abs(before))
        move_quote = (fill.price - entry) * closed * (1 if before > 0 else -1)
        if after * direction > 0:
            entry = fill.price  # it went through flat: the rest opens at this price
        elif after == 0:
            entry = _ZERO
    realized = move_quote - fee_quote
    trip = ledger.trip_pnl_quote + realized
    losing = ledger.losing_trips
    if before != 0 and after * before <= 0:
        losing = losing + 1 if trip < 0 else 0
        trip = _ZERO
    ids = (*ledger.trade_ids[1 - _TRADE_IDS_KEPT :], fill.trade_id)
    return LedgerState(after, entry, ledger.is_based, ids, trip, losing), realized
