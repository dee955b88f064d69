"""What a bot is shown: venue values from the gateway's own state, under the gateway's order ids."""

from decimal import Decimal

import msgspec

from services.common import venue
from services.gateway.orders import OrderRow
from services.gateway.records import OrderState
from services.gateway.state import State

ZERO = Decimal(0)

_STATUS: dict[OrderState, venue.OrderStatus] = {
    "SUBMITTING": "live",
    "ACCEPTED": "live",
    "UNKNOWN": "live",  # a provisional answer says accepted
    "PARTIALLY_FILLED": "partially_filled",
    "FILLED": "filled",
    "CANCELLED": "canceled",
    "REFUSED": "rejected",
}


def order_view(state: State, row: OrderRow) -> venue.Order:
    policy = state.policy.account
    return venue.Order(
        symbol=row.symbol,
        client_order_id=row.client_id,
        venue_order_id=row.gateway_id,
        side=row.side,
        order_type=row.order_type,
        time_in_force=row.time_in_force,
        reduce_only=row.reduce_only,
        price=row.price,
        qty_base=row.qty,
        filled_base=row.filled,
        avg_price=row.filled_quote / row.filled if row.filled else ZERO,
        fee_quote=row.fee_quote,
        status=_STATUS[row.state],
        reason=row.reason,
        created_ts_ms=row.created_ms,
        updated_ts_ms=row.updated_ms,
        leverage=policy.leverage,
        margin_mode=policy.margin_mode,
    )


def fill_view(row: OrderRow, fill: venue.Fill) -> venue.Fill:
    return msgspec.structs.replace(fill, client_order_id=row.client_id, venue_order_id=row.gateway_id)


def positions_view(state: State, bot_id: str) -> tuple[venue.Position, ...]:
    """The venue's positions of this bot's sub-account, with leverage and margin mode from policy."""
    policy = state.policy.account
    positions = state.lanes[bot_id].positions or {}
    return tuple(
        msgspec.structs.replace(position, leverage=policy.leverage, margin_mode=policy.margin_mode)
        for position in positions.values()
        if position.qty_base != 0
    )


def account_view(state: State, bot_id: str) -> venue.Account:
    """The bot's virtual account in the shape of a venue account."""
    account = state.accounts[bot_id]
    marks = state.market.marks()
    unrealized = account.unrealized_quote(marks)
    wallet = account.wallet_quote()
    frozen = _frozen_quote(state, bot_id)
    held = _held_quote(state, bot_id, marks)
    return venue.Account(
        asset="USDT",
        equity_quote=wallet + unrealized,
        wallet_quote=wallet,
        available_quote=max(ZERO, wallet + unrealized - frozen - held),
        frozen_quote=frozen,
        unrealized_pnl_quote=unrealized,
        position_mode=state.policy.account.position_mode,
        ts_ms=state.core.now.wall_ms,
    )


def settings_view(state: State, bot_id: str, symbol: str) -> venue.AccountSettings:
    policy = state.policy.account
    return venue.AccountSettings(
        account=account_view(state, bot_id), symbol=symbol, leverage=policy.leverage, margin_mode=policy.margin_mode
    )


def push_order(state: State, row: OrderRow, fill: venue.Fill | None = None) -> None:
    """Tell the bot about its order, then about its account: Hummingbot never gives margin back by itself."""
    view = None if fill is None else fill_view(row, fill)
    state.core.push(row.bot_id, venue.OrderPush(account_id=row.bot_id, order=order_view(state, row), fill=view))
    push_account(state, row.bot_id)


def push_account(state: State, bot_id: str) -> None:
    state.core.push(bot_id, venue.AccountPush(account_id=bot_id, account=account_view(state, bot_id)))


def push_positions(state: State, bot_id: str) -> None:
    state.core.push(bot_id, venue.PositionsPush(account_id=bot_id, positions=positions_view(state, bot_id)))


def _frozen_quote(state: State, bot_id: str) -> Decimal:
    """Margin of what rests and could open."""
    rows = (row for row in state.orders.open_of(bot_id) if not row.reduce_only)
    return sum((row.remaining * row.limit_price for row in rows), ZERO) / state.policy.account.leverage


def _held_quote(state: State, bot_id: str, marks: dict[str, Decimal]) -> Decimal:
    """Margin of what is open."""
    total = ZERO
    for symbol, holding in state.accounts[bot_id].holdings.items():
        total += abs(holding.qty_base) * marks.get(symbol, holding.entry_price)
    return total / state.policy.account.leverage
