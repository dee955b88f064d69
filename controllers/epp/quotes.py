"""The quote kernel on the live path: parameters turned into its form once, not at every tick."""

from decimal import Decimal
from typing import Final, NamedTuple

from controllers.epp.params import EppParams
from controllers.epp.quote_kernel import QuoteParams, Signals, quote
from controllers.epp.regime import is_trend

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)
_HALF: Final = Decimal("0.5")
_BPS: Final = Decimal("0.0001")
_PREPARED_MAX: Final = 16

# By identity of the parameters, which are kept alive beside it: a memo, so equal calls still give equal answers.
_prepared: dict[int, tuple[EppParams, tuple[QuoteParams, ...]]] = {}


class FloorState(NamedTuple):
    """The required spread as it is held between recalculations."""

    required_pct: Decimal = _ZERO
    ts_ms: int = 0


def prepare(params: EppParams) -> tuple[QuoteParams, ...]:
    """The kernel's parameters, one set per regime."""
    return tuple(
        QuoteParams(
            spread_min_pct=spec.spread_min_pct,
            spread_max_pct=spec.spread_max_pct,
            levels_min=spec.levels_min,
            levels_max=spec.levels_max,
            refresh_s=spec.refresh_s,
            skew_factor=params.trend_skew_factor if is_trend(regime) else params.neutral_skew_factor,
            skew_cap_pct=params.skew_cap_pct,
            vol_multiplier=params.vol_penalty_multiplier,
            market_extra_pct=params.market_spread_extra_bps * _BPS,
            guard_pct=params.book_guard_extra_bps * _BPS,
            min_side_fee_multiple=params.min_side_fee_multiple,
            min_side_extra_pct=params.min_side_extra_bps * _BPS,
            is_gate_on=params.edge_gate_enabled,
            fill_factor=params.fill_factor,
            resume_pct=params.edge_resume_bps * _BPS,
            margin_pct=params.required_margin_bps * _BPS,
            slippage_pct=params.slippage_maker_bps * _BPS,
            drift_weight=params.drift_cost_weight,
            drift_cost_max_pct=params.drift_cost_bps_max * _BPS,
            turnover_cap_x=params.turnover_cap_x,
            turnover_penalty_pct=params.turnover_penalty_pct,
            funding_period_s=params.funding_period_s,
            max_base_pct=params.max_base_pct,
            floor_hold_ms=params.spread_floor_recalc_s * 1000,
            zero=_ZERO,
            half=_HALF,
            one=_ONE,
            eps=params.tick_eps,
        )
        for regime, spec in enumerate(params.regimes)
    )


def look(
    regime: int,
    floor: FloorState,
    now_ms: int,
    base_pct: Decimal,
    target_base_pct: Decimal,
    turnover_x: Decimal,
    band_pct: Decimal,
    drift_ewma_pct: Decimal,
    market_spread_pct: Decimal,
    funding_rate_pct: Decimal,
    maker_fee_pct: Decimal,
    params: EppParams,
) -> tuple[Signals, FloorState]:
    """Signals of this moment, and the required spread to hold on to."""
    known = _prepared.get(id(params))
    if known is None or known[0] is not params:
        if len(_prepared) >= _PREPARED_MAX:
            _prepared.clear()
        known = _prepared[id(params)] = (params, prepare(params))
    signals = quote(
        now_ms,
        floor.required_pct,
        floor.ts_ms,
        base_pct,
        target_base_pct,
        turnover_x,
        band_pct,
        drift_ewma_pct,
        market_spread_pct,
        funding_rate_pct,
        maker_fee_pct,
        known[1][regime],
    )
    if signals.required_ts_ms == floor.ts_ms:
        return signals, floor
    return signals, FloorState(signals.required_pct, signals.required_ts_ms)
