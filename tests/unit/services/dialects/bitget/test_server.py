"""REST of the dialect's server: who may ask, what is refused, and how a lost answer looks to the one who asked."""

import asyncio
import json
from decimal import Decimal

import aiohttp
import pytest

from services.common import venue
from services.common.clock import SystemClock
from services.dialects.bitget.client import BitgetUpstream, ClientSettings
from services.dialects.bitget.codec_client import encode_request
from services.dialects.bitget.server import DropReply, ServerFault
from services.dialects.bitget.signing import Credentials
from tests.fakes.fake_venue_backend import BOT1, BOT2
from tests.unit.services.dialects.bitget import shell as shells
from tests.unit.services.dialects.bitget.shell import Listener, shell

ORDER = venue.PlaceOrder(
    symbol="BTC-USDT",
    client_order_id="hb1-b0-k3f9.17",
    side="buy",
    order_type="limit",
    time_in_force="post_only",
    qty_base=Decimal("0.0100"),
    price=Decimal("60123.4"),
)


async def raw(url: str, request: venue.Request, credentials: Credentials | None, *, now_ms: int, **changes):
    """Send it by hand, with what ``changes`` says altered after signing: (status, body)."""
    sent = encode_request(request, credentials, now_ms)
    headers = {**sent.headers, **changes.get("headers", {})}
    async with (
        aiohttp.ClientSession() as http,
        http.request(
            sent.method,
            url + changes.get("path", sent.path_with_query),
            data=changes.get("body", sent.body),
            headers=headers,
        ) as response,
    ):
        return response.status, json.loads(await response.read())


@pytest.fixture(params=["short", "aiohttp"], autouse=True)
def way(request, monkeypatch):
    """One server, two ways in: what is answered does not depend on which."""
    monkeypatch.setattr(shells, "WAY", request.param)


@pytest.fixture
def now_ms() -> int:
    return SystemClock().now_ms()


async def test_a_signed_request_reaches_the_venue_under_its_account():
    async with shell() as s:
        answer = await s.upstream.ask(ORDER, BOT2)
        assert answer == venue.Placed(
            symbol="BTC-USDT", client_order_id="hb1-b0-k3f9.17", venue_order_id="7000000000000000123"
        )
        ((request, context),) = s.backend.asked
        assert request.account_id == context.account_id == "bot2"
        assert (context.api_key, context.endpoint) == ("key-2", "mix/order/place-order")
        assert not any(name.startswith("access-") for name in context.headers)


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"headers": {"ACCESS-KEY": ""}}, "40001", "ACCESS_KEY cannot be empty"),
        ({"headers": {"ACCESS-KEY": "nobody"}}, "40037", "Apikey does not exist"),
        ({"headers": {"ACCESS-SIGN": "bm8="}}, "40009", "sign signature error"),
        ({"headers": {"ACCESS-PASSPHRASE": "other"}}, "40012", "apikey/password is incorrect"),
        ({"headers": {"ACCESS-TIMESTAMP": "soon"}}, "40005", "Invalid ACCESS_TIMESTAMP"),
        (
            {"body": '{"symbol":"BTCUSDT","side":"buy","orderType":"market","size":"9"}'},
            "40009",
            "sign signature error",
        ),
    ],
)
async def test_a_request_that_is_not_its_owners_is_refused_and_told(now_ms, changes, code, words):
    async with shell() as s:
        status, body = await raw(s.url, ORDER, BOT1, now_ms=now_ms, **changes)
        assert (status, body["code"], body["msg"]) == (400, code, words)
        assert s.backend.asked == []
        assert s.backend.rejections[0].kind == "authentication"


@pytest.mark.parametrize("skew_ms", [-31_000, 31_000])
async def test_an_old_or_early_timestamp_says_exactly_what_makes_hummingbot_resync(now_ms, skew_ms):
    async with shell() as s:
        status, body = await raw(s.url, ORDER, BOT1, now_ms=now_ms + skew_ms)
        assert (status, body["msg"]) == (400, "Request timestamp expired")


