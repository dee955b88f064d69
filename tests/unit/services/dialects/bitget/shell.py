"""The dialect's server and client on a loopback port, with a fake venue behind."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from aiohttp import web

from services.common import venue
from services.common.clock import SystemClock
from services.common.http_front import HttpFront
from services.dialects.bitget.client import BitgetUpstream, ClientSettings
from services.dialects.bitget.server import DialectServer, ServerSettings
from tests.fakes.fake_venue_backend import FakeVenueBackend

WAY = "short"  # as the services do; "aiohttp" is what a connection goes to that asks for more


class Listener:
    """Remembers everything it is told, in order."""

    def __init__(self) -> None:
        self.log: list[tuple] = []

    def on_push(self, account_id: str, push: venue.Push, received_ts_ms: int) -> None:
        self.log.append(("push", account_id, push))

    def on_connected(self, account_id: str) -> None:
        self.log.append(("connected", account_id))

    def on_disconnected(self, account_id: str, reason: str) -> None:
        self.log.append(("disconnected", account_id))

    def on_heard(self, account_id: str, received_ts_ms: int) -> None:
        pass

    def on_event(self, account_id: str, event: object) -> None:
        self.log.append(("event", account_id, event))

    def pushes(self, account_id: str) -> list[venue.Push]:
        return [entry[2] for entry in self.log if entry[:2] == ("push", account_id)]


class Shell(NamedTuple):
    backend: FakeVenueBackend
    server: DialectServer
    listener: Listener
    upstream: BitgetUpstream
    url: str


@contextlib.asynccontextmanager
async def serving(
    backend: FakeVenueBackend, settings: ServerSettings = ServerSettings(), port: int = 0
) -> AsyncIterator[tuple[DialectServer, int]]:
    server = DialectServer(backend, settings)
    app = web.Application()
    server.add_to(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    front = HttpFront(server.short_way, runner.server)
    if WAY == "short":
        port = await front.start("127.0.0.1", port)
    else:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        port = int(runner.addresses[0][1])
    try:
        yield server, port
    finally:
        await front.close(0.2)
        await runner.cleanup()


@contextlib.asynccontextmanager
async def shell(
    settings: ServerSettings = ServerSettings(), client: ClientSettings = ClientSettings("")
) -> AsyncIterator[Shell]:
    clock = SystemClock()
    backend, listener = FakeVenueBackend(clock.now_ms), Listener()
    async with serving(backend, settings) as (server, port):
        url = f"http://127.0.0.1:{port}"
        upstream = BitgetUpstream(client._replace(rest_url=url), listener, clock)
        await upstream.start()
        try:
            yield Shell(backend, server, listener, upstream, url)
        finally:
            await upstream.close()


async def eventually(condition: Callable[[], object], timeout_s: float = 5.0) -> None:
    deadline = asyncio.get_running_loop().time() + timeout_s
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "not within the time allowed"
        await asyncio.sleep(0.005)
