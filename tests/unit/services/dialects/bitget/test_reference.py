"""The written conformance table says what the code does."""

import re
from pathlib import Path

import ccxt
import pytest

from services.common import venue
from services.dialects.bitget import codes, reference
from services.dialects.bitget.answers import _WRITERS
from services.dialects.bitget.codec_server import Call, decode_request
from services.dialects.bitget.endpoints import BY_ROUTE, ENDPOINTS, LISTED_ONLY
from services.dialects.bitget.request_fields import FIELDS
from services.dialects.bitget.requests import _READERS
from services.dialects.bitget.session_server import PRIVATE_CHANNELS, PUBLIC_CHANNELS

_CODE = Path(reference.__file__).parent
_READING_MODULES = ("requests.py", "wire_orders.py", "wire_account.py", "wire_market.py", "codec_server.py")
READING = "".join((_CODE / name).read_text(encoding="utf-8") for name in _READING_MODULES)
ASKED = {e.name for e in ENDPOINTS if e.asks not in ("-", "!")}


def test_every_endpoint_that_asks_something_is_read_and_answered():
    assert set(_READERS) == ASKED == set(_WRITERS)


def test_every_endpoint_stands_once_in_the_table_and_on_the_page():
    assert len(BY_ROUTE) == len(ENDPOINTS)
    text = reference.page()
    for endpoint in ENDPOINTS:
        assert f"| {endpoint.method} {endpoint.name} |" in text


def test_every_endpoint_says_what_it_is_asked_with():
    assert set(FIELDS) == {endpoint.name for endpoint in ENDPOINTS}
    text = reference.page()
    for endpoint in ENDPOINTS:
        asks = {"-": "(answered by the dialect)", "!": "(refused)"}.get(endpoint.asks, endpoint.asks)
        assert f"| {endpoint.method} {endpoint.name} | {asks} | {FIELDS[endpoint.name]} |" in text


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e.name in ASKED], ids=lambda e: e.name)
def test_what_the_page_calls_a_parameter_is_read_and_what_is_needed_is_missed(endpoint):
    """Every name on the page stands in the code that reads requests; without the needed ones the request is refused."""
    names = re.findall(r"[a-z]\w+", re.sub(r"\(limit\)| or ", " ", FIELDS[endpoint.name]))
    for name in names:
        assert f'"{name}"' in READING, name
    needed = [
        name for name in ("symbol", "size", "triggerPrice", "leverage", "orderIdList") if name in _needed(endpoint)
    ]
    if needed:
        answer = decode_request(endpoint.method, f"/api/v2/{endpoint.name}", "", b"{}")
        assert isinstance(answer, venue.Refused), f"{endpoint.name} was read without {needed}"


def _needed(endpoint):
    fields = re.sub(r"\[.*?\]", "", FIELDS[endpoint.name])
    return {part.strip() for part in fields.split(",") if not part.strip().endswith("?")}


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
