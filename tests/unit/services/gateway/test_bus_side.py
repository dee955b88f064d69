from services.contracts import events as e
from services.gateway import bus_side
from services.gateway.messages import LatchEntry

ENVELOPE = {"event_id": "1", "source_epoch": 1, "seq": 1, "config_hash": "abc"}
NOW = 1_000_000


def latch(state="HALTED", source="kill_switch", scope="desk", ts_ms=NOW) -> e.LatchV1:
    return e.LatchV1(
        **ENVELOPE, source=source, bot_id="desk", ts_ms=ts_ms, scope=scope, state=state, reason="MANUAL", actor="anna"
    )


def kill(bot_id="bot1", expires=NOW + 1_000, action="kill_switch") -> e.IntentV1:
    return e.IntentV1(
        **ENVELOPE,
        source="bot.bot1",
        bot_id=bot_id,
        ts_ms=NOW,
        action=action,
        reason="DRAWDOWN_LIMIT",
        actor="bot1",
        expires_at_ms=expires,
    )


def test_a_latch_of_the_kill_switch_is_obeyed():
    scope, entry = bus_side.tightened(latch(), {}, NOW)
    assert (scope, entry.state, entry.actor) == ("desk", "HALTED", "anna")


def test_nothing_on_the_bus_loosens():
    held = {"desk": LatchEntry("HALTED", "MANUAL", "anna", 1)}
    assert bus_side.tightened(latch("ACTIVE"), held, NOW) is None
    assert bus_side.tightened(latch("REDUCING"), held, NOW) is None


def test_a_latch_from_before_a_person_rearmed_is_ignored():
    rearmed = {"desk": LatchEntry("ACTIVE", "MANUAL", "anna", NOW + 1)}
    assert bus_side.tightened(latch(ts_ms=NOW), rearmed, NOW) is None


def test_its_own_latch_coming_back_is_ignored():
    assert bus_side.tightened(latch(source="gateway"), {}, NOW) is None


def test_a_kill_intent_halts_its_bot_and_an_expired_one_does_nothing():
    scope, entry = bus_side.tightened(kill(), {}, NOW)
    assert (scope, entry.state, entry.reason) == ("bot:bot1", "HALTED", "DRAWDOWN_LIMIT")
    assert bus_side.tightened(kill(expires=NOW), {}, NOW) is None
    assert bus_side.tightened(kill(action="soft_pause"), {}, NOW) is None


def test_a_kill_intent_for_the_desk_halts_the_desk():
    assert bus_side.tightened(kill(bot_id="desk"), {}, NOW)[0] == "desk"
