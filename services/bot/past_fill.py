"""One of our trades as the gateway lists it afterwards. Pure."""

from decimal import Decimal
from typing import Any, Literal, NamedTuple

from controllers.core.values import Side

_SCOPES: dict[str, Literal["maker", "taker"]] = {"t": "taker", "m": "maker", "taker": "taker", "maker": "maker"}


class PastFill(NamedTuple):
    """One of our trades, as the gateway lists it. No client order id is told there."""

    trade_id: str
    exchange_order_id: str
    side: Side
    price: Decimal
    qty_base: Decimal
    fee_quote: Decimal  # positive is paid, NaN when it was paid in another asset
    is_maker: bool | None
    ts_ms: int


def past_fill(row: dict[str, Any]) -> PastFill:
    """Raises KeyError and ValueError for a row that is none."""
    fee = row["feeDetail"][0]
    scope = scope_of(row)
    return PastFill(
        trade_id=str(row["tradeId"]),
        exchange_order_id=str(row["orderId"]),
        side="buy" if str(row["side"]).startswith("buy") else "sell",
        price=Decimal(row["price"]),
        qty_base=Decimal(row["baseVolume"]),
        fee_quote=-Decimal(fee["totalFee"]) if fee["feeCoin"] == "USDT" else Decimal("NaN"),
        is_maker=None if scope is None else scope == "maker",
        ts_ms=int(row["cTime"]),
    )


def scope_of(row: dict[str, Any]) -> Literal["maker", "taker"] | None:
    """Whether we added or removed liquidity; None where the row does not say."""
    return _SCOPES.get(str(row.get("tradeScope", "")).lower())
