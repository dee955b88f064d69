"""Spread, edge and skew put together: one number-generic kernel from signals to two distances, and one from there to
ticks.

The live path calls it with Decimals, a sweep compiled with floats. With the gate on, the required spread is a floor,
so that a bot widens instead of starving; past the regime's maximum it is not followed, the gate shuts instead. With
the gate off (demonstrations) it is computed and shown but asks for nothing.
"""

from typing import NamedTuple

from controllers.core.numeric import Number
from controllers.core.rounding import ask_ticks, bid_ticks
from controllers.epp.edge import drift_cost, funding_cost, net_edge, total_costs, turnover_penalty
from controllers.epp.inventory import inventory_fraction
from controllers.epp.spread import (
    held_floor,
    level_count,
    level_distance,
    pick_spread,
    required_spread,
    side_distances,
    skew,
    total_spread,
    turnover_ratio,
    volatility_floor,
)


class QuoteParams(NamedTuple):
    """Parameters and one row of the regime table, as fractions, in the caller's number type."""

    spread_min_pct: Number
    spread_max_pct: Number
    levels_min: Number
    levels_max: Number
    refresh_s: Number
    skew_factor: Number
    skew_cap_pct: Number
    vol_multiplier: Number
    market_extra_pct: Number
    guard_pct: Number
    min_side_fee_multiple: Number
    min_side_extra_pct: Number
    is_gate_on: bool
    fill_factor: Number
    resume_pct: Number
    margin_pct: Number
    slippage_pct: Number
    drift_weight: Number
    drift_cost_max_pct: Number
    turnover_cap_x: Number
    turnover_penalty_pct: Number
    funding_period_s: Number
    max_base_pct: Number
    floor_hold_ms: int
    zero: Number
    half: Number
    one: Number
    eps: Number


class Signals(NamedTuple):
    """All fractions of mid but ``levels`` (a side) and ``required_ts_ms``."""

    pick_pct: Number
    costs_pct: Number
    drift_cost_pct: Number
    turnover_penalty_pct: Number
    funding_cost_pct: Number
    required_pct: Number
    required_ts_ms: int  # when the required spread was last taken over
    volatility_floor_pct: Number
    floor_pct: Number
    spread_pct: Number
    net_edge_pct: Number
    inventory_pct: Number
    skew_pct: Number
    buy_distance_pct: Number
    sell_distance_pct: Number
    levels: Number


def quote(
    now_ms: int,
    held_required_pct: Number,
    held_ts_ms: int,
    base_pct: Number,
    target_base_pct: Number,
    turnover_x: Number,
    band_pct: Number,
    drift_ewma_pct: Number,
    market_spread_pct: Number,
    funding_rate_pct: Number,
    maker_fee_pct: Number,
    params: QuoteParams,
) -> Signals:
    drift_pct = drift_cost(drift_ewma_pct, params.drift_weight, params.drift_cost_max_pct)
    penalty_pct = turnover_penalty(turnover_x, params.turnover_cap_x, params.turnover_penalty_pct, params.zero)
    funding_pct = funding_cost(funding_rate_pct, params.refresh_s, params.funding_period_s)
    costs_pct = total_costs(maker_fee_pct, params.slippage_pct, drift_pct, penalty_pct, funding_pct)
    fresh_pct = required_spread(costs_pct, params.resume_pct, params.margin_pct, params.fill_factor)
    required_pct, required_ts_ms = held_floor(held_required_pct, held_ts_ms, fresh_pct, now_ms, params.floor_hold_ms)
    ratio = turnover_ratio(turnover_x, params.turnover_cap_x, params.zero, params.one)
    pick_pct = pick_spread(params.spread_min_pct, params.spread_max_pct, ratio)
    volatility_pct = volatility_floor(params.vol_multiplier, band_pct)
    asked_pct = min(required_pct, params.spread_max_pct) if params.is_gate_on else params.zero
    spread_pct = total_spread(pick_pct, asked_pct, volatility_pct, market_spread_pct, params.market_extra_pct)
    inventory_pct = inventory_fraction(base_pct, target_base_pct, params.max_base_pct, params.one)
    skew_pct = skew(params.skew_factor, spread_pct, inventory_pct, params.skew_cap_pct)
    min_side_pct = maker_fee_pct * params.min_side_fee_multiple + params.min_side_extra_pct
    buy_pct, sell_pct = side_distances(spread_pct, skew_pct, min_side_pct, market_spread_pct, params.guard_pct)
    return Signals(
        pick_pct,
        costs_pct,
        drift_pct,
        penalty_pct,
        funding_pct,
        required_pct,
        required_ts_ms,
        volatility_pct,
        max(asked_pct, max(volatility_pct, market_spread_pct + params.market_extra_pct)),
        spread_pct,
        net_edge(params.fill_factor, spread_pct, costs_pct),
        inventory_pct,
        skew_pct,
        buy_pct,
        sell_pct,
        level_count(params.levels_min, params.levels_max, ratio, params.half, params.eps),
    )


def level_ticks(
    is_buy: bool, mid_price: Number, distance_pct: Number, level: Number, step: Number, tick_size: Number, eps: Number
) -> Number:
    """The level's price in whole ticks, rounded away from the market."""
    away_pct = level_distance(distance_pct, level, step)
    if is_buy:
        return bid_ticks(mid_price * (1 - away_pct), tick_size, eps)
    return ask_ticks(mid_price * (1 + away_pct), tick_size, eps)
