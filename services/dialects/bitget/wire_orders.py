"""Order and fill rows, each pair of functions writing and reading one row of Bitget's wire. Pure.

A paid fee is negative on the wire and positive here. One-way mode throughout: ``tradeSide`` is buy_single or
sell_single, ``posSide`` net.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from services.common import venue
from services.dialects.bitget.symbols import to_pair, to_symbol
from services.dialects.bitget.text import ZERO, NotReadable, decimal_of, int_of, plain, str_of
from services.dialects.bitget.wire_account import margin_mode_of
from services.dialects.bitget.wire_market import Row, side_of

# The venue has no status "rejected": an order that ended without ever resting is canceled, with its reason.
_STATUS_TO_WIRE: dict[str, str] = {"rejected": "canceled"}
_STATUS_FROM_WIRE: dict[str, venue.OrderStatus] = {
    "live": "live",
    "new": "live",
    "init": "live",
    "partially_filled": "partially_filled",
    "filled": "filled",
    "canceled": "canceled",
    "cancelled": "canceled",
}
_FORCE: dict[str, venue.TimeInForce] = {"gtc": "gtc", "ioc": "ioc", "fok": "fok", "post_only": "post_only"}


def order_row(order: venue.Order, *, status_field: str = "status") -> Row:
    """REST order: ``order/detail`` calls the status ``state``, the lists ``status``."""
    return {
        "symbol": to_symbol(order.symbol),
        "size": plain(order.qty_base),
        "orderId": order.venue_order_id,
        "clientOid": order.client_order_id,
        "baseVolume": plain(order.filled_base),
        "fee": plain(-order.fee_quote),
        "price": "" if order.price is None else plain(order.price),
        "priceAvg": plain(order.avg_price) if order.avg_price else "",
        status_field: status_to_wire(order.status),
        "side": order.side,
        "force": order.time_in_force,
        "totalProfits": "0",
        "posSide": "net",
        "marginCoin": order.symbol.partition("-")[2],
        "quoteVolume": plain(order.filled_base * order.avg_price),
        "leverage": str(order.leverage),
        "marginMode": order.margin_mode,
        "reduceOnly": "YES" if order.reduce_only else "NO",
        "enterPointSource": "API",
        "tradeSide": f"{order.side}_single",
        "posMode": "one_way_mode",
        "orderType": order.order_type,
        "orderSource": "normal",
        "cancelReason": order.reason,
        "presetStopSurplusPrice": "",
        "presetStopLossPrice": "",
        "cTime": str(order.created_ts_ms),
        "uTime": str(order.updated_ts_ms),
    }


def plan_row(order: venue.Order) -> Row:
    """One row of ``orders-plan-pending`` and ``-history``: an order that waits for the mark price, or ended waiting."""
    assert order.trigger_price is not None, f"order {order.venue_order_id} waits for nothing"
    price = "" if order.price is None else plain(order.price)
    row = order_row(order)
    del row["status"], row["baseVolume"], row["quoteVolume"], row["totalProfits"], row["fee"]
    return {
        **row,
        "planType": _plan_type(order),
        "planStatus": "cancelled" if order.status in venue.TERMINAL_STATUSES else "live",
        "triggerPrice": plain(order.trigger_price),
        "triggerType": "mark_price",
        "executePrice": price,
        "callbackRatio": "",
    }


def _plan_type(order: venue.Order) -> str:
    """Stops are market orders that only reduce; the venue's own name of a take-profit begins with tp-."""
    if not order.reduce_only or order.order_type != "market":
        return "normal_plan"
    return "profit_plan" if order.client_order_id.startswith("tp-") else "loss_plan"


def order_from_row(row: Mapping[str, Any]) -> venue.Order:
    return _order(
        row,
        symbol=str_of(row, "symbol"),
        status=str_of(row, "status", row.get("state")),
        filled=decimal_of(row, "baseVolume", ZERO),
        fee=-decimal_of(row, "fee", ZERO),
    )


def order_push_row(order: venue.Order, fill: venue.Fill | None) -> Row:
    """The row of the WebSocket ``orders`` channel. Fill fields stand on fills only: Hummingbot keys on ``tradeId``.

    ``price`` is never empty, because Hummingbot makes a number of it: 0 for a market order.
    """
    row: Row = {
        "instId": to_symbol(order.symbol),
        "orderId": order.venue_order_id,
        "clientOid": order.client_order_id,
        "price": "0" if order.price is None else plain(order.price),
        "size": plain(order.qty_base),
        "accBaseVolume": plain(order.filled_base),
        "priceAvg": plain(order.avg_price) if order.avg_price else "",
        "notionalUsd": plain(order.qty_base * (order.price or order.avg_price)),
        "side": order.side,
        "tradeSide": f"{order.side}_single",
        "posSide": "net",
        "posMode": "one_way_mode",
        "orderType": order.order_type,
        "force": order.time_in_force,
        "status": status_to_wire(order.status),
        "leverage": str(order.leverage),
        "marginCoin": order.symbol.partition("-")[2],
        "marginMode": order.margin_mode,
        "reduceOnly": "yes" if order.reduce_only else "no",
        "feeDetail": [{"feeCoin": order.symbol.partition("-")[2], "fee": plain(-order.fee_quote)}],
        "cancelReason": order.reason,
        "enterPointSource": "API",
        "stpMode": "none",
        "cTime": str(order.created_ts_ms),
        "uTime": str(order.updated_ts_ms),
    }
    if fill is not None:
        row |= {
            "tradeId": fill.trade_id,
            "fillPrice": plain(fill.price),
            "baseVolume": plain(fill.qty_base),
            "fillTime": str(fill.ts_exch_ms),
            "fillFee": plain(-fill.fee_quote),
            "fillFeeCoin": fill.fee_asset,
            "fillNotionalUsd": plain(fill.qty_base * fill.price),
            "tradeScope": "M" if fill.liquidity == "maker" else "T",
            "pnl": plain(fill.realized_pnl_quote),
        }
    return row


