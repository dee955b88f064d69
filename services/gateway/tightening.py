"""The gateway tightens a scope of its own accord. It takes effect at once, and is on disk right after."""

from services.contracts import events as e
from services.gateway.messages import LatchEntry, Tighten
from services.gateway.state import State


def tighten(state: State, scope: str, reason: str, limit: str, value: str) -> None:
    """The gateway tightens a scope to REDUCING by itself; loosening takes a person."""
    bot_id = scope.partition(":")[2] if scope.startswith("bot:") else "desk"
    entry = LatchEntry("REDUCING", f"{reason}: value={value}, limit={limit}", "gateway", state.core.now.wall_ms)
    if not state.latches.tighten(scope, entry):
        return
    state.tightened.append(scope)
    state.count("tightened")
    state.core.emit(Tighten(scope, entry))
    state.core.publish(e.LatchV1, bot_id, scope=scope, state=entry.state, reason=entry.reason, actor=entry.actor)
    state.tell_decision(
        bot_id,
        scope=scope,
        decision="tightened",
        reason=reason,
        limit=limit,
        value=value,
        next_step=f"a person looks, then desk latch set --scope {scope} --state ACTIVE",
    )
