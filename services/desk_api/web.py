"""HTTP of the page: only GET, only for this machine, nothing that could trade.

``GET /`` the page · ``/static/…`` its files · ``/api/board`` one frame · ``/api/stream`` frames as server-sent events ·
``/api/history?bot=`` the last hour for the charts · ``/api/health``.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Protocol

from fastapi import FastAPI, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.desk_api.assets import Asset

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
STREAMS_MAX = 16  # a browser tab holds one

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


def create_app(
    pages: Pages,
    *,
    assets: dict[str, Asset],
    version: str,
    period_ms: int,
    stopping: asyncio.Event,
    streams_open: Callable[[int], None] = lambda count: None,
) -> ASGIApp:
    """The page's application. ``stopping`` ends the open streams, so that a stop does not wait for browsers."""
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

    return OnlyThisMachine(app)


class OnlyThisMachine:
    """Refuses other methods, other host names (DNS rebinding) and requests that other sites make; sets the headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # the server answers a websocket that nobody accepts with 403
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = _refused(scope["method"], scope["path"], headers)
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


def _refused(method: str, path: str, headers: dict[str, str]) -> Response | None:
    if host_name(headers.get("host", "")) not in LOOPBACK_NAMES:
        return _refusal(421, "HOST_REFUSED", "open the page as http://127.0.0.1:<port>/ or http://localhost:<port>/")
    if method not in ("GET", "HEAD"):
        return _refusal(405, "READ_ONLY", f"method={method}: this page only shows")
    if path.startswith("/api/") and headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return _refusal(403, "CROSS_SITE", "only the page itself may read this")
    return None


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
