"""The desk's side of the wire: a venue.Request into a signed HTTP request, a response into an answer. Pure.

Round trip: ``codec_server.decode_request(encode_request(r)) == r`` and ``decode_answer(codec_server.encode_answer(a)) == a``,
apart from what Bitget's wire does not carry, which decodes to its neutral value:
fills over REST have no client order id (""), the REST ticker no next funding time (0; ask ``GetTicker`` over the
WebSocket ticker), ``account/accounts`` no position mode and no time of its own (the envelope's).
"""

from typing import NamedTuple

from services.common import venue
from services.dialects.bitget.signing import Credentials


class HttpRequest(NamedTuple):
    method: str
    path_with_query: str
    headers: dict[str, str]
    body: str


def encode_request(
    request: venue.Request, credentials: Credentials | None, now_ms: int, *, demo_trading: bool = False
) -> HttpRequest:
    """``credentials`` None is allowed for public requests only. ``demo_trading`` adds the header PAPTRADING: 1."""
    raise NotImplementedError


def decode_answer(request: venue.Request, status: int, body: bytes) -> venue.Answer | venue.Unknown:
    """Never raises on what a venue says. 5xx, an unreadable body or an ambiguous code is Unknown: it may have acted."""
    raise NotImplementedError
