"""The pre-trade chain: every limit in one pass over one consistent state, nothing awaited in between.

The caller registers the order the moment the gate lets it through, so that the next order already counts it (RTS 6,
15(2)): no number of concurrent submits passes a limit together that they could not pass one after the other.
"""

from collections.abc import Callable
from decimal import Decimal

from services.gateway.limits.candidate import Candidate, Refusal
from services.gateway.state import State, scope_names

BPS = Decimal(10_000)

Check = Callable[[State, Candidate], Refusal | None]


def judge(state: State, order: Candidate) -> Refusal | None:
    """The first limit that is not kept, or None."""
    for check in CHECKS:
        refusal = check(state, order)
        if refusal is not None:
            return refusal
    return None


def check_instrument(state: State, order: Candidate) -> Refusal | None:
    """RTS6-15(5), RTS6-15(1)(c): only pairs of the policy, and no quantity above the pair's maximum."""
    instrument = state.policy.instruments[order.request.symbol]  # unknown pairs are refused before a touch is looked up
    if order.request.qty_base > instrument.order_qty_base_max:
        limit = f"order_qty_base_max={instrument.order_qty_base_max}"
        return Refusal("ORDER_QTY_LIMIT", f"instrument:{order.request.symbol}", limit, str(order.request.qty_base))
    return None


def check_market_age(state: State, order: Candidate) -> Refusal | None:
    """I5: no new risk on data older than allowed."""
    if order.is_reducing:
        return None
    limit = state.policy.tightest("data_age_ms_max", order.members)
    age_ms = state.market.age_ms(state.core.now.mono_ms)
    if age_ms is None or age_ms > limit:
        return Refusal("STALE_MARKET", "venue:bitget", f"data_age_ms_max={limit}", f"{age_ms} ms")
    return None


def check_collar(state: State, order: Candidate) -> Refusal | None:
    """RTS6-15(1)(a), order by order: not far through the far touch, not far behind the near one."""
    name = "collar_reducing_bps" if order.is_reducing else "collar_aggressive_bps"
    aggressive = state.policy.tightest(name, order.members)
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
    passive = state.policy.tightest("collar_passive_bps", order.members)
    if behind_bps > passive:
        value = f"{price} is {behind_bps:.1f} bps behind {touch.bid}/{touch.ask}"
        return Refusal("PRICE_COLLAR_PASSIVE", "desk", f"collar_passive_bps={passive}", value)
    return None


def check_order_value(state: State, order: Candidate) -> Refusal | None:
    """RTS6-15(1)(b)."""
    if order.is_reducing:
        return None
    return _against(state, order, "order_value_quote_max", "ORDER_VALUE_LIMIT", lambda _scope: order.value_quote)


def check_open_orders(state: State, order: Candidate) -> Refusal | None:
    """RTS6-15(1)(d): this order and everything that is not terminal."""
    if order.is_reducing:
        return None

    def open_orders(scope: str) -> Decimal:
        own = scope.startswith(("bot:", "account:"))
        return Decimal(state.orders.open_count(order.bot_id if own else None) + 1)

    return _against(state, order, "open_orders_max", "OPEN_ORDERS_LIMIT", open_orders)


def check_message_rate(state: State, order: Candidate) -> Refusal | None:
    """RTS6-15(1)(d): submits, and cancels too: they are never refused, so it is the next submit that waits."""
    if order.is_reducing:
        return None
    now_ms = state.core.now.mono_ms

    def in_second(scope: str) -> Decimal:
        return Decimal(state.counters.of(scope).submits_second.count(now_ms) + 1)

    def in_minute(scope: str) -> Decimal:
        return Decimal(state.counters.of(scope).submits_minute.count(now_ms) + 1)

    def cancels(scope: str) -> Decimal:
        return Decimal(state.counters.of(scope).cancels_minute.count(now_ms))

    return (
        _against(state, order, "submits_per_second_max", "SUBMIT_RATE_LIMIT", in_second)
        or _against(state, order, "submits_per_minute_max", "SUBMIT_RATE_LIMIT", in_minute)
        or _against(state, order, "cancels_per_minute_max", "CANCEL_RATE_LIMIT", cancels)
    )


def check_level_unknown(state: State, order: Candidate) -> Refusal | None:
    """While nobody knows what became of an order, nothing new on its bot, pair, side and level."""
    if order.is_reducing:
        return None
    for row in state.orders.open_of(order.bot_id):
        is_same_place = row.symbol == order.request.symbol and row.side == order.request.side
        is_same_level = row.level == order.level or not row.level or not order.level
        if row.state == "UNKNOWN" and is_same_place and is_same_level:
            return Refusal("UNKNOWN_OUTCOME", f"bot:{order.bot_id}", "0 unknown on this level", row.client_id)
    return None


def _against(
    state: State, order: Candidate, name: str, code: str, value_in: Callable[[str], Decimal]
) -> Refusal | None:
    """Compare a value with the limit of every scope, narrowest first."""
    for (scope, member), key in zip(order.members.items(), scope_names(order.members), strict=True):
        limit = state.policy.limit(name, scope, member)
        if limit is not None:
            value = value_in(key)
            if value > limit:
                return Refusal(code, key, f"{name}={limit}", str(value))
    return None


CHECKS: tuple[Check, ...] = (
    check_instrument,
    check_market_age,
    check_collar,
    check_order_value,
    check_level_unknown,
    check_open_orders,
    check_message_rate,
)
