"""One WebSocket session as the venue sees it: text in, texts and events out. Sans I/O, no clock.

Holds the login and the subscriptions of one connection. The shell (server.py) owns the socket, the backend owns the data:
on a Subscribed event the backend sends the snapshots, on every push the session encodes it for what it has subscribed.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

from services.common import venue
from services.dialects.bitget.signing import AccountKey

Kind = Literal["public", "private"]
Channel = Literal[
    "account", "positions", "orders", "fill", "books", "books1", "books5", "books15", "trade", "ticker", "candle"
]
BookMode = Literal["snapshot", "diff"]


class LoggedIn(NamedTuple):
    account_id: str
    api_key: str


class Subscribed(NamedTuple):
    channel: str  # "candle1m" and the like carry their interval
    symbol: str | None  # the pair, None for all of the account


class Unsubscribed(NamedTuple):
    channel: str
    symbol: str | None


class Rejected(NamedTuple):
    """A login or subscription that was refused; already answered in ``Turn.send``."""

    refused: venue.Refused


SessionEvent = LoggedIn | Subscribed | Unsubscribed | Rejected


class Turn(NamedTuple):
    """What one incoming text leads to: send these first, then act on the events, in order."""

    send: list[str]
    events: list[SessionEvent]
    close_reason: str | None = None


class ServerSession:
    """``key_of`` finds the owner of an api key. ``book_mode`` is how the ``books`` channel is kept up: full snapshots, or
    a snapshot and then differences with checksum, as the venue does."""

    def __init__(
        self, kind: Kind, key_of: Callable[[str], AccountKey | None], book_mode: BookMode = "snapshot"
    ) -> None:
        self.kind: Kind = kind
        self.account_id = ""  # set by a login

    def on_text(self, text: str, now_ms: int) -> Turn:
        """ "ping" answers "pong". Anything unreadable is answered with an error event, never an exception."""
        raise NotImplementedError

    def encode_push(self, push: venue.Push, now_ms: int) -> list[str]:
        """The messages this session is due for the push: none when it has not subscribed, or is another account's."""
        raise NotImplementedError

    def wants(self, channel: str, symbol: str | None) -> bool:
        """Whether a push of that channel would be sent."""
        raise NotImplementedError
