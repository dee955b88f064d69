"""The venue's side of the wire: a request's bytes into a venue.Request, an answer into the venue's envelope. Pure.

A ``Call`` remembers which endpoint was asked, because several endpoints ask the same thing and want it in other words
(``ticker``, ``symbol-price`` and ``current-fund-rate`` are all a GetTicker).
"""

from typing import NamedTuple

from services.common import venue


class Call(NamedTuple):
    """One decoded request. ``request.account_id`` is "" until the caller has authenticated the key."""

    endpoint: str  # name in endpoints.py, for example "mix/order/place-order"
    is_private: bool
    request: venue.Request | None  # None: the dialect answers by itself (empty lists of products not traded here)
    is_trade: bool = False  # places, changes or cancels orders, or changes a setting


class Reply(NamedTuple):
    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def decode_request(method: str, path: str, raw_query: str, body: bytes) -> Call | venue.Refused:
    """``path`` starts with "/api/v2/". Refused codes: ENDPOINT_UNKNOWN, PARAMETER_INVALID, UNKNOWN_SYMBOL, UNSUPPORTED.

    Whether an endpoint exists is told before its body is looked at; nothing here trusts or changes the query's order.
    """
    raise NotImplementedError


def encode_answer(call: Call, answer: venue.Answer, now_ms: int) -> Reply:
    """The envelope ``{code, msg, requestTime, data}``. A Refused becomes its HTTP status and code (codes.py), its message
    "CODE: text" whole; where Hummingbot looks for order-not-found by substring, other digits are broken up."""
    raise NotImplementedError


def encode_refusal(refused: venue.Refused, now_ms: int, *, endpoint: str = "") -> Reply:
    """A refusal without a call: unknown path, bad signature, bad body, door shut."""
    raise NotImplementedError
