"""Orders that a sound strategy does not send: on an unknown level, twice, or against the desk itself."""

from services.gateway.limits.candidate import Candidate, Refusal
from services.gateway.state import State


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


def check_duplicate(state: State, order: Candidate) -> Refusal | None:
    """K3, 15c3-5: the same pair, side, price and quantity already stands."""
    if order.is_reducing or order.request.price is None:
        return None
    limit = state.tightest("duplicate_orders_max", order.bot_id)
    request = order.request
    twins = [
        row.client_id
        for row in state.orders.open_of(order.bot_id)
        if (row.symbol, row.side, row.price, row.qty) == (request.symbol, request.side, request.price, request.qty_base)
    ]
    if len(twins) > limit:
        value = f"{len(twins)} like it: {twins[0]}"
        return Refusal("DUPLICATE_ORDER", f"bot:{order.bot_id}", f"duplicate_orders_max={limit}", value)
    return None


def check_level_occupied(state: State, order: Candidate) -> Refusal | None:
    """K3: a level is occupied until its order is terminal."""
    if order.is_reducing or not order.level:
        return None
    limit = state.tightest("level_orders_max", order.bot_id)
    on_level = [
        row.client_id
        for row in state.orders.open_of(order.bot_id)
        if row.level == order.level and row.symbol == order.request.symbol
    ]
    if len(on_level) + 1 > limit:
        value = f"{len(on_level) + 1} on {order.level}: {on_level[0]}"
        return Refusal("DUPLICATE_ORDER", f"bot:{order.bot_id}", f"level_orders_max={limit}", value)
    return None


def check_self_trade(state: State, order: Candidate) -> Refusal | None:
    """RTS6-13(1): would it trade with something of the desk's own, of whichever bot? A reducing order may."""
    if order.is_reducing:
        return None
    for row in state.orders.all_open():
        if row.symbol != order.request.symbol or row.side == order.request.side:
            continue
        crosses = (
            order.wire_price >= row.limit_price if order.request.side == "buy" else order.wire_price <= row.limit_price
        )
        if crosses:
            value = f"{order.wire_price} meets {row.client_id} at {row.limit_price}"
            return Refusal("SELF_TRADE", "desk", "no order against our own", value)
    return None
