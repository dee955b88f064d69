"""One good order and one good fill, to be varied by tests."""

from decimal import Decimal

import msgspec

from services.common import venue

_ORDER = venue.Order(
    symbol="BTC-USDT",
    client_order_id="hb1-b0-k3f9.17",
    venue_order_id="1000000001",
    side="buy",
    order_type="limit",
    time_in_force="post_only",
    reduce_only=False,
    price=Decimal("60000.1"),
    qty_base=Decimal("0.0100"),
    filled_base=Decimal(0),
    avg_price=Decimal(0),
    fee_quote=Decimal(0),
    status="live",
    reason="",
    created_ts_ms=1_763_640_000_000,
    updated_ts_ms=1_763_640_000_000,
    leverage=10,
)
_FILL = venue.Fill(
    trade_id="2000000001",
    symbol="BTC-USDT",
    client_order_id="hb1-b0-k3f9.17",
    venue_order_id="1000000001",
    side="buy",
    price=Decimal("60000.1"),
    qty_base=Decimal("0.0040"),
    fee_quote=Decimal("0.04800008"),
    fee_asset="USDT",
    liquidity="maker",
    realized_pnl_quote=Decimal(0),
    ts_exch_ms=1_763_640_000_500,
)


def an_order(**fields) -> venue.Order:
    return msgspec.structs.replace(_ORDER, **fields)


def a_fill(**fields) -> venue.Fill:
    return msgspec.structs.replace(_FILL, **fields)
