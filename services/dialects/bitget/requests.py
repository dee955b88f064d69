"""Parameters of each endpoint into the neutral request. Pure; raises NotReadable, NotASymbol and NotOffered."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from services.common import venue
from services.dialects.bitget.symbols import PRODUCT_USDT, PRODUCTS, to_pair
from services.dialects.bitget.text import NotReadable, decimal_of, int_of, str_of
from services.dialects.bitget.wire_account import BILL_TYPES, margin_mode_of, position_mode_of
from services.dialects.bitget.wire_market import GRANULARITIES, side_of
from services.dialects.bitget.wire_orders import force_of, order_type_of

Params = Mapping[str, Any]

CLIENT_ORDER_ID_CHARS_MAX = 64
LIST_LIMIT = 100
CANCEL_LIST_MAX = 50
BATCH_ORDERS_MAX = 50
# What would change an order's meaning if it were overlooked.
_NOT_OFFERED_FIELDS = (
    "presetStopSurplusExecutePrice",
    "presetStopLossExecutePrice",
    "stopSurplusTriggerPrice",
    "stopLossTriggerPrice",
    "stopSurplusExecutePrice",
    "stopLossExecutePrice",
    "callbackRatio",
    "triggerPrice",
    "planType",
)
_ATTACHED_FIELDS = ("presetStopSurplusPrice", "presetStopLossPrice")
# planType of a stop: its kind, and whether it closes the whole position when no size is given.
_STOPS: dict[str, tuple[venue.StopKind, bool]] = {
    "profit_plan": ("take_profit", False),
    "loss_plan": ("stop_loss", False),
    "pos_profit": ("take_profit", True),
    "pos_loss": ("stop_loss", True),
}
# holdSide names the position in hedge mode, and the side that opened it in one-way mode.
_IS_LONG = {"long": True, "buy": True, "short": False, "sell": False}


class NotOffered(Exception):
    """Readable, and nothing this venue does. ``code`` is the refusal's."""

    def __init__(self, text: str, code: str = "UNSUPPORTED") -> None:
        super().__init__(text)
        self.code = code


def request_of(endpoint: str, params: Params) -> venue.Request:
    """What the endpoint, given these parameters, asks of the venue. ``account_id`` is left empty."""
    return _READERS[endpoint](params)


def product_of(params: Params) -> str:
    product = str_of(params, "productType", PRODUCT_USDT).upper()
    if product not in PRODUCTS:
        raise NotReadable(f"productType={product!r}: expected one of {', '.join(PRODUCTS)}")
    return product


def below_id_of(params: Params) -> int | None:
    """Where the page before ended."""
    return int_of(params, "idLessThan") if params.get("idLessThan") else None


def limit_of(params: Params, default: int = LIST_LIMIT, most: int = 1000) -> int:
    text = str_of(params, "limit", str(default))
    if text.lower() == "max":
        return most
    limit = int_of(params, "limit", default)
    if limit < 1:
        raise NotReadable(f"limit={limit}: allowed 1 to {most}")
    return min(limit, most)


def _symbol(params: Params) -> str:
    return to_pair(str_of(params, "symbol"))


def _maybe_symbol(params: Params) -> str | None:
    return to_pair(str_of(params, "symbol")) if params.get("symbol") else None


def _start(params: Params) -> int | None:
    return int_of(params, "startTime") if params.get("startTime") else None


def _end(params: Params) -> int | None:
    return int_of(params, "endTime") if params.get("endTime") else None


def _ids(params: Params) -> dict[str, str]:
    venue_order_id, client_order_id = str_of(params, "orderId", ""), str_of(params, "clientOid", "")
    if not venue_order_id and not client_order_id:
        raise NotReadable("orderId and clientOid are both empty: one of them must be given")
    if venue_order_id and not venue_order_id.isdecimal():
        raise NotReadable("orderId is not a decimal number")
    return {"venue_order_id": venue_order_id, "client_order_id": client_order_id}


def _candles(params: Params) -> venue.Request:
    name = str_of(params, "granularity", "1m")
    if name not in GRANULARITIES:
        raise NotReadable(f"granularity={name!r}: expected one of {', '.join(GRANULARITIES)}")
    return venue.GetCandles(
        symbol=_symbol(params),
        granularity_ms=GRANULARITIES[name],
        limit=limit_of(params),
        start_ms=_start(params),
        end_ms=_end(params),
    )


def _bills(params: Params) -> venue.Request:
    business_type = str_of(params, "businessType", "")
    kind = next((kind for kind, wire in BILL_TYPES.items() if wire == business_type), business_type or None)
    return venue.GetBills(
        kind=kind, limit=limit_of(params), start_ms=_start(params), end_ms=_end(params), below_id=below_id_of(params)
    )


