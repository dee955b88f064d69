"""A short way in for the plain HTTP requests under one path, in front of the application that serves everything else.

GET and POST under ``prefix`` are read by httptools and answered here: an order then passes no router, no middleware and
no streams (docs/adr/0065). A connection on which anything else comes (another path, a WebSocket, an expectation, two
requests at once, bytes that are no HTTP) goes to aiohttp with what it has sent of that request, and stays there.
"""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import NamedTuple

import httptools

from services.common.logs import get_logger

REQUEST_BYTES_MAX = 1 << 20  # what is longer is aiohttp's to refuse
KEPT_IDLE_S = 75.0
_REASONS = {status.value: status.phrase for status in HTTPStatus}


class PlainRequest(NamedTuple):
    """``target`` is path and query as they travelled; ``headers`` by lower-case name; ``remote`` the peer's address."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    remote: str


class PlainReply(NamedTuple):
    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"


Answer = Callable[[PlainRequest], Awaitable[PlainReply | None]]  # None: cut the connection without a word


class ShortWay(NamedTuple):
    """What a service answers by itself: the requests whose path begins with ``prefix`` ("/api/")."""

    prefix: str
    answer: Answer


class HttpFront:
    """Listens, and is the owner of the connections that have not gone to ``otherwise`` (aiohttp's own)."""

    def __init__(self, way: ShortWay, otherwise: Callable[[], asyncio.BaseProtocol]) -> None:
        self.way = way
        self.otherwise = otherwise
        self.connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """The port listened on; 0 takes a free one. Raises OSError when it is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self, wait_s: float) -> None:
        """No more connections; what is being answered has ``wait_s`` to end, then it is cut."""
        if self._server is not None:
            self._server.close()
        loop = asyncio.get_running_loop()
        ends_at_s = loop.time() + wait_s
        for connection in tuple(self.connections):
            await connection.finish(ends_at_s - loop.time())


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self, front: HttpFront) -> None:
        self._front = front
        self._prefix = front.way.prefix.encode()
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None  # None: lost, or no longer ours
        self._remote = ""
        self._heard_s = self._loop.time()
        self._idle: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._ahead = b""  # what came while a request was being answered
        self._request: PlainRequest | None = None
        self._is_ours = self._is_kept = True
        self._begin()

    async def finish(self, wait_s: float) -> None:
        if self._task is not None and wait_s > 0:
            await asyncio.wait([self._task], timeout=wait_s)
        if self._transport is not None:
            self._transport.abort()

    # ------------------------------------------------------------------------------------------------ asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        peer = transport.get_extra_info("peername")
        self._remote = str(peer[0]) if isinstance(peer, tuple) else ""
        self._front.connections.add(self)
        self._idle = self._loop.call_later(KEPT_IDLE_S, self._end_if_idle)

    def connection_lost(self, error: Exception | None) -> None:
        """What is being answered is carried to its end: the order stands whether or not its answer is heard."""
        self._let_go()

    def data_received(self, data: bytes) -> None:
        self._heard_s = self._loop.time()
        if self._task is not None:
            self._ahead += data
            if len(self._ahead) > REQUEST_BYTES_MAX and self._transport is not None:
                self._transport.abort()
            return
        self._raw += data
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._is_ours = False
        if not self._is_ours or len(self._raw) > REQUEST_BYTES_MAX:
            self._hand_over(self._raw)
        elif self._request is not None:
            self._task = self._loop.create_task(self._serve(self._request, self._is_kept))

    # ---------------------------------------------------------------------------------------------- httptools calls

    def on_message_begin(self) -> None:
        if self._request is not None:  # a second one behind the first
            self._is_ours = False

    def on_url(self, part: bytes) -> None:
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        self._is_ours = (
            self._is_ours
            and self._target.startswith(self._prefix)
            and self._parser.get_method() in (b"GET", b"POST")
            and not self._parser.should_upgrade()
            and "expect" not in self._headers
        )

    def on_body(self, part: bytes) -> None:
        self._parts.append(part)

    def on_message_complete(self) -> None:
        if self._request is None:
            method, target = self._parser.get_method().decode(), self._target.decode("latin-1")
            self._request = PlainRequest(method, target, self._headers, b"".join(self._parts), self._remote)
            self._is_kept = self._parser.should_keep_alive()

    # ------------------------------------------------------------------------------------------------------ private

    def _begin(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._raw = b""
        self._target = b""
        self._headers: dict[str, str] = {}
        self._parts: list[bytes] = []
        self._request = None
        self._is_ours = self._is_kept = True

    async def _serve(self, request: PlainRequest, is_kept: bool) -> None:
        try:
            reply = await self._front.way.answer(request)
        except Exception as error:  # the boundary to the outside: told, and the peer learns that it failed
            get_logger("http").error("request.failed", target=request.target, error=repr(error), exc_info=True)
            reply, is_kept = PlainReply(500, b"500 Internal Server Error", (), "text/plain"), False
        self._task = None
        if self._transport is None:  # lost meanwhile
            self._front.connections.discard(self)
            return
        if reply is None:
            self._transport.abort()
            return
        self._transport.write(_bytes_of(reply, is_kept))
        if not is_kept:
            self._transport.close()
            return
        self._begin()
        if self._ahead:
            self._hand_over(self._ahead)

    def _hand_over(self, data: bytes) -> None:
        """The connection is aiohttp's from here on, beginning with ``data``."""
        transport = self._transport
        self._let_go()
        if transport is not None:
            protocol = self._front.otherwise()
            transport.set_protocol(protocol)
            protocol.connection_made(transport)
            protocol.data_received(data)  # type: ignore[attr-defined]

    def _let_go(self) -> None:
        self._transport = None
        if self._task is None:
            self._front.connections.discard(self)
        if self._idle is not None:
            self._idle.cancel()

    def _end_if_idle(self) -> None:
        left_s = self._heard_s + KEPT_IDLE_S - self._loop.time()
        if left_s <= 0 and self._task is None and self._transport is not None:
            self._transport.close()
        else:
            self._idle = self._loop.call_later(max(left_s, 1.0), self._end_if_idle)


def _bytes_of(reply: PlainReply, is_kept: bool) -> bytes:
    head = (
        f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, '')}\r\n"
        f"Content-Type: {reply.content_type}\r\nContent-Length: {len(reply.body)}\r\n"
    )
    more = "".join(f"{name}: {value}\r\n" for name, value in reply.headers)
    end = "\r\n" if is_kept else "Connection: close\r\n\r\n"
    return (head + more + end).encode("latin-1") + reply.body
