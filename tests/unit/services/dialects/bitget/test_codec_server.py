"""Requests as clients really send them, and what is refused before anybody looks at it."""

from decimal import Decimal
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common import venue
from services.dialects.bitget.codec_client import decode_answer
from services.dialects.bitget.codec_server import Call, decode_request, encode_answer
from services.dialects.bitget.endpoints import ENDPOINTS
from tests.unit.services.dialects.bitget.orders import an_order

HUMMINGBOT_PLACE = (
    b'{"marginCoin": "USDT", "symbol": "BTCUSDT", "productType": "USDT-FUTURES", "size": "0.0100",'
    b' "force": "post_only", "clientOid": "hb1-b0-k3f9.17", "side": "buy", "marginMode": "crossed",'
    b' "orderType": "limit", "price": "60000.1"}'
)
CCXT_PLACE = (
    b'{"symbol":"BTCUSDT","orderType":"market","marginCoin":"USDT","size":"0.01","productType":"USDT-FUTURES",'
    b'"marginMode":"crossed","side":"sell","reduceOnly":"YES","force":"GTC"}'
)


def place(body: bytes) -> Call | venue.Refused:
    return decode_request("POST", "/api/v2/mix/order/place-order", "", body)


def test_hummingbots_order_is_read():
    assert place(HUMMINGBOT_PLACE).request == venue.PlaceOrder(
        symbol="BTC-USDT",
        client_order_id="hb1-b0-k3f9.17",
        side="buy",
        order_type="limit",
        time_in_force="post_only",
        qty_base=Decimal("0.0100"),
        price=Decimal("60000.1"),
    )


def test_ccxts_order_is_read_with_its_capitals():
    assert place(CCXT_PLACE).request == venue.PlaceOrder(
        symbol="BTC-USDT",
        client_order_id="",
        side="sell",
        order_type="market",
        time_in_force="gtc",
        qty_base=Decimal("0.01"),
        price=None,
        reduce_only=True,
    )


def test_numbers_may_come_as_numbers_without_passing_through_a_float():
    body = b'{"symbol":"BTCUSDT","side":"buy","orderType":"limit","size":0.1,"price":60000.10000000000000001}'
    request = place(body).request
    assert (request.qty_base, request.price) == (Decimal("0.1"), Decimal("60000.10000000000000001"))


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"size": ""}, "PARAMETER_INVALID", "size is empty"),
        ({"size": "NaN"}, "PARAMETER_INVALID", "size='NaN' is not a finite number"),
        ({"price": "Infinity"}, "PARAMETER_INVALID", "price"),
        ({"side": "hold"}, "PARAMETER_INVALID", "side"),
        ({"force": "forever"}, "PARAMETER_INVALID", "force"),
        ({"orderType": "stop"}, "PARAMETER_INVALID", "orderType"),
        ({"marginMode": "cross"}, "PARAMETER_INVALID", "marginMode"),
        ({"symbol": "BTC"}, "UNKNOWN_SYMBOL", "symbol='BTC'"),
        ({"productType": "USDC-FUTURES"}, "UNKNOWN_SYMBOL", "USDC-FUTURES"),
        ({"productType": "nonsense"}, "PARAMETER_INVALID", "productType"),
        ({"clientOid": "x" * 65}, "PARAMETER_INVALID", "65 characters"),
        ({"tradeSide": "open"}, "POSITION_MODE_MISMATCH", "one_way_mode"),
        ({"presetStopLossExecutePrice": "1"}, "UNSUPPORTED", "presetStopLossExecutePrice"),
        ({"stopSurplusTriggerPrice": "1"}, "UNSUPPORTED", "stopSurplusTriggerPrice"),
        ({"presetStopLossPrice": "low"}, "PARAMETER_INVALID", "presetStopLossPrice"),
        ({"stpMode": "sometimes"}, "PARAMETER_INVALID", "stpMode"),
    ],
)
def test_a_bad_field_is_refused_by_its_name(change, code, words):
    import json

    refused = place(json.dumps({**json.loads(HUMMINGBOT_PLACE), **change}).encode())
    assert isinstance(refused, venue.Refused)
    assert refused.code == code and words in refused.text


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"planType": "track_plan"}, "UNSUPPORTED", "track_plan"),
        ({"triggerType": "fill_price"}, "UNSUPPORTED", "fill_price"),
        ({"executePrice": "50000"}, "UNSUPPORTED", "by market"),
        ({"holdSide": "net"}, "PARAMETER_INVALID", "holdSide"),
        ({"triggerPrice": ""}, "PARAMETER_INVALID", "triggerPrice"),
        ({"planType": "loss_plan", "size": ""}, "PARAMETER_INVALID", "size"),
    ],
)
def test_a_stop_that_is_not_offered_is_refused_by_its_name(change, code, words):
    import json

    stop = {"symbol": "BTCUSDT", "planType": "pos_loss", "triggerPrice": "59000", "holdSide": "buy", **change}
    refused = decode_request("POST", "/api/v2/mix/order/place-tpsl-order", "", json.dumps(stop).encode())
    assert isinstance(refused, venue.Refused)
    assert refused.code == code and words in refused.text


