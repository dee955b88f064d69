"""Neutral refusal codes and Bitget's numbers, both directions.

On our own wire a refusal's message is "CODE: text" whole, so nothing is lost between the gateway and the bot's log and
the number is only what ccxt and Hummingbot classify by. The real venue has no such head: there the number decides.
"""

import re
from typing import NamedTuple

from services.common import venue

OK = "00000"

# Hummingbot reads "order not found" from a substring test of these on the whole error text, whatever else is in it.
NOT_FOUND_CODES = ("40768", "80011", "40819", "43020", "43025", "43001", "45057", "31007", "43033")

# Errors after which nobody can say whether the venue acted: never a refusal, always Unknown.
AMBIGUOUS_CODES = frozenset({"40010", "40015", "40725", "40908", "40910", "25001", "25003", "45001", "40604", "50008"})


class Wire(NamedTuple):
    status: int
    code: str


_GENERIC = Wire(400, "40808")  # ccxt: InvalidOrder. What has no number of its own, the gateway's limits above all

_WIRE: dict[str, Wire] = {
    "ORDER_NOT_FOUND": Wire(400, "40768"),
    "ORDER_NOT_OPEN": Wire(400, "40769"),
    "INSUFFICIENT_MARGIN": Wire(400, "40762"),
    "PRICE_NOT_ON_TICK": Wire(400, "45115"),
    "PRICE_OUT_OF_RANGE": Wire(400, "43009"),
    "QTY_NOT_ON_LOT": Wire(400, "22038"),
    "QTY_BELOW_MIN": Wire(400, "45111"),
    "QTY_ABOVE_MAX": Wire(400, "45112"),
    "NOTIONAL_BELOW_MIN": Wire(400, "45110"),
    "ORDER_VALUE_LIMIT": Wire(400, "45113"),
    "OPEN_ORDERS_LIMIT": Wire(400, "45118"),
    "POST_ONLY_WOULD_CROSS": Wire(400, "43011"),
    "REDUCE_ONLY_REJECTED": Wire(400, "40928"),
    "DUPLICATE_CLIENT_ORDER_ID": Wire(400, "40786"),
    "UNKNOWN_SYMBOL": Wire(400, "40309"),
    "SYMBOL_HALTED": Wire(400, "41114"),
    "LEVERAGE_TOO_HIGH": Wire(400, "40797"),
    "POSITION_MODE_LOCKED": Wire(400, "40920"),
    "POSITION_MODE_MISMATCH": Wire(400, "40774"),
    "NO_LIQUIDITY": Wire(400, "22045"),
    "UNSUPPORTED": Wire(400, "40805"),
    "PARAMETER_INVALID": Wire(400, "40017"),
    "BAD_REQUEST": Wire(400, "40708"),
    "NOT_IN_DIALECT": Wire(404, "40404"),
    "RATE_LIMITED": Wire(429, "429"),
    "RATE_LIMIT_EXCEEDED": Wire(429, "429"),
    "SUBMIT_RATE_LIMIT": Wire(429, "429"),
    "CANCEL_RATE_LIMIT": Wire(429, "429"),
    "MAINTENANCE": Wire(400, "40308"),
    "DOOR_SHUT": Wire(503, "40200"),
    "VENUE_UNREACHABLE": Wire(503, "40200"),
    "JOURNAL_FAILED": Wire(503, "40200"),
    "UNKNOWN_ACCOUNT": Wire(400, "40037"),
}

# Authentication is said in the venue's own words, without a head: Hummingbot looks for one of them exactly.
_AUTHENTICATION: dict[str, Wire] = {
    "ACCESS_KEY cannot be empty": Wire(400, "40001"),
    "Signature cannot be empty": Wire(400, "40003"),
    "Invalid ACCESS_TIMESTAMP": Wire(400, "40005"),
    "Request timestamp expired": Wire(400, "40008"),
    "sign signature error": Wire(400, "40009"),
    "apikey/password is incorrect": Wire(400, "40012"),
    "Apikey does not exist": Wire(400, "40037"),
}
_AUTHENTICATION_CODES = ("AUTH_FAILED", "CLOCK_SKEW")

