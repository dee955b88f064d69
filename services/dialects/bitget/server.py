"""The dialect on a port: REST and WebSocket sessions in front of a VenueBackend.

``venue_sim`` puts the simulated exchange behind it, the gateway its own state. The owner makes the aiohttp application,
adds these routes, its own (/healthz, /sim/…, /desk/…), and runs it; ``short_way`` answers the same REST requests in
front of it.
"""

import asyncio
import itertools
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from aiohttp import web

from services.common import venue
from services.common.http_front import PlainReply, PlainRequest, ShortWay
from services.dialects.bitget import codec_server
from services.dialects.bitget.backend import (
    CallContext,
    DropReply,
    Rejection,
    RejectionKind,
    ServerFault,
    Session,
    VenueBackend,
)
from services.dialects.bitget.session_server import (
    BookMode,
    LoggedIn,
    Rejected,
    ServerSession,
    Subscribed,
    Unsubscribed,
)
from services.dialects.bitget.signing import AccountKey, verify_rest
from services.dialects.bitget.ws_session import WebSocketSession

__all__ = [
    "AccountKey",
    "CallContext",
    "DialectServer",
    "DropReply",
    "Rejection",
    "ServerFault",
    "ServerSettings",
    "Session",
    "VenueBackend",
]

CLOSE_TIMEOUT_S = 2.0


class ServerSettings(NamedTuple):
    book_mode: BookMode = "snapshot"
    ws_ping_every_ms: int = 1_000  # protocol-level pings, by which silence is noticed
    silent_after_ms: int = 3_000  # nothing heard for this long: on_private_silent
    text_ping_timeout_ms: int = 120_000  # nothing heard for this long: the session is closed, as the venue does
    outbox_texts_max: int = 2_000  # a session that reads too slowly is closed


