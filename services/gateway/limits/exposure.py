"""What the desk would hold if everything that rests were filled: counted per scope, before the order is sent."""

from decimal import Decimal

from services.gateway import kill_caps
from services.gateway.limits.candidate import Candidate, Refusal, bots_in, exceeds
from services.gateway.state import State

ZERO = Decimal(0)
_CENT = Decimal("0.01")


def check_open_orders(state: State, order: Candidate) -> Refusal | None:
    """RTS6-15(2): this order and everything that is not terminal."""
    if order.is_reducing:
        return None

    def open_orders(scope: str) -> int:
        return sum(state.orders.open_count(bot) for bot in bots_in(state, scope)) + 1

    return exceeds(state, order, "open_orders_max", "OPEN_ORDERS_LIMIT", open_orders)


def check_position(state: State, order: Candidate) -> Refusal | None:
    """RTS6-17(4): the pair's position in the direction of the order, with every resting order of that side filled.

    Of a venue or the desk, where the policy sets it there: over its bots, none of which makes room for another.
    """
    if order.is_reducing:
        return None
    is_buy = order.request.side == "buy"
    name = "position_long_quote_max" if is_buy else "position_short_quote_max"
    price = max(order.wire_price, order.touch.mid)

    def position(scope: str) -> Decimal:
        total = ZERO
        for bot_id in bots_in(state, scope):
            longest, shortest = worst_case(state, bot_id, order.request.symbol)
            base = longest if is_buy else -shortest
            total += base + order.request.qty_base if bot_id == order.bot_id else max(ZERO, base)
        return _rounded(total * price)

    return exceeds(state, order, name, "POSITION_LIMIT", position)


def check_notional(state: State, order: Candidate) -> Refusal | None:
    """K8, RTS6-17(4): the capital thresholds of every scope, reached by many small orders as surely as by one.

    Gross: the larger of both positions of each pair of each bot. Net: signed over pairs and bots, in the direction of
    this order.
    """
    if order.is_reducing:
        return None
    table = _table(state, order)
    is_buy = order.request.side == "buy"

    def gross(scope: str) -> Decimal:
        rows = _in_scope(state, table, scope)
        return _rounded(sum((max(longest, -shortest, ZERO) * mark for longest, shortest, mark in rows), ZERO))

    def net(scope: str) -> Decimal:
        rows = _in_scope(state, table, scope)
        return _rounded(sum(((longest if is_buy else -shortest) * mark for longest, shortest, mark in rows), ZERO))

    return exceeds(state, order, "gross_notional_quote_max", "NOTIONAL_LIMIT", gross) or exceeds(
        state, order, "net_notional_quote_max", "NOTIONAL_LIMIT", net
    )


def check_kill_caps(state: State, order: Candidate) -> Refusal | None:
    """RSK-11: losses and traded notional of the UTC day and month, as kill_caps.py last counted them."""
    if order.is_reducing:
        return None
    if order.bot_id not in state.cap_uses:
        kill_caps.look(state)
    if order.bot_id not in state.cap_uses:
        pair = kill_caps.unmarked(state, state.accounts[order.bot_id], state.market.marks())
        return Refusal("STALE_MARKET", f"bot:{order.bot_id}", "a mark for everything that is open", pair)
    for use in state.cap_uses[order.bot_id]:
        value = use.used_quote + order.value_quote if use.is_traded else use.used_quote
        if value > use.limit_quote:
            return Refusal(use.code, use.scope, f"{use.limit}={use.limit_quote}", str(_rounded(value)))
    return None


def worst_case(state: State, bot_id: str, symbol: str) -> tuple[Decimal, Decimal]:
    """(position if every resting buy fills, position if every resting sell fills), signed base."""
    longest = shortest = state.position_base(bot_id, symbol)
    for row in state.orders.open_of(bot_id):
        if row.symbol == symbol and not row.reduce_only:
            if row.side == "buy":
                longest += row.remaining
            else:
                shortest -= row.remaining
    return longest, shortest


Row = tuple[Decimal, Decimal, Decimal]  # longest, shortest, mark


def _table(state: State, order: Candidate) -> dict[str, dict[str, list[Decimal]]]:
    """bot -> pair -> [longest, shortest, mark], this order included; one look at every row."""
    marks = _marks(state, order)
    table: dict[str, dict[str, list[Decimal]]] = {}
    for bot_id, account in state.accounts.items():
        held = table[bot_id] = {
            symbol: [holding.qty_base, holding.qty_base, marks.get(symbol, holding.entry_price)]
            for symbol, holding in account.holdings.items()
            if holding.qty_base
        }
        for row in state.orders.open_of(bot_id):
            if not row.reduce_only:
                cells = held.setdefault(row.symbol, [ZERO, ZERO, marks.get(row.symbol, row.limit_price)])
                if row.side == "buy":
                    cells[0] += row.remaining
                else:
                    cells[1] -= row.remaining
    symbol = order.request.symbol
    cells = table[order.bot_id].setdefault(symbol, [ZERO, ZERO, marks[symbol]])
    if order.request.side == "buy":
        cells[0] += order.request.qty_base
    else:
        cells[1] -= order.request.qty_base
    return table


def _in_scope(state: State, table: dict[str, dict[str, list[Decimal]]], scope: str) -> list[Row]:
    """Every pair of every bot of the scope by itself: one sub-account's short carries nothing of another's long."""
    bots = bots_in(state, scope)
    return [(longest, shortest, mark) for bot in bots for longest, shortest, mark in table[bot].values()]


def _marks(state: State, order: Candidate) -> dict[str, Decimal]:
    """Marks of every pair; the order's own pair at least at its touch."""
    return {**state.market.marks(), order.request.symbol: max(order.wire_price, order.touch.mid)}


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_CENT)
