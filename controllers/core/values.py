"""The values a strategy sees and returns. Plain tuples: no I/O, no clock, no Hummingbot.

Amounts are Decimal. ``_pct`` is a fraction (0.05 is 5 %), ``_bps`` basis points, ``_ms`` UTC milliseconds,
``_base``/``_quote`` the asset an amount is in. A signed quantity is positive when long.
"""

from decimal import Decimal
from typing import Literal, NamedTuple

Side = Literal["buy", "sell"]
OrderType = Literal["limit_maker", "limit", "market"]
LevelState = Literal["placing", "open", "cancelling", "unknown"]


class Instrument(NamedTuple):
    """Trading rules of one pair."""

    pair: str  # "BTC-USDT"
    tick_size: Decimal  # quote per base
    lot_size: Decimal  # base
    min_qty_base: Decimal
    min_notional_quote: Decimal
    is_perpetual: bool


class LiveOrder(NamedTuple):
    """One order of ours that is not yet terminal at the connector; it occupies its level."""

    level_id: str  # "b0", "s1", "d0": side or derisk, and index
    client_order_id: str
    side: Side
    price: Decimal
    qty_base: Decimal
    filled_base: Decimal
    state: LevelState
    placed_ts_ms: int


class OwnFill(NamedTuple):
    """One trade of ours, reported to the strategy exactly once."""

    trade_id: str
    level_id: str
    client_order_id: str
    side: Side
    price: Decimal
    qty_base: Decimal
    fee_quote: Decimal  # positive is paid, negative is a rebate
    is_maker: bool | None  # None: the venue did not say
    order_price: Decimal
    ts_ms: int


class OwnRefusal(NamedTuple):
    """A submit that came back refused or failed; the level waits before it tries again."""

    level_id: str
    code: str
    text: str
    ts_ms: int


class ExternalIntent(NamedTuple):
    """What the desk asks of a bot from outside. Idempotent on intent_id, void after expires_at_ms."""

    intent_id: str
    action: Literal["soft_pause", "resume", "kill_switch", "set_target_base_pct"]
    target_base_pct: Decimal | None
    reason: str
    expires_at_ms: int


class MarketView(NamedTuple):
    """Everything one decision may look at, frozen at one tick.

    The book fields are the venue's best prices with our own orders included. ``book_changed_ts_ms`` is when the top of
    book last differed; ``book_heard_ts_ms`` when the stream last said anything (data, or a ping answered).
    """

    ts_ms: int
    instrument: Instrument
    bid_price: Decimal
    bid_qty_base: Decimal
    ask_price: Decimal
    ask_qty_base: Decimal
    book_changed_ts_ms: int
    book_heard_ts_ms: int
    is_connected: bool
    mark_price: Decimal
    funding_rate_pct: Decimal  # per funding period, positive: longs pay
    position_base: Decimal  # signed, as the gateway reports it
    entry_price: Decimal  # 0 when flat
    equity_quote: Decimal  # virtual account: capital + realised + unrealised - fees - funding
    available_quote: Decimal
    margin_ratio_pct: Decimal | None  # equity over position notional; None when flat or unknown
    maker_fee_pct: Decimal
    taker_fee_pct: Decimal
    fee_source: Literal["venue", "profile", "manual"]
    orders: tuple[LiveOrder, ...] = ()
    fills: tuple[OwnFill, ...] = ()  # since the last decision
    refusals: tuple[OwnRefusal, ...] = ()  # since the last decision
    intents: tuple[ExternalIntent, ...] = ()  # since the last decision
    cancels_last_minute: int = 0
    funding_paid_today_quote: Decimal = Decimal(0)  # positive is paid
    bus_blind_ms: int = 0  # how long the bus has been unreachable; 0 when it is not
    # Best prices without our own orders; None where the host cannot tell: then decide infers them.
    others_bid_price: Decimal | None = None
    others_ask_price: Decimal | None = None
    is_fee_resolved: bool = True  # False: every source of fees failed and these are a guess
    ws_reconnect_count: int = 0  # counters of the connector since its start, passed through to telemetry
    book_read_failed_count: int = 0
    base_balance: Decimal | None = None  # spot only
    quote_balance: Decimal | None = None


class NoView(NamedTuple):
    """There is nothing to judge by; the strategy stands down. ``reason`` is a registered reason code."""

    ts_ms: int
    reason: str
    detail: str
    fills: tuple[OwnFill, ...] = ()
    orders: tuple[LiveOrder, ...] = ()
    refusals: tuple[OwnRefusal, ...] = ()
    intents: tuple[ExternalIntent, ...] = ()
    bus_blind_ms: int = 0


class Candle(NamedTuple):
    """One minute that is over, from venue candles or folded from our own samples of mid."""

    ts_ms: int  # start of the minute, UTC
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


class PlaceQuote(NamedTuple):
    level_id: str
    side: Side
    order_type: OrderType
    price: Decimal  # on the tick; for a market order the worst price accepted
    qty_base: Decimal  # on the lot
    reason: str  # "quote", "derisk", "derisk_taker"


class CancelQuote(NamedTuple):
    level_id: str
    client_order_id: str
    reason: str


class Plan(NamedTuple):
    """What the host must carry out: cancels first, then places, each at most once."""

    place: tuple[PlaceQuote, ...]
    cancel: tuple[CancelQuote, ...]
    keep: tuple[str, ...]  # level ids left alone
    guard: Literal["RUNNING", "SOFT_PAUSE", "HARD_STOP"]
    reasons: tuple[str, ...]  # registered reason codes, most severe first
    kill_intent: str | None = None  # reason for a kill_switch intent to publish, once
