"""Every limit of the gateway, once: name, unit, where it must be set, reason code, and the control it answers.

docs/reference/controls.md is generated from this table, and a test exists per control id. ``controls`` names rows of
the safety specification: K1-K8 (Knight Capital), "RTS6-15(1)(a)" (Delegated Regulation 2017/589, article 15), I1-I7
(invariants).
"""

from decimal import Decimal
from typing import Literal, NamedTuple

Scope = Literal["bot", "account", "venue", "desk"]
SCOPES: tuple[Scope, ...] = ("bot", "account", "venue", "desk")


class Limit(NamedTuple):
    name: str
    unit: str
    required_in: tuple[Scope, ...]  # start is refused when it is missing there; any other scope may set it too
    reason: str  # registered reason code of the refusal
    controls: tuple[str, ...]
    meaning: str
    low: Decimal  # allowed range of the value in the policy file
    high: Decimal
    example: str


def _limit(
    name: str,
    unit: str,
    required_in: tuple[Scope, ...],
    reason: str,
    controls: tuple[str, ...],
    meaning: str,
    low: int,
    high: int,
    example: str,
) -> Limit:
    return Limit(name, unit, required_in, reason, controls, meaning, Decimal(low), Decimal(high), example)


_ALL = SCOPES
_BOT: tuple[Scope, ...] = ("bot",)
_DESK: tuple[Scope, ...] = ("desk",)
_BILLION = 1_000_000_000

LIMITS: tuple[Limit, ...] = (
    _limit(
        "order_value_quote_max",
        "quote",
        _ALL,
        "ORDER_VALUE_LIMIT",
        ("RTS6-15(1)(b)",),
        "value of one order at its price, a market order at the collar",
        0,
        _BILLION,
        "1000",
    ),
    _limit(
        "open_orders_max",
        "orders",
        _ALL,
        "OPEN_ORDERS_LIMIT",
        ("RTS6-15(1)(d)", "I7"),
        "orders that are not terminal, counted from the moment they are checked",
        0,
        10_000,
        "20",
    ),
    _limit(
        "submits_per_second_max",
        "submits",
        _ALL,
        "SUBMIT_RATE_LIMIT",
        ("RTS6-15(1)(d)",),
        "submits in any second",
        0,
        1_000,
        "10",
    ),
    _limit(
        "submits_per_minute_max",
        "submits",
        _ALL,
        "SUBMIT_RATE_LIMIT",
        ("RTS6-15(1)(d)",),
        "submits in any minute",
        0,
        60_000,
        "120",
    ),
    _limit(
        "cancels_per_minute_max",
        "cancels",
        _ALL,
        "CANCEL_RATE_LIMIT",
        ("RTS6-15(1)(d)",),
        "cancels in any minute; above it new risk is refused, never a cancel",
        0,
        60_000,
        "240",
    ),
    _limit(
        "collar_aggressive_bps",
        "bps",
        _DESK,
        "PRICE_COLLAR_AGGRESSIVE",
        ("RTS6-15(1)(a)",),
        "how far a price may go through the far touch",
        0,
        10_000,
        "50",
    ),
    _limit(
        "collar_passive_bps",
        "bps",
        _DESK,
        "PRICE_COLLAR_PASSIVE",
        ("RTS6-15(1)(a)",),
        "how far a price may rest behind the near touch",
        0,
        10_000,
        "500",
    ),
    _limit(
        "collar_reducing_bps",
        "bps",
        _DESK,
        "PRICE_COLLAR_AGGRESSIVE",
        ("RTS6-15(1)(a)",),
        "how far a reducing order may go through the far touch",
        0,
        10_000,
        "300",
    ),
    _limit(
        "data_age_ms_max",
        "ms",
        _DESK,
        "STALE_MARKET",
        ("I5",),
        "age of market data, since its stream was last heard, above which there is no new risk",
        1,
        600_000,
        "5000",
    ),
    _limit(
        "suspense_quote_max",
        "quote",
        _BOT,
        "SUSPENSE_LIMIT",
        ("K5",),
        "notional of fills that belong to no order of ours; above it the bot may only reduce",
        0,
        _BILLION,
        "0",
    ),
)

BY_NAME: dict[str, Limit] = {limit.name: limit for limit in LIMITS}
