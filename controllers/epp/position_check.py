"""Every five minutes: do our own fills add up to the position the venue reports?

A position report and the fill behind it travel separately, so a difference must be seen twice, seconds apart, before
it counts. A difference that counts is never repaired here: it pauses the bot until it goes away or a person says
``resume``.
"""

from decimal import Decimal
from typing import Final, Literal, NamedTuple

from controllers.core.thresholds import above

_ZERO: Final = Decimal(0)
Verdict = Literal["ok", "suspect", "warning", "pause"]


class PositionCheckState(NamedTuple):
    next_ts_ms: int = 0  # 0: the first check is due one period after the first look
    drift_pct: Decimal = _ZERO  # of the latest check
    verdict: Verdict = "ok"


def check_position(
    state: PositionCheckState,
    now_ms: int,
    own_base: Decimal,
    venue_base: Decimal,
    mid_price: Decimal,
    equity_quote: Decimal,
    period_ms: int,
    recheck_ms: int,
    warn_pct: Decimal,
    pause_pct: Decimal,
    eps: Decimal,
) -> tuple[PositionCheckState, bool]:
    """(state, was this a check). Drift is the notional of the difference over equity (> 0)."""
    if state.next_ts_ms == 0:
        return state._replace(next_ts_ms=now_ms + period_ms), False
    if now_ms < state.next_ts_ms:
        return state, False
    drift_pct = abs(own_base - venue_base) * mid_price / equity_quote
    if not above(drift_pct, warn_pct, eps):
        return PositionCheckState(now_ms + period_ms, drift_pct, "ok"), True
    if state.verdict == "ok":
        return PositionCheckState(now_ms + recheck_ms, drift_pct, "suspect"), True
    verdict: Verdict = "pause" if above(drift_pct, pause_pct, eps) else "warning"
    return PositionCheckState(now_ms + recheck_ms, drift_pct, verdict), True
