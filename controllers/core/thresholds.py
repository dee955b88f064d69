"""Comparing a signal with a threshold. The only place where the strategy does that.

0.4 * 0.0035 - 0.0007 > 0.0007 is true in binary floats and false in Decimal. With a tolerance passed in (1e-9 as a
fraction) a signal that is meant to lie exactly on its threshold does so in both.
"""

from controllers.core.numeric import Number


def at_least(value: Number, limit: Number, eps: Number) -> bool:
    """value >= limit; a value less than eps below the limit counts as on it."""
    return bool(value >= limit - eps)


def above(value: Number, limit: Number, eps: Number) -> bool:
    """value > limit, strictly: a value less than eps above the limit counts as on it."""
    return bool(value > limit + eps)


def below(value: Number, limit: Number, eps: Number) -> bool:
    """value < limit, strictly."""
    return bool(value < limit - eps)


def clip(value: Number, low: Number, high: Number) -> Number:
    return min(max(value, low), high)
