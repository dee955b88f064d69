"""Where a signed order goes: to the address it was signed for, with the header of the test network where meant."""

import contextlib
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.common import venue
from services.common.clock import SystemClock
from services.dialects.bitget.client import BitgetUpstream, ClientSettings, Spread
from services.dialects.bitget.signing import Credentials
from tests.unit.services.dialects.bitget.shell import Listener, eventually

BOT1 = Credentials("key", "secret", "passphrase")
ORDER = venue.PlaceOrder(
    symbol="BTC-USDT",
    client_order_id="hb1-b0-a.1",
    side="buy",
    order_type="limit",
    time_in_force="gtc",
    qty_base=Decimal("0.001"),
    price=Decimal(59_000),
)
SAID = {"code": "00000", "msg": "success", "requestTime": 1, "data": {"orderId": "1", "clientOid": "hb1-b0-a.1"}}


@contextlib.asynccontextmanager
async def serving(handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


async def ask(url: str, **settings: object) -> venue.Answer | venue.Unknown:
    upstream = BitgetUpstream(ClientSettings(rest_url=url, **settings), Listener(), SystemClock())
    await upstream.start()
    try:
        return await upstream.ask(ORDER, BOT1)
    finally:
        await upstream.close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_an_order_is_never_sent_on_to_where_a_redirect_points(status):
    reached = []

    async def elsewhere(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.json_response(SAID)

    async with serving(elsewhere) as other:

        async def redirecting(request: web.Request) -> web.Response:
            return web.Response(status=status, headers={"Location": other + request.path})

        async with serving(redirecting) as url:
            assert isinstance(await ask(url), venue.Unknown)
    assert reached == []


class Reasons(Listener):
    def on_disconnected(self, account_id: str, reason: str) -> None:
        self.log.append(("disconnected", reason))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_login_is_never_sent_on_to_where_a_redirect_points(status):
    reached = []

    async def elsewhere(request: web.Request) -> web.WebSocketResponse:
        reached.append(request.path)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        return socket

    async with serving(elsewhere) as other:

        async def redirecting(request: web.Request) -> web.Response:
            return web.Response(status=status, headers={"Location": other + request.path})

        async with serving(redirecting) as url:
            listener = Reasons()
            upstream = BitgetUpstream(ClientSettings(rest_url=url), listener, SystemClock())
            await upstream.start()
            upstream.open_private("bot1", BOT1)
            await eventually(lambda: listener.log)
            await upstream.close()
    assert reached == []
    assert f"redirects with status {status}: refused" in listener.log[0][1]


@pytest.mark.parametrize(("is_demo", "expected"), [(True, "1"), (False, None)])
async def test_an_order_for_the_test_network_says_so(is_demo, expected):
    heard = []

    async def answering(request: web.Request) -> web.Response:
        heard.append(request.headers.get("PAPTRADING"))
        return web.json_response(SAID)

    async with serving(answering) as url:
        assert isinstance(await ask(url, demo_trading=is_demo), venue.Placed)
    assert heard == [expected]


def test_sessions_that_were_lost_together_come_back_apart_and_the_same_way_every_time():
    first, again = Spread(), Spread()
    waits = [first(1_000) for _ in range(8)]
    assert waits == [again(1_000) for _ in range(8)]
    assert len(set(waits)) == 8
    assert all(0 <= wait <= 1_000 for wait in waits)
    assert first(0) == 0
