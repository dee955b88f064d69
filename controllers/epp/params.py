"""Every parameter of EPP v2.4 with its default. Units, ranges and descriptions are in params_doc.py, one line each.

A bundle changes behaviour by these values only. ``EppParams()`` is the production set for a perpetual; call
``params_check.check_params`` on anything a person wrote before using it.
"""

from decimal import Decimal
from typing import Final, Literal, NamedTuple

from controllers.epp.regime_table import PERP_REGIMES, RegimeSpec

VariantMode = Literal["live", "paper_only", "disabled", "no_trade"]
DeskMode = Literal["sim", "paper", "shadow", "testnet", "live"]
SIMULATED_MODES: Final = frozenset({"sim", "paper", "shadow"})  # where fills are not the venue's own

# The mode that a variant letter stands for where only the letter is given; variant_mode is authoritative.
VARIANT_MODES: Final[dict[str, VariantMode]] = {"a": "live", "b": "disabled", "c": "disabled", "d": "no_trade"}


class EppParams(NamedTuple):
    # identity
    bot_id: str = "bot1"
    exchange: str = "bitget_perpetual"
    variant: str = "a"
    variant_mode: VariantMode = "live"
    desk_mode: DeskMode = "sim"
    rearm_token: str = ""

    # regime and indicators
    regimes: tuple[RegimeSpec, ...] = PERP_REGIMES
    sample_ms: int = 10_000
    ema_period: int = 50
    atr_period: int = 14
    bars_max: int = 2880
    buffer_gap_s_max: int = 600
    regime_hold_ticks: int = 3
    high_vol_band_pct: Decimal = Decimal("0.0080")
    neutral_high_vol_band_pct: Decimal = Decimal("0.0040")
    trend_eps_pct: Decimal = Decimal("0.0010")
    shock_drift_multiplier: Decimal = Decimal("1.25")
    warmup_shock_drift_pct: Decimal = Decimal("0.0050")
    drift_half_life_s: int = 300
    drift_cost_weight: Decimal = Decimal("0.5")
    drift_cost_bps_max: Decimal = Decimal(8)

    # spread
    trend_skew_factor: Decimal = Decimal("0.8")
    neutral_skew_factor: Decimal = Decimal("0.5")
    skew_cap_pct: Decimal = Decimal("0.002")
    spread_step_multiplier: Decimal = Decimal("0.4")
    vol_penalty_multiplier: Decimal = Decimal("0.5")
    spread_floor_recalc_s: int = 30
    market_spread_extra_bps: Decimal = Decimal(2)
    book_guard_extra_bps: Decimal = Decimal(1)
    min_side_fee_multiple: Decimal = Decimal(1)
    min_side_extra_bps: Decimal = Decimal(1)

    # edge
    edge_gate_enabled: bool = True
    fill_factor: Decimal = Decimal("0.4")
    min_net_edge_bps: Decimal = Decimal(5)
    edge_resume_bps: Decimal = Decimal(6)
    edge_hold_s: int = 60
    required_margin_bps: Decimal = Decimal("0.5")
    slippage_maker_bps: Decimal = Decimal(1)
    slippage_taker_bps: Decimal = Decimal(5)
    turnover_cap_x: Decimal = Decimal("3.0")
    turnover_penalty_pct: Decimal = Decimal("0.0010")
    funding_period_s: int = 28_800
    edge_gap_enabled: bool = True
    edge_gap_min_fills: int = 50
    edge_gap_window_fills: int = 200
    edge_gap_bps_max: Decimal = Decimal(5)
    edge_gap_pause_s: int = 14_400

    # size and inventory
    total_amount_quote: Decimal = Decimal(0)
    max_order_quote: Decimal = Decimal(1000)
    max_base_pct: Decimal = Decimal("0.60")
    add_limit_share_pct: Decimal = Decimal("0.95")
    target_base_pct_min: Decimal = Decimal("-0.30")
    target_base_pct_max: Decimal = Decimal("0.30")
    leverage: int = 1
    max_leverage: int = 5

    # orders and levels
    order_ttl_s: int = 0
    replace_tolerance_bps: Decimal = Decimal(1)
    fill_cooldown_s: int = 10
    order_ack_timeout_s: int = 30
    cancel_retry_s: int = 10
    refusal_cooldown_s: int = 10
    refusal_cooldown_s_max: int = 300
    max_active_executors: int = 10
    submit_budget_per_min: int = 90
    cancel_budget_per_min: int = 50
    cancel_pause_s: int = 120
    cancel_breaches_to_stop: int = 3
    cancel_clean_s: int = 600
    price_deviation_pct_max: Decimal = Decimal("0.01")

    # derisk
    derisk_until_pct: Decimal = Decimal("0.50")
    derisk_size_pct: Decimal = Decimal("0.02")
    derisk_spread_bps: Decimal = Decimal(3)
    derisk_tolerance_bps: Decimal = Decimal(1)
    derisk_taker_after_s: int = 120
    derisk_slippage_bps: Decimal = Decimal(10)

    # risk
    daily_loss_pct_max: Decimal = Decimal("0.02")
    drawdown_pct_max: Decimal = Decimal("0.035")
    turnover_x_max: Decimal = Decimal("6.0")
    margin_soft_pct: Decimal = Decimal("0.20")
    margin_hard_pct: Decimal = Decimal("0.10")
    position_check_s: int = 300
    position_recheck_s: int = 5
    position_drift_warn_pct: Decimal = Decimal("0.01")
    position_drift_pause_pct: Decimal = Decimal("0.05")
    data_age_ms_max: int = 10_000
    place_data_age_ms_max: int = 3_000
    book_stale_ms_max: int = 30_000
    bus_blind_soft_s: int = 15
    bus_blind_hard_s: int = 120
    clock_step_ms_max: int = 1_000
    require_fee_resolution: bool = True
    toxic_spread_bps_max: Decimal = Decimal(50)
    toxic_move_pct_max: Decimal = Decimal("0.05")
    toxic_window_s: int = 5
    losing_trips_max: int = 5
    losing_trips_pause: bool = False
    partial_fill_share_min: Decimal = Decimal("0.6")
    partial_fill_spread_bps_max: Decimal = Decimal(30)

    # numbers
    threshold_eps: Decimal = Decimal("0.000000001")
    tick_eps: Decimal = Decimal("0.000001")
