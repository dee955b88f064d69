"""Money cannot leave: of all that the venue's public API offers, what withdraws, transfers or lends is not here."""

import aiohttp
import ccxt
import pytest

from services.common import venue
from services.dialects.bitget.codec_server import decode_request
from services.dialects.bitget.endpoints import BY_ROUTE
from tests.unit.services.dialects.bitget.shell import shell

MOVES_MONEY = (
    "withdraw",
    "transfer",
    "deposit",
    "borrow",
    "repay",
    "convert",
    "loan",
    "redeem",
    "subscribe",
    "virtual",
)


def public_api_list() -> list[tuple[str, str]]:
    """(method, path) of every endpoint in the list that ccxt carries: versions 1, 2 and 3, spot to broker."""
    found: list[tuple[str, str]] = []

    def walk(node: object) -> None:
        for name, inner in node.items():
            if name in ("get", "post", "put", "delete"):
                found.extend((name.upper(), f"/api/{path}") for path in inner)
            elif isinstance(inner, dict):
                walk(inner)

    walk(ccxt.bitget().describe()["api"])
    return found


def test_the_list_is_the_venues_whole_api():
    listed = public_api_list()
    assert len(listed) > 500
    assert ("POST", "/api/v2/spot/wallet/withdrawal") in listed
    assert ("POST", "/api/v2/mix/order/place-order") in listed


def test_every_endpoint_that_moves_money_is_refused_as_not_existing():
    moving = [(method, path) for method, path in public_api_list() if any(word in path for word in MOVES_MONEY)]
    assert len(moving) > 60
    for method, path in moving:
        answer = decode_request(method, path, "", b"{}")
        assert isinstance(answer, venue.Refused) and answer.code == "NOT_IN_DIALECT", (method, path, answer)


def test_everything_else_that_is_not_in_the_table_is_refused_too():
    for method, path in public_api_list():
        if (method, path) not in BY_ROUTE:
            answer = decode_request(method, path, "", b"{}")
            assert isinstance(answer, venue.Refused) and answer.code == "NOT_IN_DIALECT", (method, path)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v2/mix/../spot/wallet/withdrawal",
        "/api/v2/mix/order/place-order/../../../spot/wallet/transfer",
        "/api/v2//spot/wallet/transfer",
        "/api/v2/SPOT/WALLET/WITHDRAWAL",
        "/api/v2/mix/order/place-order%2F..%2F..%2Fwallet%2Ftransfer",
    ],
)
def test_spelling_it_otherwise_does_not_help(path):
    assert decode_request("POST", path, "", b"{}").code == "NOT_IN_DIALECT"


async def test_each_try_is_told_to_the_owner_with_the_key_that_asked():
    moving = [p for m, p in public_api_list() if m == "POST" and "withdraw" in p and "{" not in p]
    async with shell() as s, aiohttp.ClientSession() as http:
        for path in moving:
            async with http.post(s.url + path, json={"coin": "USDT"}, headers={"ACCESS-KEY": "key-1"}) as response:
                assert response.status == 404
        assert [r.path for r in s.backend.rejections] == moving
        assert {(r.kind, r.api_key) for r in s.backend.rejections} == {("unknown_endpoint", "key-1")}
        assert s.backend.asked == []
