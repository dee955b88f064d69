"""FEE-04: the venue's announced maintenance. Said a day and an hour ahead; a minute before it, what could open is gone.

An order that rests through a maintenance comes back into a market nobody watched (F56). Reduce-only orders stay.
"""

from services.gateway import pursuit
from services.gateway.limits.policy import MAINTENANCE_CLEAR_MS, MaintenanceWindow
from services.gateway.state import State

_HOUR_MS = 3_600_000
SAID_AHEAD_MS = (_HOUR_MS, 24 * _HOUR_MS)  # nearest first


def watch(state: State) -> None:
    """Once a second."""
    now_ms = state.core.now.wall_ms
    for window in state.policy.maintenance:
        left_ms = window.start_ms - now_ms
        for index, ahead_ms in enumerate(SAID_AHEAD_MS):
            if 0 < left_ms <= ahead_ms:
                if (window.start_ms, ahead_ms) not in state.maintenance_said:
                    state.maintenance_said.update((window.start_ms, longer) for longer in SAID_AHEAD_MS[index:])
                    _say(state, window, left_ms)
                break
        if window.covers(now_ms):
            for row in list(state.orders.all_open()):
                if not row.reduce_only:
                    pursuit.want_cancel(state, row, "MAINTENANCE")


def _say(state: State, window: MaintenanceWindow, left_ms: int) -> None:
    state.tell_decision(
        "desk",
        scope="venue:bitget",
        decision="warned",
        reason="MAINTENANCE",
        limit=f"window {window.start_ms}..{window.end_ms} {window.note}".rstrip(),
        value=f"begins in {left_ms // 60_000} min; {MAINTENANCE_CLEAR_MS // 1000} s before it nothing that opens rests",
    )
