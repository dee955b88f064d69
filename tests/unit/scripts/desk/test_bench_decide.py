import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.desk.bench_decide import run, scripted_params

ROOT = Path(__file__).resolve().parents[4]
TICKS = 1_500


@pytest.fixture(scope="module")
def report():
    return run(TICKS)


def alone(python: str, hash_seed: str) -> dict:
    """The bench in a process of its own; no third-party package is on its path."""
    done = subprocess.run(
        [python, "-S", "-m", "scripts.desk.bench_decide", "--ticks", str(TICKS), "--json"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return json.loads(done.stdout)


def test_it_tells_what_a_decision_costs_and_what_was_decided(report):
    wanted = {"p50_us", "p99_us", "max_us", "first_hour_p50_us", "last_hour_p50_us", "digest"}
    assert wanted <= set(report)
    assert 0 < report["p50_us"] <= report["p99_us"] <= report["max_us"]
    assert report["ticks"] == TICKS == sum(report["guards"].values())
    assert report["orders"] > 50 and report["guards"]["RUNNING"] > TICKS // 2


def test_the_same_seed_decides_the_same_and_another_seed_another_day(report):
    assert run(TICKS)["digest"] == report["digest"]
    assert run(TICKS, seed=8)["digest"] != report["digest"]


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_the_digest_does_not_depend_on_the_hash_seed(report, hash_seed):
    assert alone(sys.executable, hash_seed)["digest"] == report["digest"]


def test_the_digest_does_not_depend_on_the_python_version(report):
    candidates = [shutil.which("python3.12"), shutil.which("python3.13"), "/root/.pyenv/versions/3.12.1/bin/python"]
    others = [path for path in candidates if path and Path(path).exists() and _version(path) > sys.version_info[:2]]
    if not others:
        pytest.skip("no later Python on this machine: install python3.12 to compare")
    other = alone(others[0], "1")
    assert other["python"] != report["python"]
    assert other["digest"] == report["digest"]


def test_the_scripted_bot_is_the_production_set_but_for_its_pace_and_its_limits():
    changed = {name for name, value in scripted_params()._asdict().items() if value != _defaults()[name]}
    assert changed == {
        "regimes",
        "cancel_budget_per_min",
        "submit_budget_per_min",
        "daily_loss_pct_max",
        "drawdown_pct_max",
        "turnover_x_max",
        "edge_gap_enabled",
    }


def _defaults():
    from controllers.epp.params import EppParams

    return EppParams()._asdict()


def _version(path: str) -> tuple[int, int]:
    probe = "import sys; print(sys.version_info[0], sys.version_info[1])"
    done = subprocess.run([path, "-c", probe], capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        return (0, 0)  # a shim without an interpreter behind it
    major, minor = done.stdout.split()
    return int(major), int(minor)
