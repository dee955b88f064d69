"""One request, one answer, and never a doubt about whether it was sent."""

import asyncio
import contextlib
import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.common import http_pool
from services.common.http_pool import HttpAnswer, HttpPool, NoAnswer, NotSent
from tests.unit.services.dialects.bitget.shell import eventually

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class Peer:
    """Answers each request of each connection with the next of ``replies``; a callable does as it likes."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.heard: list[bytes] = []
        self.connections = 0
        self.ended = 0
        self.origin = ""

    async def _serve(self, reader, writer):
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = [int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")]
                self.heard.append(head + await reader.readexactly(length[0] if length else 0))
                reply = self.replies.pop(0) if self.replies else OK
                if callable(reply):
                    await reply(writer)
                else:
                    writer.write(reply)
        self.ended += 1
        writer.close()

    @contextlib.asynccontextmanager
    async def pool(self, **options):
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        pool = HttpPool(self.origin, **options)
        try:
            yield pool
        finally:
            await pool.close()
            server.close()


async def get(pool, timeout_ms=2_000):
    return await pool.exchange("GET", "/api/x", {}, "", timeout_ms)


async def cut(writer):
    writer.transport.abort()


async def silence(writer):
    await asyncio.sleep(0)


# ---------------------------------------------------------------------------------------------------- what is sent


async def test_a_request_travels_as_it_was_signed():
    peer = Peer()
    async with peer.pool() as pool:
        await pool.exchange("POST", "/api/x?b=%2F&a=1", {"ACCESS-KEY": "k"}, '{"size":"1"}', 2_000)
    host = peer.origin.removeprefix("http://")
    assert peer.heard == [
        f"POST /api/x?b=%2F&a=1 HTTP/1.1\r\nHost: {host}\r\nUser-Agent: hbot-desk\r\nAccept: */*\r\n"
        'ACCESS-KEY: k\r\nContent-Length: 12\r\n\r\n{"size":"1"}'.encode()
    ]


async def test_an_empty_post_says_that_it_is_empty():
    peer = Peer()
    async with peer.pool() as pool:
        await pool.exchange("POST", "/api/x", {}, "", 2_000)
    assert b"Content-Length: 0\r\n" in peer.heard[0]


@pytest.mark.parametrize(
    ("target", "headers"), [("/x\r\nEvil: 1", {}), ("/x", {"A": "b\r\nEvil: 1"}), ("/x", {"A\nEvil": "1"})]
)
async def test_a_line_end_in_target_or_headers_is_refused_before_anything_is_sent(target, headers):
    peer = Peer()
    async with peer.pool() as pool:
        with pytest.raises(ValueError, match="line end"):
            await pool.exchange("GET", target, headers, "", 2_000)
    assert peer.connections == 0


@pytest.mark.parametrize("origin", ["", "ftp://host", "http://", "http://host/path", "http://me:pw@host", "host:80"])
def test_an_origin_is_scheme_host_and_port(origin):
    with pytest.raises(ValueError, match="expected http"):
        HttpPool(origin)


# ------------------------------------------------------------------------------------------------- what is answered

ANSWERS = {
    "with a length": b"HTTP/1.1 429 Too Many\r\nRetry-After: 0.250\r\nContent-Length: 4\r\n\r\nslow",
    "in chunks": b"HTTP/1.1 429 X\r\nretry-after: 0.250\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\nsl\r\n2\r\now\r\n0\r\n\r\n",
    "after a go on": b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n"
    b"HTTP/1.1 429 X\r\nRetry-After: 0.250\r\nContent-Length: 4\r\n\r\nslow",
}


@pytest.mark.parametrize("reply", ANSWERS.values(), ids=ANSWERS.keys())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cuts=st.lists(st.integers(1, 90), max_size=6))
async def test_an_answer_reads_the_same_in_whatever_pieces_it_arrives(reply, cuts):
    async def in_pieces(writer):
        begin = 0
        for end in [*sorted(cuts), len(reply)]:
            writer.write(reply[begin:end])
            await writer.drain()
            await asyncio.sleep(0.0005)
            begin = max(begin, end)

    async with Peer(in_pieces).pool() as pool:
        answer = await get(pool)
    assert (answer.status, answer.headers["retry-after"], answer.body) == (429, "0.250", b"slow")


async def test_a_connection_is_used_again():
    peer = Peer()
    async with peer.pool() as pool:
        assert [await get(pool) for _ in range(3)] == [HttpAnswer(200, {"content-length": "2"}, b"hi")] * 3
    assert peer.connections == 1


async def test_a_connection_that_the_other_side_ends_is_not():
    peer = Peer(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    async with peer.pool() as pool:
        for _ in range(2):
            assert (await get(pool)).body == b"hi"
    assert peer.connections == 2


async def test_a_connection_that_ended_while_idle_costs_no_request():
    async def answer_and_leave(writer):
        writer.write(OK)
        await writer.drain()
        writer.transport.close()

    peer = Peer(answer_and_leave)
    async with peer.pool() as pool:
        await get(pool)
        await asyncio.sleep(0.05)
        assert (await get(pool)).status == 200
    assert peer.connections == 2


async def test_a_connection_that_was_idle_for_long_is_not_trusted():
    peer = Peer()
    async with peer.pool(kept_idle_ms=0) as pool:
        await get(pool)
        await get(pool)
    assert peer.connections == 2


async def test_what_nobody_asked_for_ends_the_connection():
    async def twice(writer):
        writer.write(OK)
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(OK)

    peer = Peer(twice)
    async with peer.pool() as pool:
        await get(pool)
        await eventually(lambda: peer.ended == 1)
        assert (await get(pool)).body == b"hi"
    assert peer.connections == 2


async def test_no_more_connections_than_allowed_and_everybody_is_served():
    async def slowly(writer):
        await asyncio.sleep(0.02)
        writer.write(OK)

    peer = Peer(*[slowly] * 6)
    async with peer.pool(connections_max=2) as pool:
        answers = await asyncio.gather(*[get(pool) for _ in range(6)])
    assert [answer.status for answer in answers] == [200] * 6
    assert peer.connections == 2


async def test_a_name_with_an_address_that_does_not_answer_is_reached_by_its_other_one(monkeypatch):
    loop = asyncio.get_running_loop()
    connect = loop.sock_connect

    async def addresses(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.9", "127.0.0.1")]

    async def sock_connect(sock, address):
        if address[0] == "127.0.0.9":
            await asyncio.Event().wait()
        await connect(sock, address)

    peer = Peer()
    async with peer.pool() as pool:
        monkeypatch.setattr(loop, "getaddrinfo", addresses)
        monkeypatch.setattr(loop, "sock_connect", sock_connect)
        assert (await get(pool)).body == b"hi"
    assert peer.connections == 1


# --------------------------------------------------------------------------------------------- sent, or certainly not


async def test_nobody_there_means_that_it_was_not_sent():
    with pytest.raises(NotSent, match=r"127\.0\.0\.1:9: ConnectionRefusedError"):
        await get(HttpPool("http://127.0.0.1:9"))


async def test_a_request_that_waited_in_vain_for_a_connection_was_not_sent():
    peer = Peer(silence)
    async with peer.pool(connections_max=1) as pool:
        first = asyncio.create_task(get(pool, timeout_ms=200))
        await eventually(lambda: peer.heard)
        with pytest.raises(NotSent, match="all 1 connections were taken"):
            await get(pool, timeout_ms=30)
        with pytest.raises(NoAnswer):
            await first
        assert (await get(pool)).status == 200, "its place is free again"


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (cut, "connection lost"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf", "no answer within 80 ms"),
        (b"220 smtp.example ready\r\n", "unreadable answer"),
        (silence, "no answer within 80 ms"),
        (OK[:-1] + b"i" * 4_000, "more than"),
    ],
)
async def test_an_answer_that_does_not_come_whole_is_no_answer_and_the_connection_is_done(monkeypatch, reply, why):
    monkeypatch.setattr(http_pool, "ANSWER_BYTES_MAX", 1_000)
    if why == "more than":
        reply = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"i" * 4_000
    peer = Peer(reply)
    async with peer.pool() as pool:
        with pytest.raises(NoAnswer, match=why):
            await get(pool, timeout_ms=80)
        await eventually(lambda: peer.ended == 1)
        assert (await get(pool)).body == b"hi"
    assert len(peer.heard) == 2, "nothing is sent twice"


async def test_an_answer_that_comes_too_late_never_meets_the_next_request():
    async def late(writer):
        await asyncio.sleep(0.06)
        writer.write(OK.replace(b"hi", b"no"))

    async with Peer(late).pool() as pool:
        with pytest.raises(NoAnswer):
            await get(pool, timeout_ms=20)
        assert (await get(pool)).body == b"hi"


async def test_whoever_stops_waiting_takes_the_connection_along():
    peer = Peer(silence)
    async with peer.pool() as pool:
        asking = asyncio.create_task(get(pool))
        await eventually(lambda: peer.heard)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await eventually(lambda: peer.ended == 1)
        assert (await get(pool)).status == 200


async def test_after_close_nothing_is_kept():
    peer = Peer()

    async def slowly(writer):
        await asyncio.sleep(0.03)
        writer.write(OK)

    peer.replies = [slowly]
    async with peer.pool() as pool:
        asking = asyncio.create_task(get(pool))
        await eventually(lambda: peer.heard)
        await pool.close()
        assert (await asking).status == 200
        await eventually(lambda: peer.ended == 1)
