import pytest

from controllers.epp.ops_guard import GuardState, is_derisk_allowed, new_life, step

KILLS = frozenset({"DAILY_LOSS_LIMIT"})
RUNNING = GuardState("RUNNING", 1)
PAUSED = GuardState("SOFT_PAUSE", 1)
STOPPED = GuardState("HARD_STOP", 1, "DRAWDOWN_LIMIT", 1, "t", True)


@pytest.mark.parametrize(
    "before, hard, soft, name, is_changed",
    [
        (RUNNING, None, (), "RUNNING", False),
        (RUNNING, None, ("DATA_AGE",), "SOFT_PAUSE", True),
        (RUNNING, "MARGIN_CRITICAL", (), "HARD_STOP", True),
        (RUNNING, "MARGIN_CRITICAL", ("DATA_AGE",), "HARD_STOP", True),
        (PAUSED, None, (), "RUNNING", True),
        (PAUSED, None, ("BUS_BLIND",), "SOFT_PAUSE", False),
        (PAUSED, "MARGIN_CRITICAL", ("DATA_AGE",), "HARD_STOP", True),
        (STOPPED, None, (), "HARD_STOP", False),
        (STOPPED, None, ("DATA_AGE",), "HARD_STOP", False),
        (STOPPED, "TURNOVER_LIMIT", (), "HARD_STOP", False),
    ],
)
def test_every_transition_of_the_guard(before, hard, soft, name, is_changed):
    stepped = step(before, 500, hard, soft, KILLS, "t")
    assert (stepped.state.name, stepped.is_changed) == (name, is_changed)
    assert stepped.state.since_ms == (500 if is_changed else 1)


def test_the_first_reason_of_a_hard_stop_stays_its_reason():
    assert step(STOPPED, 500, "DAILY_LOSS_LIMIT", (), KILLS, "t").state.hard_reason == "DRAWDOWN_LIMIT"


def test_a_kill_intent_goes_out_once_and_only_for_limits_of_the_day():
    first = step(RUNNING, 500, "DAILY_LOSS_LIMIT", (), KILLS, "t")
    assert first.kill_intent == "DAILY_LOSS_LIMIT"
    assert step(first.state, 501, "DAILY_LOSS_LIMIT", (), KILLS, "t").kill_intent is None
    assert step(RUNNING, 500, "MARGIN_CRITICAL", (), KILLS, "t").kill_intent is None


def test_a_restart_under_the_same_token_stays_stopped_and_under_another_is_rearmed():
    assert new_life(STOPPED, "t") == STOPPED
    assert new_life(STOPPED, "other") == GuardState()
    assert new_life(RUNNING, "t") == GuardState()


@pytest.mark.parametrize(
    "name, reasons, is_allowed",
    [
        ("RUNNING", (), True),
        ("SOFT_PAUSE", ("EDGE_UNREACHABLE",), True),
        ("SOFT_PAUSE", ("EDGE_GAP", "MARGIN_LOW"), True),
        ("SOFT_PAUSE", ("EDGE_GAP", "DATA_AGE"), False),
        ("SOFT_PAUSE", ("INTENT_SOFT_PAUSE",), False),
        ("HARD_STOP", (), False),
    ],
)
def test_derisking_goes_on_only_where_what_is_known_is_sound(name, reasons, is_allowed):
    assert is_derisk_allowed(name, reasons) is is_allowed
