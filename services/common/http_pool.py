"""HTTP/1.1 to one address over connections that are kept: the least that an order has to pass on its way out.

Names, TLS and sockets are the event loop's, the bytes of an answer are read by httptools; what is here is the pool and
the one distinction that money depends on: whether a request may have been seen (docs/adr/0065). Nothing is ever sent
twice, nothing is followed, nothing is decompressed, because nothing compressed is asked for.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohappyeyeballs
import httptools

ANSWER_BYTES_MAX = 32 << 20
NEXT_ADDRESS_AFTER_S = 0.25  # a name with an address that does not answer (a broken IPv6) is tried by its others


class NotSent(Exception):
    """No connection could be had: the other side has certainly not seen the request."""


class NoAnswer(Exception):
    """The request left, and its whole answer did not come: the other side may have seen it."""


class HttpAnswer(NamedTuple):
    """``headers`` by lower-case name."""

    status: int
    headers: dict[str, str]
    body: bytes


class HttpPool:
    """``origin`` is scheme, host and port: "https://api.bitget.com". Raises ValueError on anything else."""

    def __init__(
        self,
        origin: str,
        *,
        connections_max: int = 64,
        connect_timeout_ms: int = 2_000,
        kept_idle_ms: int = 30_000,
    ) -> None:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or "@" in parts.netloc:
            raise ValueError(f"origin={origin!r}, expected http(s)://host[:port]")
        self._host = parts.hostname
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._head = f"Host: {parts.netloc}\r\nUser-Agent: hbot-desk\r\nAccept: */*\r\n"
        self._connect_timeout_s = connect_timeout_ms / 1000
        self._kept_idle_s = kept_idle_ms / 1000
        self._connections_max = connections_max
        self._slots = asyncio.Semaphore(connections_max)
        self._idle: list[_Connection] = []  # the last one used is taken first
        self._is_closed = False

    async def exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: str, timeout_ms: int
    ) -> HttpAnswer:
        """One request and its answer within ``timeout_ms``. Raises NotSent or NoAnswer, each with what happened.

        ``target`` is path and query as they shall travel. Header values with a line end are refused (ValueError).
        """
        text = f"{method} {target} HTTP/1.1\r\n{self._head}" + "".join(
            f"{name}: {value}\r\n" for name, value in headers.items()
        )
        if text.count("\n") != len(headers) + 4:
            raise ValueError(f"a line end in target or headers of {method} {target!r}")
        data = body.encode()
        length = f"Content-Length: {len(data)}\r\n" if data or method != "GET" else ""
        request = f"{text}{length}\r\n".encode("latin-1") + data
        loop = asyncio.get_running_loop()
        ends_at_s = loop.time() + timeout_ms / 1000
        connection = await self._take(loop, ends_at_s)
        try:
            return await connection.exchange(request, ends_at_s - loop.time(), f"no answer within {timeout_ms} ms")
        finally:
            self._give_back(connection, loop.time())

    async def close(self) -> None:
        """Cut what is idle; what is under way is cut when it ends."""
        self._is_closed = True
        for connection in self._idle:
            connection.abort()
        self._idle.clear()

    # ------------------------------------------------------------------------------------------------------ private

    async def _take(self, loop: asyncio.AbstractEventLoop, ends_at_s: float) -> "_Connection":
        try:
            if self._slots.locked():
                await asyncio.wait_for(self._slots.acquire(), ends_at_s - loop.time())
            else:
                await self._slots.acquire()
        except TimeoutError:
            raise NotSent(f"all {self._connections_max} connections were taken") from None
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and loop.time() - connection.idle_since_s < self._kept_idle_s:
                return connection
            connection.abort()
        connected: _Connection | None = None
        try:
            connected = await self._connect(loop, ends_at_s)
        finally:
            if connected is None:
                self._slots.release()
        return connected

    async def _connect(self, loop: asyncio.AbstractEventLoop, ends_at_s: float) -> "_Connection":
        where, server_hostname = f"{self._host}:{self._port}", self._host if self._tls else None
        try:
            async with asyncio.timeout(min(self._connect_timeout_s, ends_at_s - loop.time())):
                found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
                opened = await aiohappyeyeballs.start_connection(
                    found, happy_eyeballs_delay=NEXT_ADDRESS_AFTER_S, interleave=1
                )
                _, connection = await loop.create_connection(
                    _Connection, sock=opened, ssl=self._tls, server_hostname=server_hostname
                )
        except TimeoutError:
            raise NotSent(f"no connection to {where} in time") from None
        except OSError as error:  # refused, unreachable, no such name, a certificate that is not to be trusted
            raise NotSent(f"{where}: {type(error).__name__}: {error}") from error
        return connection

    def _give_back(self, connection: "_Connection", now_s: float) -> None:
        self._slots.release()
        if self._is_closed:
            connection.abort()
        elif connection.is_open:
            connection.idle_since_s = now_s
            self._idle.append(connection)


class _Connection(asyncio.Protocol):
    """One exchange at a time. Whatever is not a whole answer to the request under way ends the connection."""

    def __init__(self) -> None:
        self.idle_since_s = 0.0
        self.is_open = False
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[HttpAnswer] | None = None
        self._begin()

    async def exchange(self, request: bytes, timeout_s: float, too_late: str) -> HttpAnswer:
        assert self._transport is not None and self._answer is None
        answer: asyncio.Future[HttpAnswer] = self._loop.create_future()
        self._answer = answer
        deadline = self._loop.call_later(timeout_s, self._fail, too_late)
        self._transport.write(request)
        try:
            return await answer
        finally:
            deadline.cancel()
            if self._answer is not None:  # whoever asked has gone: a late answer must not meet the next request
                self._answer = None
                self.abort()

    def abort(self) -> None:
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    # ------------------------------------------------------------------------------------------------ asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        if self._answer is None:  # nobody asked
            self.abort()
            return
        self._size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(f"unreadable answer: {type(error).__name__}: {error}")
            return
        if self._size > ANSWER_BYTES_MAX:
            self._fail(f"an answer of more than {ANSWER_BYTES_MAX} bytes")

    def connection_lost(self, error: Exception | None) -> None:
        self.is_open = False
        self._fail(f"connection lost: {error or 'closed by the other side'}")

    # ---------------------------------------------------------------------------------------------- httptools calls

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))

    def on_body(self, part: bytes) -> None:
        self._parts.append(part)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # "go on": the answer is still to come
            self._headers.clear()
            return
        answer, self._answer = self._answer, None
        if not self._parser.should_keep_alive():
            self.abort()
        if answer is not None and not answer.done():
            answer.set_result(HttpAnswer(status, self._headers, b"".join(self._parts)))
        self._begin()

    # ------------------------------------------------------------------------------------------------------ private

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._parts: list[bytes] = []
        self._size = 0

    def _fail(self, what: str) -> None:
        answer, self._answer = self._answer, None
        self.abort()
        if answer is not None and not answer.done():
            answer.set_exception(NoAnswer(what))
