"""HTTP of the page: only for this machine, nothing that could trade.

``GET /`` the page · ``/static/…`` its files · ``/api/board`` one frame · ``/api/stream`` frames as server-sent events ·
``/api/history?bot=`` the last hour for the charts · ``/api/health``. Two routes act, on a simulated desk only, for the
page itself only: ``POST /api/faults`` and ``POST /api/kill-bot``, with the token of the frame in a header.
"""

import asyncio
import hmac
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Annotated, Protocol, TypeVar

import msgspec
from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.desk_api.acts import Said
from services.desk_api.assets import Asset

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
STREAMS_MAX = 16  # a browser tab holds one
ACT_PATHS = frozenset({"/api/faults", "/api/kill-bot"})
TOKEN_HEADER = "x-hbot-page"
BODY_BYTES_MAX = 1_024

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Pages(Protocol):
    """What the shell offers the routes; JSON bytes, built at most a few times a second however many look."""

    def frame(self) -> bytes: ...
    def history(self, bot_id: str) -> bytes | None: ...
    def now_ms(self) -> int: ...
    def health(self) -> str: ...
    def metrics(self) -> tuple[bytes, str]: ...


class Hand(Protocol):
    """What the two routes that act are carried out by."""

    async def fault(self, switch: str, is_on: bool, for_ms: int | None) -> Said: ...
    async def kill_bot(self, bot_id: str) -> Said: ...


Ask = TypeVar("Ask", bound=msgspec.Struct)


class FaultAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    switch: str
    on: bool
    for_ms: Annotated[int, msgspec.Meta(ge=1_000, le=3_600_000)] | None = None


class KillAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    bot: str


