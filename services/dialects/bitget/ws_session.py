"""One accepted WebSocket connection: a reader that hands texts on, a writer with a bounded outbox."""

import asyncio
from collections.abc import Callable

from aiohttp import WSMsgType, web

from services.common import venue
from services.dialects.bitget.session_server import ServerSession


class WebSocketSession:
    """Implements ``backend.Session``."""

    def __init__(
        self,
        session_id: int,
        protocol: ServerSession,
        socket: web.WebSocketResponse,
        request: web.Request,
        now_ms: Callable[[], int],
        outbox_texts_max: int,
    ) -> None:
        self.session_id = session_id
        self.protocol = protocol
        self.opened_ts_ms = self.last_heard_ts_ms = now_ms()
        self.close_reason = ""
        self.is_silent = False
        self._socket = socket
        self._request = request
        self._now_ms = now_ms
        self._loop = asyncio.get_running_loop()
        self._heard_s = self._loop.time()
        self.ended = asyncio.Event()
        self._outbox: asyncio.Queue[str | bytes | None] = asyncio.Queue(outbox_texts_max)  # text, ping, close

    @property
    def account_id(self) -> str:
        return self.protocol.account_id

    def silent_ms(self) -> int:
        return int((self._loop.time() - self._heard_s) * 1000)

    def send(self, push: venue.Push) -> None:
        for text in self.protocol.encode_push(push, self._now_ms()):
            self.send_text(text)

    def lose(self, push: venue.Push) -> None:
        self.protocol.encode_push(push, self._now_ms())

    def send_text(self, text: str) -> None:
        self._put(text)

    def ping(self) -> None:
        self._put(b"")

    def close(self, reason: str) -> None:
        self.close_reason = self.close_reason or reason
        self._put(None)

    def abort(self, reason: str) -> None:
        """Cut the connection without a goodbye."""
        self.close_reason = self.close_reason or reason
        if self._request.transport is not None:
            self._request.transport.abort()

    async def run(self, on_text: Callable[["WebSocketSession", str], None]) -> None:
        """Until either side ends it."""
        writer = asyncio.create_task(self._write())
        try:
            async for message in self._socket:
                self._heard_s, self.last_heard_ts_ms = self._loop.time(), self._now_ms()
                if message.type is WSMsgType.TEXT:
                    on_text(self, message.data)
                elif message.type is WSMsgType.PING:
                    await self._socket.pong(message.data)
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            self.ended.set()

    async def _write(self) -> None:
        try:
            while True:
                item = await self._outbox.get()
                if item is None:
                    await self._socket.close(message=self.close_reason.encode()[:100])
                    return
                if isinstance(item, bytes):
                    await self._socket.ping()
                else:
                    await self._socket.send_str(item)
        except (ConnectionError, RuntimeError) as error:  # gone while we wrote: the reader ends too
            self.abort(f"write failed: {error}")

    def _put(self, item: str | bytes | None) -> None:
        try:
            self._outbox.put_nowait(item)
        except asyncio.QueueFull:
            self.abort(f"reads too slowly: {self._outbox.maxsize} messages waiting")
