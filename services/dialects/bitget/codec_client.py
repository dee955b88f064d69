"""The desk's side of the wire: a venue.Request into a signed HTTP request, a response into an answer. Pure.

Round trip: ``decode_request(encode_request(r)) == r`` and ``decode_answer(encode_answer(a)) == a``, apart from what
Bitget's wire does not carry, which decodes to its neutral value: fills over REST have no client order id (""), the REST
ticker no next funding time (0; the WebSocket ticker has it), REST books no sequence (0), ``account/accounts`` no
position mode and no time of its own (the envelope's).
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from services.common import venue
from services.dialects.bitget import answers, codes
from services.dialects.bitget.endpoints import BY_NAME, PREFIX
from services.dialects.bitget.signing import Credentials, rest_headers
from services.dialects.bitget.symbols import PRODUCT_USDT, NotASymbol, to_symbol
from services.dialects.bitget.text import NotReadable, plain
from services.dialects.bitget.wire_account import BILL_TYPES
from services.dialects.bitget.wire_market import granularity_name


class HttpRequest(NamedTuple):
    method: str
    path_with_query: str
    headers: dict[str, str]
    body: str


class Decoded(NamedTuple):
    """An answer, and where its next page begins ("" when there is none)."""

    answer: venue.Answer | venue.Unknown
    next_page: str = ""


def encode_request(
    request: venue.Request,
    credentials: Credentials | None,
    now_ms: int,
    *,
    demo_trading: bool = False,
    below_id: str = "",
) -> HttpRequest:
    """``credentials`` None is allowed for public requests only. ``demo_trading`` adds the header PAPTRADING: 1.
    ``below_id`` asks for the next page of a list."""
    name, params = _ENCODERS[type(request)](request)
    endpoint = BY_NAME[name]
    if below_id:
        params["idLessThan"] = below_id
    sent = {field: value for field, value in params.items() if value not in (None, "")}
    path, body = PREFIX + name, ""
    if endpoint.method == "POST":
        body = msgspec.json.encode(sent).decode()
    elif sent:
        path = f"{path}?{urlencode(sent)}"
    headers = {"locale": "en-US"}
    if endpoint.is_private:
        assert credentials is not None, f"{name} is private: it needs credentials"
        headers |= rest_headers(credentials, endpoint.method, path, body, now_ms)
    if demo_trading:
        headers["PAPTRADING"] = "1"
    return HttpRequest(endpoint.method, path, headers, body)


def decode_answer(
    request: venue.Request, status: int, body: bytes, headers: Mapping[str, str] | None = None
) -> venue.Answer | venue.Unknown:
    """Never raises on what a venue says. 5xx, an unreadable body or an ambiguous code is Unknown: it may have acted.
    ``headers`` by lower-case name."""
    return decode_page(request, status, body, headers).answer


def decode_page(request: venue.Request, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> Decoded:
    """``decode_answer`` that also tells where the next page begins."""
    if status == 429:
        return Decoded(_rate_limited(body, headers))
    try:
        envelope = msgspec.json.decode(body)
        code, message = str(envelope["code"]), str(envelope.get("msg") or "")
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError, UnicodeDecodeError):
        return Decoded(venue.Unknown(detail=f"status={status}, unreadable body {body[:200]!r}"))
    if status >= 500 or code in codes.AMBIGUOUS_CODES:
        return Decoded(venue.Unknown(detail=f"status={status}, code={code}, {message[:200]}"))
    if code != codes.OK:
        return Decoded(codes.refusal_from(code, message))
    data = envelope.get("data")
    try:
        answer = answers.answer_of(request, data, int(envelope.get("requestTime") or 0))
        return Decoded(answer, answers.end_id(request, data))
    except (NotReadable, NotASymbol, KeyError, TypeError, AttributeError, ValueError) as error:
        return Decoded(venue.Unknown(detail=f"status={status}, answer not readable: {error}"))


def _rate_limited(body: bytes, headers: Mapping[str, str] | None) -> venue.Refused:
    retry_after = (headers or {}).get("retry-after", "")
    retry_after_ms = round(float(retry_after) * 1000) if retry_after.replace(".", "", 1).isdecimal() else None
    try:
        envelope = msgspec.json.decode(body)
        refused = codes.refusal_from("429", str(envelope["msg"]))
    except (msgspec.DecodeError, KeyError, TypeError, UnicodeDecodeError):
        refused = codes.refusal_from("429", "Too Many Requests")
    return msgspec.structs.replace(refused, retry_after_ms=retry_after_ms)


Encoded = tuple[str, dict[str, Any]]


def _ticker(request: venue.GetTicker) -> Encoded:
    if request.symbol is None:
        return "mix/market/tickers", {"productType": PRODUCT_USDT}
    return "mix/market/ticker", _of_symbol(request)


def _candles(request: venue.GetCandles) -> Encoded:
    return "mix/market/candles", {
        **_of_symbol(request),
        "granularity": granularity_name(request.granularity_ms),
        "limit": str(request.limit),
        **_between(request),
    }


def _account(request: venue.GetAccount) -> Encoded:
    if request.symbol is None:
        return "mix/account/accounts", {"productType": PRODUCT_USDT}
    return "mix/account/account", {**_of_symbol(request), "marginCoin": _margin_coin(request.symbol)}


def _positions(request: venue.GetPositions) -> Encoded:
    if request.symbol is None:
        return "mix/position/all-position", {"productType": PRODUCT_USDT, "marginCoin": "USDT"}
    return "mix/position/single-position", {**_of_symbol(request), "marginCoin": _margin_coin(request.symbol)}


def _bills(request: venue.GetBills) -> Encoded:
    return "mix/account/bill", {
        "productType": PRODUCT_USDT,
        "businessType": BILL_TYPES.get(request.kind or "", request.kind),
        **_page(request),
    }


def _place_order(request: venue.PlaceOrder) -> Encoded:
    if request.trigger_price is None:
        return "mix/order/place-order", _order_fields(request)
    trigger = {"planType": "normal_plan", "triggerType": "mark_price", "triggerPrice": plain(request.trigger_price)}
    return "mix/order/place-plan-order", {**_order_fields(request), **trigger}


def _place_orders(request: venue.PlaceOrders) -> Encoded:
    return "mix/order/batch-place-order", {
        **_of_symbol(request),
        "marginCoin": _margin_coin(request.symbol),
        "marginMode": request.orders[0].margin_mode if request.orders else None,
        "orderList": [
            {name: value for name, value in _order_fields(order).items() if value is not None}
            for order in request.orders
        ],
    }


def _place_protected(request: venue.PlaceProtected) -> Encoded:
    profit, loss = request.take_profit_price, request.stop_loss_price
    return "mix/order/place-order", {
        **_order_fields(request.order),
        "presetStopSurplusPrice": None if profit is None else plain(profit),
        "presetStopLossPrice": None if loss is None else plain(loss),
    }


def _place_stop(request: venue.PlaceStop) -> Encoded:
    whole = {"take_profit": "pos_profit", "stop_loss": "pos_loss"}[request.kind]
    part = {"take_profit": "profit_plan", "stop_loss": "loss_plan"}[request.kind]
    return "mix/order/place-tpsl-order", {
        **_of_symbol(request),
        "marginCoin": _margin_coin(request.symbol),
        "planType": whole if request.qty_base is None else part,
        "triggerType": "mark_price",
        "triggerPrice": plain(request.trigger_price),
        "holdSide": "buy" if request.is_long else "sell",
        "size": None if request.qty_base is None else plain(request.qty_base),
        "clientOid": request.client_order_id,
    }


def _order_fields(request: venue.PlaceOrder) -> dict[str, Any]:
    return {
        **_of_symbol(request),
        "stpMode": request.stp_mode,
        "marginCoin": _margin_coin(request.symbol),
        "marginMode": request.margin_mode,
        "side": request.side,
        "orderType": request.order_type,
        "force": request.time_in_force,
        "size": plain(request.qty_base),
        "price": None if request.price is None else plain(request.price),
        "clientOid": request.client_order_id,
        "reduceOnly": "YES" if request.reduce_only else "NO",
    }


def _modify_order(request: venue.ModifyOrder) -> Encoded:
    return "mix/order/modify-order", {
        **_of_order(request),
        "newClientOid": request.new_client_order_id,
        "newSize": None if request.new_qty_base is None else plain(request.new_qty_base),
        "newPrice": None if request.new_price is None else plain(request.new_price),
    }


def _cancel_orders(request: venue.CancelOrders) -> Encoded:
    """A list by the batch endpoint, everything of an account by cancel-all: the batch endpoint needs a symbol."""
    if request.symbol is None and not request.venue_order_ids:
        return "mix/order/cancel-all-orders", {"productType": PRODUCT_USDT, "marginCoin": "USDT"}
    return "mix/order/batch-cancel-orders", {
        "productType": PRODUCT_USDT,
        "symbol": None if request.symbol is None else to_symbol(request.symbol),
        "orderIdList": [{"orderId": venue_order_id} for venue_order_id in request.venue_order_ids] or None,
    }


def _fills(request: venue.GetFills) -> Encoded:
    return "mix/order/fills", {
        **_maybe_of_symbol(request),
        "orderId": request.venue_order_id,
        **_page(request),
    }


def _order_history(request: venue.GetOrderHistory) -> Encoded:
    return "mix/order/orders-history", {
        **_maybe_of_symbol(request),
        **_page(request),
    }


def _set_leverage(request: venue.SetLeverage) -> Encoded:
    margin_coin = _margin_coin(request.symbol)
    return "mix/account/set-leverage", {
        **_of_symbol(request),
        "marginCoin": margin_coin,
        "leverage": str(request.leverage),
    }


def _set_margin_mode(request: venue.SetMarginMode) -> Encoded:
    margin_coin = _margin_coin(request.symbol)
    return "mix/account/set-margin-mode", {
        **_of_symbol(request),
        "marginCoin": margin_coin,
        "marginMode": request.margin_mode,
    }


def _of_symbol(request: Any) -> dict[str, Any]:
    return {"symbol": to_symbol(request.symbol), "productType": PRODUCT_USDT}


def _maybe_of_symbol(request: Any) -> dict[str, Any]:
    return {"symbol": None if request.symbol is None else to_symbol(request.symbol), "productType": PRODUCT_USDT}


def _of_order(request: Any) -> dict[str, Any]:
    return {
        **_of_symbol(request),
        "orderId": request.venue_order_id,
        "clientOid": request.client_order_id,
    }


def _page(request: venue.PastRequest) -> dict[str, Any]:
    below_id = None if request.below_id is None else str(request.below_id)
    return {"limit": str(request.limit), "idLessThan": below_id, **_between(request)}


def _between(request: Any) -> dict[str, Any]:
    return {
        "startTime": None if request.start_ms is None else str(request.start_ms),
        "endTime": None if request.end_ms is None else str(request.end_ms),
    }


def _margin_coin(pair: str) -> str:
    return pair.partition("-")[2]


_ENCODERS: dict[type[venue.Request], Callable[[Any], Encoded]] = {
    venue.GetTime: lambda r: ("public/time", {}),
    venue.GetInstruments: lambda r: ("mix/market/contracts", {"productType": r.product}),
    venue.GetTicker: _ticker,
    venue.GetBook: lambda r: ("mix/market/merge-depth", {**_of_symbol(r), "limit": str(r.depth)}),
    venue.GetTrades: lambda r: ("mix/market/fills", {**_of_symbol(r), "limit": str(r.limit)}),
    venue.GetCandles: _candles,
    venue.GetLeverageTiers: lambda r: ("mix/market/query-position-lever", _of_symbol(r)),
    venue.GetFeeRate: lambda r: ("common/trade-rate", {"symbol": to_symbol(r.symbol), "businessType": "mix"}),
    venue.GetCoins: lambda r: ("spot/public/coins", {}),
    venue.GetKeyRights: lambda r: ("spot/account/info", {}),
    venue.GetAccount: _account,
    venue.GetPositions: _positions,
    venue.GetBills: _bills,
    venue.SetLeverage: _set_leverage,
    venue.SetMarginMode: _set_margin_mode,
    venue.SetPositionMode: lambda r: (
        "mix/account/set-position-mode",
        {"productType": PRODUCT_USDT, "posMode": r.position_mode},
    ),
    venue.PlaceOrder: _place_order,
    venue.PlaceOrders: _place_orders,
    venue.PlaceProtected: _place_protected,
    venue.PlaceStop: _place_stop,
    venue.CancelOrder: lambda r: ("mix/order/cancel-order", {**_of_order(r), "marginCoin": _margin_coin(r.symbol)}),
    venue.CancelOrders: _cancel_orders,
    venue.ModifyOrder: _modify_order,
    venue.GetOrder: lambda r: ("mix/order/detail", _of_order(r)),
    venue.GetOpenOrders: lambda r: ("mix/order/orders-pending", {**_maybe_of_symbol(r), "limit": "100"}),
    venue.GetOrderHistory: _order_history,
    venue.GetFills: _fills,
    venue.ClosePosition: lambda r: ("mix/order/close-positions", _of_symbol(r)),
}
