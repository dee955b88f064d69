"""WebSocket sessions over a real socket: who hears what, what the backend is told, and how a session stays up."""

import asyncio

import aiohttp
import pytest

from services.common import venue
from services.common.clock import SystemClock
from services.dialects.bitget.client import BitgetUpstream, ClientSettings
from services.dialects.bitget.server import ServerSettings
from services.dialects.bitget.session_client import ClientSession
from services.dialects.bitget.signing import Credentials
from tests.fakes.fake_venue_backend import BOT1, BOT2, FakeVenueBackend
from tests.unit.services.dialects.bitget.orders import a_fill, an_order
from tests.unit.services.dialects.bitget.shell import Listener, eventually, serving, shell

FAST = ClientSettings("", reconnect_ms_min=10, reconnect_ms_max=50, ws_ping_every_ms=20, ws_silent_timeout_ms=500)


async def test_a_private_push_goes_to_the_sessions_of_its_account_only():
    push = venue.OrderPush(account_id="bot1", order=an_order(status="partially_filled"), fill=a_fill())
    async with shell(client=FAST) as s:
        s.upstream.open_private("bot1", BOT1)
        s.upstream.open_private("bot2", BOT2)
        await eventually(lambda: s.upstream.is_connected("bot1") and s.upstream.is_connected("bot2"))
        s.server.publish(push)
        await eventually(lambda: s.listener.pushes("bot1"))
        assert s.listener.pushes("bot1") == [push]
        assert s.listener.pushes("bot2") == []


async def test_a_snapshot_goes_to_the_session_that_subscribes_and_to_no_other():
    async with shell(client=FAST) as s:
        s.upstream.open_private("bot1", BOT1)
        await eventually(lambda: s.upstream.is_connected("bot1"))
        second = Listener()
        other = BitgetUpstream(FAST._replace(rest_url=s.url), second, SystemClock())
        await other.start()
        snapshot = venue.PositionsPush(account_id="bot1", positions=())
        s.backend.snapshots["positions"] = [snapshot]
        other.open_private("bot1", BOT1)
        await eventually(lambda: second.pushes("bot1"))
        assert second.pushes("bot1") == [snapshot]
        assert s.listener.pushes("bot1") == []
        await other.close()


async def test_the_backend_hears_a_session_open_and_close_once():
    async with shell(client=FAST) as s:
        s.upstream.open_private("bot1", BOT1)
        await eventually(lambda: s.upstream.is_connected("bot1"))
        assert s.backend.log[0] == ("opened", "bot1")
        await s.upstream.close_private("bot1")
        await eventually(lambda: ("closed", "bot1") in s.backend.log)
        assert s.backend.log.count(("closed", "bot1")) == 1
        assert s.listener.log[-1] == ("disconnected", "bot1")


async def test_a_session_that_stops_answering_pings_is_told_as_silent_and_heard_again():
    settings = ServerSettings(ws_ping_every_ms=20, silent_after_ms=80)
    async with shell(settings) as s, aiohttp.ClientSession() as http:
        protocol = ClientSession(account_id="bot1", credentials=BOT1)
        async with http.ws_connect(f"{s.url}/v2/ws/private", autoping=False) as socket:
            for text in protocol.opening(SystemClock().now_ms()):
                await socket.send_str(text)
            await eventually(lambda: ("silent", "bot1") in s.backend.log)
            await socket.send_str("ping")
            await eventually(lambda: ("heard", "bot1") in s.backend.log)
        await eventually(lambda: ("closed", "bot1") in s.backend.log)


async def test_a_session_that_never_says_anything_is_cut_after_the_venues_timeout():
    settings = ServerSettings(ws_ping_every_ms=20, text_ping_timeout_ms=100)
    async with shell(settings) as s, aiohttp.ClientSession() as http:
        async with http.ws_connect(f"{s.url}/v2/ws/public", autoping=False) as socket:
            while (await asyncio.wait_for(socket.receive(), 5)).type not in (
                aiohttp.WSMsgType.CLOSED,
                aiohttp.WSMsgType.CLOSE,
                aiohttp.WSMsgType.ERROR,
            ):
                pass
        assert s.server.sessions() == ()


async def test_a_session_that_reads_too_slowly_is_cut():
    async with shell(ServerSettings(outbox_texts_max=50), FAST) as s:
        s.upstream.open_private("bot1", BOT1)
        await eventually(lambda: s.upstream.is_connected("bot1"))
        for _ in range(200):  # in one go: the writer has no chance to run
            s.server.publish(venue.PositionsPush(account_id="bot1", positions=()))
        await eventually(lambda: ("closed", "bot1") in s.backend.log)


async def test_a_wrong_key_is_refused_and_tried_again_with_back_off():
    async with shell(client=FAST) as s:
        s.upstream.open_private("bot1", Credentials("key-1", "not the secret", "pass-1"))
        await eventually(lambda: s.listener.log.count(("disconnected", "bot1")) >= 2)
        assert not s.upstream.is_connected("bot1")
        assert ("connected", "bot1") not in s.listener.log
        assert s.backend.rejections[0].refused.text == "sign signature error"


async def test_a_session_comes_back_after_the_venue_did():
    clock = SystemClock()
    listener = Listener()
    async with serving(FakeVenueBackend(clock.now_ms)) as (_, port):
        upstream = BitgetUpstream(FAST._replace(rest_url=f"http://127.0.0.1:{port}"), listener, clock)
        await upstream.start()
        upstream.open_public(("BTC-USDT",))
        await eventually(lambda: upstream.is_connected(""))
    await eventually(lambda: not upstream.is_connected(""))
    async with serving(FakeVenueBackend(clock.now_ms), port=port) as (server, _):
        await eventually(lambda: upstream.is_connected(""))
        assert [entry for entry in listener.log if entry[0] == "connected"] == [("connected", "")] * 2
        await upstream.close()
        await eventually(lambda: not server.sessions())


async def test_a_venue_that_says_nothing_at_all_is_left_and_connected_to_again():
    quiet = FAST._replace(ws_ping_every_ms=60_000, ws_silent_timeout_ms=50)
    async with shell(ServerSettings(ws_ping_every_ms=60_000), quiet) as s:
        s.upstream.open_public(("BTC-USDT",))
        await eventually(lambda: s.listener.log.count(("connected", "")) >= 2)
        assert ("disconnected", "") in s.listener.log


async def test_a_listener_that_fails_ends_the_connection_and_not_the_session():
    async with shell(client=FAST) as s:
        failures = iter([ValueError("a fault of ours")])

        def fail_once(account_id, push, received_ts_ms):
            error = next(failures, None)
            if error is not None:
                raise error

        s.listener.on_push = fail_once  # type: ignore[method-assign]
        s.upstream.open_private("bot1", BOT1)
        await eventually(lambda: s.upstream.is_connected("bot1"))
        s.server.publish(venue.PositionsPush(account_id="bot1", positions=()))
        await eventually(lambda: s.listener.log.count(("connected", "bot1")) == 2)


@pytest.mark.parametrize("reason", ["stopping"])
async def test_closing_the_server_closes_every_session(reason):
    async with shell(client=FAST) as s:
        s.upstream.open_private("bot1", BOT1)
        s.upstream.open_public(("BTC-USDT", "ETH-USDT"))
        await eventually(lambda: s.upstream.is_connected("bot1") and s.upstream.is_connected(""))
        await s.server.close(reason)
        assert ("closed", "bot1") in s.backend.log
