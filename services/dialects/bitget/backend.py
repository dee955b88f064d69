"""What stands behind the dialect's server: the protocol an owner implements, and the values it is handed."""

from typing import Literal, NamedTuple, Protocol

from services.common import venue
from services.dialects.bitget.signing import AccountKey

RejectionKind = Literal["authentication", "unknown_endpoint", "bad_request"]


class CallContext(NamedTuple):
    """What is known of a request besides its meaning. ``headers`` has lower-case names, without the ACCESS ones."""

    account_id: str  # "" on a public endpoint without key
    api_key: str
    endpoint: str
    received_ts_ms: int
    remote: str  # the peer's address: what a limit per ip counts by
    headers: dict[str, str]


class Rejection(NamedTuple):
    """A request the dialect refused by itself, for the owner's log, counters and alarms."""

    kind: RejectionKind
    method: str
    path: str
    api_key: str
    refused: venue.Refused


class Session(Protocol):
    """One WebSocket connection, as the backend may use it. Calls never block and may come from the event loop only."""

    @property
    def session_id(self) -> int: ...
    @property
    def account_id(self) -> str:
        """ "" on a public session, and before the login."""
        ...

    @property
    def opened_ts_ms(self) -> int: ...
    @property
    def last_heard_ts_ms(self) -> int: ...

    def send(self, push: venue.Push) -> None:
        """Queue the push for this session alone, if it has subscribed to it; in order with DialectServer.publish."""
        ...

    def close(self, reason: str) -> None: ...


class VenueBackend(Protocol):
    """What stands behind the dialect. Every call comes from the event loop."""

    def now_ms(self) -> int: ...

    def key_of(self, api_key: str) -> AccountKey | None:
        """Whose key this is; None refuses the request or login (40037)."""
        ...

    async def handle(self, request: venue.Request, context: CallContext) -> venue.Answer:
        """Answer in your own time; the client's connection waits. ``request.account_id`` is filled in.

        Refused codes with a status of their own: RATE_LIMITED 429 (with retry_after_ms as Retry-After), DOOR_SHUT and
        NOT_READY 503; every other code is a 400 whose message is "CODE: text" whole.
        To answer nothing at all (a lost reply), raise ``DropReply``; to answer a bare 5xx raise ``ServerFault``.
        """
        ...

    def on_subscribed(self, session: Session, channel: str, symbol: str | None) -> None:
        """The session has just subscribed: send it the snapshot of this channel, to it alone, by ``session.send``.

        Called after the acknowledgement was queued; whatever is published from now on reaches the session too.
        """
        ...

    def on_private_opened(self, session: Session) -> None:
        """Logged in. Several sessions of one account may be open at once."""
        ...

    def on_private_closed(self, session: Session, reason: str) -> None:
        """Gone for whatever reason; called exactly once per opened session."""
        ...

    def on_private_silent(self, session: Session, silent_ms: int) -> None:
        """Open, but nothing heard for silent_after_ms (not even a WebSocket pong). Called once per silence."""
        ...

    def on_private_heard(self, session: Session, silent_ms: int) -> None:
        """The silence of ``silent_ms`` has ended."""
        ...

    def on_rejected(self, rejection: Rejection) -> None:
        """The dialect refused by itself: bad key or signature, unknown endpoint (withdraw, transfer), bad body."""
        ...


class DropReply(Exception):
    """Close the connection without an answer: the caller cannot know what happened."""


class ServerFault(Exception):
    """Answer with this HTTP status and a body that is not of the dialect, as a broken proxy would."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(f"HTTP {status} {text}")
        self.status = status
        self.text = text