def _place(params: Params) -> venue.Request:
    """``place-order``: plain, or with a take-profit and a stop-loss attached."""
    order = _place_order({**params, **dict.fromkeys(_ATTACHED_FIELDS, "")})
    profit, loss = (decimal_of(params, field) if params.get(field) else None for field in _ATTACHED_FIELDS)
    if profit is None and loss is None:
        return order
    return venue.PlaceProtected(order=order, take_profit_price=profit, stop_loss_price=loss)


def _place_orders(params: Params) -> venue.Request:
    listed = params.get("orderList")
    if not isinstance(listed, list) or not listed or not all(isinstance(item, dict) for item in listed):
        raise NotReadable("orderList: expected a list of orders")
    if len(listed) > BATCH_ORDERS_MAX:
        raise NotReadable(f"orderList: {len(listed)} orders, allowed {BATCH_ORDERS_MAX}")
    common = {name: params[name] for name in ("symbol", "marginMode", "marginCoin") if name in params}
    orders = tuple(_place_order({**item, **common}) for item in listed)
    return venue.PlaceOrders(symbol=_symbol(params), orders=orders)


def _place_stop(params: Params) -> venue.Request:
    """``place-tpsl-order``: a market order that closes the position once the mark price is there."""
    plan_type, trigger_type = str_of(params, "planType"), str_of(params, "triggerType", "mark_price")
    if plan_type not in _STOPS or trigger_type != "mark_price" or params.get("executePrice") not in (None, "", "0"):
        raise NotOffered(
            f"planType={plan_type}, triggerType={trigger_type}: only {', '.join(_STOPS)} at mark_price and by market"
            " are offered"
        )
    hold_side = str_of(params, "holdSide")
    if hold_side not in _IS_LONG:
        raise NotReadable(f"holdSide={hold_side!r}: expected one of {', '.join(_IS_LONG)}")
    kind, is_whole = _STOPS[plan_type]
    return venue.PlaceStop(
        symbol=_symbol(params),
        client_order_id=_client_order_id(params, "clientOid"),
        kind=kind,
        is_long=_IS_LONG[hold_side],
        trigger_price=decimal_of(params, "triggerPrice"),
        qty_base=None if is_whole and not params.get("size") else decimal_of(params, "size"),
    )


def _place_order(params: Params) -> venue.PlaceOrder:
    for field in (*_ATTACHED_FIELDS, *_NOT_OFFERED_FIELDS):
        if params.get(field):
            raise NotOffered(f"{field}: not offered with this kind of order")
    if params.get("tradeSide"):
        raise NotOffered("tradeSide is for hedge mode; the account is in one_way_mode", "POSITION_MODE_MISMATCH")
    order_type = order_type_of(params)
    return venue.PlaceOrder(
        symbol=_symbol(params),
        client_order_id=_client_order_id(params, "clientOid"),
        side=side_of(params),
        order_type=order_type,
        time_in_force=force_of(params),
        qty_base=decimal_of(params, "size"),
        price=decimal_of(params, "price") if order_type == "limit" else None,
        reduce_only=str_of(params, "reduceOnly", "no").lower() == "yes",
        margin_mode=margin_mode_of(params),
        stp_mode=_stp_mode(params),
    )


def _place_plan_order(params: Params) -> venue.Request:
    """An order that is placed once the mark price has reached ``triggerPrice``."""
    plan_type, trigger_type = str_of(params, "planType", "normal_plan"), str_of(params, "triggerType", "mark_price")
    if plan_type != "normal_plan" or trigger_type != "mark_price":
        raise NotOffered(f"planType={plan_type}, triggerType={trigger_type}: only normal_plan at mark_price is offered")
    limit_price = params.get("price") or params.get("executePrice")
    order = _place_order({**params, "price": limit_price, "triggerPrice": "", "planType": ""})
    return msgspec.structs.replace(order, trigger_price=decimal_of(params, "triggerPrice"))


def _stp_mode(params: Params) -> venue.StpMode | None:
    mode = str_of(params, "stpMode", "")
    match mode:
        case "":
            return None
        case "none" | "cancel_taker" | "cancel_maker" | "cancel_both":
            return mode
    raise NotReadable(f"stpMode={mode!r}: expected none, cancel_taker, cancel_maker or cancel_both")


def _cancel_plan_orders(params: Params) -> venue.Request:
    if not params.get("orderIdList"):
        raise NotOffered("cancel-plan-order without orderIdList: name the orders")
    return _cancel_orders(params)


def _modify_order(params: Params) -> venue.Request:
    return venue.ModifyOrder(
        symbol=_symbol(params),
        new_client_order_id=_client_order_id(params, "newClientOid"),
        new_qty_base=decimal_of(params, "newSize") if params.get("newSize") else None,
        new_price=decimal_of(params, "newPrice") if params.get("newPrice") else None,
        **_ids(params),
    )


