"""`desk simulate` with stand-ins for the runs: what it refuses before, and what it says of a failure."""

import json

import pytest

from scripts.desk import main
from scripts.simulate import campaign
from scripts.simulate.desk import RunResult
from scripts.simulate.findings import Violation


def result(seed: int, *violations: Violation) -> RunResult:
    return RunResult(seed, "calm", 1, "", violations, {"halt": 2}, 10, 3, 50, 60, {}, {}, 1.0, 1.0, 1800.0, "ab")


@pytest.fixture
def runs(monkeypatch):
    """Sets what the seeds come to; holds the jobs that were asked for."""
    asked: list = []

    def come_to(*results: RunResult):
        monkeypatch.setattr(campaign, "results", lambda jobs, processes: asked.extend(jobs) or iter(results))
        return asked

    return come_to


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--hours", "inf"], "USAGE"),
        (["--hours", "nan"], "USAGE"),
        (["--seeds", "-1"], "USAGE"),
        (["--market", "x"], "MARKET_UNKNOWN"),
        (["--faults", "x"], "FAULT_UNKNOWN"),
        (["--faults", ","], "FAULT_UNKNOWN"),
    ],
)
def test_bad_input_is_refused_with_the_next_step(runs, capsys, arguments, says):
    asked = runs()
    assert main.run(["simulate", *arguments]) == 4
    err = capsys.readouterr().err
    assert err.startswith(says) and "\nnext  desk simulate" in err and not asked


def test_a_run_directory_that_is_a_file_is_refused_before_hours_of_simulation(runs, tmp_path, capsys):
    asked = runs()
    (tmp_path / "file").touch()
    assert main.run(["simulate", "--run-dir", str(tmp_path / "file")]) == 4
    assert capsys.readouterr().err.startswith("RUN_DIR_UNUSABLE") and not asked


def test_a_failure_is_exit_1_and_names_the_command_that_repeats_it_with_every_flag(runs, tmp_path, capsys):
    runs(result(1), result(2, Violation("I1", 5, "an order twice")))
    flags = ["--seeds", "2", "--hours", "2", "--faults", "halt", "--bots", "2", "--market", "calm"]
    assert main.run(["simulate", *flags, "--run-dir", str(tmp_path), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    (failure,) = told["failures"]
    assert failure["again"] == "desk simulate --seed 2 --faults halt --hours 2.0 --bots 2 --market calm"
    assert told["commit"] and told["date"].endswith(" UTC")
    assert json.loads((tmp_path / "reports" / "simulate" / "latest.json").read_text()) == told


def test_without_a_finding_it_is_exit_0(runs, tmp_path):
    runs(result(1))
    assert main.run(["simulate", "--seeds", "1", "--run-dir", str(tmp_path)]) == 0
