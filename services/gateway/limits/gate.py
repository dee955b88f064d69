"""The pre-trade chain: every limit in one pass over one consistent state, nothing awaited in between.

The caller registers the order the moment the gate lets it through, so that the next order already counts it (RTS 6,
15(2)): no number of concurrent submits passes a limit together that they could not pass one after the other.
"""

from services.gateway.limits import behaviour, conditions, exposure, rates, single
from services.gateway.limits.candidate import Candidate, Check, Refusal
from services.gateway.state import Granted, State

CHECKS: tuple[Check, ...] = (
    conditions.check_bus,
    conditions.check_release,
    conditions.check_fence,
    conditions.check_maintenance,
    conditions.check_quarantine,
    conditions.check_market_age,
    conditions.check_book_silence,
    conditions.check_clock_skew,
    conditions.check_view_age,
    single.check_quantity,
    single.check_collar,
    single.check_drift,
    single.check_order_value,
    behaviour.check_level_unknown,
    behaviour.check_duplicate,
    behaviour.check_level_occupied,
    behaviour.check_self_trade,
    exposure.check_kill_caps,
    exposure.check_open_orders,
    exposure.check_position,
    exposure.check_notional,
    rates.check_message_rate,
    rates.check_venue_budget,
    rates.check_circuit,
)


def judge(state: State, order: Candidate) -> Refusal | None:
    """The first limit that is not kept and not overridden for this one order, or None.

    An override is used up only by an order that passes everything else.
    """
    used: list[tuple[Granted, Refusal]] = []
    for check in CHECKS:
        refusal = check(state, order)
        while refusal is not None:
            override = _override_of(state, order, refusal)
            if override is None:
                return refusal
            used.append((override, refusal))
            order = order._replace(waived=order.waived | {refusal.limit_name})
            refusal = _unless_waived(order, check(state, order))
    for override, refusal in used:
        _use(state, order, override, refusal)
    return None


def _unless_waived(order: Candidate, refusal: Refusal | None) -> Refusal | None:
    return None if refusal is not None and refusal.limit_name in order.waived else refusal


def _override_of(state: State, order: Candidate, refusal: Refusal) -> Granted | None:
    """RTS6-15(6): two persons let one order of this bot pass one limit, once, before it expires."""
    for granted in state.overrides:
        override = granted.override
        is_this = override.bot_id == order.bot_id and override.limit == refusal.limit_name
        if is_this and state.core.now.mono_ms < granted.until_mono_ms:
            return granted
    return None


def _use(state: State, order: Candidate, granted: Granted, refusal: Refusal) -> None:
    override = granted.override
    state.overrides.remove(granted)
    state.count("overrides_used")
    state.tell_decision(
        order.bot_id,
        scope=refusal.scope,
        decision="warned",
        reason="OVERRIDE_USED",
        limit=refusal.limit,
        value=f"{refusal.value}; override {override.override_id} by {' and '.join(override.approvers)}",
        client_order_id=order.request.client_order_id,
        symbol=order.request.symbol,
    )
