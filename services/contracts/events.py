"""Versioned, typed, frozen events: everything that is ever published on the bus.

A field is never removed or re-used; a new one carries a default. A change of meaning is a new kind (``fill.v2``), the
old one stays readable for as long as the store holds it. Amounts are Decimal, ``_pct`` a fraction, fees positive when
paid.

Envelope: ``seq`` counts up by one per (source, source_epoch, stream), so that a gap is seen; ``source_epoch`` is new at
each start of the source. ``cause_id`` is the event_id of what made this happen, so "why did we halt" is a walk.
"""

from decimal import Decimal
from typing import Literal

import msgspec

Side = Literal["buy", "sell"]
Severity = Literal["info", "warning", "critical"]


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    event_id: str  # UUIDv7
    source: str  # "gateway", "bot.bot1", "kill_switch", …
    source_epoch: int  # ms at which this life of the source began
    seq: int  # 1, 2, 3 … per (source, source_epoch, stream)
    bot_id: str  # "desk" for what concerns all
    ts_ms: int  # when the event was made
    config_hash: str
    cause_id: str | None = None


# ------------------------------------------------------------------------------------------------ gateway: drop copy


class OrderV1(Event, tag="order.v1", frozen=True, kw_only=True):
    """One step in the life of an order as the gateway's journal has it."""

    state: Literal[
        "SUBMITTING", "ACCEPTED", "REFUSED", "UNKNOWN", "PARTIALLY_FILLED", "FILLED", "CANCELLING", "CANCELLED", "GHOST"
    ]
    symbol: str
    client_order_id: str  # the bot's
    gateway_order_id: str  # what the bot knows as exchange order id
    venue_order_id: str = ""
    side: Side
    order_type: Literal["limit", "market"]
    time_in_force: str
    price: Decimal | None
    base_qty: Decimal
    filled_base: Decimal = Decimal(0)
    reduce_only: bool = False
    reason: str = ""  # reason code when REFUSED, CANCELLED, UNKNOWN, PARTIALLY_FILLED
    detail: str = ""  # limit and value, or how much of it was filled, in words


class FillV1(Event, tag="fill.v1", frozen=True, kw_only=True):
    symbol: str
    trade_id: str
    client_order_id: str
    gateway_order_id: str
    venue_order_id: str
    side: Side
    price: Decimal
    base_qty: Decimal
    fee_quote: Decimal
    liquidity: Literal["maker", "taker"]
    realized_pnl_quote: Decimal  # price move only, in the bot's virtual account
    mid_price: Decimal | None = None  # at the gateway when the fill was heard
    ts_exch_ms: int


class MarketSnapshotV1(Event, tag="market_snapshot.v1", frozen=True, kw_only=True):
    """Every 10 s per symbol: what backtests and drift measurement read."""

    symbol: str
    bid_price: Decimal
    bid_qty_base: Decimal
    ask_price: Decimal
    ask_qty_base: Decimal
    mark_price: Decimal
    index_price: Decimal
    funding_rate_pct: Decimal
    next_funding_ts_ms: int
    ts_exch_ms: int
    ts_local_ms: int
    age_ms: int  # since the stream was last heard


class RiskDecisionV1(Event, tag="risk_decision.v1", frozen=True, kw_only=True):
    """A submit that was refused, a limit that was set off, or a scope that tightened."""

    scope: str  # "bot:bot1", "account:main", "venue:bitget", "desk"
    decision: Literal["refused", "tightened", "loosened", "warned"]
    reason: str
    limit: str
    value: str
    next_step: str
    client_order_id: str = ""
    symbol: str = ""


class VirtualAccountV1(Event, tag="virtual_account.v1", frozen=True, kw_only=True):
    """A bot's own account at the gateway: capital plus its own results, net of transfers."""

    capital_quote: Decimal
    equity_quote: Decimal
    realized_pnl_quote: Decimal  # price move only
    unrealized_pnl_quote: Decimal
    fees_quote: Decimal
    funding_quote: Decimal
    positions_base: dict[str, Decimal]
    open_orders: int


# ------------------------------------------------------------------------------------------------------- bot: decisions


class QuoteDecisionV1(Event, tag="quote_decision.v1", frozen=True, kw_only=True):
    """One decision that changed something, with why."""

    symbol: str
    guard: Literal["RUNNING", "SOFT_PAUSE", "HARD_STOP"]
    regime: str
    reasons: list[str]
    mid_price: Decimal | None
    spread_pct: Decimal | None
    required_spread_pct: Decimal | None
    net_edge_pct: Decimal | None
    inventory_pct: Decimal | None
    skew_pct: Decimal | None
    placed: list[str]  # "b0 buy 0.0100 @ 60123.4"
    cancelled: list[str]


