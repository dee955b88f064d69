"""`desk bench` with stand-ins for the measurements: what the report says, and when it is a failure."""

import json

import pytest

from scripts.desk import bench, main


def measured(monkeypatch, **reports) -> None:
    monkeypatch.setattr(bench, "_measure", lambda what, **_: reports[what])


@pytest.mark.parametrize(("lost", "code"), [(0, 0), (1, 1)])
def test_a_lost_order_is_a_failure_of_the_measurement_and_of_all(monkeypatch, capsys, lost, code):
    side = {"p50_ms": 1.0}
    gateway = {"direct": side, "gateway": {**side, "lost": 0}, "lost": lost}
    measured(monkeypatch, decide={}, gateway=gateway, host_tick={}, bus={})
    assert main.run(["bench", "all", "--json"]) == code
    told = json.loads(capsys.readouterr().out)
    assert told["gateway"]["lost"] == lost
    assert told["date"].endswith(" UTC") and told["commit"]
    assert main.run(["bench", "gateway", "--json"]) == code


def test_what_cannot_be_measured_is_said_with_the_next_step(monkeypatch, capsys):
    def gone(**_):
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr("scripts.desk.bench_host_tick.run", gone)
    assert main.run(["bench", "host-tick", "--minutes", "1"]) == 1
    assert capsys.readouterr().err.startswith("BENCH_BROKE: host_tick: ConnectionRefusedError")
