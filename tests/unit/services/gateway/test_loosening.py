"""One person's loosening waits its time, and lapses when anything happens to its scope."""

from services.gateway.loosening import DELAY_MS, Announced, Loosenings
from services.gateway.messages import LatchEntry

HALTED = LatchEntry("HALTED", "MANUAL", "gateway", 1)


def announced(scope="bot:bot1", to="ACTIVE", found=HALTED, due_mono_ms=DELAY_MS):
    return Announced(scope, to, "looked at", "anna", found, due_mono_ms)


def test_it_waits_ten_minutes_and_is_carried_out_once():
    waiting = Loosenings()
    waiting.announce(announced())
    entries = {"bot:bot1": HALTED}
    assert waiting.take_due(entries, DELAY_MS - 1) == []
    assert waiting.take_due(entries, DELAY_MS) == [announced()]
    assert waiting.take_due(entries, DELAY_MS) == []
    assert not waiting


def test_it_lapses_when_the_scope_was_touched_even_if_it_looks_the_same():
    for now in ({}, {"bot:bot1": HALTED._replace(ts_ms=2)}, {"bot:bot1": HALTED._replace(state="REDUCING")}):
        waiting = Loosenings()
        waiting.announce(announced())
        assert waiting.take_due(now, DELAY_MS) == []
        assert waiting.take_due({"bot:bot1": HALTED}, DELAY_MS) == [], "for good"


def test_another_scope_does_not_concern_it():
    waiting = Loosenings()
    waiting.announce(announced())
    entries = {"bot:bot1": HALTED, "desk": HALTED}
    assert waiting.waiting(entries) == [announced()]


def test_asked_again_it_waits_its_whole_time_again():
    waiting = Loosenings()
    waiting.announce(announced(due_mono_ms=10))
    waiting.announce(announced(due_mono_ms=20))
    assert waiting.take_due({"bot:bot1": HALTED}, 15) == []
    assert len(waiting.take_due({"bot:bot1": HALTED}, 20)) == 1
