"""What the desk asks of this bot from outside: each intent has one effect, once, if it comes in time.

A soft pause holds until ``resume``: its own expiry only says until when it may still be delivered. A target override
ends at the expiry, because it is an opinion about the market. ``resume`` never lifts a HARD_STOP.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from controllers.core.thresholds import clip
from controllers.core.values import ExternalIntent
from controllers.epp.processed import IntentAudit, Outcome

_SEEN_MAX: Final = 1024
_NO_SEEN: Final[dict[str, int]] = {}


class IntentState(NamedTuple):
    seen: dict[str, int] = _NO_SEEN  # intent_id -> expires_at_ms; never mutated, always replaced
    pause_reason: str | None = None
    target_base_pct: Decimal | None = None
    target_until_ms: int = 0


class IntentEffects(NamedTuple):
    kill_reason: str | None = None
    is_resume: bool = False


def target_override(state: IntentState, now_ms: int) -> Decimal | None:
    if state.target_base_pct is None or now_ms >= state.target_until_ms:
        return None
    return state.target_base_pct


def apply_intents(
    state: IntentState,
    intents: tuple[ExternalIntent, ...],
    now_ms: int,
    is_hard_stopped: bool,
    target_min: Decimal,
    target_max: Decimal,
) -> tuple[IntentState, IntentEffects, tuple[IntentAudit, ...]]:
    """Apply a batch in order; exactly one audit for each. The memory of seen ids is cleaned once per batch."""
    if not intents:
        return state, IntentEffects(), ()
    seen = {intent_id: until for intent_id, until in state.seen.items() if until > now_ms}
    effects = IntentEffects()
    audits: list[IntentAudit] = []
    for intent in intents:
        audit = _judge(state, intent, seen, now_ms, is_hard_stopped, target_min, target_max)
        audits.append(audit)
        if audit.outcome in ("duplicate", "expired"):
            continue
        seen[intent.intent_id] = intent.expires_at_ms
        if audit.outcome == "refused":
            continue
        state, effects = _apply(state, effects, intent, target_min, target_max)
    if len(seen) > _SEEN_MAX:  # those that expire last are the ones that could still come again
        seen = dict(sorted(seen.items(), key=lambda item: (item[1], item[0]))[-_SEEN_MAX:])
    return state._replace(seen=seen), effects, tuple(audits)


def _judge(
    state: IntentState,
    intent: ExternalIntent,
    seen: dict[str, int],
    now_ms: int,
    is_hard_stopped: bool,
    target_min: Decimal,
    target_max: Decimal,
) -> IntentAudit:
    def audit(outcome: Outcome, before: str, after: str, reason: str) -> IntentAudit:
        return IntentAudit(now_ms, intent.intent_id, intent.action, outcome, before, after, reason)

    if intent.intent_id in seen:
        return audit("duplicate", "", "", f"DUPLICATE: intent {intent.intent_id} was applied before; nothing done")
    if now_ms >= intent.expires_at_ms:
        late_ms = now_ms - intent.expires_at_ms
        return audit("expired", "", "", f"INTENT_EXPIRED: late_ms={late_ms}; send a new one")
    if intent.action == "soft_pause":
        return audit("applied", state.pause_reason or "running", f"paused: {intent.reason}", intent.reason)
    if intent.action == "resume":
        if is_hard_stopped:
            text = "HARD_STOP_LATCHED: resume does not lift a hard stop; change rearm_token and restart"
            return audit("refused", "hard_stop", "hard_stop", text)
        return audit("applied", state.pause_reason or "running", "running", intent.reason)
    if intent.action == "kill_switch":
        return audit("applied", "hard_stop" if is_hard_stopped else "not stopped", "hard_stop", intent.reason)
    if intent.action != "set_target_base_pct":
        text = f"INTENT_UNKNOWN: action={intent.action}; known are soft_pause, resume, kill_switch, set_target_base_pct"
        return audit("refused", "", "", text)
    wanted = intent.target_base_pct
    before = "none" if state.target_base_pct is None else str(state.target_base_pct)
    if wanted is None or not wanted.is_finite():
        return audit("refused", before, before, f"TARGET_MISSING: target_base_pct={wanted}; send a finite fraction")
    applied = clip(wanted, target_min, target_max)
    if applied != wanted:
        text = f"TARGET_CLAMPED: value={wanted}, limit={target_min}..{target_max}; {intent.reason}"
        return audit("clamped", before, str(applied), text)
    return audit("applied", before, str(applied), intent.reason)


def _apply(
    state: IntentState, effects: IntentEffects, intent: ExternalIntent, target_min: Decimal, target_max: Decimal
) -> tuple[IntentState, IntentEffects]:
    if intent.action == "soft_pause":
        return state._replace(pause_reason=intent.reason or "asked to pause"), effects._replace(is_resume=False)
    if intent.action == "resume":
        return state._replace(pause_reason=None), effects._replace(is_resume=True)
    if intent.action == "kill_switch":
        return state, effects._replace(kill_reason=intent.reason or "asked to stop")
    assert intent.target_base_pct is not None
    target = clip(intent.target_base_pct, target_min, target_max)
    return state._replace(target_base_pct=target, target_until_ms=intent.expires_at_ms), effects
