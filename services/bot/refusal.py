"""What a failed request means: refused for certain, not found, or nobody knows. Pure.

The gateway answers every request it has understood with an envelope whose message is "CODE: value, limit". Such an
answer is definite. A connection that was never made is definite too: nothing was sent. Everything else (timeout,
broken connection, a 5xx without envelope) leaves open whether the order exists.
"""

import asyncio
import errno
import json
import re
from typing import Any

import aiohttp

# Everything a request of the connector may raise: no answer, no envelope, an envelope that is not what was asked for.
REQUEST_ERRORS = (OSError, aiohttp.ClientError, asyncio.TimeoutError, ValueError, KeyError, TypeError)

_ENVELOPE = re.compile(r"\{.*\}", re.DOTALL)
_NOT_FOUND_CODES = frozenset({"40768", "43001", "40819", "43020", "43025", "45057", "31007", "43033", "80011"})
_NOT_FOUND_REASONS = frozenset({"ORDER_NOT_FOUND", "NOT_FOUND_FINAL"})
_REASON = re.compile(r"\b([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)\b:?\s*(.*)", re.DOTALL)
_CONNECTION_REFUSED_TYPES = frozenset({"ClientConnectorError", "ClientConnectorDNSError", "ConnectionRefusedError"})
_FORMATTED = re.compile(r"^Error: (\d{5}) - (.*)$", re.DOTALL)


def envelope_of(error: Exception | str) -> dict[str, Any] | None:
    """The venue's answer inside an error text, when there is one."""
    text = str(error)
    formatted = _FORMATTED.match(text)
    if formatted:
        return {"code": formatted.group(1), "msg": formatted.group(2)}
    found = _ENVELOPE.search(text)
    if not found:
        return None
    try:
        decoded = json.loads(found.group(0))
    except ValueError:
        return None
    return decoded if isinstance(decoded, dict) and "code" in decoded else None


def is_definite(error: Exception) -> bool:
    """Whether the order certainly does not exist: it was refused, or never sent."""
    if type(error).__name__ in _CONNECTION_REFUSED_TYPES or getattr(error, "errno", None) == errno.ECONNREFUSED:
        return True
    return envelope_of(error) is not None


def is_not_found(error: Exception) -> bool:
    """Whether the gateway itself says that it does not know the order. A number inside a text is not enough."""
    envelope = envelope_of(error)
    if envelope is None:
        return False
    reason = _REASON.search(str(envelope.get("msg", "")))
    return reason.group(1) in _NOT_FOUND_REASONS if reason else str(envelope["code"]) in _NOT_FOUND_CODES


def code_and_text(error_text: str) -> tuple[str, str]:
    """("STALE_MARKET", "value=7000, limit=5000") of an error text that carries one; else ("ERROR", the text)."""
    envelope = envelope_of(error_text)
    text = str(envelope.get("msg", "")) if envelope else error_text
    found = _REASON.search(text)
    if found:
        return found.group(1), found.group(2).strip() or found.group(1)
    if "ClientConnector" in error_text or "Cannot connect" in error_text:
        return "VENUE_UNREACHABLE", error_text
    return "ERROR", text