class BotMinuteV1(Event, tag="bot_minute.v1", frozen=True, kw_only=True):
    """One row of minute.csv; ``row`` has exactly its columns, as text."""

    row: dict[str, str]


class BotFillV1(Event, tag="bot_fill.v1", frozen=True, kw_only=True):
    """One row of fills.csv: the bot's own view of a fill."""

    row: dict[str, str]


class BotDailyV1(Event, tag="bot_daily.v1", frozen=True, kw_only=True):
    """One row of daily.csv, at rollover and at a clean stop."""

    row: dict[str, str]


class BotMarkoutV1(Event, tag="bot_markout.v1", frozen=True, kw_only=True):
    """Move of mid after one of our fills, signed in our favour, and the edge it leaves after the fee."""

    trade_id: str
    symbol: str
    horizon_s: int
    markout_bps: Decimal
    fee_bps: Decimal
    realised_edge_bps: Decimal
    modelled_edge_bps: Decimal


class BotStatusV1(Event, tag="bot_status.v1", frozen=True, kw_only=True):
    """Every second or so: what the page and `desk status` show. Never used to judge."""

    symbol: str
    guard: str
    reasons: list[str]
    regime: str
    mid_price: Decimal | None
    equity_quote: Decimal | None
    position_base: Decimal | None
    open_orders: int
    submits: int  # counters since the start of this life
    cancels: int
    fills: int
    refusals: int
    modelled_edge_bps: Decimal | None
    realised_edge_bps: Decimal | None
    first_order_s: Decimal | None  # from process start to the first order acknowledged by the venue
    tick_ms: Decimal | None
    decided_ts_ms: int | None = None  # when the numbers were worked out; a status repeats them until the next decision
    market_age_ms: int | None = None  # how old the market data behind them were then


# ------------------------------------------------------------------------------------------- the three that flow back


class IntentV1(Event, tag="intent.v1", frozen=True, kw_only=True):
    """What the desk asks of one bot. Small, typed, expiring, audited."""

    action: Literal["soft_pause", "resume", "kill_switch", "set_target_base_pct"]
    target_base_pct: Decimal | None = None
    reason: str
    actor: str
    expires_at_ms: int


class LatchV1(Event, tag="latch.v1", frozen=True, kw_only=True):
    """The state of a gateway scope. HALTED survives restarts; only a person loosens."""

    scope: str
    state: Literal["ACTIVE", "REDUCING", "HALTED"]
    reason: str
    actor: str


class CommandV1(Event, tag="command.v1", frozen=True, kw_only=True):
    """What a person asked for, before anything was done about it."""

    action: str
    scope: str
    arguments: dict[str, str]
    actor: str
    expires_at_ms: int


# ----------------------------------------------------------------------------------------------------------- the rest


class StateSnapshotV1(Event, tag="state_snapshot.v1", frozen=True, kw_only=True):
    """Health of one service, every few seconds."""

    service: str
    health: Literal["starting", "ready", "degraded", "stopping"]
    detail: str = ""
    pid: int = 0
    uptime_ms: int = 0
    counters: dict[str, int] = {}


class AuditV1(Event, tag="audit.v1", frozen=True, kw_only=True):
    """Who did what, hash-chained: hash covers prev_hash and every other field."""

    actor: str
    role: str
    action: str
    scope: str
    before: str
    after: str
    reason: str
    approvers: list[str]
    prev_hash: str
    hash: str


class BreakV1(Event, tag="break.v1", frozen=True, kw_only=True):
    """Two truths that differ. It has an age, a severity and an owner, and is never repaired silently."""

    break_id: str
    what: str  # "ghost_order", "orphan_order", "fill_mismatch", "position_mismatch", "unattended_position", …
    scope: str
    ours: str
    theirs: str
    severity: Severity
    owner: str
    opened_ts_ms: int
    state: Literal["open", "acknowledged", "closed"]


class DeadLetterV1(Event, tag="dead_letter.v1", frozen=True, kw_only=True):
    """What could not be read or was refused by a reader, with its bytes."""

    stream: str
    entry_id: str
    reader: str
    error: str
    raw: str


class DuplicateV1(Event, tag="duplicate.v1", frozen=True, kw_only=True):
    """Only in the store's files: an event_id told again at another place of a sequence. The place is filled, the event
    counts once. The envelope is the repeat's own."""

    stream: str


AnyEvent = (
    OrderV1
    | FillV1
    | MarketSnapshotV1
    | RiskDecisionV1
    | VirtualAccountV1
    | QuoteDecisionV1
    | BotMinuteV1
    | BotFillV1
    | BotDailyV1
    | BotMarkoutV1
    | BotStatusV1
    | IntentV1
    | LatchV1
    | CommandV1
    | StateSnapshotV1
    | AuditV1
    | BreakV1
    | DeadLetterV1
    | DuplicateV1
)
