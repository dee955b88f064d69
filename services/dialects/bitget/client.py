"""The venue as an upstream: typed requests over REST, pushes by callback, sessions that reconnect by themselves.

Nothing here repeats a request. A POST whose answer did not come is Unknown, for the caller to resolve by client order
id.
"""

import asyncio
import zlib
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from services.common import venue
from services.common.http_pool import HttpPool, NoAnswer, NotSent
from services.common.ports import Clock
from services.dialects.bitget import codec_client
from services.dialects.bitget.session_client import ClientEvent
from services.dialects.bitget.signing import Credentials
from services.dialects.bitget.upstream_session import UpstreamSession

PAGES_MAX = 50  # of one list of open orders


class ClientSettings(NamedTuple):
    rest_url: str  # "http://127.0.0.1:8123"; the WebSocket address is the same host and port unless given
    ws_url: str = ""  # "ws://127.0.0.1:8123"
    connect_timeout_ms: int = 2_000
    request_timeout_ms: int = 5_000  # of one REST request, unless ask() says otherwise
    ws_ping_every_ms: int = 5_000  # text pings; also how staleness is told from quiet
    ws_silent_timeout_ms: int = 12_000  # nothing heard at all: the session is closed and opened again
    reconnect_ms_min: int = 100  # back-off doubles from min to max, plus what ``jitter`` adds
    reconnect_ms_max: int = 5_000
    connections_max: int = 64
    demo_trading: bool = False


class UpstreamListener(Protocol):
    """Called from the event loop, in the order of arrival per session. ``account_id`` is "" for the public session.
    Must not block; an exception raised here closes the session (it reconnects) and is told to on_disconnected."""

    def on_push(self, account_id: str, push: venue.Push, received_ts_ms: int) -> None: ...

    def on_connected(self, account_id: str) -> None:
        """Logged in and subscribed: pushes flow from now on. What happened before must be asked for over REST."""
        ...

    def on_disconnected(self, account_id: str, reason: str) -> None:
        """Called once per on_connected, and after each failed attempt to connect."""
        ...

    def on_heard(self, account_id: str, received_ts_ms: int) -> None:
        """Something valid arrived: a push or a pong. Data age counts from here."""
        ...

    def on_event(self, account_id: str, event: ClientEvent) -> None:
        """A broken book, an unreadable text, a refused subscription."""
        ...


class Jitter(Protocol):
    def __call__(self, ceiling_ms: int) -> int:
        """A number from 0 to ceiling_ms."""
        ...


