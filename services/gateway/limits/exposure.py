"""What the desk would hold if everything that rests were filled: counted per scope, before the order is sent."""

from decimal import Decimal

from services.gateway.limits.candidate import Candidate, Refusal, bots_in, exceeds
from services.gateway.state import State

ZERO = Decimal(0)


def check_open_orders(state: State, order: Candidate) -> Refusal | None:
    """RTS6-15(2): this order and everything that is not terminal."""
    if order.is_reducing:
        return None

    def open_orders(scope: str) -> int:
        return sum(state.orders.open_count(bot) for bot in bots_in(state, scope)) + 1

    return exceeds(state, order, "open_orders_max", "OPEN_ORDERS_LIMIT", open_orders)


def check_position(state: State, order: Candidate) -> Refusal | None:
    """RTS6-17(4): the pair's position in the direction of the order, with every resting order of that side filled."""
    if order.is_reducing:
        return None
    is_buy = order.request.side == "buy"
    name = "position_long_quote_max" if is_buy else "position_short_quote_max"
    price = max(order.wire_price, order.touch.mid)
    longest, shortest = worst_case(state, [order.bot_id], order.request.symbol)
    base = longest + order.request.qty_base if is_buy else order.request.qty_base - shortest
    return exceeds(state, order, name, "POSITION_LIMIT", lambda _scope: _rounded(base * price))


def check_gross_notional(state: State, order: Candidate) -> Refusal | None:
    """K8: the capital threshold of every scope, reached by many small orders as surely as by one."""
    if order.is_reducing:
        return None

    def gross(scope: str) -> Decimal:
        total = ZERO
        for symbol, mark in _marks(state, order).items():
            longest, shortest = _with_order(state, order, scope, symbol)
            total += max(longest, -shortest, ZERO) * mark
        return _rounded(total)

    return exceeds(state, order, "gross_notional_quote_max", "NOTIONAL_LIMIT", gross)


def check_net_notional(state: State, order: Candidate) -> Refusal | None:
    """RTS6-17(4), K8: signed over all pairs and bots of the scope, in the direction in which this order pushes."""
    if order.is_reducing:
        return None

    def net(scope: str) -> Decimal:
        total = ZERO
        for symbol, mark in _marks(state, order).items():
            longest, shortest = _with_order(state, order, scope, symbol)
            total += longest * mark if order.request.side == "buy" else -shortest * mark
        return _rounded(total)

    return exceeds(state, order, "net_notional_quote_max", "NOTIONAL_LIMIT", net)


def worst_case(state: State, bots: list[str], symbol: str) -> tuple[Decimal, Decimal]:
    """(position if every resting buy fills, position if every resting sell fills), signed base, over these bots."""
    longest = shortest = sum((state.position_base(bot, symbol) for bot in bots), ZERO)
    for bot in bots:
        for row in state.orders.open_of(bot):
            if row.symbol == symbol and not row.reduce_only:
                if row.side == "buy":
                    longest += row.remaining
                else:
                    shortest -= row.remaining
    return longest, shortest


def _with_order(state: State, order: Candidate, scope: str, symbol: str) -> tuple[Decimal, Decimal]:
    longest, shortest = worst_case(state, bots_in(state, scope), symbol)
    if symbol == order.request.symbol:
        if order.request.side == "buy":
            longest += order.request.qty_base
        else:
            shortest -= order.request.qty_base
    return longest, shortest


def _marks(state: State, order: Candidate) -> dict[str, Decimal]:
    """Marks of every pair; the order's own pair at least at its touch."""
    return {**state.market.marks(), order.request.symbol: max(order.wire_price, order.touch.mid)}


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"))
