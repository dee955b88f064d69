"""decide(state, view, params): the whole strategy as one pure function.

Called once per tick (1 s, and again whenever the host likes: after a fill, after a cancel). Deterministic: no clock, no
randomness, no I/O; equal inputs give equal outputs on every machine.

The host's part of the contract:
- list every order that is not terminal at the connector in ``view.orders`` (a place just carried out as "placing", a
  cancel as "cancelling"), in NoView too, and hand over each fill, refusal and intent exactly once;
- carry out cancels first, then places, each at most once; a place that could not be carried out comes back as
  OwnRefusal;
- publish ``plan.kill_intent`` when set, before the state that remembers it is saved;
- write what ``processed`` says happened; save the state when ``is_persist_due``.
"""

from collections.abc import Sequence
from decimal import Context, localcontext
from typing import Final

from controllers.core.values import Candle, MarketView, NoView, Plan
from controllers.epp import account_step, guard_step, indicators, market_step, order_step
from controllers.epp.ops_guard import step as guard_transition
from controllers.epp.params import EppParams
from controllers.epp.processed import ProcessedState
from controllers.epp.report import processed_state
from controllers.epp.state import EppState, LastLook, StateRefused, from_dict, initial_state, to_dict
from controllers.epp.tick import Tick

__all__ = [
    "Candle",
    "EppState",
    "StateRefused",
    "decide",
    "force_hard_stop",
    "from_dict",
    "initial_state",
    "seed_candles",
    "to_dict",
]

_MINUTE_MS: Final = 60_000
# The digits of a decision do not depend on what the host has set; traps are the default ones.
_CONTEXT: Final = Context(prec=28)


def seed_candles(state: EppState, candles: Sequence[Candle], params: EppParams) -> EppState:
    """Warm the indicators of a cold start from one-minute candles (any order; gaps and duplicates are tolerated).

    Does nothing when the state already has bars as new as these. 60 candles are enough for the default periods.
    """
    with localcontext(_CONTEXT):
        return state._replace(indicators=indicators.seed(state.indicators, candles, params))


def force_hard_stop(state: EppState, now_ms: int, reason: str, params: EppParams) -> EppState:
    """Latch a HARD_STOP from outside the decision: what the host does when decide itself has failed repeatedly."""
    stepped = guard_transition(state.guard, now_ms, reason, (), frozenset(), params.rearm_token)
    return state._replace(guard=stepped.state)


def decide(state: EppState, view: MarketView | NoView, params: EppParams) -> tuple[EppState, Plan, ProcessedState]:
    """One decision. Never raises on bad market data: that is a stand-down with a reason."""
    with localcontext(_CONTEXT):
        now_ms = max(view.ts_ms, state.clock_ms)
        if isinstance(view, NoView):
            tick = Tick(state, now_ms, None, view.orders, params)
            _note_clock(tick, view.ts_ms)
            plan = _stand_down(tick, view)
        else:
            tick = Tick(state, now_ms, view, view.orders, params)
            _note_clock(tick, view.ts_ms)
            plan = _judge(tick, view)
        return _finish(tick, plan, view.bus_blind_ms)


def _judge(tick: Tick, view: MarketView) -> Plan:
    """Market first, then account, then guard, then orders: each looks only at what came before it."""
    market_step.read_market(tick, view)
    account_step.mark_account(tick, view)
    account_step.book_fills(tick, view.fills)
    order_step.hear_refusals(tick, view.refusals)
    guard_step.hear_intents(tick, view.intents)
    account_step.settle_ledger(tick, view)
    account_step.book_funding(tick, view)
    account_step.check_position(tick, view)
    account_step.measure_markouts(tick, view)
    market_step.look(tick, view)
    market_step.gate_edge(tick)
    guard_step.judge_risk(tick, view)
    guard_step.judge_bus(tick, view.bus_blind_ms)
    _settle_start(tick)
    guard_step.settle_guard(tick)
    return order_step.plan_orders(tick, view.cancels_last_minute)


def _stand_down(tick: Tick, view: NoView) -> Plan:
    """Nothing to judge by: no order stays, but what we traded, were told and owe is booked all the same."""
    tick.soft.append(view.reason)
    account_step.book_fills(tick, view.fills)
    order_step.hear_refusals(tick, view.refusals)
    guard_step.hear_intents(tick, view.intents)
    guard_step.judge_bus(tick, view.bus_blind_ms)
    _settle_start(tick)
    guard_step.settle_guard(tick)
    return order_step.plan_orders(tick, 0)


def _note_clock(tick: Tick, ts_ms: int) -> None:
    back_ms = tick.now_ms - ts_ms
    if back_ms > tick.params.clock_step_ms_max:
        tick.soft.append("CLOCK_SKEW")


def _settle_start(tick: Tick) -> None:
    if not tick.state.is_started:
        tick.is_started = order_step.cancel_earlier_life(tick)


def _finish(tick: Tick, plan: Plan, bus_blind_ms: int) -> tuple[EppState, Plan, ProcessedState]:
    state, now_ms = tick.state, tick.now_ms
    minute_ms = now_ms - now_ms % _MINUTE_MS
    minute_due_ms = state.minute_ms if state.minute_ms and minute_ms > state.minute_ms else None
    is_persist_due = (
        minute_due_ms is not None
        or bool(tick.fills)
        or bool(tick.audits)
        or tick.guard is not state.guard
        or tick.daily_report is not None
    )
    processed = processed_state(tick, minute_due_ms, is_persist_due, len(tick.orders), bus_blind_ms)
    if tick.top is not None and tick.signals is not None and tick.view is not None:
        last = LastLook(tick.top.mid_price, tick.signals.spread_pct, tick.signals.net_edge_pct, tick.view.taker_fee_pct)
    else:
        last = tick.last
    new_state = EppState(
        is_started=tick.is_started,
        last_ts_ms=now_ms,
        clock_ms=now_ms,
        minute_ms=minute_ms,
        indicators=tick.indicators,
        regime=tick.regime,
        book=tick.book,
        floor=tick.floor,
        gate=tick.gate,
        guard=tick.guard,
        budget=tick.budget,
        intents=tick.intents,
        levels=tick.timers,
        derisk=tick.derisk,
        daily=tick.daily,
        ledger=tick.ledger,
        position_check=tick.position_check,
        markouts=tick.markouts,
        funding=tick.funding,
        last=last,
    )
    return new_state, plan, processed
