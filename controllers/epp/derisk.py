"""Bringing inventory back when it has reached its limit: one order on its own level, on the side that reduces.

The side follows from the sign of the net position, never from gross exposure. The order rests 3 bps from mid, because
one 30 bps away never fills in a trend; after two minutes of trying it takes, with a bound on how much worse than mid
it may trade.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from controllers.core.rounding import ask_ticks, bid_ticks, floor_units
from controllers.core.thresholds import at_least
from controllers.core.values import Instrument, Side
from controllers.epp.level_memory import DERISK_ID, EMPTY
from controllers.epp.params import EppParams
from controllers.epp.plan_builder import PlanBuilder
from controllers.epp.sizing import least_lots

_ZERO: Final = Decimal(0)
_BPS: Final = Decimal("0.0001")
# A taking order that is still there after this did not find its price: take a fresh look.
_TAKER_LIFE_MS: Final = 3_000


class DeriskState(NamedTuple):
    since_ms: int = 0  # 0: not derisking
    side: Side = "sell"


class DeriskWant(NamedTuple):
    side: Side
    price: Decimal
    qty_base: Decimal
    is_taker: bool


def reducing_side(position_base: Decimal) -> Side:
    return "sell" if position_base > 0 else "buy"


def step(state: DeriskState, now_ms: int, base_pct: Decimal, params: EppParams) -> DeriskState:
    """Begin at max_base_pct, end below derisk_until_pct or when the position has changed sides."""
    held = abs(base_pct)
    if not state.since_ms:
        if at_least(held, params.max_base_pct, params.threshold_eps):
            return DeriskState(now_ms, reducing_side(base_pct))
        return state
    if held < params.derisk_until_pct or reducing_side(base_pct) != state.side:
        return DeriskState()
    return state


def want(
    state: DeriskState,
    now_ms: int,
    position_base: Decimal,
    base_pct: Decimal,
    equity_quote: Decimal,
    mid_price: Decimal,
    instrument: Instrument,
    params: EppParams,
) -> DeriskWant | None:
    """The one order that reduces now, or None. Never larger than the position; a slice at a time."""
    if not state.since_ms or position_base == 0:
        return None
    mid, tick, eps = mid_price, instrument.tick_size, params.tick_eps
    is_taker = now_ms - state.since_ms >= params.derisk_taker_after_s * 1000
    if state.side == "sell":
        if is_taker:
            price = bid_ticks(mid * (1 - params.derisk_slippage_bps * _BPS), tick, eps) * tick
        else:
            price = ask_ticks(mid * (1 + params.derisk_spread_bps * _BPS), tick, eps) * tick
    elif is_taker:
        price = ask_ticks(mid * (1 + params.derisk_slippage_bps * _BPS), tick, eps) * tick
    else:
        price = bid_ticks(mid * (1 - params.derisk_spread_bps * _BPS), tick, eps) * tick
    if price <= 0:
        return None
    lot = instrument.lot_size
    held_lots = floor_units(abs(position_base), lot, eps)
    excess_quote = (abs(base_pct) - params.derisk_until_pct) * equity_quote
    slice_quote = max(min(excess_quote, params.derisk_size_pct * equity_quote), _ZERO)
    least = least_lots(price, lot, instrument.min_qty_base, instrument.min_notional_quote, eps)
    lots = min(max(floor_units(slice_quote / price, lot, eps), least), held_lots)
    if lots < least:
        return None  # what is left is too small for the venue
    return DeriskWant(state.side, price, lots * lot, is_taker)


def plan_derisk(builder: PlanBuilder, wanted: DeriskWant | None, mid_price: Decimal, params: EppParams) -> None:
    """Put the derisk order into the plan: one order, cancel before place, level busy until terminal."""
    order = builder.live.get(DERISK_ID)
    memory = builder.levels.get(DERISK_ID, EMPTY)
    if order is None:
        if wanted is None:
            return
        if builder.now_ms < memory.blocked_until_ms:
            return
        if wanted.is_taker:
            builder.ask_place(DERISK_ID, wanted.side, "limit", wanted.price, wanted.qty_base, "derisk_taker")
        else:
            builder.ask_place(DERISK_ID, wanted.side, "limit_maker", wanted.price, wanted.qty_base, "derisk")
        return
    if wanted is None or wanted.side != order.side:
        builder.ask_cancel(order, "DERISK")
        return
    if order.state != "open":
        if order.state == "cancelling" and memory.cancel_ts_ms:
            builder.ask_cancel(order, "CANCEL_RETRY")
        elif order.state != "cancelling" and builder.now_ms - order.placed_ts_ms >= params.order_ack_timeout_s * 1000:
            builder.ask_cancel(order, "ACK_TIMEOUT")
        return
    tolerance = params.derisk_tolerance_bps * _BPS * mid_price
    is_old = wanted.is_taker and builder.now_ms - order.placed_ts_ms >= _TAKER_LIFE_MS
    if is_old or abs(wanted.price - order.price) > tolerance:
        builder.ask_cancel(order, "DERISK")
        return
    builder.keep.append(DERISK_ID)
