"""What one decision looked at and concluded, typed: the source of telemetry, minute.csv, fills.csv, daily.csv and the
page.

Amounts are Decimal. ``_pct`` is a fraction (0.05 is 5 %), ``_bps`` basis points, ``_ms`` milliseconds. None means "not
known at this tick", never zero. Units and ranges of every field stand in ``processed_doc.py``.
"""

from decimal import Decimal
from typing import Final, Literal, NamedTuple

from controllers.core.values import Side

Outcome = Literal["applied", "clamped", "duplicate", "expired", "refused"]
GuardName = Literal["RUNNING", "SOFT_PAUSE", "HARD_STOP"]

# Locked: other tools read these files by name. The first 21 are as first used; newer ones only ever go to the end.
MINUTE_COLUMNS: Final[tuple[str, ...]] = (
    "ts",
    "bot_variant",
    "exchange",
    "trading_pair",
    "state",
    "regime",
    "mid",
    "equity_quote",
    "base_pct",
    "target_base_pct",
    "spread_pct",
    "spread_floor_pct",
    "net_edge_pct",
    "skew",
    "adverse_drift_30s",
    "soft_pause_edge",
    "base_balance",
    "quote_balance",
    "turnover_today_x",
    "cancel_per_min",
    "orders_active",
    "daily_loss_pct",
    "drawdown_pct",
    "risk_reasons",
    "required_spread_pct",
    "market_spread_pct",
    "band_pct",
    "drift_cost_pct",
    "inventory_pct",
    "fills_today",
    "fees_today_quote",
    "funding_rate",
    "funding_cost_today_quote",
    "realized_pnl_today_quote",
    "margin_ratio",
    "position_drift_pct",
    "fee_source",
    "modelled_edge_bps",
    "realised_edge_bps",
    "edge_samples",
    "order_book_stale",
    "ws_reconnect_count",
    "paper_fill_count",
    "paper_reject_count",
    "paper_avg_queue_delay_ms",
    "tick_duration_ms",
)
FILL_COLUMNS: Final[tuple[str, ...]] = (
    "ts",
    "bot_variant",
    "exchange",
    "trading_pair",
    "side",
    "price",
    "amount_base",
    "notional_quote",
    "fee_quote",
    "order_id",
    "state",
    "trade_id",
    "is_maker",
    "realized_pnl_quote",
    "mid_ref",
    "expected_spread_pct",
    "adverse_drift_30s",
    "pnl_vs_mid_pct",
    "level_id",
    "modelled_edge_bps",
)
DAILY_COLUMNS: Final[tuple[str, ...]] = (
    "ts",
    "bot_variant",
    "exchange",
    "trading_pair",
    "state",
    "equity_open_quote",
    "equity_now_quote",
    "pnl_quote",
    "pnl_pct",
    "turnover_x",
    "fills_count",
    "ops_events",
    "equity_peak_quote",
    "fees_quote",
    "funding_cost_quote",
    "realized_pnl_quote",
    "maker_fills_count",
)


class FillReport(NamedTuple):
    """One fill with what it meant. Exactly one per trade id."""

    ts_ms: int
    trade_id: str
    client_order_id: str
    level_id: str
    side: Side
    price: Decimal  # quote per base, > 0
    qty_base: Decimal  # > 0
    notional_quote: Decimal  # > 0
    fee_quote: Decimal  # positive is paid
    is_maker: bool
    is_maker_inferred: bool  # the venue did not say
    is_fee_estimated: bool  # the fee could not be read; the taker fee stands in
    realized_pnl_quote: Decimal  # (price - average entry) * closed quantity * direction - fee
    mid_ref_price: Decimal | None  # mid at the decision that heard of the fill
    expected_spread_pct: Decimal | None  # total spread then quoted
    drift_30s_pct: Decimal | None
    pnl_vs_mid_pct: Decimal | None  # (mid_ref - price) * direction / mid_ref
    modelled_edge_bps: Decimal | None  # net edge the model gave this fill
    guard: GuardName


class MarkoutReport(NamedTuple):
    """Move of mid after one of our fills; positive is in our favour."""

    ts_ms: int
    trade_id: str
    side: Side
    horizon_s: int  # 5, 30, 60
    markout_bps: Decimal  # (mid - fill price) * direction / fill price
    fee_bps: Decimal
    funding_bps: Decimal  # expected funding over the horizon, a cost
    realised_edge_bps: Decimal  # markout - fee - funding
    modelled_edge_bps: Decimal


class DailyReport(NamedTuple):
    """One UTC day that is over (or, at a clean stop, so far)."""

    ts_ms: int
    day: int  # days since 1970-01-01 UTC
    guard: GuardName
    equity_open_quote: Decimal
    equity_peak_quote: Decimal
    equity_now_quote: Decimal
    pnl_quote: Decimal  # equity now less equity at open: price moves, fees and funding together
    pnl_pct: Decimal
    turnover_x: Decimal
    traded_notional_quote: Decimal
    fills_count: int
    maker_fills_count: int
    fees_quote: Decimal
    funding_cost_quote: Decimal
    realized_pnl_quote: Decimal
    ops_events: int  # guard transitions


