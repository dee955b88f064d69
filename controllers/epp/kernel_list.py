"""Which functions are number-generic kernels, in the order in which they build on one another.

What stands here may be compiled and swept; the differential test runs every one of them in both number types.
"""

from collections.abc import Callable
from typing import Any, Final

from controllers.core import indicators, rounding, thresholds
from controllers.epp import edge, inventory, quote_kernel, regime, sizing, spread

KERNELS: Final[tuple[Callable[..., Any], ...]] = (
    thresholds.at_least,
    thresholds.above,
    thresholds.below,
    thresholds.clip,
    rounding.floor_units,
    rounding.ceil_units,
    rounding.nearest_units,
    rounding.bid_ticks,
    rounding.ask_ticks,
    indicators.ema_step,
    indicators.true_range,
    indicators.wilder_step,
    indicators.absolute_move_pct,
    regime.classify,
    regime.hold_step,
    regime.is_trend,
    spread.turnover_ratio,
    spread.pick_spread,
    spread.level_count,
    spread.required_spread,
    spread.volatility_floor,
    spread.total_spread,
    spread.skew,
    spread.side_distances,
    spread.level_distance,
    spread.held_floor,
    edge.drift_cost,
    edge.turnover_penalty,
    edge.funding_cost,
    edge.total_costs,
    edge.net_edge,
    edge.gate_step,
    inventory.base_fraction,
    inventory.inventory_fraction,
    sizing.least_lots,
    sizing.order_lots,
    quote_kernel.quote,
    quote_kernel.level_ticks,
)
