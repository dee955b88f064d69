"""Orders as the matching engine keeps them: integers, mutable, and exactly what is stored durably."""

from decimal import Decimal

import msgspec

from services.common import venue
from services.simulation.units import Grid, from_e8

SIGN: dict[str, int] = {"buy": 1, "sell": -1}


class OpenOrder(msgspec.Struct, kw_only=True):
    """One order from acceptance on, also after its end. Prices in ticks, quantities in lots, money in 1e-8 quote."""

    account_id: str
    symbol: str
    client_order_id: str
    venue_order_id: int
    side: venue.Side
    order_type: venue.OrderType
    time_in_force: venue.TimeInForce
    reduce_only: bool
    ticks: int  # limit price; 0 for a market order
    lots: int
    created_ms: int
    updated_ms: int
    leverage: int
    margin_mode: venue.MarginMode
    filled_lots: int = 0
    filled_e8: int = 0  # notional filled
    fee_e8: int = 0
    status: venue.OrderStatus = "live"
    reason: str = ""
    last_fill_ms: int = -1
    stp: venue.StpMode = "none"
    trigger_ticks: int = 0  # 0: not a trigger order
    take_profit_ticks: int = 0  # 0: none; else where a take-profit for what fills of it waits
    stop_loss_ticks: int = 0
    trigger_above: bool = False  # fires when the mark is at or above (True) or at or below the trigger

    @property
    def sign(self) -> int:
        return 1 if self.side == "buy" else -1

    @property
    def remaining(self) -> int:
        return self.lots - self.filled_lots

    @property
    def is_open(self) -> bool:
        return self.status in ("live", "partially_filled")


def to_value(order: OpenOrder, grid: Grid) -> venue.Order:
    """The order as the venue shows it."""
    return venue.Order(
        symbol=order.symbol,
        client_order_id=order.client_order_id,
        venue_order_id=str(order.venue_order_id),
        side=order.side,
        order_type=order.order_type,
        time_in_force=order.time_in_force,
        reduce_only=order.reduce_only,
        price=None if order.order_type == "market" else grid.price(order.ticks),
        qty_base=grid.qty(order.lots),
        filled_base=grid.qty(order.filled_lots),
        avg_price=grid.average_price(order.filled_e8, order.filled_lots) if order.filled_lots else Decimal(0),
        fee_quote=from_e8(order.fee_e8),
        status=order.status,
        reason=order.reason,
        created_ts_ms=order.created_ms,
        updated_ts_ms=order.updated_ms,
        leverage=order.leverage,
        margin_mode=order.margin_mode,
        trigger_price=grid.price(order.trigger_ticks) if order.trigger_ticks else None,
    )