class BitgetUpstream:
    """One venue: REST for every account, one public session, one private session per account."""

    def __init__(
        self, settings: ClientSettings, listener: UpstreamListener, clock: Clock, *, jitter: Jitter | None = None
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._clock = clock
        self._jitter: Jitter = jitter or Spread()
        self._ws_url = settings.ws_url or _ws_url(settings.rest_url)
        self._rest: HttpPool | None = None
        self._http: aiohttp.ClientSession | None = None
        self._sessions: dict[str, UpstreamSession] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Make the HTTP pools. Sessions are opened by open_public and open_private."""
        self._rest = HttpPool(
            self._settings.rest_url,
            connections_max=self._settings.connections_max,
            connect_timeout_ms=self._settings.connect_timeout_ms,
        )
        no_redirects = aiohttp.TraceConfig()
        no_redirects.on_request_redirect.append(_refuse_redirect)
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trace_configs=[no_redirects])

    def open_public(self, symbols: tuple[str, ...]) -> None:
        """Keep one public session up for these pairs until close()."""
        self._open(self._session("", "/v2/ws/public", None, symbols))

    def open_private(self, account_id: str, credentials: Credentials) -> None:
        """Keep one private session up for this account until close_private() or close()."""
        assert account_id, "account_id is empty: the public session is opened by open_public"
        self._open(self._session(account_id, "/v2/ws/private", credentials, ()))

    async def close_private(self, account_id: str) -> None:
        self._sessions.pop(account_id, None)
        task = self._tasks.pop(account_id, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def ask(
        self, request: venue.Request, credentials: Credentials | None = None, *, timeout_ms: int | None = None
    ) -> venue.Answer | venue.Unknown:
        """One request, sent at most once. Unknown: timeout, connection broken after it was sent, 5xx, unreadable.
        Refused with code VENUE_UNREACHABLE: no connection could be made, so the venue certainly has not seen it.

        Open orders come whole: page after page is asked for, and one page that fails fails the list.
        """
        answer, next_page = await self._once(request, credentials, timeout_ms, "")
        if not isinstance(request, venue.GetOpenOrders) or not isinstance(answer, tuple):
            return answer
        pages = 1
        while next_page and len(answer) >= 100 * pages:
            more, next_page = await self._once(request, credentials, timeout_ms, next_page)
            if not isinstance(more, tuple):
                return more
            pages += 1
            answer += more  # type: ignore[operator]
            if pages >= PAGES_MAX:
                return venue.Unknown(detail=f"more than {PAGES_MAX} pages of open orders")
        return answer

    def is_connected(self, account_id: str) -> bool:
        """Logged in and subscribed; "" asks about the public session."""
        session = self._sessions.get(account_id)
        return session is not None and session.is_connected

    async def close(self) -> None:
        for account_id in tuple(self._tasks):
            await self.close_private(account_id)
        if self._rest is not None:
            await self._rest.close()
            self._rest = None
        if self._http is not None:
            await self._http.close()
            self._http = None

    # ------------------------------------------------------------------------------------------------------ private

    async def _once(
        self, request: venue.Request, credentials: Credentials | None, timeout_ms: int | None, below_id: str
    ) -> codec_client.Decoded:
        assert self._rest is not None, "start() first"
        sent = codec_client.encode_request(
            request,
            credentials,
            self._clock.now_ms(),
            demo_trading=self._settings.demo_trading,
            below_id=below_id,
        )
        try:
            answer = await self._rest.exchange(
                sent.method,
                sent.path_with_query,
                sent.headers,
                sent.body,
                timeout_ms or self._settings.request_timeout_ms,
            )
        except NotSent as error:
            return codec_client.Decoded(venue.Refused(code="VENUE_UNREACHABLE", text=f"VENUE_UNREACHABLE: {error}"))
        except NoAnswer as error:
            return codec_client.Decoded(venue.Unknown(detail=str(error)))
        return codec_client.decode_page(request, answer.status, answer.body, answer.headers)

    def _session(
        self, account_id: str, path: str, credentials: Credentials | None, symbols: tuple[str, ...]
    ) -> UpstreamSession:
        return UpstreamSession(
            account_id=account_id,
            url=self._ws_url + path,
            credentials=credentials,
            symbols=symbols,
            settings=self._settings,
            listener=self._listener,
            clock=self._clock,
            jitter=self._jitter,
        )

    def _open(self, session: UpstreamSession) -> None:
        assert self._http is not None, "start() first"
        assert session.account_id not in self._tasks, f"session of {session.account_id!r} is open already"
        self._sessions[session.account_id] = session
        self._tasks[session.account_id] = asyncio.create_task(session.run(self._http))


async def _refuse_redirect(session: object, context: object, redirect: aiohttp.TraceRequestRedirectParams) -> None:
    """A login goes to the address it was meant for, or nowhere."""
    raise aiohttp.ClientConnectionError(f"{redirect.url} redirects with status {redirect.response.status}: refused")


def _ws_url(rest_url: str) -> str:
    parts = urlsplit(rest_url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    return urlunsplit((scheme, parts.netloc, "", "", ""))


class Spread:
    """A jitter that repeats: sessions that were lost together come back apart, in the same order every time."""

    def __init__(self) -> None:
        self._calls = 0

    def __call__(self, ceiling_ms: int) -> int:
        self._calls += 1
        return zlib.crc32(b"%d" % self._calls) % (ceiling_ms + 1)