# What the real venue says, in numbers that we do not send ourselves or that mean one of ours.
_NEUTRAL: dict[str, str] = {
    **{wire.code: code for code, wire in reversed(_WIRE.items())},
    "429": "RATE_LIMITED",
    "40200": "MAINTENANCE",
    "40808": "PARAMETER_INVALID",
    "40001": "AUTH_FAILED",
    "40002": "AUTH_FAILED",
    "40003": "AUTH_FAILED",
    "40004": "CLOCK_SKEW",
    "40005": "CLOCK_SKEW",
    "40006": "AUTH_FAILED",
    "40008": "CLOCK_SKEW",
    "40911": "CLOCK_SKEW",
    "40009": "AUTH_FAILED",
    "40011": "AUTH_FAILED",
    "40012": "AUTH_FAILED",
    "40014": "AUTH_FAILED",
    "40018": "AUTH_FAILED",
    "40037": "AUTH_FAILED",
    "40019": "PARAMETER_INVALID",
    "40020": "PARAMETER_INVALID",
    "40034": "PARAMETER_INVALID",
    "40109": "ORDER_NOT_FOUND",
    "43001": "ORDER_NOT_FOUND",
    "45057": "ORDER_NOT_FOUND",
    "25204": "ORDER_NOT_FOUND",
    "22001": "ORDER_NOT_FOUND",
    "43004": "ORDER_NOT_FOUND",
    "45031": "ORDER_NOT_OPEN",
    "45055": "ORDER_NOT_OPEN",
    "45134": "ORDER_NOT_OPEN",
    "40711": "INSUFFICIENT_MARGIN",
    "40712": "INSUFFICIENT_MARGIN",
    "40763": "QTY_ABOVE_MAX",
    "40798": "INSUFFICIENT_MARGIN",
    "40800": "INSUFFICIENT_MARGIN",
    "43012": "INSUFFICIENT_MARGIN",
    "45002": "INSUFFICIENT_MARGIN",
    "25202": "INSUFFICIENT_MARGIN",
    "25203": "INSUFFICIENT_MARGIN",
    "22002": "REDUCE_ONLY_REJECTED",
    "25227": "REDUCE_ONLY_REJECTED",
    "25232": "REDUCE_ONLY_REJECTED",
    "25212": "DUPLICATE_CLIENT_ORDER_ID",
    "40708": "PARAMETER_INVALID",
    "43118": "DUPLICATE_CLIENT_ORDER_ID",
    "50060": "DUPLICATE_CLIENT_ORDER_ID",
    "25100": "UNKNOWN_SYMBOL",
    "40845": "UNKNOWN_SYMBOL",
    "41113": "SYMBOL_HALTED",
    "43115": "SYMBOL_HALTED",
    "22056": "SYMBOL_HALTED",
    "40815": "PRICE_OUT_OF_RANGE",
    "40816": "PRICE_OUT_OF_RANGE",
    "22046": "PRICE_OUT_OF_RANGE",
    "22047": "PRICE_OUT_OF_RANGE",
    "43008": "PRICE_OUT_OF_RANGE",
    "43028": "PRICE_NOT_ON_TICK",
    "45035": "PRICE_NOT_ON_TICK",
    "43006": "QTY_BELOW_MIN",
    "43007": "QTY_ABOVE_MAX",
    "43010": "NOTIONAL_BELOW_MIN",
    "43027": "NOTIONAL_BELOW_MIN",
    "45045": "LEVERAGE_TOO_HIGH",
    "45044": "LEVERAGE_TOO_HIGH",
    "25223": "LEVERAGE_TOO_HIGH",
}

_HEAD = re.compile(r"([A-Z][A-Z0-9_]{2,63}): ")
_DIGITS = re.compile(r"\d{5,}")


def wire_of(refused: venue.Refused) -> Wire:
    """HTTP status and Bitget code of a refusal. What has no number of its own goes out as a generic invalid order."""
    if refused.code in _AUTHENTICATION_CODES and refused.text in _AUTHENTICATION:
        return _AUTHENTICATION[refused.text]
    return _WIRE.get(refused.code, _GENERIC)


def message_of(refused: venue.Refused) -> str:
    """ "CODE: text"; the venue's bare words for authentication."""
    if refused.code in _AUTHENTICATION_CODES and refused.text in _AUTHENTICATION:
        return refused.text
    if refused.text.startswith(refused.code + ":"):
        return refused.text
    return f"{refused.code}: {refused.text}"


def refusal_from(code: str, message: str, *, retry_after_ms: int | None = None) -> venue.Refused:
    """What a venue said no with. A message that heads itself with a code keeps it; else the number decides; a number
    nobody has met is BAD_REQUEST with the number in the text."""
    headed = _HEAD.match(message)
    if headed:
        return venue.Refused(code=headed[1], text=message, retry_after_ms=retry_after_ms)
    neutral = _NEUTRAL.get(code)
    if neutral in _AUTHENTICATION_CODES and message in _AUTHENTICATION:
        return venue.Refused(code=neutral, text=message)
    if neutral is None:
        neutral = "BAD_REQUEST"
    return venue.Refused(code=neutral, text=f"{neutral}: venue_code={code}, {message}", retry_after_ms=retry_after_ms)


def without_false_not_found(text: str) -> str:
    """Break up digits that Hummingbot would read as one of its order-not-found codes: 43001.5 becomes 43_001.5."""
    return _DIGITS.sub(lambda run: _grouped(run[0]) if _has_code(run[0]) else run[0], text)


def harmless_time(now_ms: int) -> int:
    """The time for an error envelope: 0 when its digits would read as order-not-found."""
    return 0 if _has_code(str(now_ms)) else now_ms


def table() -> list[tuple[str, int, str]]:
    """(neutral code, HTTP status, Bitget code) of everything with a number of its own, for the reference page."""
    return [(code, wire.status, wire.code) for code, wire in sorted(_WIRE.items())]


def authentication_table() -> list[tuple[str, Wire]]:
    """The venue's words for a refused key or signature, for the reference page."""
    return list(_AUTHENTICATION.items())


def _grouped(digits: str) -> str:
    head = len(digits) % 3
    groups = [digits[:head]] if head else []
    return "_".join(groups + [digits[i : i + 3] for i in range(head, len(digits), 3)])


def _has_code(digits: str) -> bool:
    return any(code in digits for code in NOT_FOUND_CODES)