class IntentAudit(NamedTuple):
    """What became of one external intent; every intent that arrives leaves exactly one."""

    ts_ms: int
    intent_id: str
    action: str
    outcome: Outcome
    before: str
    after: str
    reason: str


class Notice(NamedTuple):
    """Something a person should read about. ``code`` is a registered reason code, ``detail`` has value, limit, next
    step.
    """

    level: Literal["info", "warning", "error"]
    code: str
    detail: str


class ProcessedState(NamedTuple):
    # when and who
    ts_ms: int
    bot_id: str
    variant: str
    variant_mode: str
    exchange: str
    trading_pair: str | None
    minute_due_ms: int | None  # set once a minute, to the start of the minute that is over: write the row now
    is_persist_due: bool  # set once a minute and when something must survive a restart: save the state now

    # guard
    guard: GuardName
    reasons: tuple[str, ...]  # most severe first
    hard_stop_reason: str | None
    soft_pause_edge: bool  # the edge gate is why the bot pauses
    gate_is_open: bool
    is_external_pause: bool
    is_derisking: bool

    # market
    mid_price: Decimal | None
    bid_price: Decimal | None  # best of others where that is known
    ask_price: Decimal | None
    market_spread_pct: Decimal | None
    mark_price: Decimal | None
    regime: str
    regime_candidate: str
    is_warm: bool
    bars_count: int
    ema_price: Decimal | None
    atr_quote: Decimal | None
    band_pct: Decimal | None
    drift_30s_pct: Decimal | None  # absolute 30 s move of mid, never signed
    drift_ewma_pct: Decimal | None

    # spread and edge, fractions of mid
    spread_pct: Decimal | None
    pick_spread_pct: Decimal | None
    required_spread_pct: Decimal | None
    spread_floor_pct: Decimal | None  # the largest of required, volatility floor and market floor
    volatility_floor_pct: Decimal | None
    costs_pct: Decimal | None
    drift_cost_pct: Decimal | None
    turnover_penalty_pct: Decimal | None
    funding_cost_est_pct: Decimal | None
    net_edge_pct: Decimal | None
    skew_pct: Decimal | None
    buy_distance_pct: Decimal | None
    sell_distance_pct: Decimal | None
    levels_count: int  # per side
    refresh_s: int
    order_qty_base: Decimal | None

    # inventory and equity
    base_pct: Decimal | None
    target_base_pct: Decimal | None
    inventory_pct: Decimal | None
    position_base: Decimal | None
    own_position_base: Decimal | None  # what our own fills add up to
    position_drift_pct: Decimal | None
    entry_price: Decimal | None
    equity_quote: Decimal | None
    available_quote: Decimal | None
    margin_ratio_pct: Decimal | None

    # the day
    equity_open_quote: Decimal | None
    equity_peak_quote: Decimal | None
    daily_loss_pct: Decimal | None
    drawdown_pct: Decimal | None
    turnover_today_x: Decimal | None
    traded_notional_today_quote: Decimal
    fills_today: int
    maker_fills_today: int
    fees_today_quote: Decimal
    funding_cost_today_quote: Decimal
    funding_expected_today_quote: Decimal
    realized_pnl_today_quote: Decimal
    ops_events_today: int

    # fees and funding
    fee_source: str | None
    maker_fee_pct: Decimal | None
    taker_fee_pct: Decimal | None
    funding_rate_pct: Decimal | None

    # modelled beside realised
    modelled_edge_bps: Decimal | None  # notional-weighted mean over the fills of the window; before any, of this moment
    realised_edge_bps: Decimal | None
    edge_gap_bps: Decimal | None
    edge_samples: int
    markout_5s_bps: Decimal | None  # running means of this day
    markout_30s_bps: Decimal | None
    markout_60s_bps: Decimal | None

    # orders and connector
    orders_active: int
    cancel_per_min: int
    cancel_breach_count: int
    is_connected: bool
    data_age_ms: int | None
    book_age_ms: int | None
    order_book_stale: bool
    ws_reconnect_count: int
    book_read_failed_count: int
    bus_blind_ms: int
    base_balance: Decimal | None  # spot only
    quote_balance: Decimal | None  # spot only

    # what happened at this tick
    fills: tuple[FillReport, ...] = ()
    markouts: tuple[MarkoutReport, ...] = ()
    audits: tuple[IntentAudit, ...] = ()
    notices: tuple[Notice, ...] = ()
    daily: DailyReport | None = None

    # filled in by the host: it holds the stopwatch and the paper statistics
    tick_duration_ms: Decimal | None = None
    indicator_duration_ms: Decimal | None = None
    connector_io_duration_ms: Decimal | None = None
    csv_write_duration_ms: Decimal | None = None
    paper_fill_count: int | None = None
    paper_reject_count: int | None = None
    paper_avg_queue_delay_ms: Decimal | None = None
