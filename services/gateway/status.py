"""What /desk/status and /desk/orders show: plain values, amounts as text."""

from typing import Any

from services.gateway.orders import OrderRow
from services.gateway.state import State


def status(state: State) -> dict[str, Any]:
    age_ms = state.market.age_ms(state.core.now.mono_ms)
    return {
        "state": "draining" if state.is_draining else "running",
        "door": {bot: _door(state, bot) for bot in state.lanes},
        "latch": {
            "readable": state.latches.is_readable,
            "scopes": {scope: entry._asdict() for scope, entry in state.latches.entries().items()},
        },
        "market": {"up": state.market.is_up, "age_ms": age_ms, "symbols": state.market.symbols()},
        "bots": {bot: _bot(state, bot) for bot in state.lanes},
        "counters": dict(sorted(state.tallies.items())),
        "open_orders": state.orders.open_count(),
        "journal": state.journal_failure or "ok",
        "bus_blind_ms": state.bus_blind_ms,
    }


def open_orders(state: State) -> list[dict[str, Any]]:
    return [order(row) for row in state.orders.all_open()]


def order(row: OrderRow) -> dict[str, Any]:
    return {
        "bot_id": row.bot_id,
        "symbol": row.symbol,
        "level": row.level,
        "side": row.side,
        "price": None if row.price is None else str(row.price),
        "qty_base": str(row.qty),
        "filled_base": str(row.filled),
        "state": row.state,
        "client_order_id": row.client_id,
        "gateway_order_id": row.gateway_id,
        "venue_order_id": row.venue_id,
        "reduce_only": row.reduce_only,
        "cancel_wanted": row.is_cancel_wanted,
        "config_hash": row.config_hash,
        "created_ts_ms": row.created_ms,
    }


def _door(state: State, bot_id: str) -> dict[str, Any]:
    lane = state.lanes[bot_id]
    return {"open": lane.is_door_open and lane.is_synced, "detail": lane.why_shut or lane.guard_detail}


def _bot(state: State, bot_id: str) -> dict[str, Any]:
    account, lane = state.accounts[bot_id], state.lanes[bot_id]
    unrealized = account.unrealized_quote(state.market.marks())
    return {
        "latch": state.latch_of(bot_id).state,
        "sessions": lane.sessions,
        "link_up": lane.is_link_up,
        "capital_quote": str(account.capital_quote),
        "equity_quote": str(account.wallet_quote() + unrealized),
        "realized_pnl_quote": str(account.realized_pnl_quote),
        "unrealized_pnl_quote": str(unrealized),
        "fees_quote": str(account.fees_quote),
        "funding_quote": str(account.funding_quote),
        "suspense_quote": str(account.suspense_quote),
        "kill_caps": [
            {
                "limit": use.limit,
                "scope": use.scope,
                "used_quote": str(use.used_quote),
                "max_quote": str(use.limit_quote),
            }
            for use in state.cap_uses.get(bot_id, ())
        ],
        "positions_base": {s: str(h.qty_base) for s, h in account.holdings.items() if h.qty_base},
        "venue_positions_base": None
        if lane.positions is None
        else {symbol: str(position.qty_base) for symbol, position in lane.positions.items()},
        "open_orders": state.orders.open_count(bot_id),
    }
