from decimal import Decimal

import pytest

from controllers.epp.intents import IntentState, apply_intents, target_override
from tests.fakes.epp_world import START_MS, intent

D = Decimal
LOW, HIGH = D("-0.30"), D("0.30")


def apply(*intents, state=None, now_ms=START_MS, hard=False):
    return apply_intents(state or IntentState(), intents, now_ms, hard, LOW, HIGH)


@pytest.mark.parametrize(
    "sent, outcome, pause, target, is_resume, is_kill",
    [
        (intent("soft_pause"), "applied", "test", None, False, False),
        (intent("resume"), "applied", None, None, True, False),
        (intent("kill_switch"), "applied", None, None, False, True),
        (intent("set_target_base_pct", target_base_pct=D("0.1")), "applied", None, "0.1", False, False),
        (intent("set_target_base_pct", target_base_pct=D("0.9")), "clamped", None, "0.30", False, False),
        (intent("set_target_base_pct", target_base_pct=D("-0.9")), "clamped", None, "-0.30", False, False),
        (intent("set_target_base_pct"), "refused", None, None, False, False),
        (intent("set_target_base_pct", target_base_pct=D("NaN")), "refused", None, None, False, False),
        (intent("dance"), "refused", None, None, False, False),
        (intent("soft_pause", expires_at_ms=START_MS), "expired", None, None, False, False),
    ],
    ids=lambda value: value.action if hasattr(value, "action") else "",
)
def test_each_intent_has_its_effect_and_one_audit(sent, outcome, pause, target, is_resume, is_kill):
    state, effects, audits = apply(sent)
    assert [audit.outcome for audit in audits] == [outcome]
    assert audits[0].intent_id == sent.intent_id
    assert state.pause_reason == pause
    assert target_override(state, START_MS) == (None if target is None else D(target))
    assert effects.is_resume is is_resume
    assert (effects.kill_reason is not None) is is_kill


def test_an_intent_told_twice_acts_once():
    pause = intent("soft_pause", "p")
    state, _, _ = apply(pause)
    state, _, _ = apply(intent("resume", "r"), state=state)
    state, _, audits = apply(pause, state=state)
    assert state.pause_reason is None
    assert audits[0].outcome == "duplicate"
    _, _, audits = apply(intent("soft_pause", "x"), intent("soft_pause", "x"))
    assert [audit.outcome for audit in audits] == ["applied", "duplicate"]


def test_a_pause_outlives_its_expiry_and_a_target_does_not():
    target = intent("set_target_base_pct", "t", target_base_pct=D("0.1"), expires_at_ms=START_MS + 1000)
    state, _, _ = apply(intent("soft_pause", "p", expires_at_ms=START_MS + 1000), target)
    assert target_override(state, START_MS + 999) == D("0.1")
    assert target_override(state, START_MS + 1000) is None
    state, _, _ = apply(intent("soft_pause", "q"), state=state, now_ms=START_MS + 5000)
    assert state.pause_reason is not None


def test_resume_does_not_lift_a_hard_stop_and_says_what_does():
    _, effects, audits = apply(intent("resume"), hard=True)
    assert not effects.is_resume
    assert audits[0].outcome == "refused"
    assert "rearm_token" in audits[0].reason


def test_the_last_of_pause_and_resume_in_a_batch_wins():
    state, effects, _ = apply(intent("resume", "1"), intent("soft_pause", "2"))
    assert state.pause_reason is not None and not effects.is_resume
    state, effects, _ = apply(intent("soft_pause", "1"), intent("resume", "2"))
    assert state.pause_reason is None and effects.is_resume


def test_a_clamped_target_is_audited_with_value_and_limit():
    _, _, audits = apply(intent("set_target_base_pct", target_base_pct=D("0.9")))
    assert "value=0.9" in audits[0].reason and "limit=-0.30..0.30" in audits[0].reason
    assert (audits[0].before, audits[0].after) == ("none", "0.30")


def test_seen_ids_are_forgotten_once_they_could_not_be_delivered_again():
    state, _, _ = apply(intent("soft_pause", "old", expires_at_ms=START_MS + 10))
    assert "old" in state.seen
    state, _, _ = apply(intent("resume", "new"), state=state, now_ms=START_MS + 20)
    assert set(state.seen) == {"new"}


def test_the_memory_of_seen_ids_is_bounded():
    many = tuple(intent("soft_pause", f"i{n}", expires_at_ms=START_MS + 1000 + n) for n in range(1500))
    state, _, _ = apply(*many)
    assert len(state.seen) == 1024
    assert "i1499" in state.seen and "i0" not in state.seen


def test_an_empty_batch_changes_nothing():
    state = IntentState(pause_reason="x")
    assert apply(state=state)[0] is state
