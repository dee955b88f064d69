"""How much we hold against what we want. Number-generic kernels; signed, long is positive."""

from controllers.core.numeric import Number
from controllers.core.thresholds import clip


def base_fraction(position_base: Number, mid_price: Number, equity_quote: Number) -> Number:
    """Signed notional over equity (> 0)."""
    return position_base * mid_price / equity_quote


def inventory_fraction(base_pct: Number, target_base_pct: Number, max_base_pct: Number, one: Number) -> Number:
    """-1..1: how far we are from target, in units of the most we may hold."""
    return clip((base_pct - target_base_pct) / max_base_pct, -one, one)
