"""What the gateway hears on the bus: decisions of bots, the kill switch's latch, and intents to kill.

Only tightening comes this way. Everything here may come late or twice: a latch older than what the file says of its
scope is ignored, an expired intent too.
"""

from collections.abc import Mapping

from services.contracts import events as e
from services.contracts.streams import DECISION, INTENT, LATCH
from services.gateway import messages as m

STREAMS = (DECISION, LATCH, INTENT)
_SEVERITY = {"ACTIVE": 0, "REDUCING": 1, "HALTED": 2}


def quoted(event: e.QuoteDecisionV1, now_ms: int) -> m.BotQuoted:
    return m.BotQuoted(event.bot_id, len(event.placed), event.config_hash, max(0, now_ms - event.ts_ms))


def tightened(event: e.AnyEvent, entries: Mapping[str, m.LatchEntry], now_ms: int) -> tuple[str, m.LatchEntry] | None:
    """The scope and entry that this event asks for, or None when it asks for nothing tighter than what holds."""
    wanted: tuple[str, m.LatchEntry] | None = None
    if isinstance(event, e.LatchV1) and event.source != "gateway":
        wanted = event.scope, m.LatchEntry(event.state, event.reason, event.actor or event.source, event.ts_ms)
    elif isinstance(event, e.IntentV1) and event.action == "kill_switch" and event.expires_at_ms > now_ms:
        scope = "desk" if event.bot_id == "desk" else f"bot:{event.bot_id}"
        wanted = scope, m.LatchEntry("HALTED", event.reason, event.actor, event.ts_ms)
    if wanted is None:
        return None
    scope, entry = wanted
    current = entries.get(scope)
    if current is not None and (entry.ts_ms <= current.ts_ms or _SEVERITY[entry.state] <= _SEVERITY[current.state]):
        return None
    return wanted if entry.state != "ACTIVE" else None
