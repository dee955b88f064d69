"""The weather of a run: which fault a message meets, and since when it is calm."""

import pytest

from scripts.simulate.faults import CATALOGUE, SETTLE_MS, Plan, Weather, Window, draw, names

ALL = names("all")
HOUR_MS = 3_600_000


def weather(*windows: Window) -> Weather:
    return Weather(Plan(windows, ()), seed=1)


def test_a_message_meets_a_fault_only_while_its_window_is_open():
    sky = weather(Window("lose_reply", 100, 200, 1.0))
    assert [sky.meets(at_ms, "lose_reply") for at_ms in (99, 100, 199, 200)] == ["", "lose_reply", "lose_reply", ""]
    assert sky.injected == {"lose_reply": 2}


def test_it_meets_none_that_it_cannot_meet():
    assert weather(Window("late_push", 0, 100, 1.0)).meets(50, "lose_reply", "late_reply") == ""


def test_a_state_holds_through_its_window():
    sky = weather(Window("link_down", 100, 300, 1.0), Window("link_down", 250, 400, 1.0))
    assert [sky.holds(at_ms, "link_down") for at_ms in (50, 100, 299, 350, 400)] == [False, True, True, True, False]


def test_it_is_calm_since_the_last_window_closed():
    sky = weather(Window("late_push", 100, 300, 0.1), Window("link_down", 200, 250, 1.0))
    assert [sky.calm_since_ms(at_ms) for at_ms in (50, 100, 260, 300, 900)] == [0, 100, 260, 300, 300]


@pytest.mark.parametrize("seed", range(1, 30))
def test_a_plan_leaves_the_end_of_the_run_calm(seed):
    plan = draw(seed, ALL, HOUR_MS)
    assert all(window.end_ms <= HOUR_MS - SETTLE_MS for window in plan.windows)
    assert all(moment.at_ms <= HOUR_MS - SETTLE_MS for moment in plan.moments)
    assert {w.name for w in plan.windows} | {m.name for m in plan.moments} <= set(CATALOGUE)


def test_every_tenth_seed_is_calm():
    assert draw(30, ALL, HOUR_MS) == Plan((), ())


def test_an_unknown_fault_is_refused_by_name():
    with pytest.raises(ValueError, match="earthquake; known: all"):
        names("earthquake")
