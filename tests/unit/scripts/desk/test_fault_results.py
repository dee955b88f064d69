import json
import os

import pytest

from scripts.desk import main
from scripts.desk.fault_results import fault_page, fault_report, last_results

SUBMIT = "tests/unit/services/gateway/test_submit.py::"
LOST = "test_a_lost_answer_is_asked_for_and_the_bot_hears_accepted_with_a_final_id"


def junit(run_dir, name, at_s, **outcomes):
    """Outcomes by test name; a test with several cases has several, as text "passed failed"."""
    cases = []
    for test, results in outcomes.items():
        for number, outcome in enumerate(results.split()):
            inner = {"passed": "", "failed": "<failure/>", "skipped": "<skipped/>"}[outcome]
            where = 'classname="tests.unit.services.gateway.test_submit"'
            cases.append(f'<testcase {where} name="{test}[{number}]">{inner}</testcase>')
    path = run_dir / "reports" / "tests" / f"{name}.xml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
    os.utime(path, (at_s, at_s))


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def test_a_test_with_several_cases_is_as_good_as_its_worst(tmp_path):
    junit(tmp_path, "code", 10, test_a="passed failed passed", test_b="skipped passed", test_c="skipped")
    results = last_results(tmp_path)
    assert [results[SUBMIT + name].outcome for name in ("test_a", "test_b", "test_c")] == [
        "failed",
        "skipped",
        "skipped",
    ]


@pytest.mark.parametrize("partial", ["code-chosen", "real-again"])
def test_a_case_that_was_not_run_again_stays_what_it_was(tmp_path, partial):
    junit(tmp_path, "code", 10, test_a="passed failed")
    junit(tmp_path, partial, 20, test_a="passed")
    assert last_results(tmp_path)[SUBMIT + "test_a"] == ("failed", 20_000)
    junit(tmp_path, "code", 30, test_a="passed")
    assert last_results(tmp_path)[SUBMIT + "test_a"] == ("passed", 30_000)


@pytest.mark.parametrize("path", ["tests/code.xml", "drills/host.json", "simulate/latest.json"])
def test_a_report_that_was_cut_short_is_named_with_what_to_do(tmp_path, path, capsys):
    cut = tmp_path / "reports" / path
    cut.parent.mkdir(parents=True)
    cut.write_text("{")
    assert main.run(["report", "faults", "--run-dir", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith(f"REPORT_UNREADABLE: {cut}: ")


@pytest.mark.parametrize(("first", "second"), [("real", "real-again"), ("real-again", "real")])
def test_the_newest_run_of_a_test_counts_whatever_its_file_is_called(tmp_path, first, second):
    junit(tmp_path, first, 10, test_a="failed", test_b="passed")
    junit(tmp_path, second, 20, test_a="passed")
    results = last_results(tmp_path)
    assert results[SUBMIT + "test_a"] == ("passed", 20_000)
    assert results[SUBMIT + "test_b"] == ("passed", 10_000)


def test_drills_are_found_in_the_run_directory_and_in_those_of_drills_below_it(tmp_path):
    rows = [{"row": "cancel_429", "passed": True}, {"row": "bot_killed", "passed": False}]
    write(tmp_path / "drills" / "host" / "reports" / "drills" / "host.json", {"drill": "host", "rows": rows})
    struck = {"gateway": 1, "venue_sim": 1, "bot.bot0": 1}
    write(tmp_path / "reports" / "drills" / "crash.json", {"drill": "crash", "passed": True, "by_process": struck})
    around = {"drill": "crash", "passed": False, "by_process": {"event_store": 8}}
    write(tmp_path / "drills" / "crash-around" / "reports" / "drills" / "crash.json", around)
    write(
        tmp_path / "reports" / "simulate" / "latest.json",
        {"violations": 0, "faults_injected": {"lose_reply": 3, "kill_bot": 0}},
    )
    assert {name: last.outcome for name, last in last_results(tmp_path).items()} == {
        "desk drill host --rows cancel_429": "passed",
        "desk drill host --rows bot_killed": "failed",
        "desk drill crash": "passed",
        "desk simulate --faults lose_reply": "passed",
    }


def test_the_report_names_what_failed_and_counts_what_was_never_run(tmp_path):
    before = fault_report(tmp_path, "today", "0123456789ab")
    assert (before["passed"], before["failed"]) == (0, [])
    assert before["not_run"] == len(before["rows"]) > 100
    junit(tmp_path, "code", 10, **{LOST: "failed"})
    after = fault_report(tmp_path, "today", "0123456789ab")
    assert after["failed"] == [f"F01 {SUBMIT}{LOST}"]
    assert after["not_run"] == before["not_run"] - 1
    assert '<tr class="bad"><td>F01</td>' in fault_page(after)
    assert "1970-01-01 00:00:10 UTC" in fault_page(after)
    assert "today, commit 0123456789ab: 0 proofs passed" in fault_page(after)
