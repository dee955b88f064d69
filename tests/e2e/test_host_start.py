"""Starting a bot: keystore without a person, what is wrong is refused with exit code 4, a variant that watches."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from services.contracts import streams
from services.contracts.events import BotStatusV1, OrderV1
from tests.e2e.conftest import REPO, eventually, running_stack

pytestmark = pytest.mark.e2e

KEYSTORE = """
import json, sys
from pathlib import Path
from services.bot import hummingbot_paths
home = Path(sys.argv[1])
hummingbot_paths.claim(home, home, home, Path.cwd())
from services.bot import registration
from services.bot.connector import CONNECTOR_NAME
registration.register(CONNECTOR_NAME)
from services.bot.keystore import GatewayKey, open_keystore
from hummingbot.client.config.security import Security
connectors = home / "conf" / "connectors" / f"{CONNECTOR_NAME}.yml"
def opened(password, key):
    open_keystore(home, CONNECTOR_NAME, password, GatewayKey(*key))
    return json.loads(Security.api_keys(CONNECTOR_NAME)[f"{CONNECTOR_NAME}_credentials"])
seen = {"first": opened("one", "abc")}
first_file = connectors.read_text()
seen["again"] = opened("one", "abc")
seen["unchanged"] = connectors.read_text() == first_file
seen["is_secret"] = "abc" not in first_file and '"a"' not in first_file
seen["new_key"] = opened("one", "xyz")
seen["new_password"] = opened("two", "xyz")
connectors.write_text(connectors.read_text()[:40])
seen["cut_short"] = opened("two", "xyz")
print(json.dumps(seen))
"""


def test_the_keystore_is_made_opened_and_made_anew_without_a_person(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", KEYSTORE, str(tmp_path)], cwd=REPO, capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert json.loads(run.stdout.splitlines()[-1]) == {
        "first": ["a", "b", "c"],
        "again": ["a", "b", "c"],
        "unchanged": True,
        "is_secret": True,
        "new_key": ["x", "y", "z"],
        "new_password": ["x", "y", "z"],
        "cut_short": ["x", "y", "z"],
    }


@pytest.fixture
def data_dir(tmp_path):
    for name in ("bot0", "catalog"):
        shutil.copytree(REPO / "data" / name, tmp_path / "data" / name)
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("bot0/desk.yml", "pair: BTC-USDT\n", "pair: BTC-USDT\nleverege: 5\n", "leverege is not a key"),
        ("bot0/desk.yml", "variant_mode: live\n", "variant_mode: li", "E_CFG_HALF_WRITTEN"),
        (
            "catalog/demo_tight.yml",
            "max_order_quote: {max: 1000}",
            "max_order_quote: {max: 10}",
            "outside the envelope",
        ),
        ("bot0/conf/controllers/epp_v2_4.yml", "overrides: {}", "overrides: {fill_factor: -1}", "out of range"),
    ],
)
def test_bad_files_end_the_start_with_code_4_and_what_to_do(data_dir, tmp_path, file, old, new, expected):
    path = data_dir / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    run = start_once(tmp_path, data_dir)
    assert run.returncode == 4, run.stderr
    assert expected in run.stderr
    assert "next " in run.stderr


def test_a_gateway_on_another_machine_is_refused(data_dir, tmp_path):
    run = start_once(tmp_path, data_dir, gateway="http://10.0.0.1:80")
    assert run.returncode == 4
    assert "GATEWAY_NOT_LOOPBACK" in run.stderr


def start_once(tmp_path: Path, data_dir: Path, gateway: str = "http://127.0.0.1:9") -> subprocess.CompletedProcess[str]:
    argv = ["--run-dir", str(tmp_path / "run"), "--data-dir", str(data_dir), "--bot", "bot0", "--gateway-url", gateway]
    return subprocess.run(
        [sys.executable, "-m", "services.bot", *argv], cwd=REPO, capture_output=True, text=True, timeout=60
    )


def test_a_variant_that_does_not_trade_tells_everything_and_sends_nothing():
    with running_stack(bot_id="bot2") as stack:
        eventually(lambda: len(stack.events(streams.TELEMETRY, BotStatusV1)) > 5, 30, "statuses of bot2")
        newest = stack.events(streams.TELEMETRY, BotStatusV1)[-1]
        assert newest.reasons[0] == "NO_TRADE_VARIANT"
        assert newest.mid_price is not None
        assert stack.events(streams.ORDER, OrderV1) == []
        assert stack.venue_orders() == []


def test_f43_a_second_process_of_a_bot_is_refused_at_its_start(data_dir, tmp_path):
    argv = ["--run-dir", str(tmp_path / "run"), "--data-dir", str(data_dir), "--bot", "bot0"]
    command = [sys.executable, "-m", "services.bot", *argv, "--gateway-url", "http://127.0.0.1:9"]
    claimed = tmp_path / "run" / "locks" / "bot.bot0.lock"
    first = subprocess.Popen(command, cwd=REPO)
    try:
        eventually(lambda: claimed.exists() and claimed.read_text(), 30, "the first process claims its name")
        second = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=30)
        assert second.returncode == 1
        assert f"ALREADY_RUNNING: process=bot.bot0, pid={first.pid}" in second.stderr
    finally:
        first.kill()
        first.wait(5)


def test_a_stop_while_it_still_starts_is_a_clean_end(data_dir, tmp_path):
    argv = ["--run-dir", str(tmp_path / "run"), "--data-dir", str(data_dir), "--bot", "bot0"]
    log = tmp_path / "run" / "logs" / "bot.bot0.log"
    process = subprocess.Popen(
        [sys.executable, "-m", "services.bot", *argv, "--gateway-url", "http://127.0.0.1:9"], cwd=REPO
    )
    try:
        eventually(lambda: log.exists() and "bot.prepared" in log.read_text(), 90, "the bot waits for its gateway")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait(5)
