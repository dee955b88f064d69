"""`desk down` against a process that holds the lock as a desk does, and leaves a summary when it is asked to stop."""

import json
import os
import subprocess
import sys

import pytest

from scripts.desk import down, main
from scripts.desk.places import REPO
from services.common.addresses import Addresses, DeskProcess, write_addresses

DESK = """
import json, os, signal, sys
from pathlib import Path
from scripts.desk.supervisor.lock import take_lock
run_dir, summary = Path(sys.argv[1]), sys.argv[2]
def stop(*_):
    if summary:
        (run_dir / "reports").mkdir()
        (run_dir / "reports" / "last_run.json").write_text(json.dumps({**json.loads(summary), "pid": os.getpid()}))
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
lock = take_lock(run_dir / "desk.lock")
print("up", flush=True)
signal.pause()
"""
GOOD = {
    "venue": {"open_orders": 0}, "integrity": {"status": "PASS"}, "problems": [],
    "bots": [{"id": "bot0", "position": 0.0264}, {"id": "bot1", "position": 0}],
}  # fmt: skip


@pytest.fixture
def stop_a_desk(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(down, "_stop_servers", lambda run_dir: [])

    def stop(summary, started: bool = False) -> tuple[int, str]:
        text = json.dumps(summary) if summary else ""
        command = [sys.executable, "-c", DESK, str(tmp_path), text]
        with subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": "."}) as desk:
            assert desk.stdout is not None and desk.stdout.readline() == b"up\n"
            if started:
                write_addresses(tmp_path, Addresses(desk=DeskProcess(pid=desk.pid, started_ms=1, bots=("bot0",))))
            code = main.run(["down", "--run-dir", str(tmp_path)])
        return code, capsys.readouterr().out

    return stop


def test_down_says_what_is_left_at_the_venue_and_in_the_book(stop_a_desk):
    code, out = stop_a_desk(GOOD)
    assert code == 0
    assert "open orders at the venue: 0\npositions left open: bot0 +0.0264\nintegrity: PASS\n" in out


def test_down_does_not_end_well_when_orders_are_left(stop_a_desk):
    left = "ORDERS_LEFT: 2 orders rest at the venue after the stop, expected 0"
    code, out = stop_a_desk({**GOOD, "venue": {"open_orders": 2}, "problems": [left]})
    assert code == 1
    assert "open orders at the venue: 2" in out and left in out


def test_down_of_a_desk_that_never_came_to_run_says_that_there_is_no_summary(stop_a_desk):
    code, out = stop_a_desk(None)
    assert code == 0 and "it left no summary: it had not come to run" in out


def test_down_of_a_desk_whose_stop_broke_off_does_not_end_well(stop_a_desk):
    code, out = stop_a_desk(None, started=True)
    assert code == 1 and "STOP_UNTOLD: it left no summary: whether orders rest at the venue is not known" in out
