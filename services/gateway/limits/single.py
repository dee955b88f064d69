"""Limits on one order by itself: quantity, price against the book and over a period, value."""

from decimal import Decimal

from services.gateway.limits.candidate import Candidate, Refusal, exceeds
from services.gateway.state import State

BPS = Decimal(10_000)


def check_quantity(state: State, order: Candidate) -> Refusal | None:
    """RTS6-15(1)(c). Pairs outside the policy were refused before (RTS6-15(5))."""
    instrument = state.policy.instruments[order.request.symbol]
    if order.request.qty_base > instrument.order_qty_base_max and not order.is_reducing:
        limit = f"order_qty_base_max={instrument.order_qty_base_max}"
        return Refusal("ORDER_QTY_LIMIT", f"instrument:{order.request.symbol}", limit, str(order.request.qty_base))
    return None


def check_collar(state: State, order: Candidate) -> Refusal | None:
    """RTS6-15(1)(a), order by order: not far through the far touch, not far behind the near one."""
    name = "collar_reducing_bps" if order.is_reducing else "collar_aggressive_bps"
    aggressive = state.tightest(name, order.bot_id)
    touch, price = order.touch, order.wire_price
    if order.request.side == "buy":
        through_bps = (price / touch.ask - 1) * BPS
        behind_bps = (1 - price / touch.bid) * BPS
    else:
        through_bps = (1 - price / touch.bid) * BPS
        behind_bps = (price / touch.ask - 1) * BPS
    if through_bps > aggressive:
        value = f"{price} is {through_bps:.1f} bps through {touch.bid}/{touch.ask}"
        return Refusal("PRICE_COLLAR_AGGRESSIVE", "desk", f"{name}={aggressive}", value)
    if order.is_reducing:
        return None
    passive = state.tightest("collar_passive_bps", order.bot_id)
    if behind_bps > passive:
        value = f"{price} is {behind_bps:.1f} bps behind {touch.bid}/{touch.ask}"
        return Refusal("PRICE_COLLAR_PASSIVE", "desk", f"collar_passive_bps={passive}", value)
    return None


def check_drift(state: State, order: Candidate) -> Refusal | None:
    """RTS6-15(1)(a), over a period: no new risk while the reference itself has run away."""
    if order.is_reducing:
        return None
    limit = state.tightest("collar_drift_bps", order.bot_id)
    window_ms = int(state.tightest("collar_drift_window_ms", order.bot_id))
    drift_bps = state.market.drift_bps(order.request.symbol, int(window_ms / state.timing.market_speed))
    if drift_bps is not None and drift_bps > limit:
        value = f"{drift_bps:.1f} bps between the extremes of {window_ms} ms"
        return Refusal("PRICE_COLLAR_DRIFT", f"instrument:{order.request.symbol}", f"collar_drift_bps={limit}", value)
    return None


def check_order_value(state: State, order: Candidate) -> Refusal | None:
    """RTS6-15(1)(b)."""
    if order.is_reducing:
        return None
    return exceeds(state, order, "order_value_quote_max", "ORDER_VALUE_LIMIT", lambda _scope: order.value_quote)
