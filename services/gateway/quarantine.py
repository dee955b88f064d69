"""What misbehaves waits: a pair whose orders the venue keeps refusing, a route whose outcomes stay unknown."""

from services.gateway.orders import OrderRow
from services.gateway.state import Held, State

HOLD_MS = 30_000


def on_venue_refused(state: State, row: OrderRow, code: str) -> None:
    """F10: a storm of refusals (post-only above all) is the mark of a stale book or wrong rules."""
    key = f"bot:{row.bot_id}:{row.symbol}"
    window = state.counters.window(f"rejects|{key}")
    now_ms = state.core.now.mono_ms
    window.add(now_ms)
    limit = state.tightest("venue_rejects_per_minute_max", row.bot_id)
    if window.count(now_ms) > limit:
        hold(state, row.bot_id, key, f"venue_rejects_per_minute_max={limit}", f"last was {code}")


def on_unknown(state: State, row: OrderRow) -> None:
    """A route on which outcomes get lost takes no new risk for a while."""
    key = f"route:{row.bot_id}"
    window = state.counters.window(f"unknown|{key}")
    now_ms = state.core.now.mono_ms
    window.add(now_ms)
    limit = state.tightest("unknown_outcomes_per_minute_max", row.bot_id)
    if window.count(now_ms) > limit:
        value = f"{window.count(now_ms)} in a minute"
        hold(state, row.bot_id, key, f"unknown_outcomes_per_minute_max={limit}", value)


def hold(state: State, bot_id: str, key: str, limit: str, value: str) -> None:
    now_ms = state.core.now.mono_ms
    was_held = key in state.quarantine and state.quarantine[key].until_mono_ms > now_ms
    state.quarantine[key] = Held(now_ms + HOLD_MS, f"{limit}; {value}")
    if was_held:
        return
    state.count("quarantines")
    state.tell_decision(
        bot_id,
        scope=key,
        decision="tightened",
        reason="QUARANTINED",
        limit=limit,
        value=value,
    )
