"""What the page offers to break, and when it does not."""

import pytest

from services.desk_api.logic import Board, BoardLimits, DeskFacts, Poll
from services.desk_api.readings import Now, Stamp
from services.desk_api.switches import SWITCHES, switches_json, why_not
from services.simulation.fault_scenario import PRESETS

NOW = Now(1_700_000_000_000, 60_000)
FRESH = Stamp(NOW.wall_ms, NOW.mono_ms)


def board(*, mode="sim", stamp=FRESH, answer=None):
    made = Board(BoardLimits())
    made.facts = DeskFacts(mode=mode, bots=("bot1",), stamp=stamp)
    made.venue = Poll({"faults": []} if answer is None else answer, FRESH, "no answer")
    return made


def rule(switch="freeze_feed", fault="freeze_public", armed=True, left_ms=12_000):
    return {"fault": fault, "switch": switch, "armed": armed, "left_ms": left_ms}


def shown(*rules):
    return switches_json(board(answer={"faults": list(rules)}), NOW, "t")


def test_every_switch_is_a_preset_of_the_venue():
    assert {switch.name for switch in SWITCHES} <= set(PRESETS)
    assert {"freeze_feed", "lose_ack", "429_storm"} <= {switch.name for switch in SWITCHES}


def test_a_simulated_desk_that_answers_may_be_broken():
    assert why_not(board(), NOW) == ""


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (board(mode="paper"), "only a simulated exchange"),
        (board(mode="live"), "mode live"),
        (board(stamp=None), "no supervisor"),
        (board(stamp=Stamp(NOW.wall_ms - 60_000, 0)), "no supervisor"),
        (board(answer={"open_orders": 0}), "does not answer"),
    ],
    ids=["paper", "live", "never supervised", "supervisor gone", "venue silent"],
)
def test_anything_else_may_not(made, words):
    assert words in why_not(made, NOW)


def test_what_is_in_effect_is_told_with_the_time_left():
    freeze = next(each for each in shown(rule())["switches"] if each["name"] == "freeze_feed")
    assert (freeze["on"], freeze["left_ms"]) == (True, 12_000)


def test_what_is_over_is_off():
    assert not any(each["on"] for each in shown(rule(armed=False))["switches"])


def test_faults_that_others_set_are_told_by_their_name():
    assert shown(rule("", "adl"), rule("", "drop_reply", armed=False))["others"] == ["adl"]
