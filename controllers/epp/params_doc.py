"""What each parameter means: unit, range, group and one sentence. Validation, the reference page and forms are made
from it.
"""

from decimal import Decimal
from typing import Final, NamedTuple


class ParamDoc(NamedTuple):
    name: str
    group: str
    unit: str  # "fraction", "bps", "s", "ms", "count", "x", "quote", "text", "yes/no"
    low: Decimal | None  # None: not a number
    high: Decimal | None
    description: str
    choices: tuple[str, ...] = ()


def _n(name: str, group: str, unit: str, low: str, high: str, description: str) -> ParamDoc:
    return ParamDoc(name, group, unit, Decimal(low), Decimal(high), description)


def _t(name: str, group: str, description: str, choices: tuple[str, ...] = ()) -> ParamDoc:
    return ParamDoc(name, group, "text", None, None, description, choices)


def _b(name: str, group: str, description: str) -> ParamDoc:
    return ParamDoc(name, group, "yes/no", None, None, description)


_MODES: Final = ("live", "paper_only", "disabled", "no_trade")
_DESK: Final = ("sim", "paper", "shadow", "testnet", "live")

PARAM_DOCS: Final[tuple[ParamDoc, ...]] = (
    _t("bot_id", "identity", "Which bot this is; goes into every row and event."),
    _t("exchange", "identity", "Connector name as it appears in the rows."),
    _t("variant", "identity", "Letter of the variant: a live, b and c disabled, d no_trade.", ("a", "b", "c", "d")),
    _t("variant_mode", "identity", "What the variant may do; authoritative over the letter.", _MODES),
    _t("desk_mode", "identity", "What stands behind the gateway; paper_only trades only in sim, paper, shadow.", _DESK),
    _t(
        "rearm_token",
        "identity",
        "A HARD_STOP is lifted only by a start with another token than the one it was set under.",
    ),
    ParamDoc(
        "regimes", "regime", "table", None, None, "One row per regime: spread, levels, refresh, target, size, sides."
    ),
    _n("sample_ms", "regime", "ms", "1000", "60000", "Distance between samples of mid."),
    _n("ema_period", "regime", "count", "2", "1000", "EMA length in minute bars."),
    _n("atr_period", "regime", "count", "2", "1000", "ATR length in minute bars (Wilder)."),
    _n("bars_max", "regime", "count", "60", "10000", "Minute bars kept."),
    _n("buffer_gap_s_max", "regime", "s", "60", "86400", "A silence longer than this starts the indicators cold."),
    _n("regime_hold_ticks", "regime", "count", "1", "100", "Samples in a row that a new regime must be seen in."),
    _n(
        "high_vol_band_pct",
        "regime",
        "fraction",
        "0.0001",
        "0.5",
        "Band at or above which the regime is high_vol_shock.",
    ),
    _n(
        "neutral_high_vol_band_pct",
        "regime",
        "fraction",
        "0.0001",
        "0.5",
        "Band at or above which neutral is high vol.",
    ),
    _n("trend_eps_pct", "regime", "fraction", "0", "0.1", "Distance of mid from EMA at which a trend begins."),
    _n("shock_drift_multiplier", "regime", "x", "0.1", "100", "30 s move over band at which a shock begins."),
    _n(
        "warmup_shock_drift_pct",
        "regime",
        "fraction",
        "0.0001",
        "0.5",
        "30 s move that is a shock while there is no band.",
    ),
    _n("drift_half_life_s", "regime", "s", "10", "86400", "Half-life of the average of absolute 30 s moves."),
    _n("drift_cost_weight", "edge", "x", "0", "1", "Part of the average 30 s move that counts as cost of a fill."),
    _n("drift_cost_bps_max", "edge", "bps", "0", "100", "Most that drift may cost."),
    _n(
        "trend_skew_factor",
        "spread",
        "x",
        "0",
        "1",
        "Part of the half spread that a full inventory moves quotes in trends.",
    ),
    _n("neutral_skew_factor", "spread", "x", "0", "1", "The same outside trends."),
    _n("skew_cap_pct", "spread", "fraction", "0", "0.05", "Outer bound of the skew."),
    _n(
        "spread_step_multiplier",
        "spread",
        "x",
        "0",
        "10",
        "How much further each level is, in units of the first distance.",
    ),
    _n("vol_penalty_multiplier", "spread", "x", "0", "10", "Volatility floor of the spread in units of the band."),
    _n(
        "spread_floor_recalc_s",
        "spread",
        "s",
        "1",
        "3600",
        "The required spread falls at most this often; it rises at once.",
    ),
    _n("market_spread_extra_bps", "spread", "bps", "0", "100", "Our spread is at least the market's plus this."),
    _n(
        "book_guard_extra_bps", "spread", "bps", "0", "100", "Each side is at least half the market's spread plus this."
    ),
    _n(
        "min_side_fee_multiple",
        "spread",
        "x",
        "0",
        "10",
        "Least distance of a side, in maker fees, plus min_side_extra_bps.",
    ),
    _n("min_side_extra_bps", "spread", "bps", "0", "100", "Least distance of a side above the fee part."),
    _b(
        "edge_gate_enabled",
        "edge",
        "Quote only where a fill is expected to pay. Off only in demonstrations and smoke tests.",
    ),
    _n("fill_factor", "edge", "x", "0.01", "0.5", "Part of the total spread that a fill really keeps."),
    _n("min_net_edge_bps", "edge", "bps", "0", "1000", "The gate shuts below this."),
    _n("edge_resume_bps", "edge", "bps", "0", "1000", "The gate opens above this."),
    _n("edge_hold_s", "edge", "s", "0", "3600", "How long the edge must have been good before the gate opens."),
    _n("required_margin_bps", "edge", "bps", "0", "100", "Added to the resume level in the required spread."),
    _n("slippage_maker_bps", "edge", "bps", "0", "100", "Slippage of a post-only fill."),
    _n("slippage_taker_bps", "edge", "bps", "0", "100", "Slippage of a taking order."),
    _n(
        "turnover_cap_x",
        "edge",
        "x",
        "0.1",
        "100",
        "Turnover of the day at which quotes are widest and penalties begin.",
    ),
    _n("turnover_penalty_pct", "edge", "fraction", "0", "0.1", "Cost per unit of turnover above the cap."),
    _n("funding_period_s", "edge", "s", "60", "86400", "Funding period."),
    _b("edge_gap_enabled", "edge", "Shut the gate when realised edge stays behind modelled edge."),
    _n("edge_gap_min_fills", "edge", "count", "5", "10000", "Fills before the gap is judged."),
    _n("edge_gap_window_fills", "edge", "count", "5", "10000", "Fills the comparison looks back."),
    _n("edge_gap_bps_max", "edge", "bps", "0.1", "1000", "Gap at which the gate shuts."),
    _n("edge_gap_pause_s", "edge", "s", "60", "604800", "How long it stays shut; then fills are counted anew."),
    _n(
        "total_amount_quote",
        "size",
        "quote",
        "0",
        "1000000000",
        "Capital that sizes are taken from; 0: the virtual account.",
    ),
    _n("max_order_quote", "size", "quote", "1", "1000000000", "Most that one order may be worth."),
    _n("max_base_pct", "size", "fraction", "0.01", "5", "Signed notional over equity at which derisking begins."),
    _n("add_limit_share_pct", "size", "fraction", "0.1", "1", "Part of max_base_pct up to which quotes may add."),
    _n("target_base_pct_min", "size", "fraction", "-5", "5", "Lowest target an intent may set."),
    _n("target_base_pct_max", "size", "fraction", "-5", "5", "Highest target an intent may set."),
    _n("leverage", "size", "x", "1", "125", "Leverage asked of the venue; refused at start above max_leverage."),
    _n("max_leverage", "size", "x", "1", "20", "Highest leverage this bundle may start with."),
    _n("order_ttl_s", "orders", "s", "0", "86400", "Time to live of a quote; 0: twice the refresh of the regime."),
    _n(
        "replace_tolerance_bps",
        "orders",
        "bps",
        "0",
        "1000",
        "A quote stays while its price is off by no more than this.",
    ),
    _n("fill_cooldown_s", "orders", "s", "0", "3600", "A level waits this long after it traded."),
    _n("order_ack_timeout_s", "orders", "s", "1", "600", "An order without venue id for this long is cancelled."),
    _n("cancel_retry_s", "orders", "s", "1", "600", "A cancel that is not terminal for this long is asked again."),
    _n("refusal_cooldown_s", "orders", "s", "10", "3600", "Least wait of a refused level; doubles with each refusal."),
    _n("refusal_cooldown_s_max", "orders", "s", "10", "86400", "Longest wait of a refused level, before jitter."),
    _n("max_active_executors", "orders", "count", "1", "20", "Live orders a bot may have."),
    _n(
        "submit_budget_per_min",
        "orders",
        "count",
        "1",
        "10000",
        "Submits a minute we allow ourselves; a burst may be a quarter.",
    ),
    _n("cancel_budget_per_min", "orders", "count", "1", "10000", "Cancels a minute above which the bot pauses."),
    _n("cancel_pause_s", "orders", "s", "1", "86400", "Length of that pause."),
    _n("cancel_breaches_to_stop", "orders", "count", "1", "100", "Consecutive pauses that become a HARD_STOP."),
    _n("cancel_clean_s", "orders", "s", "1", "86400", "A breach later than this after a pause is not consecutive."),
    _n(
        "price_deviation_pct_max",
        "orders",
        "fraction",
        "0",
        "1",
        "A fill further than this from its order's price is a warning.",
    ),
    _n("derisk_until_pct", "derisk", "fraction", "0", "5", "Derisking ends below this."),
    _n("derisk_size_pct", "derisk", "fraction", "0.0001", "1", "Size of one derisk order as a fraction of equity."),
    _n("derisk_spread_bps", "derisk", "bps", "0", "100", "Distance of a resting derisk order from mid."),
    _n("derisk_tolerance_bps", "derisk", "bps", "0", "100", "It stays while its price is off by no more than this."),
    _n("derisk_taker_after_s", "derisk", "s", "0", "86400", "After trying this long it takes."),
    _n("derisk_slippage_bps", "derisk", "bps", "0", "1000", "How much worse than mid a taking derisk order may trade."),
    _n("daily_loss_pct_max", "risk", "fraction", "0.0001", "1", "Loss of the day's opening equity that stops the bot."),
    _n("drawdown_pct_max", "risk", "fraction", "0.0001", "1", "Fall from the day's peak that stops the bot."),
    _n("turnover_x_max", "risk", "x", "0.1", "1000", "Turnover of the day that stops the bot."),
    _n("margin_soft_pct", "risk", "fraction", "0", "10", "Margin ratio below which the bot pauses."),
    _n("margin_hard_pct", "risk", "fraction", "0", "10", "Margin ratio below which the bot stops."),
    _n("position_check_s", "risk", "s", "1", "86400", "How often our fills are held against the venue's position."),
    _n("position_recheck_s", "risk", "s", "1", "3600", "How soon a difference is looked at again."),
    _n("position_drift_warn_pct", "risk", "fraction", "0", "1", "Difference over equity that warns."),
    _n("position_drift_pause_pct", "risk", "fraction", "0", "1", "Difference over equity that pauses."),
    _n("data_age_ms_max", "risk", "ms", "1000", "600000", "Market silence after which quotes are pulled."),
    _n("place_data_age_ms_max", "risk", "ms", "500", "600000", "Market silence after which nothing new is placed."),
    _n("book_stale_ms_max", "risk", "ms", "1000", "3600000", "Identical top of book for this long is stale."),
    _n("bus_blind_soft_s", "risk", "s", "1", "3600", "Bus out of reach for this long pauses."),
    _n("bus_blind_hard_s", "risk", "s", "1", "86400", "Bus out of reach for this long stops."),
    _n("clock_step_ms_max", "risk", "ms", "0", "60000", "A clock that goes back by more than this pauses."),
    _b("require_fee_resolution", "risk", "Do not quote on guessed fees."),
    _n("toxic_spread_bps_max", "risk", "bps", "1", "10000", "Market spread above which nothing is quoted."),
    _n("toxic_move_pct_max", "risk", "fraction", "0.001", "1", "Move within the window above which nothing is quoted."),
    _n("toxic_window_s", "risk", "s", "1", "600", "That window."),
    _n("losing_trips_max", "risk", "count", "1", "1000", "Losing round trips in a row that are a warning."),
    _b("losing_trips_pause", "risk", "Pause on such a streak too (an operator's choice)."),
    _n(
        "partial_fill_share_min",
        "orders",
        "fraction",
        "0",
        "1",
        "Below this share the rest of a partly filled order may go.",
    ),
    _n("partial_fill_spread_bps_max", "orders", "bps", "0", "10000", "It goes when the market's spread is above this."),
    _n("threshold_eps", "numbers", "fraction", "0", "0.0001", "Tolerance of every comparison with a threshold."),
    _n(
        "tick_eps", "numbers", "fraction", "0", "0.01", "Tolerance of every rounding, as a fraction of one tick or lot."
    ),
)

PARAM_DOC_BY_NAME: Final[dict[str, ParamDoc]] = {doc.name: doc for doc in PARAM_DOCS}
