"""Which regime the market is in: shock before trend before neutral, and a hold so that one odd sample changes nothing.

Kernels are number-generic. Regimes are plain integers here (``regime_table.Regime``) because kernels are compiled too.
"""

from controllers.core.numeric import Number
from controllers.core.thresholds import at_least

_NEUTRAL_LOW_VOL = 0
_UP = 1
_DOWN = 2
_HIGH_VOL_SHOCK = 3
_NEUTRAL_HIGH_VOL = 4


def classify(
    mid_price: Number,
    ema_price: Number,
    band_pct: Number,
    drift_30s_pct: Number,
    is_warm: bool,
    high_vol_band_pct: Number,
    neutral_high_vol_band_pct: Number,
    trend_eps_pct: Number,
    shock_drift_multiplier: Number,
    warmup_shock_drift_pct: Number,
    eps: Number,
) -> int:
    """The regime one sample speaks for.

    band_pct: ATR over close, >= 0. drift_30s_pct: absolute 30 s move, >= 0. While not warm, and where the band is zero
    (a market that stood still), drift alone is judged, against warmup_shock_drift_pct.
    """
    if not is_warm:
        return _HIGH_VOL_SHOCK if at_least(drift_30s_pct, warmup_shock_drift_pct, eps) else _NEUTRAL_LOW_VOL
    if at_least(band_pct, high_vol_band_pct, eps):
        return _HIGH_VOL_SHOCK
    if band_pct > 0:
        shock_drift_pct = shock_drift_multiplier * band_pct
    else:
        shock_drift_pct = warmup_shock_drift_pct
    if at_least(drift_30s_pct, shock_drift_pct, eps):
        return _HIGH_VOL_SHOCK
    if at_least(mid_price / ema_price - 1, trend_eps_pct, eps):
        return _UP
    if at_least(1 - mid_price / ema_price, trend_eps_pct, eps):
        return _DOWN
    if at_least(band_pct, neutral_high_vol_band_pct, eps):
        return _NEUTRAL_HIGH_VOL
    return _NEUTRAL_LOW_VOL


def hold_step(current: int, candidate: int, seen_count: int, seen: int, hold_samples: int) -> tuple[int, int, int]:
    """(regime, candidate, count) after one sample: a new regime must be seen hold_samples times in a row."""
    if seen == current:
        return current, current, 0
    count = seen_count + 1 if seen == candidate else 1
    if count >= hold_samples:
        return seen, seen, 0
    return current, seen, count


def is_trend(regime: int) -> bool:
    return regime in (_UP, _DOWN)
