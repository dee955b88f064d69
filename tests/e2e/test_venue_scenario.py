"""A scenario file of faults, played by a real venue_sim from the moment it opens."""

import subprocess
import sys

import ccxt
import pytest

from tests.e2e.venue_process import REPO, VenueProcess, ccxt_bitget, free_port

pytestmark = pytest.mark.e2e
SYMBOL = "BTC/USDT:USDT"
SCENARIO = """rules:
  - {fault: refuse, endpoint: mix/order/place-order, code: SYMBOL_HALTED, nth: 2}
  - {preset: lose_ack, after_ms: 600000}
"""


def test_the_second_order_of_the_scenario_is_refused_and_the_plan_is_told(tmp_path):
    (tmp_path / "bad.yml").write_text(SCENARIO)
    with VenueProcess(tmp_path, "--market", "calm", "--set", f"faults={tmp_path / 'bad.yml'}") as venue:
        client = ccxt_bitget(venue)
        client.create_order(SYMBOL, "limit", "buy", 0.01, 50_000)
        with pytest.raises(ccxt.OnMaintenance, match="SYMBOL_HALTED"):
            client.create_order(SYMBOL, "limit", "buy", 0.01, 50_000)
        client.create_order(SYMBOL, "limit", "buy", 0.01, 50_000)
        told = [
            (rule["fault"], rule["switch"], rule["struck"], rule["armed"])
            for rule in venue.admin("/sim/faults")["rules"]
        ]
        assert told == [("refuse", "", 1, False), ("drop_reply", "lose_ack", 0, True)]


def test_a_scenario_that_cannot_be_read_refuses_the_start_with_path_and_entry(tmp_path):
    scenario = tmp_path / "bad.yml"
    scenario.write_text("rules:\n  - {preset: slow}\n  - {preset: rain}\n")
    argv = [sys.executable, "-m", "services.venue_sim", "--run-dir", str(tmp_path), "--port", str(free_port())]
    done = subprocess.run([*argv, "--set", f"faults={scenario}"], cwd=REPO, capture_output=True, text=True, timeout=60)
    assert done.returncode == 4
    assert str(scenario) in done.stderr and "rules[2]: preset='rain'" in done.stderr
