"""How wide to quote. Spread is total, bid to ask, as a fraction of mid; a distance is one side's share of it.

Number-generic kernels; every constant is an argument. Long relative to target: buy further away, sell nearer.
"""

from controllers.core.numeric import Number
from controllers.core.thresholds import clip


def turnover_ratio(turnover_x: Number, turnover_cap_x: Number, zero: Number, one: Number) -> Number:
    """How much of the day's turnover allowance is used, 0..1."""
    return clip(turnover_x / turnover_cap_x, zero, one)


def pick_spread(spread_min_pct: Number, spread_max_pct: Number, ratio: Number) -> Number:
    """Inside the regime's range: the busier the day, the wider."""
    return spread_min_pct + (spread_max_pct - spread_min_pct) * ratio


def level_count(levels_min: Number, levels_max: Number, ratio: Number, half: Number, eps: Number) -> Number:
    """Levels a side: the busier the day, the fewer, never below the minimum. Halves round up."""
    return max(levels_max - (ratio * (levels_max - levels_min) + half + eps) // 1, levels_min)


def required_spread(costs_pct: Number, resume_pct: Number, margin_pct: Number, fill_factor: Number) -> Number:
    """The smallest spread whose modelled edge clears the gate's resume level by the margin."""
    return (costs_pct + resume_pct + margin_pct) / fill_factor


def volatility_floor(vol_multiplier: Number, band_pct: Number) -> Number:
    return vol_multiplier * band_pct


def total_spread(
    pick_pct: Number,
    required_pct: Number,
    volatility_floor_pct: Number,
    market_spread_pct: Number,
    market_extra_pct: Number,
) -> Number:
    """The widest of what the regime picks and what costs, volatility and the market ask for."""
    return max(pick_pct, max(required_pct, max(volatility_floor_pct, market_spread_pct + market_extra_pct)))


def skew(skew_factor: Number, spread_pct: Number, inventory_pct: Number, skew_cap_pct: Number) -> Number:
    """Signed fraction of price; positive when long of target. inventory_pct is in -1..1."""
    return clip(skew_factor * (spread_pct / 2) * inventory_pct, -skew_cap_pct, skew_cap_pct)


def side_distances(
    spread_pct: Number, skew_pct: Number, min_side_pct: Number, market_spread_pct: Number, guard_pct: Number
) -> tuple[Number, Number]:
    """(buy, sell) distance from mid. Never nearer than the minimum, nor than half the market's spread plus the guard.

    The guard is a floor rather than a jump, because a jump would let a long inventory offer further away than a flat
    one.
    """
    half_pct = spread_pct / 2
    floor_pct = max(min_side_pct, market_spread_pct / 2 + guard_pct)
    return max(half_pct + skew_pct, floor_pct), max(half_pct - skew_pct, floor_pct)


def level_distance(distance_pct: Number, level: Number, step_multiplier: Number) -> Number:
    """Level 0 is the nearest; each further one is a step wider."""
    return distance_pct * (1 + step_multiplier * level)


def held_floor(held_pct: Number, held_ts_ms: int, fresh_pct: Number, now_ms: int, hold_ms: int) -> tuple[Number, int]:
    """(required spread, since when): it rises at once and falls at most every hold_ms, so that quotes do not chase
    noise.
    """
    if fresh_pct >= held_pct or now_ms - held_ts_ms >= hold_ms:
        return fresh_pct, now_ms
    return held_pct, held_ts_ms