class DialectServer:
    """REST under /api/v2/, WebSocket at /v2/ws/public and /v2/ws/private."""

    def __init__(self, backend: VenueBackend, settings: ServerSettings = ServerSettings()) -> None:
        self._backend = backend
        self._settings = settings
        self._sessions: dict[int, WebSocketSession] = {}
        self._session_ids = itertools.count(1)
        self._watch: asyncio.Task[None] | None = None
        self.short_way = ShortWay("/api/", self._answer)

    def add_to(self, app: web.Application) -> None:
        """Add the routes; sessions are closed on the application's shutdown."""
        app.router.add_route("*", "/api/{tail:.*}", self._on_request)
        app.router.add_get("/v2/ws/public", self._on_public)
        app.router.add_get("/v2/ws/private", self._on_private)
        app.on_startup.append(self._start)
        app.on_shutdown.append(self._shut_down)

    def publish(self, push: venue.Push) -> None:
        """To every session that has subscribed to it; private pushes to the sessions of ``push.account_id`` only."""
        for session in tuple(self._sessions.values()):
            session.send(push)

    def lose(self, push: venue.Push) -> None:
        """As publish, but the wire swallows it: sequence numbers go on, the sessions never see it. For fault tests."""
        for session in tuple(self._sessions.values()):
            session.lose(push)

    def sessions(self, account_id: str | None = None) -> tuple[Session, ...]:
        """Open sessions: of one account, "" for public ones, None for all."""
        return tuple(s for s in self._sessions.values() if account_id is None or s.account_id == account_id)

    async def close(self, reason: str) -> None:
        """Close every session; calls on_private_closed for each."""
        for session in tuple(self._sessions.values()):
            session.close(reason)
        waiting = [session.ended.wait() for session in self._sessions.values()]
        try:
            await asyncio.wait_for(asyncio.gather(*waiting), CLOSE_TIMEOUT_S)
        except TimeoutError:
            for session in tuple(self._sessions.values()):
                session.abort(reason)

    # --------------------------------------------------------------------------------------------------------- REST

    async def _on_request(self, request: web.Request) -> web.StreamResponse:
        """The way through aiohttp, for a connection that has asked for more than the short way knows."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read()
        reply = await self._answer(PlainRequest(request.method, request.raw_path, headers, body, request.remote or ""))
        if reply is None:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        return web.Response(
            status=reply.status, body=reply.body, content_type=reply.content_type, headers=dict(reply.headers)
        )

    async def _answer(self, request: PlainRequest) -> PlainReply | None:
        """None: a fault wants the connection cut without a word."""
        received_ts_ms = self._backend.now_ms()
        path, _, raw_query = request.target.partition("?")
        body = request.body
        api_key = request.headers.get("access-key", "")
        call = codec_server.decode_request(request.method, path, raw_query, body)
        if isinstance(call, venue.Refused):
            kind: RejectionKind = "unknown_endpoint" if call.code == "NOT_IN_DIALECT" else "bad_request"
            return self._reject(Rejection(kind, request.method, path, api_key, call), received_ts_ms)
        account_id = ""
        if call.is_private:
            known = self._authenticate(request, body, received_ts_ms)
            if isinstance(known, venue.Refused):
                return self._reject(
                    Rejection("authentication", request.method, path, api_key, known), received_ts_ms, call.endpoint
                )
            account_id = known
        if call.request is None:
            return _response(codec_server.encode_answer(call, None, received_ts_ms))
        context = CallContext(
            account_id, api_key, call.endpoint, received_ts_ms, request.remote, _plain_headers(request.headers)
        )
        asked = msgspec.structs.replace(call.request, account_id=account_id)
        try:
            answer = await self._backend.handle(asked, context)
        except DropReply:
            return None
        except ServerFault as fault:
            return PlainReply(fault.status, fault.text.encode(), (), "text/plain")
        return _response(codec_server.encode_answer(call, answer, self._backend.now_ms()))

    def _authenticate(self, request: PlainRequest, body: bytes, now_ms: int) -> str | venue.Refused:
        """The account whose key signed the request."""
        api_key = request.headers.get("access-key", "")
        if not api_key:
            return venue.Refused(code="AUTH_FAILED", text="ACCESS_KEY cannot be empty")
        key = self._backend.key_of(api_key)
        if key is None:
            return venue.Refused(code="AUTH_FAILED", text="Apikey does not exist")
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return venue.Refused(code="AUTH_FAILED", text="sign signature error")
        refused = verify_rest(request.headers, request.method, request.target, text, key.credentials, now_ms)
        return key.account_id if refused is None else refused

    def _reject(self, rejection: Rejection, now_ms: int, endpoint: str = "") -> PlainReply:
        self._backend.on_rejected(rejection)
        return _response(codec_server.encode_refusal(rejection.refused, now_ms, endpoint=endpoint))

    # ---------------------------------------------------------------------------------------------------- WebSocket

    async def _on_public(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, ServerSession("public", self._backend.key_of, self._settings.book_mode))

    async def _on_private(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, ServerSession("private", self._backend.key_of, self._settings.book_mode))

    async def _serve(self, request: web.Request, protocol: ServerSession) -> web.StreamResponse:
        socket = web.WebSocketResponse(autoping=False, timeout=CLOSE_TIMEOUT_S)
        await socket.prepare(request)
        session = WebSocketSession(
            next(self._session_ids), protocol, socket, request, self._backend.now_ms, self._settings.outbox_texts_max
        )
        self._sessions[session.session_id] = session
        try:
            await session.run(self._on_text)
        finally:
            del self._sessions[session.session_id]
            if session.account_id:
                self._backend.on_private_closed(session, session.close_reason or "closed by the client")
        return socket

    def _on_text(self, session: "WebSocketSession", text: str) -> None:
        turn = session.protocol.on_text(text, self._backend.now_ms())
        for answer in turn.send:
            session.send_text(answer)
        for event in turn.events:
            match event:
                case LoggedIn():
                    self._backend.on_private_opened(session)
                case Subscribed(channel, symbol):
                    self._backend.on_subscribed(session, channel, symbol)
                case Rejected(refused):
                    kind: RejectionKind = "authentication" if refused.code == "AUTH_FAILED" else "bad_request"
                    path = f"/v2/ws/{session.protocol.kind}"
                    self._backend.on_rejected(Rejection(kind, "WS", path, "", refused))
                case Unsubscribed():
                    pass

    async def _watch_silence(self) -> None:
        """Ping every session, and tell the backend which private ones no longer answer."""
        while True:
            await asyncio.sleep(self._settings.ws_ping_every_ms / 1000)
            for session in tuple(self._sessions.values()):
                silent_ms = session.silent_ms()
                if silent_ms >= self._settings.text_ping_timeout_ms:
                    session.abort(f"nothing heard for {silent_ms} ms")
                    continue
                session.ping()
                if not session.account_id:
                    continue
                if silent_ms >= self._settings.silent_after_ms and not session.is_silent:
                    session.is_silent = True
                    self._backend.on_private_silent(session, silent_ms)
                elif silent_ms < self._settings.silent_after_ms and session.is_silent:
                    session.is_silent = False
                    self._backend.on_private_heard(session, silent_ms)

    async def _start(self, app: web.Application) -> None:
        self._watch = asyncio.create_task(self._watch_silence())

    async def _shut_down(self, app: web.Application) -> None:
        if self._watch is not None:
            self._watch.cancel()
        await self.close("the server is stopping")


def _response(reply: codec_server.Reply) -> PlainReply:
    return PlainReply(reply.status, reply.body, reply.headers)


def _plain_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if not name.startswith("access-")}
