"""The written conformance table says what the code does."""

import re
from pathlib import Path

import ccxt

from services.common import venue
from services.dialects.bitget import codes, reference
from services.dialects.bitget.answers import _WRITERS
from services.dialects.bitget.codec_server import Call, decode_request
from services.dialects.bitget.endpoints import BY_ROUTE, ENDPOINTS, LISTED_ONLY
from services.dialects.bitget.requests import _READERS
from services.dialects.bitget.session_server import PRIVATE_CHANNELS, PUBLIC_CHANNELS

ASKED = {e.name for e in ENDPOINTS if e.asks not in ("-", "!")}


def test_every_endpoint_that_asks_something_is_read_and_answered():
    assert set(_READERS) == ASKED == set(_WRITERS)


def test_every_endpoint_stands_once_in_the_table_and_on_the_page():
    assert len(BY_ROUTE) == len(ENDPOINTS)
    text = reference.page()
    for endpoint in ENDPOINTS:
        assert f"| {endpoint.method} {endpoint.name} |" in text


def test_what_an_endpoint_asks_is_what_the_table_says():
    order = '"symbol":"BTCUSDT","side":"buy","orderType":"market","size":"1"'
    stop = '"planType":"pos_loss","triggerPrice":"1","holdSide":"buy"'
    plain = f'{{{order},"orderId":"1","leverage":"2","orderList":[{{{order}}}]}}'
    query = "symbol=BTCUSDT&orderId=1"
    for endpoint in ENDPOINTS:
        if endpoint.asks not in ("-", "!") and "plan" not in endpoint.name:
            params = f'{{"symbol":"BTCUSDT",{stop}}}' if "tpsl" in endpoint.name else plain
            call = decode_request(endpoint.method, f"/api/v2/{endpoint.name}", query, params.encode())
            assert isinstance(call, Call), (endpoint.name, call)
            assert type(call.request).__name__ == endpoint.asks
            assert (call.is_private, call.is_trade) == (endpoint.is_private, endpoint.is_trade)


def test_every_channel_that_is_offered_stands_on_the_page():
    assert {name for _, names, _, _ in reference.CHANNELS for name in names} == PUBLIC_CHANNELS | PRIVATE_CHANNELS


def test_nothing_claims_to_be_proven_on_the_real_venue():
    listed = ("| GET ", "| POST ", "| public ", "| private ")
    rows = [line for line in reference.page().splitlines() if line.startswith(listed)]
    assert rows and all(row.endswith("| no |") for row in rows)


def test_every_source_is_a_page_that_the_clients_cite():
    folder = Path(ccxt.__file__).parent
    text = (folder / "bitget.py").read_text() + (folder / "pro" / "bitget.py").read_text()
    cited = set(re.findall(r"api-doc/([A-Za-z0-9/_-]+)", text))
    cited |= {"contract/trade/Cancel-All-Orders", "spot/account/Get-Account-Info"}  # cited by other public clients
    sources = {e.source for e in ENDPOINTS} - {LISTED_ONLY}
    sources |= {f"contract/websocket/{kind}/{page}" for kind, _, _, page in reference.CHANNELS}
    assert sources <= cited, sources - cited


def test_every_refusal_on_the_page_is_a_registered_reason():
    from services.contracts.reasons import is_registered

    neutral = [code for code, _, _ in codes.table()]
    assert [code for code in neutral if not is_registered(code)] == []
    assert codes.wire_of(venue.Refused(code="ORDER_NOT_FOUND", text="")).code == "40768"
