"""One WebSocket session to the venue that stays up: connect, log in, subscribe, ping, reconnect with back-off."""

import asyncio
from typing import TYPE_CHECKING

import aiohttp

from services.common.ports import Clock
from services.dialects.bitget.session_client import (
    PING_TEXT,
    ClientSession,
    Pong,
    SessionReady,
    SessionRefused,
)
from services.dialects.bitget.signing import Credentials

if TYPE_CHECKING:
    from services.dialects.bitget.client import ClientSettings, Jitter, UpstreamListener


class _Ended(Exception):
    """This connection is over; the text says why."""


class UpstreamSession:
    """``account_id`` is "" for the public session. ``run`` ends by cancellation only."""

    def __init__(
        self,
        *,
        account_id: str,
        url: str,
        credentials: Credentials | None,
        symbols: tuple[str, ...],
        settings: "ClientSettings",
        listener: "UpstreamListener",
        clock: Clock,
        jitter: "Jitter",
    ) -> None:
        self.account_id = account_id
        self.is_connected = False
        self._url = url
        self._credentials = credentials
        self._symbols = symbols
        self._settings = settings
        self._listener = listener
        self._clock = clock
        self._jitter = jitter

    async def run(self, http: aiohttp.ClientSession) -> None:
        failures = 0
        while True:
            try:
                await self._connection(http)
                reason = "closed by the venue"
            except (_Ended, aiohttp.ClientError, OSError, TimeoutError) as error:
                reason = f"{type(error).__name__}: {error}" if not isinstance(error, _Ended) else str(error)
            except asyncio.CancelledError:
                self._disconnected("closed by the desk", only_if_connected=True)
                raise
            # a listener's fault must not leave the desk without its session: it is told, and the session starts afresh
            except Exception as error:
                reason = f"listener failed: {type(error).__name__}: {error}"
            failures = 0 if self.is_connected else failures + 1
            self._disconnected(reason)
            await self._clock.sleep_until(self._clock.monotonic_ms() + self._back_off_ms(failures))

    def _back_off_ms(self, failures: int) -> int:
        ceiling = min(self._settings.reconnect_ms_max, self._settings.reconnect_ms_min << min(failures, 16))
        return ceiling + self._jitter(ceiling // 2)

    def _disconnected(self, reason: str, *, only_if_connected: bool = False) -> None:
        was_connected, self.is_connected = self.is_connected, False
        if was_connected or not only_if_connected:
            self._listener.on_disconnected(self.account_id, reason)

    async def _connection(self, http: aiohttp.ClientSession) -> None:
        protocol = ClientSession(account_id=self.account_id, credentials=self._credentials, symbols=self._symbols)
        connect_s = self._settings.connect_timeout_ms / 1000
        async with asyncio.timeout(connect_s) as connecting:
            async with http.ws_connect(self._url, max_msg_size=0) as socket:
                connecting.reschedule(None)
                for text in protocol.opening(self._clock.now_ms()):
                    await socket.send_str(text)
                pinging = asyncio.create_task(self._ping(socket))
                try:
                    await self._read(socket, protocol)
                finally:
                    pinging.cancel()
                    await asyncio.gather(pinging, return_exceptions=True)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse, protocol: ClientSession) -> None:
        silent_s = self._settings.ws_silent_timeout_ms / 1000
        while True:
            try:
                message = await socket.receive(timeout=silent_s)
            except TimeoutError:
                raise _Ended(f"nothing heard for {self._settings.ws_silent_timeout_ms} ms") from None
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise _Ended(f"closed by the venue: {message.extra or message.data!r}")
            await self._on_text(socket, protocol, message.data)

    async def _on_text(self, socket: aiohttp.ClientWebSocketResponse, protocol: ClientSession, text: str) -> None:
        now_ms = self._clock.now_ms()
        incoming = protocol.on_text(text, now_ms)
        for out in incoming.send:
            await socket.send_str(out)
        for event in incoming.events:
            match event:
                case SessionReady():
                    self.is_connected = True
                    self._listener.on_connected(self.account_id)
                case Pong():
                    self._listener.on_heard(self.account_id, now_ms)
                case SessionRefused(refused):
                    self._listener.on_event(self.account_id, event)
                    raise _Ended(f"refused: {refused.text}")
                case _:
                    self._listener.on_event(self.account_id, event)
        if incoming.pushes:
            self._listener.on_heard(self.account_id, now_ms)
        for push in incoming.pushes:
            self._listener.on_push(self.account_id, push, now_ms)

    async def _ping(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            await self._clock.sleep_until(self._clock.monotonic_ms() + self._settings.ws_ping_every_ms)
            await socket.send_str(PING_TEXT)