@pytest.mark.parametrize("listed", [None, [], ["order"], [{"side": "buy"}] * 51])
def test_a_batch_without_orders_or_with_too_many_is_refused(listed):
    import json

    body = json.dumps({"symbol": "BTCUSDT", "orderList": listed}).encode()
    refused = decode_request("POST", "/api/v2/mix/order/batch-place-order", "", body)
    assert (refused.code, "orderList" in refused.text) == ("PARAMETER_INVALID", True)


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff\xfe", b"null", b'"text"'])
def test_a_body_that_is_no_object_is_refused(body):
    assert place(body).code == "PARAMETER_INVALID"


PARAMETERS = ("symbol", "orderId", "clientOid", "size", "price", "limit", "idLessThan", "granularity", "leverage")


@given(
    endpoint=st.sampled_from(ENDPOINTS),
    params=st.dictionaries(st.sampled_from(PARAMETERS), st.text(max_size=20)),
    body=st.binary(max_size=40),
)
def test_nothing_that_is_sent_raises(endpoint, params, body):
    answer = decode_request(endpoint.method, f"/api/v2/{endpoint.name}", urlencode(params), body)
    assert isinstance(answer, Call | venue.Refused)


@given(status=st.sampled_from([200, 400, 404, 429, 500, 503]), body=st.binary(max_size=60))
def test_nothing_that_is_answered_raises(status, body):
    for request in (venue.GetOpenOrders(), venue.GetTime(), venue.GetPositions()):
        answer = decode_answer(request, status, body)
        if status >= 500 or status == 200:
            assert isinstance(answer, venue.Unknown), answer


LISTS = (venue.GetOpenOrders(), venue.GetPositions(), venue.GetFills(), venue.GetBills())


@pytest.mark.parametrize("asked", LISTS, ids=lambda asked: type(asked).__name__)
@pytest.mark.parametrize("data", ["null", "{}", '""', "0"])
def test_an_answer_without_its_list_is_unknown_and_never_flat(asked, data):
    body = f'{{"code":"00000","msg":"success","requestTime":1,"data":{data}}}'.encode()
    assert isinstance(decode_answer(asked, 200, body), venue.Unknown)


def test_a_list_that_is_null_is_empty_as_the_venue_writes_it():
    body = b'{"code":"00000","msg":"success","requestTime":1,"data":{"entrustedList":null,"endId":null}}'
    assert decode_answer(venue.GetOpenOrders(), 200, body) == ()


def test_trigger_orders_are_listed_apart_from_those_in_the_book():
    orders = (an_order(venue_order_id="2", trigger_price=Decimal("65000")), an_order(venue_order_id="1"))
    for name, expected in (("orders-pending", b'"orderId":"1"'), ("orders-plan-pending", b'"orderId":"2"')):
        call = decode_request("GET", f"/api/v2/mix/order/{name}", "productType=USDT-FUTURES", b"")
        body = encode_answer(call, orders, 1).body
        assert expected in body and body.count(b'"orderId"') == 1


def test_a_list_goes_on_below_the_last_id_of_the_page_before():
    orders = tuple(an_order(venue_order_id=str(n)) for n in (9, 11, 8, 10))
    call = decode_request("GET", "/api/v2/mix/order/orders-pending", "limit=2&idLessThan=11", b"")
    (first, second) = decode_answer(venue.GetOpenOrders(), 200, encode_answer(call, orders, 1).body)
    assert (first.venue_order_id, second.venue_order_id) == ("10", "9")


@pytest.mark.parametrize("path", ["order/orders-history", "order/fills", "account/bill"])
def test_whoever_keeps_the_list_is_told_where_the_page_before_ended(path):
    call = decode_request("GET", f"/api/v2/mix/{path}", "limit=2&idLessThan=11", b"")
    assert (call.request.limit, call.request.below_id) == (2, 11)


@pytest.mark.parametrize("product", ["COIN-FUTURES", "USDC-FUTURES", "SUSDT-FUTURES"])
def test_contracts_of_other_products_are_an_empty_list_without_asking_anybody(product):
    call = decode_request("GET", "/api/v2/mix/market/contracts", f"productType={product}", b"")
    assert call.request is None
    assert b'"data":[]' in encode_answer(call, None, 1).body