def _cancel_orders(params: Params) -> venue.Request:
    listed = params.get("orderIdList") or ()
    if not isinstance(listed, list | tuple) or not all(isinstance(item, dict) for item in listed):
        raise NotReadable("orderIdList: expected a list of objects with orderId")
    if len(listed) > CANCEL_LIST_MAX:
        raise NotReadable(f"orderIdList: {len(listed)} orders, allowed {CANCEL_LIST_MAX}")
    if any(not item.get("orderId") for item in listed):
        raise NotOffered("orderIdList without orderId: cancelling a list by clientOid is not offered")
    ids = tuple(_ids(item)["venue_order_id"] for item in listed)
    return venue.CancelOrders(symbol=_maybe_symbol(params), venue_order_ids=ids)


def _client_order_id(params: Params, field: str) -> str:
    client_order_id = str_of(params, field, "")
    if len(client_order_id) > CLIENT_ORDER_ID_CHARS_MAX:
        raise NotReadable(f"{field}: {len(client_order_id)} characters, allowed {CLIENT_ORDER_ID_CHARS_MAX}")
    return client_order_id


def _get_ticker(params: Params) -> venue.Request:
    return venue.GetTicker(symbol=_symbol(params))


def _get_trades(params: Params) -> venue.Request:
    return venue.GetTrades(symbol=_symbol(params), limit=limit_of(params))


def _order_history(params: Params) -> venue.Request:
    return venue.GetOrderHistory(
        symbol=_maybe_symbol(params),
        limit=limit_of(params),
        start_ms=_start(params),
        end_ms=_end(params),
        below_id=below_id_of(params),
    )


def _get_fills(params: Params) -> venue.Request:
    return venue.GetFills(
        symbol=_maybe_symbol(params),
        venue_order_id=str_of(params, "orderId", ""),
        limit=limit_of(params),
        start_ms=_start(params),
        end_ms=_end(params),
        below_id=below_id_of(params),
    )


_READERS: dict[str, Callable[[Params], venue.Request]] = {
    "public/time": lambda p: venue.GetTime(),
    "mix/market/contracts": lambda p: venue.GetInstruments(product=product_of(p)),
    "mix/market/ticker": _get_ticker,
    "mix/market/tickers": lambda p: venue.GetTicker(),
    "mix/market/symbol-price": _get_ticker,
    "mix/market/current-fund-rate": _get_ticker,
    "mix/market/funding-time": _get_ticker,
    "mix/market/merge-depth": lambda p: venue.GetBook(symbol=_symbol(p), depth=limit_of(p, default=100, most=500)),
    "mix/market/fills": _get_trades,
    "mix/market/fills-history": _get_trades,
    "mix/market/candles": _candles,
    "mix/market/history-candles": _candles,
    "mix/market/query-position-lever": lambda p: venue.GetLeverageTiers(symbol=_symbol(p)),
    "spot/public/coins": lambda p: venue.GetCoins(),
    "common/trade-rate": lambda p: venue.GetFeeRate(symbol=_symbol(p)),
    "spot/account/info": lambda p: venue.GetKeyRights(),
    "mix/account/accounts": lambda p: venue.GetAccount(),
    "mix/account/account": lambda p: venue.GetAccount(symbol=_symbol(p)),
    "mix/account/bill": _bills,
    "mix/position/all-position": lambda p: venue.GetPositions(),
    "mix/position/single-position": lambda p: venue.GetPositions(symbol=_symbol(p)),
    "mix/order/detail": lambda p: venue.GetOrder(symbol=_symbol(p), **_ids(p)),
    "mix/order/orders-pending": lambda p: venue.GetOpenOrders(symbol=_maybe_symbol(p)),
    "mix/order/orders-history": _order_history,
    "mix/order/orders-plan-history": _order_history,
    "mix/order/fills": _get_fills,
    "mix/order/fill-history": _get_fills,
    "mix/order/orders-plan-pending": lambda p: venue.GetOpenOrders(symbol=_maybe_symbol(p)),
    "mix/order/place-order": _place,
    "mix/order/batch-place-order": _place_orders,
    "mix/order/place-tpsl-order": _place_stop,
    "mix/order/place-plan-order": _place_plan_order,
    "mix/order/modify-order": _modify_order,
    "mix/order/cancel-order": lambda p: venue.CancelOrder(symbol=_symbol(p), **_ids(p)),
    "mix/order/batch-cancel-orders": _cancel_orders,
    "mix/order/cancel-all-orders": _cancel_orders,
    "mix/order/cancel-plan-order": _cancel_plan_orders,
    "mix/order/close-positions": lambda p: venue.ClosePosition(symbol=_symbol(p)),
    "mix/account/set-leverage": lambda p: venue.SetLeverage(symbol=_symbol(p), leverage=int_of(p, "leverage")),
    "mix/account/set-margin-mode": lambda p: venue.SetMarginMode(symbol=_symbol(p), margin_mode=margin_mode_of(p)),
    "mix/account/set-position-mode": lambda p: venue.SetPositionMode(position_mode=position_mode_of(p)),
}
