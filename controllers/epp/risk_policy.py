"""Which limits are passed, as reason codes. Judges only; what follows from it is ops_guard's.

Limits are reached at, not beyond: a loss of exactly 2 % stops. Comparisons go through the threshold kernel.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from controllers.core.thresholds import at_least, below

# Hard stops that the whole desk must hear of.
KILL_REASONS: Final = frozenset({"DAILY_LOSS_LIMIT", "DRAWDOWN_LIMIT", "TURNOVER_LIMIT"})


class CancelBudgetState(NamedTuple):
    pause_until_ms: int = 0
    breaches: int = 0  # consecutive: each within cancel_clean_s after the pause before it
    last_pause_end_ms: int = 0


def loss_limit_reason(
    daily_loss_pct: Decimal,
    drawdown_pct: Decimal,
    turnover_x: Decimal,
    daily_loss_pct_max: Decimal,
    drawdown_pct_max: Decimal,
    turnover_x_max: Decimal,
    eps: Decimal,
) -> str | None:
    """The first of the day's limits that is reached."""
    if at_least(daily_loss_pct, daily_loss_pct_max, eps):
        return "DAILY_LOSS_LIMIT"
    if at_least(drawdown_pct, drawdown_pct_max, eps):
        return "DRAWDOWN_LIMIT"
    if at_least(turnover_x, turnover_x_max, eps):
        return "TURNOVER_LIMIT"
    return None


def margin_reason(
    margin_ratio_pct: Decimal | None, margin_soft_pct: Decimal, margin_hard_pct: Decimal, eps: Decimal
) -> str | None:
    """MARGIN_CRITICAL below the hard limit, MARGIN_LOW below the soft one; None when flat or unknown."""
    if margin_ratio_pct is None:
        return None
    if below(margin_ratio_pct, margin_hard_pct, eps):
        return "MARGIN_CRITICAL"
    if below(margin_ratio_pct, margin_soft_pct, eps):
        return "MARGIN_LOW"
    return None


def cancel_budget_step(
    state: CancelBudgetState, now_ms: int, cancels_last_minute: int, budget: int, pause_ms: int, clean_ms: int
) -> tuple[CancelBudgetState, bool]:
    """(state, has a pause just begun). A breach soon after the last pause counts as consecutive."""
    if now_ms < state.pause_until_ms or cancels_last_minute <= budget:
        return state, False
    is_consecutive = state.breaches > 0 and now_ms - state.last_pause_end_ms < clean_ms
    breaches = state.breaches + 1 if is_consecutive else 1
    return CancelBudgetState(now_ms + pause_ms, breaches, now_ms + pause_ms), True


def data_reasons(
    is_connected: bool,
    heard_age_ms: int,
    changed_age_ms: int,
    data_age_ms_max: int,
    book_stale_ms_max: int,
) -> tuple[str, ...]:
    """Why the market data cannot be trusted. An unchanged book is stale only after its limit, on a living
    connection.
    """
    if not is_connected:
        return ("NOT_CONNECTED",)
    if heard_age_ms > data_age_ms_max:
        return ("DATA_AGE",)
    if changed_age_ms > book_stale_ms_max:
        return ("ORDER_BOOK_STALE",)
    return ()


def leverage_error(leverage: int, max_leverage: int) -> str | None:
    """Why this leverage may not start, or None."""
    if 1 <= leverage <= max_leverage:
        return None
    return f"LEVERAGE_TOO_HIGH: leverage={leverage}, allowed 1..{max_leverage}; lower leverage or raise max_leverage"
