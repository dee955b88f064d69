"""Does an order reduce? Computed here, from the venue's position and what rests; never taken from the bot's
word.

Two readings. *Within*: the order fits into the position minus the other orders that were sent as reduce-only.
*Strict*: it fits into the position minus everything that rests on its side, so that even if all of it fills the
position ends at flat and not beyond. ACTIVE uses the first, and only for orders that mean to reduce (flag, or a level
code "d…"): a normal quote on the reducing side stays a normal order, because the venue would cancel it when the
position closes some other way. REDUCING and HALTED use the second, for every order. See docs/adr/0041.
"""

from decimal import Decimal

from services.common import venue
from services.gateway.state import State

ZERO = Decimal(0)


def means_to_reduce(request: venue.PlaceOrder, level: str) -> bool:
    return request.reduce_only or level.startswith("d")


def reducible_base(state: State, bot_id: str, symbol: str, side: venue.Side, *, strict: bool) -> Decimal:
    """How much an order on this side may still reduce, in base; 0 when it would open."""
    held = _closable(state, bot_id, symbol, side)
    resting = sum(
        (
            row.remaining
            for row in state.orders.open_of(bot_id)
            if row.symbol == symbol and row.side == side and (strict or row.reduce_only)
        ),
        ZERO,
    )
    return max(ZERO, held - resting)


def _closable(state: State, bot_id: str, symbol: str, side: venue.Side) -> Decimal:
    """Position that an order on this side closes: the smaller of our count and the venue's, 0 when they disagree."""
    sign = 1 if side == "sell" else -1
    ours = sign * state.position_base(bot_id, symbol)
    positions = state.lanes[bot_id].positions
    if positions is None:
        return max(ZERO, ours)
    position = positions.get(symbol)
    theirs = sign * position.qty_base if position else ZERO
    return max(ZERO, min(ours, theirs))
