"""The venue's side of the wire: a request's bytes into a venue.Request, an answer into the venue's envelope. Pure.

A ``Call`` remembers which endpoint was asked, because several endpoints ask the same thing and want it in other words
(``ticker``, ``symbol-price`` and ``current-fund-rate`` are all a GetTicker). What an answer looks like is in
``answers.py``, what a request means in ``requests.py``, what an endpoint is in ``endpoints.py``.
"""

import json
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from services.common import venue
from services.dialects.bitget import answers, codes, requests
from services.dialects.bitget.endpoints import BY_ROUTE, Endpoint
from services.dialects.bitget.symbols import PRODUCT_USDT, NotASymbol
from services.dialects.bitget.text import NotReadable

# Hummingbot decides by substring whether these were refused for an unknown order.
_SUBSTRING_TESTED = frozenset({"mix/order/cancel-order", "mix/order/detail", "mix/order/fills"})

_JSON = json.JSONDecoder(parse_float=str, parse_int=str)  # numbers as they were written


class Page(NamedTuple):
    """Lists come newest first; ``below_id`` (idLessThan) goes on where the last page ended."""

    limit: int
    below_id: int | None


class Call(NamedTuple):
    """One decoded request. ``request.account_id`` is "" until the caller has authenticated the key."""

    endpoint: str  # name in endpoints.py, for example "mix/order/place-order"
    is_private: bool
    request: venue.Request | None  # None: the dialect answers by itself (empty lists of products not traded here)
    is_trade: bool = False  # places, changes or cancels orders, or changes a setting
    page: Page | None = None


class Reply(NamedTuple):
    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def decode_request(method: str, path: str, raw_query: str, body: bytes) -> Call | venue.Refused:
    """``path`` starts with "/api/v2/". Refused codes: NOT_IN_DIALECT, PARAMETER_INVALID, UNKNOWN_SYMBOL, UNSUPPORTED.

    Whether an endpoint exists is told before its body is looked at; nothing here trusts or changes the query's order.
    """
    endpoint = BY_ROUTE.get((method, path))
    if endpoint is None:
        return _refused("NOT_IN_DIALECT", f"{method} {path} does not exist here")
    if endpoint.asks == "!":
        return _refused("UNSUPPORTED", f"{endpoint.name}: changing an order that waits for a trigger is not offered")
    if endpoint.asks == "-":
        return Call(endpoint.name, endpoint.is_private, None)
    try:
        params = _params(endpoint, raw_query, body)
        product = requests.product_of(params)
        if product != PRODUCT_USDT:
            if endpoint.name == "mix/market/contracts":  # both clients ask for every product at start
                return Call(endpoint.name, endpoint.is_private, None)
            return _refused("UNKNOWN_SYMBOL", f"productType={product}: only {PRODUCT_USDT} is traded here")
        request = requests.request_of(endpoint.name, params)
        return Call(endpoint.name, endpoint.is_private, request, endpoint.is_trade, _page(params))
    except NotASymbol as error:
        return _refused("UNKNOWN_SYMBOL", str(error))
    except NotReadable as error:
        return _refused("PARAMETER_INVALID", str(error))
    except requests.NotOffered as error:
        return _refused(error.code, str(error))


def encode_answer(call: Call, answer: venue.Answer | None, now_ms: int) -> Reply:
    """The envelope ``{code, msg, requestTime, data}``. A Refused becomes its HTTP status and code (codes.py), its
    message "CODE: text" whole; where Hummingbot looks for order-not-found by substring, other digits are broken up.

    ``answer`` is None for a call without a request. Raises TypeError when the answer is not one to this request.
    """
    if isinstance(answer, venue.Refused):
        return encode_refusal(answer, now_ms, endpoint=call.endpoint)
    data = answers.data_of(call.endpoint, call.request, answer)
    if call.page is not None:
        data = answers.paged(call.endpoint, data, call.page.limit, call.page.below_id)
    request_time = answer.ts_ms if isinstance(answer, venue.ServerTime) else now_ms
    return Reply(200, _envelope(codes.OK, "success", request_time, data))


def encode_refusal(refused: venue.Refused, now_ms: int, *, endpoint: str = "") -> Reply:
    """A refusal without a call: unknown path, bad signature, bad body, door shut."""
    wire, message = codes.wire_of(refused), codes.message_of(refused)
    if endpoint in _SUBSTRING_TESTED and refused.code != "ORDER_NOT_FOUND":
        message, now_ms = codes.without_false_not_found(message), codes.harmless_time(now_ms)
    headers: tuple[tuple[str, str], ...] = ()
    if refused.retry_after_ms is not None:
        headers = (("Retry-After", f"{refused.retry_after_ms / 1000:.3f}"),)
    return Reply(wire.status, _envelope(wire.code, message, now_ms, None), headers)


def _refused(code: str, text: str) -> venue.Refused:
    return venue.Refused(code=code, text=f"{code}: {text}")


def _envelope(code: str, message: str, now_ms: int, data: object) -> bytes:
    return msgspec.json.encode({"code": code, "msg": message, "requestTime": now_ms, "data": data})


def _params(endpoint: Endpoint, raw_query: str, body: bytes) -> dict[str, Any]:
    if endpoint.method == "GET":
        return dict(parse_qsl(raw_query, keep_blank_values=True))
    try:
        params = _JSON.decode(body.decode() or "{}")
    except ValueError as error:
        raise NotReadable(f"body is not JSON: {error}") from None
    if not isinstance(params, dict):
        raise NotReadable("body is not a JSON object")
    return params


def _page(params: requests.Params) -> Page | None:
    if "idLessThan" not in params and "limit" not in params:
        return None
    return Page(requests.limit_of(params), requests.below_id_of(params))
