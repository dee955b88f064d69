"""A bot's own account: its capital and what came of it. Sums of the venue's own numbers, to the last digit.

realised is price move only; fees and funding are positive when paid; transfers are kept apart, so that a deposit is
never a profit. Entry prices are averages over what is open; a position that flips starts anew at the fill's price.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from services.common import venue
from services.gateway.records import AccountRecord, PeriodRecord

ZERO = Decimal(0)


class Holding(NamedTuple):
    qty_base: Decimal  # signed
    entry_price: Decimal  # 0 when flat


FLAT = Holding(ZERO, ZERO)


@dataclass(slots=True)
class VirtualAccount:
    bot_id: str
    capital_quote: Decimal
    realized_pnl_quote: Decimal = ZERO
    fees_quote: Decimal = ZERO
    funding_quote: Decimal = ZERO
    transfers_quote: Decimal = ZERO
    suspense_quote: Decimal = ZERO  # notional of fills that belong to no order of ours
    holdings: dict[str, Holding] = field(default_factory=dict)
    fills_cursor_ms: int = 0
    bills_cursor_ms: int = 0
    is_connected_before: bool = False
    fence: int = 0
    since_ms: int = 0  # of the first connect: trades before it are not the desk's
    ignored: dict[str, Decimal] = field(default_factory=dict)  # found at the first connect and left alone
    day: PeriodRecord = field(default_factory=PeriodRecord)
    month: PeriodRecord = field(default_factory=PeriodRecord)

    def holding(self, symbol: str) -> Holding:
        return self.holdings.get(symbol, FLAT)

    def add_fill(self, fill: venue.Fill) -> None:
        """Book a trade. The caller has made sure that it is booked once."""
        self.realized_pnl_quote += fill.realized_pnl_quote
        self.fees_quote += fill.fee_quote
        self.holdings[fill.symbol] = after_fill(self.holding(fill.symbol), fill.side, fill.qty_base, fill.price)
        notional = fill.qty_base * fill.price
        self.day = replace(self.day, traded_quote=self.day.traded_quote + notional)
        self.month = replace(self.month, traded_quote=self.month.traded_quote + notional)

    def add_bill(self, bill: venue.Bill) -> None:
        """Book funding or a transfer; fees and price results come with the fills."""
        if bill.kind == "funding":
            self.funding_quote -= bill.amount_quote
        elif bill.kind == "transfer":
            self.transfers_quote += bill.amount_quote

    def adopt(self, positions: tuple[venue.Position, ...]) -> None:
        """Take over what the venue account held before the desk came to it."""
        self.holdings = {p.symbol: Holding(p.qty_base, p.entry_price) for p in positions if p.qty_base != 0}

    def wallet_quote(self) -> Decimal:
        """Equity without what is open."""
        return self.capital_quote + self.realized_pnl_quote - self.fees_quote - self.funding_quote

    def result_quote(self, marks: Mapping[str, Decimal]) -> Decimal:
        """Everything gained so far, what is open at the mark; negative is a loss."""
        return self.wallet_quote() - self.capital_quote + self.unrealized_quote(marks)

    def unrealized_quote(self, marks: Mapping[str, Decimal]) -> Decimal:
        """At the mark; at entry (so zero) where no mark is known."""
        total = ZERO
        for symbol, holding in self.holdings.items():
            mark = marks.get(symbol)
            if mark is not None and holding.qty_base:
                total += holding.qty_base * (mark - holding.entry_price)
        return total

    def record(self) -> AccountRecord:
        return AccountRecord(
            bot_id=self.bot_id,
            capital_quote=self.capital_quote,
            realized_pnl_quote=self.realized_pnl_quote,
            fees_quote=self.fees_quote,
            funding_quote=self.funding_quote,
            transfers_quote=self.transfers_quote,
            positions={symbol: (h.qty_base, h.entry_price) for symbol, h in self.holdings.items() if h.qty_base},
            suspense_quote=self.suspense_quote,
            fills_cursor_ms=self.fills_cursor_ms,
            bills_cursor_ms=self.bills_cursor_ms,
            is_connected_before=self.is_connected_before,
            fence=self.fence,
            since_ms=self.since_ms,
            ignored=self.ignored,
            day=self.day,
            month=self.month,
        )


def account_from(record: AccountRecord) -> VirtualAccount:
    return VirtualAccount(
        bot_id=record.bot_id,
        capital_quote=record.capital_quote,
        realized_pnl_quote=record.realized_pnl_quote,
        fees_quote=record.fees_quote,
        funding_quote=record.funding_quote,
        transfers_quote=record.transfers_quote,
        suspense_quote=record.suspense_quote,
        holdings={symbol: Holding(qty, entry) for symbol, (qty, entry) in record.positions.items()},
        fills_cursor_ms=record.fills_cursor_ms,
        bills_cursor_ms=record.bills_cursor_ms,
        is_connected_before=record.is_connected_before,
        fence=record.fence,
        since_ms=record.since_ms,
        ignored=dict(record.ignored),
        day=record.day,
        month=record.month,
    )


def after_fill(held: Holding, side: venue.Side, qty_base: Decimal, price: Decimal) -> Holding:
    """The position after a trade: average entry while it grows, unchanged entry while it shrinks."""
    signed = qty_base if side == "buy" else -qty_base
    total = held.qty_base + signed
    if total == 0:
        return FLAT
    if held.qty_base == 0 or (held.qty_base > 0) != (total > 0):
        return Holding(total, price)
    if (signed > 0) == (held.qty_base > 0):
        cost = abs(held.qty_base) * held.entry_price + qty_base * price
        return Holding(total, cost / abs(total))
    return Holding(total, held.entry_price)
