"""One look at spread, edge and skew: the kernels put together for the live path.

With the gate on, the required spread is a floor, so that a bot widens instead of starving; past the regime's maximum
it is not followed, the gate shuts instead. With the gate off (demonstrations) it is computed and shown but asks for
nothing.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from controllers.epp import edge, inventory, spread
from controllers.epp.params import EppParams
from controllers.epp.regime import is_trend
from controllers.epp.regime_table import RegimeSpec

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)
_HALF: Final = Decimal("0.5")
_BPS: Final = Decimal("0.0001")


class FloorState(NamedTuple):
    """The required spread as it is held between recalculations."""

    required_pct: Decimal = _ZERO
    ts_ms: int = 0


class Signals(NamedTuple):
    """All fractions of mid."""

    pick_pct: Decimal
    costs_pct: Decimal
    drift_cost_pct: Decimal
    turnover_penalty_pct: Decimal
    funding_cost_pct: Decimal
    required_pct: Decimal
    volatility_floor_pct: Decimal
    floor_pct: Decimal
    spread_pct: Decimal
    net_edge_pct: Decimal
    inventory_pct: Decimal
    skew_pct: Decimal
    buy_distance_pct: Decimal
    sell_distance_pct: Decimal
    levels: int


def look(
    regime: int,
    spec: RegimeSpec,
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
    drift_pct = edge.drift_cost(drift_ewma_pct, params.drift_cost_weight, params.drift_cost_bps_max * _BPS)
    penalty_pct = edge.turnover_penalty(turnover_x, params.turnover_cap_x, params.turnover_penalty_pct, _ZERO)
    funding_pct = edge.funding_cost(funding_rate_pct, spec.refresh_s, params.funding_period_s)
    costs_pct = edge.total_costs(maker_fee_pct, params.slippage_maker_bps * _BPS, drift_pct, penalty_pct, funding_pct)
    fresh_pct = spread.required_spread(
        costs_pct, params.edge_resume_bps * _BPS, params.required_margin_bps * _BPS, params.fill_factor
    )
    required_pct, floor_ts = spread.held_floor(
        floor.required_pct, floor.ts_ms, fresh_pct, now_ms, params.spread_floor_recalc_s * 1000
    )
    ratio = spread.turnover_ratio(turnover_x, params.turnover_cap_x, _ZERO, _ONE)
    pick_pct = spread.pick_spread(spec.spread_min_pct, spec.spread_max_pct, ratio)
    volatility_pct = spread.volatility_floor(params.vol_penalty_multiplier, band_pct)
    asked_pct = min(required_pct, spec.spread_max_pct) if params.edge_gate_enabled else _ZERO
    market_extra_pct = params.market_spread_extra_bps * _BPS
    spread_pct = spread.total_spread(pick_pct, asked_pct, volatility_pct, market_spread_pct, market_extra_pct)
    inventory_pct = inventory.inventory_fraction(base_pct, target_base_pct, params.max_base_pct, _ONE)
    skew_factor = params.trend_skew_factor if is_trend(regime) else params.neutral_skew_factor
    skew_pct = spread.skew(skew_factor, spread_pct, inventory_pct, params.skew_cap_pct)
    min_side_pct = maker_fee_pct * params.min_side_fee_multiple + params.min_side_extra_bps * _BPS
    buy_pct, sell_pct = spread.side_distances(
        spread_pct, skew_pct, min_side_pct, market_spread_pct, params.book_guard_extra_bps * _BPS
    )
    signals = Signals(
        pick_pct=pick_pct,
        costs_pct=costs_pct,
        drift_cost_pct=drift_pct,
        turnover_penalty_pct=penalty_pct,
        funding_cost_pct=funding_pct,
        required_pct=required_pct,
        volatility_floor_pct=volatility_pct,
        floor_pct=max(asked_pct, volatility_pct, market_spread_pct + market_extra_pct),
        spread_pct=spread_pct,
        net_edge_pct=edge.net_edge(params.fill_factor, spread_pct, costs_pct),
        inventory_pct=inventory_pct,
        skew_pct=skew_pct,
        buy_distance_pct=buy_pct,
        sell_distance_pct=sell_pct,
        levels=int(spread.level_count(spec.levels_min, spec.levels_max, ratio, _HALF, params.tick_eps)),
    )
    return signals, FloorState(required_pct, floor_ts)
