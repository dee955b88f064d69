"""Faults as a person writes them: by name, narrowed, in a file; and as a plan that several hands add to."""

from pathlib import Path

import pytest

from services.common.yaml_file import read_yaml
from services.simulation.fault_scenario import PRESETS, preset_rules, rules_of
from services.simulation.faults import FaultPlan, Rule

REPO = Path(__file__).resolve().parents[4]
SCENARIOS = sorted((REPO / "data" / "scenarios").glob("*.yml"))


def test_an_entry_is_a_rule_or_a_preset_narrowed_to_a_time_and_an_account():
    rules = rules_of(
        [{"fault": "drop_reply", "probability": "0.25", "nth": "3"}, {"preset": "private_gone", "account": "bot1"}]
    )
    assert [rule.fault for rule in rules] == ["drop_reply", "close_private", "lose_private"]
    assert (rules[0].probability, rules[0].nth, rules[0].switch) == (0.25, 3, "")
    assert {(rule.account, rule.switch) for rule in rules[1:]} == {("bot1", "private_gone")}


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"fault": "drop_reply"}, "allowed: a list"),
        (["drop_reply"], r"rules\[1\]: 'drop_reply', allowed: a mapping"),
        ([{"preset": "slow"}, {"preset": "rain"}], r"rules\[2\]: preset='rain', allowed: 429_storm"),
        ([{"preset": "slow", "delay_ms": 5}], "delay_ms, allowed beside a preset"),
        ([{"fault": "drop_reply", "probability": 2}], "probability"),
        ([{"fault": "drop_reply", "nth": 0}], "nth"),
        ([{"fault": "drop_reply", "after_ms": -1}], "after_ms"),
        ([{"fault": "rain"}], "rain"),
    ],
)
def test_an_entry_that_is_none_is_refused_with_its_number_and_what_is_allowed(entries, words):
    with pytest.raises(ValueError, match=words):
        rules_of(entries)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_scenario_files_of_the_repository_can_be_played(path):
    assert rules_of(read_yaml(path)["rules"])


def test_there_is_a_scenario_file_to_begin_with():
    assert SCENARIOS


def test_a_fault_that_is_added_leaves_the_others_where_they_were():
    plan = FaultPlan(7)
    plan.put([Rule(fault="error_before", nth=3)], now_ms=0)
    hits = [[rule.fault for rule in plan.rest("bot1", "x", 0)] for _ in range(2)]
    plan.add([Rule(fault="delay_reply")], now_ms=0)
    hits.append([rule.fault for rule in plan.rest("bot1", "x", 0)])
    assert hits == [[], [], ["error_before", "delay_reply"]]


def test_one_switch_is_ended_and_the_others_stay():
    plan = FaultPlan(7)
    plan.put((*preset_rules("halt", {}), *preset_rules("slow", {}), *preset_rules("ban", {})), now_ms=0)
    assert [(rule.fault, begins) for rule, begins in plan.events(0)] == [("halt_symbol", True)]
    assert {rule.fault for rule in plan.rest("bot1", "x", 0)} == {"delay_request", "banned"}
    assert plan.end("ban") == []
    assert {rule.fault for rule in plan.rest("bot1", "x", 1)} == {"delay_request"}
    assert [rule.fault for rule in plan.end("halt")] == ["halt_symbol"], "somebody has to undo it"
    assert [rule["switch"] for rule in plan.report(1)] == ["slow"]


def test_every_preset_can_be_named():
    for name in PRESETS:
        assert {rule.switch for rule in preset_rules(name, {"for_ms": 10})} == {name}
