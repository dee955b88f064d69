"""The conformance table of the dialect, as a page: written from the same tables that the code reads."""

from collections.abc import Iterator, Sequence

from services.common import venue
from services.dialects.bitget import codes
from services.dialects.bitget.endpoints import DEAD_MAN_TIMER, ENDPOINTS, Endpoint
from services.dialects.bitget.request_fields import FIELDS

NOT_PROVEN = "no"  # on the real venue

_HEAD = """# The Bitget dialect (USDT-FUTURES, V2)

What `services/dialects/bitget` speaks, in both directions. Shapes are from the venue's public documentation (the column
*source* is a path below bitget.com/api-doc) and from what two clients send and read: ccxt 4.5.18 (`ccxt/bitget.py`) and
Hummingbot 2.16.0 (`connector/derivative/bitget_perpetual`). `desk conformance bitget` plays the cards on the simulated
venue. Nothing here has been proven on the real venue yet.

## REST

A refusal is `{code, msg, requestTime, data: null}` with msg `CODE: text`. Besides those listed, private endpoints
refuse with AUTH_FAILED and CLOCK_SKEW, every endpoint with RATE_LIMITED, MAINTENANCE, PARAMETER_INVALID and
UNKNOWN_SYMBOL.
"""
_BETWEEN = """
What is not listed does not exist: 404, NOT_IN_DIALECT, logged with the key that asked. That is every endpoint that
withdraws or transfers.

## WebSocket

`/v2/ws/public` and `/v2/ws/private` (login first). Text `ping` is answered `pong`; 120 s of silence end a session. A
subscription is acknowledged, then answered with a snapshot to that session alone.
"""
_TAIL = """
## What the wire does not carry

Fills over REST have no client order id; the REST ticker has no next funding time; REST books have no sequence;
`account/accounts` has no position mode. A status `rejected` is written `canceled` with its reason. Orders that wait for
a trigger are listed by `orders-plan-pending`, whatever planType is asked for, and are not pushed. A stop is named
profit_plan there when the venue named the order (tp-…), else loss_plan. Positions are one-way: hedge mode is refused.
"""

_ORDER = (
    "PRICE_NOT_ON_TICK, PRICE_OUT_OF_RANGE, QTY_NOT_ON_LOT, QTY_BELOW_MIN, QTY_ABOVE_MAX, NOTIONAL_BELOW_MIN, "
    "INSUFFICIENT_MARGIN, POST_ONLY_WOULD_CROSS, REDUCE_ONLY_REJECTED, DUPLICATE_CLIENT_ORDER_ID, "
    "POSITION_MODE_MISMATCH, POSITION_MODE_LOCKED, UNSUPPORTED"
)
_REFUSALS: dict[str, str] = {
    "PlaceOrder": _ORDER,
    "PlaceOrders": f"in failureList: {_ORDER}",
    "PlaceProtected": _ORDER,
    "PlaceStop": "PRICE_NOT_ON_TICK, PRICE_OUT_OF_RANGE, QTY_NOT_ON_LOT, REDUCE_ONLY_REJECTED, "
    "DUPLICATE_CLIENT_ORDER_ID, UNSUPPORTED",
    "ModifyOrder": f"ORDER_NOT_FOUND, ORDER_NOT_OPEN, {_ORDER}",
    "CancelOrder": "ORDER_NOT_FOUND, ORDER_NOT_OPEN",
    "CancelOrders": "in failureList: ORDER_NOT_FOUND, ORDER_NOT_OPEN",
    "ClosePosition": "REDUCE_ONLY_REJECTED, NO_LIQUIDITY",
    "GetOrder": "ORDER_NOT_FOUND",
    "SetLeverage": "LEVERAGE_TOO_HIGH",
    "SetMarginMode": "POSITION_MODE_LOCKED",
    "SetPositionMode": "POSITION_MODE_LOCKED, UNSUPPORTED",
    "!": "UNSUPPORTED",
}

# (session, channels, what a row has, source)
CHANNELS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("public", ("books",), "snapshot, then update with seq, pseq, checksum of 25 levels", "Order-Book-Channel"),
    ("public", ("books1", "books5", "books15"), "a snapshot of that depth each time", "Order-Book-Channel"),
    ("public", ("trade",), "ts, price, size, side, tradeId", "New-Trades-Channel"),
    ("public", ("ticker",), "as REST, and nextFundingTime", "Tickers-Channel"),
    ("private", ("account",), "maxOpenPosAvailable, equity, frozen, …; after every order event", "Account-Channel"),
    ("private", ("positions",), "all open positions each time: what is absent is closed", "Positions-Channel"),
    ("private", ("orders",), "the order; tradeId, fillPrice, fillFee, … on fills only", "Order-Channel"),
    ("private", ("fill",), "one row a fill", "Fill-Channel"),
)


def page() -> str:
    """Markdown."""
    return "\n".join([_HEAD, *_endpoints(), _BETWEEN, *_channels(), *_codes(), _dead_man(), _TAIL])


def _dead_man() -> str:
    """What cancels our orders when this machine dies."""
    timer = DEAD_MAN_TIMER
    offered = "The venue offers one" if timer.is_offered else "There is none, so arming needs the watchdog"
    return f"\n## Dead-man timer\n\n{offered}: {timer.why} ({timer.source})."


def _endpoints() -> Iterator[str]:
    proven = "proven on the real venue"
    yield from _table_head(
        "endpoint", "asks", "request", "data of the answer", "refuses", "a second", "clients", "source", proven
    )
    yield from (_endpoint(endpoint) for endpoint in ENDPOINTS)


def _endpoint(endpoint: Endpoint) -> str:
    asks = {"-": "(answered by the dialect)", "!": "(refused)"}.get(endpoint.asks, endpoint.asks)
    return _row(
        f"{endpoint.method} {endpoint.name}",
        asks,
        FIELDS[endpoint.name],
        endpoint.answers,
        _REFUSALS.get(endpoint.asks, ""),
        str(endpoint.per_second),
        endpoint.clients,
        endpoint.source,
        NOT_PROVEN,
    )


def _channels() -> Iterator[str]:
    yield from _table_head("session", "channel", "data", "source", "proven on the real venue")
    for session, names, what, source in CHANNELS:
        yield _row(session, ", ".join(names), what, f"contract/websocket/{session}/{source}", NOT_PROVEN)


def _codes() -> Iterator[str]:
    yield "\n## Refusal codes\n"
    yield from _table_head("neutral code", "HTTP", "venue's code")
    yield from (_row(code, str(status), number) for code, status, number in codes.table())
    other = codes.wire_of(venue.Refused(code="OTHER", text=""))
    yield _row("any other: the gateway's limits above all", str(other.status), other.code)
    yield "\nAuthentication is refused in the venue's own words, without a head:\n"
    yield from _table_head("words", "HTTP", "venue's code")
    yield from (_row(words, str(wire.status), wire.code) for words, wire in codes.authentication_table())
    ambiguous = ", ".join(sorted(codes.AMBIGUOUS_CODES))
    yield f"\nNever a refusal, always *unknown*, because the venue may have acted: HTTP 5xx, and {ambiguous}."


def _table_head(*names: str) -> Sequence[str]:
    return _row(*names), "|" + "---|" * len(names)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
