"""One WebSocket session as the desk sees it: what to send, and what a text means. Sans I/O, no clock.

Public: subscribe to books, trade and ticker of the pairs. Private: login, then account, positions and orders.
A book kept up by differences is checked by checksum and sequence; on a mismatch the session asks for it afresh and says so.
"""

from collections.abc import Sequence
from typing import NamedTuple

from services.common import venue
from services.dialects.bitget.signing import Credentials

PING_TEXT = "ping"
PING_EVERY_MS = 20_000  # the venue closes a session that has been silent for 120 s


class SessionReady(NamedTuple):
    """Logged in where needed, and every subscription acknowledged."""


class SessionRefused(NamedTuple):
    """The venue refused the login or a subscription; nothing will come."""

    refused: venue.Refused


class BookBroken(NamedTuple):
    """Sequence or checksum did not match; the book was dropped and a snapshot asked for."""

    symbol: str
    detail: str


class Pong(NamedTuple):
    pass


class Unreadable(NamedTuple):
    """A text that is not of the dialect; kept as evidence."""

    text: str
    detail: str


ClientEvent = SessionReady | SessionRefused | BookBroken | Pong | Unreadable


class Incoming(NamedTuple):
    pushes: list[venue.Push]
    events: list[ClientEvent]
    send: list[str]


class ClientSession:
    """``credentials`` makes it private, for ``account_id``; otherwise public, for ``symbols``."""

    def __init__(
        self, *, account_id: str = "", credentials: Credentials | None = None, symbols: Sequence[str] = ()
    ) -> None:
        self.account_id = account_id
        self.is_private = credentials is not None

    def opening(self, now_ms: int) -> list[str]:
        """The first texts: login when private, subscriptions when public."""
        raise NotImplementedError

    def on_text(self, text: str, now_ms: int) -> Incoming:
        """Never raises on what a venue says."""
        raise NotImplementedError
