"""RUNNING, SOFT_PAUSE, HARD_STOP: the most severe condition wins, and a hard stop stays until a person lifts it.

A hard stop is latched with the ``rearm_token`` in force; only a start under another token lifts it. No counter,
rollover, restart or ``resume`` does, so a limit cannot flap between stop and run.
"""

from typing import Final, NamedTuple

from controllers.epp.processed import GuardName

# Pauses during which inventory may still be brought back: what is known of book, account and position is sound.
DERISK_ALLOWED: Final = frozenset(
    {"EDGE_GATE_BLOCKED", "EDGE_UNREACHABLE", "EDGE_GAP", "CANCEL_BUDGET", "MARGIN_LOW", "LOSING_STREAK"}
)


class GuardState(NamedTuple):
    name: GuardName = "SOFT_PAUSE"
    since_ms: int = 0
    hard_reason: str | None = None
    hard_ts_ms: int = 0
    hard_token: str = ""  # params.rearm_token when it was latched
    is_kill_sent: bool = False


class GuardStep(NamedTuple):
    state: GuardState
    is_changed: bool
    kill_intent: str | None  # publish this once


def step(
    state: GuardState,
    now_ms: int,
    hard_reason: str | None,
    soft_reasons: tuple[str, ...],
    kill_reasons: frozenset[str],
    rearm_token: str,
) -> GuardStep:
    """One look. hard_reason is what this tick found; a latched one stays the reason whatever this tick found."""
    kill_intent = None
    if state.hard_reason is None and hard_reason is not None:
        state = state._replace(hard_reason=hard_reason, hard_ts_ms=now_ms, hard_token=rearm_token, is_kill_sent=False)
        if hard_reason in kill_reasons:
            kill_intent = hard_reason
            state = state._replace(is_kill_sent=True)
    name: GuardName = "RUNNING"
    if state.hard_reason is not None:
        name = "HARD_STOP"
    elif soft_reasons:
        name = "SOFT_PAUSE"
    if name == state.name:
        return GuardStep(state, False, kill_intent)
    return GuardStep(state._replace(name=name, since_ms=now_ms), True, kill_intent)


def new_life(state: GuardState, rearm_token: str) -> GuardState:
    """What a restart keeps: the latch, unless a person has changed the token since."""
    if state.hard_reason is not None and state.hard_token == rearm_token:
        return state
    return GuardState()


def is_derisk_allowed(name: GuardName, soft_reasons: tuple[str, ...]) -> bool:
    if name == "RUNNING":
        return True
    return name == "SOFT_PAUSE" and all(reason in DERISK_ALLOWED for reason in soft_reasons)
