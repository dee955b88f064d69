"""The orders the gateway knows, and how to find them: by its own id, the bot's client id, the venue's id."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from services.common import venue
from services.gateway.records import TERMINAL, OrderRecord, OrderState

ZERO = Decimal(0)
OWN_PREFIX = re.compile(r"^hb[0-9]")
FIRST_GATEWAY_ID = 7_000_000_000_000_000_000


@dataclass(slots=True, eq=False)
class OrderRow:
    """One order of one bot. Mutable; ``record()`` is what the journal gets."""

    gateway_id: str
    bot_id: str
    client_id: str
    attempt: int
    symbol: str
    level: str
    side: venue.Side
    order_type: venue.OrderType
    time_in_force: venue.TimeInForce
    price: Decimal | None
    wire_price: Decimal | None
    qty: Decimal
    reduce_only: bool
    created_ms: int
    updated_ms: int
    config_hash: str = ""
    approver: str = ""
    fence: int = 0
    state: OrderState = "SUBMITTING"
    venue_id: str = ""
    filled: Decimal = ZERO
    filled_quote: Decimal = ZERO
    fee_quote: Decimal = ZERO
    reason: str = ""
    detail: str = ""
    is_tombstone: bool = False
    is_cancel_wanted: bool = False
    # below: of this life only
    is_sent: bool = False  # the wire may have seen it
    is_answered: bool = False  # the submit has come back, whatever it said
    accepted_mono_ms: int = 0  # when the venue was first known to have it
    terminal_mono_ms: int | None = None
    submit_request_id: int | None = None  # the bot's reply that is held back
    cancel_requests: list[int] = field(default_factory=list)
    cancel_reason: str = ""
    is_cancel_in_flight: bool = False
    is_cancel_due: bool = False
    cancel_tries: int = 0
    is_asking: bool = False  # a poll for its truth is under way or due
    asks: int = 0
    not_found: int = 0
    first_not_found_mono_ms: int = 0
    is_fetching: bool = False  # its fills are being read, or will be again in a moment
    venue_filled: Decimal = ZERO  # what the venue says is filled; fills may still be on their way
    ending: tuple[OrderState, str] | None = None  # terminal at the venue, waiting for its last fills

    @property
    def account_id(self) -> str:
        return self.bot_id  # one venue sub-account per bot, of the same name

    @property
    def is_terminal(self) -> bool:
        return self.state in TERMINAL

    @property
    def remaining(self) -> Decimal:
        return self.qty - self.filled

    @property
    def limit_price(self) -> Decimal:
        """Where it rests or at worst trades; every order has one."""
        price = self.wire_price if self.wire_price is not None else self.price
        assert price is not None
        return price

    def record(self) -> OrderRecord:
        return OrderRecord(
            gateway_order_id=self.gateway_id,
            bot_id=self.bot_id,
            account_id=self.account_id,
            client_order_id=self.client_id,
            attempt=self.attempt,
            symbol=self.symbol,
            level=self.level,
            side=self.side,
            order_type=self.order_type,
            time_in_force=self.time_in_force,
            price=self.price,
            wire_price=self.wire_price,
            qty_base=self.qty,
            reduce_only=self.reduce_only,
            state=self.state,
            venue_order_id=self.venue_id,
            filled_base=self.filled,
            filled_quote=self.filled_quote,
            fee_quote=self.fee_quote,
            reason=self.reason,
            detail=self.detail,
            is_tombstone=self.is_tombstone,
            is_cancel_wanted=self.is_cancel_wanted,
            config_hash=self.config_hash,
            approver=self.approver,
            fence=self.fence,
            created_ts_ms=self.created_ms,
            updated_ts_ms=self.updated_ms,
        )


def row_from(record: OrderRecord) -> OrderRow:
    """A row of an earlier life. The wire may have seen it."""
    return OrderRow(
        gateway_id=record.gateway_order_id,
        bot_id=record.bot_id,
        client_id=record.client_order_id,
        attempt=record.attempt,
        symbol=record.symbol,
        level=record.level,
        side=record.side,
        order_type=record.order_type,
        time_in_force=record.time_in_force,
        price=record.price,
        wire_price=record.wire_price,
        qty=record.qty_base,
        reduce_only=record.reduce_only,
        created_ms=record.created_ts_ms,
        updated_ms=record.updated_ts_ms,
        config_hash=record.config_hash,
        approver=record.approver,
        fence=record.fence,
        state=record.state,
        venue_id=record.venue_order_id,
        filled=record.filled_base,
        filled_quote=record.filled_quote,
        fee_quote=record.fee_quote,
        reason=record.reason,
        detail=record.detail,
        is_tombstone=record.is_tombstone,
        is_cancel_wanted=record.is_cancel_wanted,
        is_sent=True,
        is_answered=True,
        venue_filled=record.filled_base,
    )


def level_of(client_id: str) -> str:
    """The level code of a desk id ("hb1-b0-k3f9.17" -> "b0"); "" when the id is not of that shape."""
    parts = client_id.split("-")
    return parts[1] if len(parts) == 3 and OWN_PREFIX.match(client_id) else ""


class Orders:
    """All orders that are alive and the last few thousand that are not."""

    def __init__(self, terminal_kept_max: int = 5_000) -> None:
        self._by_gateway_id: dict[str, OrderRow] = {}
        self._by_client_id: dict[tuple[str, str], OrderRow] = {}  # (account, client id) -> latest attempt
        self._by_venue_id: dict[tuple[str, str], OrderRow] = {}
        self._open_by_bot: dict[str, dict[str, OrderRow]] = {}
        self._terminal: deque[OrderRow] = deque()
        self._terminal_kept_max = terminal_kept_max
        self._last_gateway_id = FIRST_GATEWAY_ID

    def next_gateway_id(self) -> str:
        self._last_gateway_id += 1
        return str(self._last_gateway_id)

    def take_id(self, gateway_id: str) -> None:
        """This id is somebody's: it is not given again."""
        self._last_gateway_id = max(self._last_gateway_id, int(gateway_id))

    def add(self, row: OrderRow) -> None:
        self.take_id(row.gateway_id)
        self._by_gateway_id[row.gateway_id] = row
        self._by_client_id[row.account_id, row.client_id] = row
        if row.venue_id:
            self._by_venue_id[row.account_id, row.venue_id] = row
        if row.is_terminal:
            self._retire(row)
        else:
            self._open_by_bot.setdefault(row.bot_id, {})[row.gateway_id] = row

    def set_venue_id(self, row: OrderRow, venue_id: str) -> None:
        if venue_id and row.venue_id != venue_id:
            row.venue_id = venue_id
            self._by_venue_id[row.account_id, venue_id] = row

    def close(self, row: OrderRow) -> None:
        """The row has become terminal."""
        if self._open_by_bot.get(row.bot_id, {}).pop(row.gateway_id, None) is not None:
            self._retire(row)

    def by_gateway_id(self, bot_id: str, gateway_id: str) -> OrderRow | None:
        row = self._by_gateway_id.get(gateway_id)
        return row if row is not None and row.bot_id == bot_id else None

    def by_client_id(self, account_id: str, client_id: str) -> OrderRow | None:
        return self._by_client_id.get((account_id, client_id)) if client_id else None

    def by_venue(self, account_id: str, venue_id: str, client_id: str) -> OrderRow | None:
        """The row of an order as the venue names it."""
        row = self._by_venue_id.get((account_id, venue_id)) if venue_id else None
        return row or self.by_client_id(account_id, client_id)

    def open_of(self, bot_id: str) -> list[OrderRow]:
        return list(self._open_by_bot.get(bot_id, {}).values())

    def open_count(self, bot_id: str | None = None) -> int:
        """Of one bot, or of all."""
        if bot_id is not None:
            return len(self._open_by_bot.get(bot_id, {}))
        return sum(len(rows) for rows in self._open_by_bot.values())

    def all_open(self) -> Iterator[OrderRow]:
        for rows in self._open_by_bot.values():
            yield from rows.values()

    def recent_of(self, bot_id: str, limit: int) -> list[OrderRow]:
        """The latest orders of the bot, terminal or not, newest first."""
        rows: Iterable[OrderRow] = sorted(
            (row for row in self._by_gateway_id.values() if row.bot_id == bot_id),
            key=lambda row: row.gateway_id,
            reverse=True,
        )
        return list(rows)[:limit]

    def _retire(self, row: OrderRow) -> None:
        self._terminal.append(row)
        while len(self._terminal) > self._terminal_kept_max:
            old = self._terminal.popleft()
            self._by_gateway_id.pop(old.gateway_id, None)
            self._by_venue_id.pop((old.account_id, old.venue_id), None)
            if self._by_client_id.get((old.account_id, old.client_id)) is old:
                del self._by_client_id[old.account_id, old.client_id]
