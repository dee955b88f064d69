"""`desk drill all` with stand-ins for the drills: what it runs, what it writes, what it returns."""

import json

import pytest

from scripts.desk import drill, main


def report(name: str, passed: bool) -> dict:
    return {"drill": name, "passed": passed}


@pytest.fixture
def stand_ins(monkeypatch):
    """Sets what each drill does, by its name."""

    def with_acts(**acts):
        monkeypatch.setattr(drill, "_drills", lambda where, aloud: acts)

    return with_acts


def read(tmp_path):
    reports = tmp_path / "reports" / "drills"
    return json.loads((reports / "all.json").read_text()), (reports / "all.html").read_text()


def test_all_is_every_kind_of_drill(tmp_path):
    from scripts.desk.places import places

    assert list(drill._drills(places(None, tmp_path), False)) == [
        "crash in virtual time", "crash of what trades", "crash of what is around", "host",
    ]  # fmt: skip


def test_when_all_pass_it_says_which_is_running_and_returns_0(tmp_path, stand_ins, capsys):
    stand_ins(crash=lambda: report("crash", True), host=lambda: report("host", True))
    assert main.run(["drill", "all", "--run-dir", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "drill 1 of 2: crash" in said and "drill 2 of 2: host" in said and "all.html" in said
    told, page = read(tmp_path)
    assert told["passed"] and "every drill passed" in page


def test_one_that_fails_is_a_failure_of_all(tmp_path, stand_ins, capsys):
    stand_ins(crash=lambda: report("crash", False), host=lambda: report("host", True))
    assert main.run(["drill", "all", "--json", "--run-dir", str(tmp_path)]) == 6
    assert not json.loads(capsys.readouterr().out)["passed"]
    assert "FAILED: crash" in read(tmp_path)[1]


def test_one_that_breaks_has_failed_and_the_others_are_still_run(tmp_path, stand_ins, capsys):
    def breaks():
        raise OSError("no room")

    stand_ins(crash=breaks, host=lambda: report("host", True))
    assert main.run(["drill", "all", "--run-dir", str(tmp_path)]) == 6
    told, page = read(tmp_path)
    assert [one["passed"] for one in told["drills"]] == [False, True]
    assert "OSError: no room" in page and "OSError: no room" in capsys.readouterr().out


def test_one_that_has_not_been_run_is_no_pass_of_an_earlier_day(tmp_path, stand_ins):
    stand_ins(crash=lambda: report("crash", True))
    main.run(["drill", "all", "--run-dir", str(tmp_path)])

    def interrupted():
        raise KeyboardInterrupt

    stand_ins(crash=lambda: report("crash", True), host=interrupted)
    assert main.run(["drill", "all", "--run-dir", str(tmp_path)]) != 0
    told, page = read(tmp_path)
    assert not told["passed"] and told["drills"][1]["problems"] == ["not run"]
    assert "FAILED: host" in page


def test_a_drill_says_when_it_was_and_on_which_commit(tmp_path):
    from scripts.desk.places import places

    where = places(None, tmp_path)
    told = drill._kept(lambda: report("host", True), where)
    kept = json.loads((tmp_path / "reports" / "drills" / "host.json").read_text())
    assert kept == told
    assert told["commit"] != "" and told["date"].endswith(" UTC")
