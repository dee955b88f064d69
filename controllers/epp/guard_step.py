"""The guard's part of a decision: what outside asks for, which limits are passed, and the state that follows."""

from typing import Final

from controllers.core.values import ExternalIntent, MarketView
from controllers.epp import daily_state, markouts, ops_guard, risk_policy
from controllers.epp.intents import apply_intents
from controllers.epp.params import SIMULATED_MODES, VARIANT_MODES, EppParams
from controllers.epp.position_check import PositionCheckState
from controllers.epp.processed import Notice
from controllers.epp.tick import Tick

# Most severe first: the order in which reasons are told.
SEVERITY: Final[tuple[str, ...]] = (
    "INTERNAL_ERROR",
    "CLOCK_SKEW",
    "BALANCE_READ_FAILED",
    "EQUITY_NOT_POSITIVE",
    "POSITION_DRIFT",
    "NOT_CONNECTED",
    "DATA_AGE",
    "BOOK_NOT_FINITE",
    "BOOK_CROSSED",
    "BOOK_EMPTY",
    "ORDER_BOOK_STALE",
    "BUS_BLIND",
    "MARGIN_LOW",
    "CANCEL_BUDGET",
    "INTENT_SOFT_PAUSE",
    "FEE_UNRESOLVED",
    "PRICE_IMPACT_HIGH",
    "SPREAD_SPIKE",
    "LOSING_STREAK",
    "STARTUP_CANCEL",
    "EDGE_GAP",
    "EDGE_UNREACHABLE",
    "EDGE_GATE_BLOCKED",
    "NO_TRADE_VARIANT",
)
_RANK: Final = {code: rank for rank, code in enumerate(SEVERITY)}


def may_trade(params: EppParams) -> bool:
    """Does the variant place orders at all? variant_mode is authoritative; a paper one trades nothing real."""
    if params.variant_mode == "live":
        return True
    return params.variant_mode == "paper_only" and params.desk_mode in SIMULATED_MODES


def mode_of_variant(variant: str) -> str:
    """The mode a variant letter stands for where only the letter is configured; an unknown letter trades nothing."""
    return VARIANT_MODES.get(variant, "disabled")


def hear_intents(tick: Tick, intents: tuple[ExternalIntent, ...]) -> None:
    params = tick.params
    if intents:
        tick.intents, effects, tick.audits = apply_intents(
            tick.intents,
            intents,
            tick.now_ms,
            tick.guard.hard_reason is not None,
            params.target_base_pct_min,
            params.target_base_pct_max,
        )
        if effects.kill_reason is not None:
            tick.hard_reason = "INTENT_KILL"
        if effects.is_resume:
            _resume(tick)
    if tick.intents.pause_reason is not None:
        tick.soft.append("INTENT_SOFT_PAUSE")


def judge_risk(tick: Tick, view: MarketView) -> None:
    """Limits of the day, margin, cancels, losing streak."""
    params = tick.params
    margin = None
    if view.margin_ratio_pct is not None:
        ratio = view.margin_ratio_pct
        margin = (
            "MARGIN_CRITICAL"
            if not ratio.is_finite()
            else risk_policy.margin_reason(ratio, params.margin_soft_pct, params.margin_hard_pct, params.threshold_eps)
        )
    if margin == "MARGIN_LOW":
        tick.soft.append(margin)
    tick.budget, has_begun = risk_policy.cancel_budget_step(
        tick.budget,
        tick.now_ms,
        view.cancels_last_minute,
        params.cancel_budget_per_min,
        params.cancel_pause_s * 1000,
        params.cancel_clean_s * 1000,
    )
    if has_begun:
        tick.warn(
            "CANCEL_BUDGET",
            f"value={view.cancels_last_minute}, limit={params.cancel_budget_per_min} a minute, "
            f"breach {tick.budget.breaches} of {params.cancel_breaches_to_stop}; paused {params.cancel_pause_s} s",
        )
    if tick.now_ms < tick.budget.pause_until_ms:
        tick.soft.append("CANCEL_BUDGET")
    if params.losing_trips_pause and tick.ledger.losing_trips >= params.losing_trips_max:
        tick.soft.append("LOSING_STREAK")
    reason = risk_policy.loss_limit_reason(
        daily_state.loss_pct(tick.daily),
        daily_state.drawdown_pct(tick.daily),
        daily_state.turnover_x(tick.daily),
        params.daily_loss_pct_max,
        params.drawdown_pct_max,
        params.turnover_x_max,
        params.threshold_eps,
    )
    if reason is None and margin == "MARGIN_CRITICAL":
        reason = margin
    if reason is None and tick.budget.breaches >= params.cancel_breaches_to_stop:
        reason = "CANCEL_BUDGET_REPEATED"
    if reason is not None:
        tick.hard_reason = reason


def judge_bus(tick: Tick, bus_blind_ms: int) -> None:
    """A bot nobody can see or stop stands down by itself."""
    if bus_blind_ms >= tick.params.bus_blind_hard_s * 1000 and tick.hard_reason is None:
        tick.hard_reason = "BUS_BLIND_STOP"
    if bus_blind_ms >= tick.params.bus_blind_soft_s * 1000:
        tick.soft.append("BUS_BLIND")


def settle_guard(tick: Tick) -> None:
    """The state that follows from everything found; says every change."""
    if not may_trade(tick.params):
        tick.soft.append("NO_TRADE_VARIANT")
    if len(tick.soft) > 1:
        tick.soft.sort(key=_severity)
    before = tick.guard
    stepped = ops_guard.step(
        before,
        tick.now_ms,
        tick.hard_reason,
        tuple(tick.soft),
        risk_policy.KILL_REASONS,
        tick.params.rearm_token,
    )
    tick.guard = stepped.state
    tick.kill_intent = stepped.kill_intent
    if stepped.is_changed:
        tick.daily = tick.daily._replace(ops_events=tick.daily.ops_events + 1)
        why = tick.guard.hard_reason or ", ".join(tick.soft) or "conditions cleared"
        level = "error" if tick.guard.name == "HARD_STOP" else "info"
        text = f"GUARD_CHANGED: {before.name} -> {tick.guard.name}, reason={why}"
        tick.notices.append(Notice(level, "GUARD_CHANGED", text))  # type: ignore[arg-type]


def reasons(tick: Tick) -> tuple[str, ...]:
    """Hard reason, then soft ones by severity, then what is only said."""
    head = (tick.guard.hard_reason,) if tick.guard.hard_reason is not None else ()
    return (*head, *tick.soft, *tick.infos)


def _resume(tick: Tick) -> None:
    """A person has looked: what waits for a person is lifted, what the market must mend is not."""
    tick.budget = tick.budget._replace(pause_until_ms=0, breaches=0)
    tick.position_check = PositionCheckState()
    tick.ledger = tick.ledger._replace(is_based=False, losing_trips=0)
    if tick.markouts.gap_closed_until_ms:
        tick.markouts = markouts.clear_window(tick.markouts)


def _severity(code: str) -> int:
    return _RANK.get(code, -1)  # what nobody ranked comes first
