"""Counting ticks and lots. The only place where a price or a size is rounded.

``eps`` is a fraction of one unit (1e-6): a value that is meant to lie on a unit but is off by less than that, as
nearly every float price is, counts as lying on it. All values must be positive: Decimal and float floor differ below
zero.
"""

from controllers.core.numeric import Number


def floor_units(value: Number, unit: Number, eps: Number) -> Number:
    """Whole units at or below value (> 0)."""
    return (value / unit + eps) // 1


def ceil_units(value: Number, unit: Number, eps: Number) -> Number:
    """Whole units at or above value (>= one eps)."""
    return (value / unit - eps) // 1 + 1


def nearest_units(value: Number, unit: Number, eps: Number, half: Number) -> Number:
    """Whole units nearest to value (>= 0), halves up."""
    return (value / unit + half + eps) // 1


def bid_ticks(price: Number, tick_size: Number, eps: Number) -> Number:
    """A maker bid never rounds into the market: down."""
    return floor_units(price, tick_size, eps)


def ask_ticks(price: Number, tick_size: Number, eps: Number) -> Number:
    """A maker offer never rounds into the market: up."""
    return ceil_units(price, tick_size, eps)
