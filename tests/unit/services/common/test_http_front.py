"""What is plain is answered at once; whatever else comes is aiohttp's, from its first byte."""

import asyncio
import contextlib
import itertools

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from services.common import http_front
from services.common.http_front import HttpFront, PlainReply, PlainRequest, ShortWay
from tests.unit.services.dialects.bitget.shell import eventually

POST = b"POST /api/order?x=1 HTTP/1.1\r\nHost: a\r\nX-Key: k\r\nX-Key: other\r\nContent-Length: 4\r\n\r\nbody"
CHUNKED = (
    b"POST /api/order?x=1 HTTP/1.1\r\nHost: a\r\nX-Key: k\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"
)
GET = b"GET /api/time HTTP/1.1\r\nHost: a\r\n\r\n"


class Served:
    """The front before an application; ``asked`` is what the short way answered, ``passed_on`` what aiohttp did."""

    def __init__(self):
        self.asked: list[PlainRequest] = []
        self.passed_on: list[tuple[str, bytes]] = []
        self.front: HttpFront
        self.port = 0
        self.gate: asyncio.Event | None = None

    async def answer(self, request):
        self.asked.append(request)
        if self.gate is not None:
            await self.gate.wait()
        if "fail" in request.target:
            raise RuntimeError("broken")
        if "drop" in request.target:
            return None
        return PlainReply(200, b"short " + request.body, (("Retry-After", "1"),))

    async def pass_on(self, request):
        self.passed_on.append((request.raw_path, await request.read()))
        return web.Response(text="long")

    async def socket(self, request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str((await socket.receive()).data)
        await socket.close()
        return socket

    async def talk(self, *parts, until=b"", pause_s=0.0):
        """Send the parts; what came back by the time ``until`` was seen, or the other side closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_s)
        heard = b""
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(5):
                while not until or until not in heard:
                    more = await reader.read(65_536)
                    heard += more
                    if not more:
                        break
        writer.close()
        return heard


@contextlib.asynccontextmanager
async def serving():
    served = Served()
    app = web.Application()
    app.router.add_get("/ws", served.socket)
    app.router.add_route("*", "/{tail:.*}", served.pass_on)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    served.front = HttpFront(ShortWay("/api/", served.answer), runner.server)
    served.port = await served.front.start("127.0.0.1", 0)
    try:
        yield served
    finally:
        await served.front.close(0.2)
        await runner.cleanup()


# ---------------------------------------------------------------------------------------------------- the short way


@pytest.mark.parametrize("request_bytes", [POST, CHUNKED])
async def test_a_plain_request_is_answered_without_the_application(request_bytes):
    async with serving() as served:
        heard = await served.talk(request_bytes, until=b"short body")
    assert heard == (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\nRetry-After: 1\r\n\r\nshort body"
    )
    (request,) = served.asked
    assert (request.method, request.target, request.body) == ("POST", "/api/order?x=1", b"body")
    assert request.headers["x-key"] == "k", "of two of a name the first, as aiohttp has it"
    assert request.remote == "127.0.0.1"
    assert served.passed_on == []


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(1, len(POST) - 1), max_size=5))
async def test_a_request_reads_the_same_in_whatever_pieces_it_arrives(cuts):
    edges = [0, *sorted(cuts), len(POST)]
    parts = [POST[begin:end] for begin, end in itertools.pairwise(edges)]
    async with serving() as served:
        assert await served.talk(*parts, until=b"short body", pause_s=0.0005)
    assert [(r.target, r.body) for r in served.asked] == [("/api/order?x=1", b"body")]


async def test_a_connection_serves_one_request_after_the_other():
    async with serving() as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        for _ in range(3):
            writer.write(POST)
            assert (await reader.readuntil(b"short body")).startswith(b"HTTP/1.1 200")
        writer.close()
    assert len(served.asked) == 3


@pytest.mark.parametrize(
    "request_bytes",
    [GET.replace(b"HTTP/1.1", b"HTTP/1.0"), GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")],
)
async def test_who_asks_for_an_end_after_the_answer_gets_it(request_bytes):
    async with serving() as served:
        heard = await served.talk(request_bytes)  # until the other side closes
    assert b"Connection: close\r\n" in heard and heard.endswith(b"short ")


async def test_no_reply_cuts_the_connection_without_a_word():
    async with serving() as served:
        assert await served.talk(GET.replace(b"time", b"drop")) == b""


async def test_an_answer_that_breaks_is_a_500_and_the_end_of_the_connection():
    async with serving() as served:
        heard = await served.talk(GET.replace(b"time", b"fail"))
    assert heard.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"broken" not in heard, "what broke is for the log"


async def test_a_request_whose_peer_has_gone_is_carried_to_its_end():
    async with serving() as served:
        served.gate = asyncio.Event()
        _, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(POST)
        await eventually(lambda: served.asked)
        writer.transport.abort()
        await asyncio.sleep(0.02)
        (connection,) = served.front.connections
        served.gate.set()
        await asyncio.wait_for(asyncio.wait([connection._task]), 2)
        assert connection._task is None
        assert not served.front.connections


async def test_an_idle_connection_is_closed_after_its_time(monkeypatch):
    monkeypatch.setattr(http_front, "KEPT_IDLE_S", 0.02)
    async with serving() as served:
        assert await served.talk() == b""
        assert not served.front.connections


# ------------------------------------------------------------------------------------------- what is handed to aiohttp


@pytest.mark.parametrize(
    ("request_bytes", "passed_on"),
    [
        (POST.replace(b"/api/", b"/desk/"), ("/desk/order?x=1", b"body")),
        (POST.replace(b"POST", b"PUT"), ("/api/order?x=1", b"body")),
        (POST.replace(b"Host", b"Expect: 100-continue\r\nHost"), ("/api/order?x=1", b"body")),
    ],
)
async def test_what_is_not_plain_reaches_the_application_whole(request_bytes, passed_on):
    async with serving() as served:
        heard = await served.talk(request_bytes[:30], request_bytes[30:], until=b"long", pause_s=0.001)
    assert heard.endswith(b"long")
    assert served.passed_on == [passed_on]
    assert served.asked == []


async def test_a_connection_that_was_handed_over_stays_there():
    async with serving() as served, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as http:
        for path, text in (("/api/time", "short "), ("/desk/status", "long"), ("/api/time", "long")):
            async with http.get(f"http://127.0.0.1:{served.port}{path}") as answer:
                assert await answer.text() == text
    assert len(served.asked) == 1


async def test_a_websocket_is_the_applications():
    async with (
        serving() as served,
        aiohttp.ClientSession() as http,
        http.ws_connect(f"http://127.0.0.1:{served.port}/ws") as socket,
    ):
        await socket.send_str("hello")
        assert (await socket.receive()).data == "hello"


@pytest.mark.parametrize("pause_s", [0.0, 0.02])
async def test_requests_sent_ahead_are_each_answered_once_and_in_order(pause_s):
    async with serving() as served:
        served.gate = asyncio.Event()
        asyncio.get_running_loop().call_later(0.05, served.gate.set)
        parts = [POST, GET, POST] if pause_s else [POST + GET + POST]
        ends = GET.replace(b"time", b"end").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        heard = await served.talk(*parts, ends, pause_s=pause_s)
    assert heard.count(b"HTTP/1.1 200 OK") == 4
    targets = [r.target for r in served.asked] + [path for path, _ in served.passed_on]
    assert targets == ["/api/order?x=1", "/api/time", "/api/order?x=1", "/api/end"]


@pytest.mark.parametrize(
    "noise",
    [b"\x16\x03\x01\x02\x00\x01", b"POST /api/x HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd"],
)
async def test_what_is_no_http_is_refused_and_reaches_nobody(noise):
    async with serving() as served:
        heard = await served.talk(noise, b"\r\n\r\n")
    assert heard.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
    assert served.asked == [] == served.passed_on


async def test_a_request_beyond_all_bounds_is_aiohttps_to_refuse():
    async with serving() as served:
        big = b"x" * (2 << 20)
        heard = await served.talk(
            b"POST /api/x HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(big), big, until=b"413", pause_s=0.01
        )
    assert b"413" in heard
    assert served.asked == []


# ------------------------------------------------------------------------------------------------------------ the end


async def test_closing_waits_for_the_request_under_way_and_takes_no_more():
    async with serving() as served:
        served.gate = asyncio.Event()
        talking = asyncio.create_task(served.talk(POST))
        await eventually(lambda: served.asked)
        asyncio.get_running_loop().call_later(0.03, served.gate.set)
        await served.front.close(2.0)
        assert (await talking).endswith(b"short body")
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", served.port)


async def test_closing_cuts_what_takes_too_long():
    async with serving() as served:
        served.gate = asyncio.Event()
        talking = asyncio.create_task(served.talk(POST))
        await eventually(lambda: served.asked)
        await served.front.close(0.02)
        assert await talking == b""


async def test_a_taken_port_is_an_error():
    async with serving() as served:
        other = HttpFront(served.front.way, served.front.otherwise)
        with pytest.raises(OSError):
            await other.start("127.0.0.1", served.port)
