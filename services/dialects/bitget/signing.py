"""HMAC signatures of REST requests and of the WebSocket login: made for the client, checked for the server.

REST: base64(HMAC-SHA256(secret, timestamp_ms + METHOD + path[?query] + body)). The query is signed as it travels: ccxt
sorts it, Hummingbot keeps insertion order, so the server checks the raw text and never rebuilds it.
WebSocket login: the same over timestamp + "GET" + "/user/verify"; the timestamp is in seconds (milliseconds are taken
too).
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import NamedTuple

from services.common import venue

WINDOW_MS = 30_000  # a request older or younger than this is refused
LOGIN_PATH = "/user/verify"
EXPIRED_TEXT = "Request timestamp expired"  # Hummingbot resyncs its clock on exactly this text


class Credentials(NamedTuple):
    api_key: str
    secret: str
    passphrase: str

    def __repr__(self) -> str:  # a secret never reaches a log by accident
        return f"Credentials(api_key={self.api_key!r}, secret=***, passphrase=***)"


class AccountKey(NamedTuple):
    """Whose key it is, and what its holder must prove."""

    account_id: str
    credentials: Credentials


def sign(secret: str, text: str) -> str:
    """Base64 of HMAC-SHA256."""
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


def rest_headers(credentials: Credentials, method: str, path_with_query: str, body: str, now_ms: int) -> dict[str, str]:
    """The four ACCESS headers and the content type."""
    timestamp = str(now_ms)
    return {
        "ACCESS-KEY": credentials.api_key,
        "ACCESS-SIGN": sign(credentials.secret, timestamp + method.upper() + path_with_query + body),
        "ACCESS-TIMESTAMP": timestamp,
        "ACCESS-PASSPHRASE": credentials.passphrase,
        "Content-Type": "application/json",
    }


def verify_rest(
    headers: Mapping[str, str], method: str, path_with_query: str, body: str, credentials: Credentials, now_ms: int
) -> venue.Refused | None:
    """None when the request is its owner's and fresh. ``headers`` by lower-case name, ``path_with_query`` and
    ``body`` exactly as received."""
    timestamp = headers.get("access-timestamp", "")
    refused = _stale(timestamp, int(timestamp) if timestamp.isascii() and timestamp.isdigit() else None, now_ms)
    if refused is not None:
        return refused
    expected = sign(credentials.secret, timestamp + method.upper() + path_with_query + body)
    return _compare(headers.get("access-sign", ""), expected, headers.get("access-passphrase", ""), credentials)


def login_args(credentials: Credentials, now_ms: int) -> dict[str, str]:
    """The one element of ``args`` in a WebSocket login."""
    timestamp = str(now_ms // 1000)
    return {
        "apiKey": credentials.api_key,
        "passphrase": credentials.passphrase,
        "timestamp": timestamp,
        "sign": sign(credentials.secret, timestamp + "GET" + LOGIN_PATH),
    }


def verify_login(args: Mapping[str, object], credentials: Credentials, now_ms: int) -> venue.Refused | None:
    """None when the login is its owner's and fresh."""
    timestamp = str(args.get("timestamp", ""))
    ts_ms = int(timestamp) if timestamp.isascii() and timestamp.isdigit() else None
    if ts_ms is not None and ts_ms < 100_000_000_000:  # seconds until the year 5138
        ts_ms *= 1000
    refused = _stale(timestamp, ts_ms, now_ms)
    if refused is not None:
        return refused
    expected = sign(credentials.secret, timestamp + "GET" + LOGIN_PATH)
    return _compare(str(args.get("sign", "")), expected, str(args.get("passphrase", "")), credentials)


def _stale(timestamp: str, ts_ms: int | None, now_ms: int) -> venue.Refused | None:
    if not timestamp or ts_ms is None:
        return venue.Refused(code="CLOCK_SKEW", text="Invalid ACCESS_TIMESTAMP")
    if abs(now_ms - ts_ms) > WINDOW_MS:
        return venue.Refused(code="CLOCK_SKEW", text=EXPIRED_TEXT)
    return None


def _compare(given: str, expected: str, passphrase: str, credentials: Credentials) -> venue.Refused | None:
    if not given:
        return venue.Refused(code="AUTH_FAILED", text="Signature cannot be empty")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        return venue.Refused(code="AUTH_FAILED", text="sign signature error")
    if not hmac.compare_digest(passphrase.encode(), credentials.passphrase.encode()):
        return venue.Refused(code="AUTH_FAILED", text="apikey/password is incorrect")
    return None
