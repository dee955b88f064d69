"""One step of each running indicator: O(1), number-generic, nothing kept here."""

from controllers.core.numeric import Number


def ema_step(previous: Number, value: Number, alpha: Number) -> Number:
    """alpha * value + (1 - alpha) * previous; alpha in 0..1."""
    return alpha * value + (1 - alpha) * previous


def true_range(high: Number, low: Number, previous_close: Number) -> Number:
    """The bar's range, stretched to the close before it. Same unit as price, >= 0."""
    return max(high, previous_close) - min(low, previous_close)


def wilder_step(previous: Number, value: Number, period: Number) -> Number:
    """Wilder's smoothing: (previous * (period - 1) + value) / period."""
    return (previous * (period - 1) + value) / period


def absolute_move_pct(now: Number, before: Number) -> Number:
    """Absolute move as a fraction of the earlier price (> 0); never signed."""
    return (max(now, before) - min(now, before)) / before
