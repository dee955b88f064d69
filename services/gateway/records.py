"""What the journal keeps: one value per kind of row. Amounts are Decimal; times are UTC milliseconds."""

from decimal import Decimal
from typing import Literal

import msgspec

from services.common import venue

OrderState = Literal[
    "SUBMITTING",  # durable, on its way; an answer is awaited
    "ACCEPTED",
    "UNKNOWN",  # nobody can say; the venue is being asked by client order id
    "PARTIALLY_FILLED",
    "FILLED",
    "CANCELLED",
    "REFUSED",
]
TERMINAL: frozenset[str] = frozenset({"FILLED", "CANCELLED", "REFUSED"})


class OrderRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An order as last known. Key: ``gateway_order_id``. ``attempt`` counts the submits under one client order id, as
    far back as they are remembered."""

    gateway_order_id: str
    bot_id: str
    account_id: str
    client_order_id: str
    attempt: int
    symbol: str
    level: str
    side: venue.Side
    order_type: venue.OrderType
    time_in_force: venue.TimeInForce
    price: Decimal | None  # as the bot asked
    wire_price: Decimal | None  # as sent: a market order goes out with the collar as its limit
    qty_base: Decimal
    reduce_only: bool
    state: OrderState
    venue_order_id: str
    filled_base: Decimal
    filled_quote: Decimal
    fee_quote: Decimal
    reason: str
    detail: str
    is_tombstone: bool  # "not found" was taken as final; a later sighting is a ghost
    is_cancel_wanted: bool
    config_hash: str
    approver: str
    fence: int
    created_ts_ms: int
    updated_ts_ms: int


class FillRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A trade, counted once. Key: (account_id, trade_id)."""

    account_id: str
    gateway_order_id: str  # "" while it is in suspense
    fill: venue.Fill
    source: Literal["stream", "poll", "startup"]
    is_suspense: bool
    ts_ms: int


class BillRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Funding or a transfer, counted once. Key: (account_id, bill_id)."""

    account_id: str
    bill: venue.Bill


class PeriodRecord(msgspec.Struct, frozen=True):
    """What a UTC day or month of a bot is measured from."""

    name: str = ""  # "2026-11-20" or "2026-11"; "" before the first
    opening_quote: Decimal = Decimal(0)  # result when it began: price moves, fees, funding, what is open at the mark
    traded_quote: Decimal = Decimal(0)  # notional of its trades, both sides


class AccountRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A bot's virtual account after everything above it in the journal. Key: bot_id."""

    bot_id: str
    capital_quote: Decimal
    realized_pnl_quote: Decimal
    fees_quote: Decimal
    funding_quote: Decimal
    transfers_quote: Decimal
    positions: dict[str, tuple[Decimal, Decimal]]  # symbol -> (signed base, entry price)
    suspense_quote: Decimal
    fills_cursor_ms: int  # venue time up to which fills have been read
    bills_cursor_ms: int
    is_connected_before: bool  # the first connect has been answered
    ignored: dict[str, Decimal] = {}  # signed base that was there at the first connect and is left alone
    fence: int = 0  # the highest lease token seen
    since_ms: int = 0  # of the first connect: trades before it are not the desk's
    day: PeriodRecord = PeriodRecord()
    month: PeriodRecord = PeriodRecord()


Record = OrderRecord | FillRecord | BillRecord | AccountRecord
