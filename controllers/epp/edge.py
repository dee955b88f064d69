"""What a fill is expected to leave, and the gate that stops quoting when that is too little.

Edge is per fill, as a fraction of its notional: net_edge = fill_factor * spread - costs. Number-generic kernels.
"""

from controllers.core.numeric import Number
from controllers.core.thresholds import above, below

GATE_OK = 0
GATE_BELOW_MIN = 1
GATE_UNREACHABLE = 2
GATE_HOLDING = 3


def drift_cost(drift_ewma_pct: Number, weight: Number, cost_max_pct: Number) -> Number:
    """What the market moves against a fill on average; drift is absolute, so a falling market is not free."""
    return min(weight * drift_ewma_pct, cost_max_pct)


def turnover_penalty(turnover_x: Number, turnover_cap_x: Number, penalty_pct: Number, zero: Number) -> Number:
    return max(turnover_x - turnover_cap_x, zero) * penalty_pct


def funding_cost(funding_rate_pct: Number, refresh_s: Number, funding_period_s: Number) -> Number:
    """Always a cost: the ledger books the signed one."""
    return max(funding_rate_pct, -funding_rate_pct) * refresh_s / funding_period_s


def total_costs(
    fee_pct: Number, slippage_pct: Number, drift_pct: Number, penalty_pct: Number, funding_pct: Number
) -> Number:
    return fee_pct + slippage_pct + drift_pct + penalty_pct + funding_pct


def net_edge(fill_factor: Number, spread_pct: Number, costs_pct: Number) -> Number:
    return fill_factor * spread_pct - costs_pct


def gate_step(
    is_open: bool,
    bad_ts_ms: int,
    now_ms: int,
    net_edge_pct: Number,
    required_pct: Number,
    spread_max_pct: Number,
    min_edge_pct: Number,
    resume_edge_pct: Number,
    hold_ms: int,
    eps: Number,
) -> tuple[bool, int, int]:
    """(is_open, bad_ts_ms, code) after one look. bad_ts_ms is when the edge was last not good enough to open.

    It closes at once when the edge falls below the minimum, or when the required spread is wider than the regime
    allows. It opens when the edge has been above the resume level, and the required spread within the regime, for
    hold_ms without a break.
    """
    if above(required_pct, spread_max_pct, eps):
        return False, now_ms, GATE_UNREACHABLE
    if is_open:
        if below(net_edge_pct, min_edge_pct, eps):
            return False, now_ms, GATE_BELOW_MIN
        return True, bad_ts_ms, GATE_OK
    if not above(net_edge_pct, resume_edge_pct, eps):
        return False, now_ms, GATE_BELOW_MIN
    if now_ms - bad_ts_ms < hold_ms:
        return False, bad_ts_ms, GATE_HOLDING
    return True, bad_ts_ms, GATE_OK