async def test_the_query_is_verified_as_it_was_sent_in_any_order(now_ms):
    async with shell() as s:
        from services.dialects.bitget.signing import rest_headers

        for query in ("symbol=BTCUSDT&productType=USDT-FUTURES", "productType=USDT-FUTURES&symbol=BTCUSDT"):
            path = f"/api/v2/mix/account/account?{query}"
            headers = rest_headers(BOT1, "GET", path, "", now_ms)
            async with aiohttp.ClientSession() as http, http.get(s.url + path, headers=headers) as response:
                assert json.loads(await response.read())["code"] == "40805"  # past the signature: the fake's answer


async def test_an_unknown_endpoint_is_refused_and_told_with_the_key_that_asked():
    async with shell() as s:
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{s.url}/api/v2/spot/wallet/withdrawal", headers={"ACCESS-KEY": "key-1"}) as response,
        ):
            assert response.status == 404
            assert (await response.json())["msg"].startswith("NOT_IN_DIALECT: ")
        (rejection,) = s.backend.rejections
        assert (rejection.kind, rejection.path, rejection.api_key) == (
            "unknown_endpoint",
            "/api/v2/spot/wallet/withdrawal",
            "key-1",
        )


async def test_a_refusal_reaches_the_asker_whole():
    refused = venue.Refused(code="ORDER_VALUE_LIMIT", text="ORDER_VALUE_LIMIT: value=1200, limit=1000, next=lower it")
    async with shell() as s:

        async def refuse(request):
            return refused

        s.backend.answer = refuse
        assert await s.upstream.ask(ORDER, BOT1) == refused


async def test_a_shut_door_is_a_503_with_its_reason(now_ms):
    async with shell() as s:

        async def shut(request):
            return venue.Refused(code="DOOR_SHUT", text="DOOR_SHUT: reconciling, open_orders=3")

        s.backend.answer = shut
        status, body = await raw(s.url, ORDER, BOT1, now_ms=now_ms)
        assert (status, body["msg"]) == (503, "DOOR_SHUT: reconciling, open_orders=3")


@pytest.mark.parametrize("fault", [DropReply(), ServerFault(502, "<html>bad gateway</html>"), ServerFault(500)])
async def test_a_lost_or_broken_answer_is_unknown_and_was_asked_once(fault):
    async with shell() as s:

        async def fail(request):
            raise fault

        s.backend.answer = fail
        assert isinstance(await s.upstream.ask(ORDER, BOT1), venue.Unknown)
        assert len(s.backend.asked) == 1


async def test_an_answer_that_takes_too_long_is_unknown():
    async with shell() as s:

        async def slow(request):
            await asyncio.sleep(2)
            return venue.Refused(code="UNSUPPORTED", text="too late")

        s.backend.answer = slow
        assert isinstance(await s.upstream.ask(ORDER, BOT1, timeout_ms=50), venue.Unknown)


async def test_a_venue_that_cannot_be_reached_certainly_has_not_acted():
    upstream = BitgetUpstream(ClientSettings("http://127.0.0.1:9"), Listener(), SystemClock())
    await upstream.start()
    answer = await upstream.ask(ORDER, BOT1)
    await upstream.close()
    assert isinstance(answer, venue.Refused) and answer.code == "VENUE_UNREACHABLE"
    assert "127.0.0.1:9" in answer.text


async def test_open_orders_come_whole_however_many_there_are():
    from tests.unit.services.dialects.bitget.orders import an_order

    orders = tuple(an_order(venue_order_id=str(1000 + n)) for n in range(250))
    async with shell() as s:

        async def listed(request):
            return orders

        s.backend.answer = listed
        answer = await s.upstream.ask(venue.GetOpenOrders(), BOT1)
        assert sorted(o.venue_order_id for o in answer) == sorted(o.venue_order_id for o in orders)
        assert len(s.backend.asked) == 3