def create_app(
    pages: Pages,
    *,
    assets: dict[str, Asset],
    version: str,
    period_ms: int,
    stopping: asyncio.Event,
    streams_open: Callable[[int], None] = lambda count: None,
    hand: Hand | None = None,
    token: str = "",
) -> ASGIApp:
    """The page's application. ``stopping`` ends the open streams, so that a stop does not wait for browsers. Without a
    ``hand`` and a ``token`` the page only shows.
    """
    app = FastAPI(title="hbot desk", version=version, openapi_url=None, docs_url=None, redoc_url=None)
    streams = _OpenStreams(streams_open)

    @app.api_route("/", methods=["GET", "HEAD"])
    async def page() -> Response:
        return _asset(assets["index.html"])

    @app.api_route("/static/{name}", methods=["GET", "HEAD"])
    async def static(name: str) -> Response:
        asset = assets.get(name)
        return _asset(asset) if asset else _refusal(404, "NOT_FOUND", f"no file {name!r:.60}")

    @app.get("/api/board")
    async def board() -> Response:
        return Response(pages.frame(), media_type="application/json")

    @app.get("/api/history")
    async def history(bot: str = Query(max_length=64)) -> Response:
        body = pages.history(bot)
        if body is None:
            return _refusal(404, "NOT_FOUND", f"bot={bot!r}: nothing heard of it")
        return Response(body, media_type="application/json")

    @app.get("/api/stream")
    async def stream() -> Response:
        if streams.count >= STREAMS_MAX:
            return _refusal(503, "TOO_MANY_STREAMS", f"open={streams.count}, limit={STREAMS_MAX}: close a tab")
        body = _frames(pages.frame, period_ms, stopping, streams)
        return StreamingResponse(body, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    if hand is not None and token:

        @app.post("/api/faults")
        async def faults(request: Request) -> Response:
            asked = await _body(request, FaultAsk)
            return (
                asked if isinstance(asked, Response) else _said(await hand.fault(asked.switch, asked.on, asked.for_ms))
            )

        @app.post("/api/kill-bot")
        async def kill_bot(request: Request) -> Response:
            asked = await _body(request, KillAsk)
            return asked if isinstance(asked, Response) else _said(await hand.kill_bot(asked.bot))

    @app.get("/api/health")
    async def health() -> Response:
        ts = datetime.fromtimestamp(pages.now_ms() / 1000, UTC).isoformat(timespec="milliseconds")
        return JSONResponse({"status": pages.health(), "version": version, "ts": ts.replace("+00:00", "Z")})

    @app.get("/healthz")
    async def healthz() -> Response:
        return JSONResponse({"alive": True})

    @app.get("/readyz")
    async def readyz() -> Response:
        status = pages.health()
        return JSONResponse({"ready": status == "ok", "reason": status}, status_code=200 if status == "ok" else 503)

    @app.get("/metrics")
    async def metrics() -> Response:
        body, content_type = pages.metrics()
        return Response(body, media_type=content_type)

    return OnlyThisMachine(app, token if hand is not None else "")


class OnlyThisMachine:
    """Refuses other methods, other host names (DNS rebinding) and requests that other sites make; sets the headers.

    ``token`` is what a request that acts must carry, "" when nothing may act.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # the server answers a websocket that nobody accepts with 403
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = _refused(scope["method"], scope["path"], headers, self._token)
        await (refusal or self._app)(scope, receive, _with_headers(send))


def host_name(host: str) -> str:
    """The name in a Host header, without its port: a forwarded port is fine, a foreign name is not."""
    if host.startswith("["):
        return host[: host.find("]") + 1].lower()
    return host.partition(":")[0].lower()


class _OpenStreams:
    def __init__(self, changed: Callable[[int], None]) -> None:
        self.count = 0
        self._changed = changed

    def add(self, by: int) -> None:
        self.count += by
        self._changed(self.count)


async def _frames(
    frame: Callable[[], bytes], period_ms: int, stopping: asyncio.Event, streams: _OpenStreams
) -> AsyncIterator[bytes]:
    streams.add(1)
    try:
        yield b"retry: 1000\n\n"
        while not stopping.is_set():
            yield b"event: board\ndata: " + frame() + b"\n\n"
            try:
                await asyncio.wait_for(stopping.wait(), period_ms / 1000)
            except TimeoutError:
                continue
        yield b"event: stopping\ndata: {}\n\n"
    finally:
        streams.add(-1)


def _refused(method: str, path: str, headers: dict[str, str], token: str) -> Response | None:
    if host_name(headers.get("host", "")) not in LOOPBACK_NAMES:
        return _refusal(421, "HOST_REFUSED", "open the page as http://127.0.0.1:<port>/ or http://localhost:<port>/")
    if method == "POST" and path in ACT_PATHS and token:
        return _refused_act(headers, token)
    if method not in ("GET", "HEAD"):
        return _refusal(405, "READ_ONLY", f"method={method}: this route only shows")
    if path.startswith("/api/") and headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return _refusal(403, "CROSS_SITE", "only the page itself may read this")
    return None


def _refused_act(headers: dict[str, str], token: str) -> Response | None:
    """Only the page that this server sent may act: its origin, its token (which no other site can read), JSON."""
    if headers.get("origin", "") not in (f"http://{headers['host']}", ""):
        return _refusal(403, "CROSS_SITE", f"origin={headers['origin']!r:.80}: only the page itself may ask this")
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return _refusal(403, "CROSS_SITE", "only the page itself may ask this")
    if not hmac.compare_digest(headers.get(TOKEN_HEADER, "").encode(), token.encode()):
        return _refusal(
            403, "PAGE_TOKEN", f"header {TOKEN_HEADER} is missing or of an earlier life: load the page again"
        )
    if headers.get("content-type", "").partition(";")[0] != "application/json":
        return _refusal(415, "NOT_JSON", "content-type: application/json")
    return None


async def _body(request: Request, kind: type[Ask]) -> Ask | Response:
    """The asked, or the refusal of a body that is none."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > BODY_BYTES_MAX:
            return _refusal(413, "TOO_LARGE", f"limit={BODY_BYTES_MAX} bytes")
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError as error:
        return _refusal(400, "PARAMETER_INVALID", str(error))


def _said(said: Said) -> Response:
    return JSONResponse({"code": said.code, "text": said.text}, status_code=said.status)


def _asset(asset: Asset) -> Response:
    return Response(asset.body, media_type=asset.content_type)


def _refusal(status: int, code: str, text: str) -> Response:
    return JSONResponse({"code": code, "text": text}, status_code=status)


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            names = {name for name, _ in message["headers"]}
            extra = [(k.encode(), v.encode()) for k, v in SECURITY_HEADERS.items() if k.encode() not in names]
            message = {**message, "headers": [*message["headers"], *extra]}
        await send(message)

    return sending
