"""The venue as an upstream: typed requests over REST, pushes by callback, sessions that reconnect by themselves.

Nothing here repeats a request. A POST whose answer did not come is Unknown, for the caller to resolve by client order
id.
"""

from typing import NamedTuple, Protocol

from services.common import venue
from services.common.ports import Clock
from services.dialects.bitget.session_client import ClientEvent
from services.dialects.bitget.signing import Credentials


class ClientSettings(NamedTuple):
    rest_url: str  # "http://127.0.0.1:8123"; the WebSocket address is the same host and port unless given
    ws_url: str = ""  # "ws://127.0.0.1:8123"
    connect_timeout_ms: int = 2_000
    request_timeout_ms: int = 5_000  # of one REST request, unless ask() says otherwise
    ws_ping_every_ms: int = 5_000  # text pings; also how staleness is told from quiet
    ws_silent_timeout_ms: int = 12_000  # nothing heard at all: the session is closed and opened again
    reconnect_ms_min: int = 100  # back-off doubles from min to max, with jitter from ``jitter``
    reconnect_ms_max: int = 5_000
    connections_max: int = 32
    demo_trading: bool = False


class UpstreamListener(Protocol):
    """Called from the event loop, in the order of arrival per session. ``account_id`` is "" for the public session.
    Must not block; an exception raised here closes the session (it reconnects) and is logged."""

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


class BitgetUpstream:
    """One venue: REST for every account, one public session, one private session per account."""

    def __init__(
        self, settings: ClientSettings, listener: UpstreamListener, clock: Clock, *, jitter: "Jitter | None" = None
    ) -> None:
        raise NotImplementedError

    async def start(self) -> None:
        """Open the HTTP pool. Sessions are opened by open_public and open_private."""
        raise NotImplementedError

    def open_public(self, symbols: tuple[str, ...]) -> None:
        """Keep one public session up for these pairs until close()."""
        raise NotImplementedError

    def open_private(self, account_id: str, credentials: Credentials) -> None:
        """Keep one private session up for this account until close_private() or close()."""
        raise NotImplementedError

    async def close_private(self, account_id: str) -> None:
        raise NotImplementedError

    async def ask(
        self, request: venue.Request, credentials: Credentials | None = None, *, timeout_ms: int | None = None
    ) -> venue.Answer | venue.Unknown:
        """One request, sent at most once. Unknown: timeout, connection broken after it was sent, 5xx, unreadable.
        Refused with code VENUE_UNREACHABLE: no connection could be made, so the venue certainly has not seen it."""
        raise NotImplementedError

    def is_connected(self, account_id: str) -> bool:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError


class Jitter(Protocol):
    def __call__(self, ceiling_ms: int) -> int:
        """A number from 0 to ceiling_ms."""
        ...
