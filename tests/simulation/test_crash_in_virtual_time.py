"""kill -9 of gateway, venue and bot in virtual time: nothing twice, nothing lost, all books equal."""

import json
from functools import cache

import pytest

from scripts.desk import main
from scripts.simulate import crash, planted

struck = cache(crash.strike)


@pytest.mark.parametrize("seed", range(1, 5))
def test_no_order_is_sent_twice_and_no_fill_lost_however_often_something_is_killed(seed):
    result = struck(seed)
    report = crash.report([result], seed)
    assert report["passed"], report
    assert result.run.orders > 500
    assert all(count >= 10 for count in report["by_process"].values())


def test_some_kills_fall_between_the_journal_and_the_wire():
    assert sum(struck(seed).orders_cut_off for seed in (1, 2)) > 0


def test_the_same_seed_strikes_in_the_same_way():
    first, second = (crash.report([result], 3) for result in (struck(3), crash.strike(3)))
    same = ("kills", "by_process", "orders_at_venue", "orders_cut_off", "digest")
    assert {name: first[name] for name in same} == {name: second[name] for name in same}


def test_a_report_counts_at_least_the_kills_that_were_asked_for():
    results = list(crash.strikes(crash.KILLS_A_SEED, first=11, processes=1))
    assert [result.run.seed for result in results] == list(range(11, 11 + len(results)))
    assert crash.report(results, 11)["kills"] >= crash.KILLS_A_SEED


def test_the_drill_prints_and_keeps_its_report(tmp_path, capsys):
    code = main.run(
        ["drill", "crash", "--virtual", "--kills", "1", "--seed", "2", "--run-dir", str(tmp_path), "--json"]
    )
    assert code == 0
    printed = json.loads(capsys.readouterr().out)
    kept = json.loads((tmp_path / "reports" / "drills" / "crash_virtual.json").read_text())
    assert printed == kept
    assert (kept["passed"], kept["seed"], kept["digest"]) == (True, 2, crash.report([struck(2)], 2)["digest"])


def test_orders_resent_at_restart_are_found():
    report = crash.report([crash.strike(1, planted.ResendsAtRestart)], 1)
    assert not report["passed"]
    assert report["orders_unknown"] > 0
    assert report["failures"][0]["seed"] == 1


def test_a_journal_that_is_not_read_back_is_found():
    report = crash.report([crash.strike(2, planted.ForgetsAtRestart)], 2)
    assert not report["passed"]
    assert report["orders_unknown"] > 0