def order_from_push_row(row: Mapping[str, Any]) -> tuple[venue.Order, venue.Fill | None]:
    fees = row.get("feeDetail") or ()
    order = _order(
        row,
        symbol=str_of(row, "instId"),
        status=str_of(row, "status"),
        filled=decimal_of(row, "accBaseVolume", ZERO),
        fee=-sum((decimal_of(part, "fee", ZERO) for part in fees), ZERO),
    )
    if not row.get("tradeId"):
        return order, None
    fill = venue.Fill(
        trade_id=str_of(row, "tradeId"),
        symbol=order.symbol,
        client_order_id=order.client_order_id,
        venue_order_id=order.venue_order_id,
        side=order.side,
        price=decimal_of(row, "fillPrice"),
        qty_base=decimal_of(row, "baseVolume"),
        fee_quote=-decimal_of(row, "fillFee", ZERO),
        fee_asset=str_of(row, "fillFeeCoin", order.symbol.partition("-")[2]),
        liquidity="maker" if str_of(row, "tradeScope", "T").upper() in ("M", "MAKER") else "taker",
        realized_pnl_quote=decimal_of(row, "pnl", ZERO),
        ts_exch_ms=int_of(row, "fillTime"),
    )
    return order, fill


def fill_row(fill: venue.Fill) -> Row:
    """One row of ``order/fills``. The venue tells no client order id here."""
    return {
        "tradeId": fill.trade_id,
        "symbol": to_symbol(fill.symbol),
        "orderId": fill.venue_order_id,
        "price": plain(fill.price),
        "baseVolume": plain(fill.qty_base),
        "feeDetail": [
            {
                "deduction": "no",
                "feeCoin": fill.fee_asset,
                "totalDeductionFee": "0",
                "totalFee": plain(-fill.fee_quote),
            }
        ],
        "side": fill.side,
        "quoteVolume": plain(fill.qty_base * fill.price),
        "profit": plain(fill.realized_pnl_quote),
        "enterPointSource": "api",
        "tradeSide": f"{fill.side}_single",
        "posMode": "one_way_mode",
        "tradeScope": fill.liquidity,
        "cTime": str(fill.ts_exch_ms),
    }


def fill_from_row(row: Mapping[str, Any]) -> venue.Fill:
    fees = row.get("feeDetail") or ()
    symbol = to_pair(str_of(row, "symbol"))
    return venue.Fill(
        trade_id=str_of(row, "tradeId"),
        symbol=symbol,
        client_order_id="",
        venue_order_id=str_of(row, "orderId"),
        side=side_of(row),
        price=decimal_of(row, "price"),
        qty_base=decimal_of(row, "baseVolume"),
        fee_quote=-sum((_fee_of(part) for part in fees), ZERO),
        fee_asset=str_of(fees[0], "feeCoin", symbol.partition("-")[2]) if fees else symbol.partition("-")[2],
        liquidity="maker" if str_of(row, "tradeScope", "taker") == "maker" else "taker",
        realized_pnl_quote=decimal_of(row, "profit", ZERO),
        ts_exch_ms=int_of(row, "cTime"),
    )


def status_to_wire(status: str) -> str:
    return _STATUS_TO_WIRE.get(status, status)


def order_type_of(row: Mapping[str, Any]) -> venue.OrderType:
    kind = str_of(row, "orderType")
    if kind == "limit":
        return "limit"
    if kind == "market":
        return "market"
    raise NotReadable(f"orderType={kind!r}: expected limit or market")


def force_of(row: Mapping[str, Any]) -> venue.TimeInForce:
    force = str_of(row, "force", "gtc").lower()
    if force not in _FORCE:
        raise NotReadable(f"force={force!r}: expected one of {', '.join(_FORCE)}")
    return _FORCE[force]


def _order(row: Mapping[str, Any], *, symbol: str, status: str, filled: Decimal, fee: Decimal) -> venue.Order:
    if status not in _STATUS_FROM_WIRE:
        raise NotReadable(f"status={status!r}: expected one of {', '.join(_STATUS_FROM_WIRE)}")
    order_type = order_type_of(row)
    price = decimal_of(row, "price", ZERO)
    return venue.Order(
        symbol=to_pair(symbol),
        client_order_id=str_of(row, "clientOid", ""),
        venue_order_id=str_of(row, "orderId"),
        side=side_of(row),
        order_type=order_type,
        time_in_force=force_of(row),
        reduce_only=str_of(row, "reduceOnly", "no").lower() == "yes",
        price=None if order_type == "market" or price == 0 else price,
        qty_base=decimal_of(row, "size"),
        filled_base=filled,
        avg_price=decimal_of(row, "priceAvg", ZERO),
        fee_quote=fee,
        status=_STATUS_FROM_WIRE[status],
        reason=str_of(row, "cancelReason", ""),
        created_ts_ms=int_of(row, "cTime", 0),
        updated_ts_ms=int_of(row, "uTime", 0),
        leverage=int_of(row, "leverage", 1),
        margin_mode=margin_mode_of(row),
    )


def _fee_of(part: Mapping[str, Any]) -> Decimal:
    """The signed fee of one feeDetail part: what a deduction coin paid stands in its own field."""
    if str_of(part, "deduction", "no") == "yes":
        return decimal_of(part, "totalDeductionFee", ZERO)
    return decimal_of(part, "totalFee", ZERO)
