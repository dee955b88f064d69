"""The heartbeat guard: a bot that is gone or silent has no orders in the market.

A closed private session may come back within a short grace (Hummingbot reconnects at once after a lost socket); then,
or as soon as all its open sessions have been silent for the shell's limit, everything of that bot is cancelled and new
risk waits until it is heard again. A bot that never opened a session in this life is guarded by its signed requests
instead.
"""

from functools import partial

from services.gateway import pursuit
from services.gateway.messages import BotSession
from services.gateway.state import Lane, State

_REST_CHECK_MS = 1_000


def on_session(state: State, event: BotSession) -> None:
    lane = state.lanes.get(event.bot_id)
    if lane is None:
        return
    match event.what:
        case "opened":
            lane.sessions += 1
            lane.has_had_session = True
            _heard(state, lane)
        case "closed":
            lane.sessions = max(0, lane.sessions - 1)
            if lane.sessions == 0:
                state.core.after(state.timing.session_grace_ms, partial(_if_still_closed, state, lane))
        case "heard":
            _heard(state, lane)
        case "silent":
            _stand_down(state, lane, "its private session is silent")


def watch_rest_only(state: State) -> None:
    """Bots without a session: no signed request for long enough means nobody is there."""
    for lane in state.lanes.values():
        if lane.has_had_session or not state.orders.open_count(lane.bot_id):
            continue
        silent_ms = state.core.now.mono_ms - lane.heard_mono_ms
        if silent_ms > state.timing.rest_silence_ms:
            cancel_all_of(state, lane.bot_id, "SESSION_CLOSED")
    state.core.after(_REST_CHECK_MS, partial(watch_rest_only, state))


def cancel_all_of(state: State, bot_id: str, reason: str) -> None:
    for row in state.orders.open_of(bot_id):
        pursuit.want_cancel(state, row, reason)


def _heard(state: State, lane: Lane) -> None:
    lane.heard_mono_ms = state.core.now.mono_ms
    if lane.sessions:
        lane.guard_detail = ""


def _if_still_closed(state: State, lane: Lane) -> None:
    if lane.sessions == 0:
        _stand_down(state, lane, "its private session is closed")


def _stand_down(state: State, lane: Lane, detail: str) -> None:
    if lane.guard_detail:
        return
    lane.guard_detail = detail
    state.count("sessions_lost")
    open_orders = state.orders.open_count(lane.bot_id)
    state.tell_decision(
        lane.bot_id,
        scope=f"bot:{lane.bot_id}",
        decision="tightened",
        reason="SESSION_CLOSED",
        limit="a living private session",
        value=f"{detail}; {open_orders} orders cancelled",
    )
    cancel_all_of(state, lane.bot_id, "SESSION_CLOSED")
