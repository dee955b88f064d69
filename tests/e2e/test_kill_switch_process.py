"""The real kill switch against the real simulated exchange: to zero, with nobody else alive, and over a kill -9."""

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from services.common import venue
from services.common.clock import SystemClock
from services.common.hash_chain import verify
from services.common.secrets import KILL_SUFFIX, ensure_secrets
from services.kill_switch.settings import KillSwitchSettings
from services.kill_switch.venue_path import VenuePath
from tests.e2e.venue_process import VenueProcess, free_port

pytestmark = pytest.mark.e2e
REPO = Path(__file__).resolve().parents[2]
N_ORDERS = 8  # the venue takes ten a second


@pytest.fixture
def run_dir(run_dir: Path) -> Path:
    ensure_secrets(run_dir, ["bot1"])
    return run_dir


@pytest.fixture
def exchange(run_dir: Path) -> Iterator[VenueProcess]:
    with VenueProcess(run_dir, "--market", "calm", "--seed", "7") as process:
        yield process


class Switch:
    def __init__(self, run_dir: Path, venue_url: str) -> None:
        self.run_dir = run_dir
        self.port = free_port()
        argv = [sys.executable, "-m", "services.kill_switch", "--run-dir", str(run_dir), "--port", str(self.port)]
        self._argv = [*argv, "--venue-url", venue_url, "--bots", "bot1", "--data-dir", str(run_dir / "data")]
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        self.process = subprocess.Popen(self._argv, cwd=REPO)
        eventually(lambda: self.call("GET", "/healthz") is not None, "the kill switch answers", 30)
        return self.process

    def call(self, method: str, path: str, body: dict[str, str] | None = None) -> Any:
        token = ensure_secrets(self.run_dir, ["bot1"]).admin_token
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=json.dumps(body).encode() if body else None,
            headers={"X-Hbot-Admin": token},
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return json.loads(answer.read())
        except OSError:
            return None

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def switch(run_dir: Path, exchange: VenueProcess) -> Iterator[Switch]:
    (run_dir / "gateway").mkdir()
    started = Switch(run_dir, exchange.url)
    yield started
    started.end()


def eventually(condition, what: str, within_s: float = 15.0) -> Any:
    deadline = time.monotonic() + within_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
        time.sleep(0.05)
    return value


def ask(run_dir: Path, url: str, *requests: venue.Request) -> list[Any]:
    """With the bot's own venue key, as the gateway would."""

    async def all_of_them() -> list[Any]:
        keys = {"bot1": ensure_secrets(run_dir, ["bot1"]).venue_accounts["bot1"]}
        path = VenuePath(KillSwitchSettings(venue_url=url, bots=("bot1",)), keys, SystemClock())
        await path.start()
        answers = [await path.ask(request, "bot1") for request in requests]
        await path.close()
        return answers

    return asyncio.run(all_of_them())


def place_orders(run_dir: Path, url: str, n_orders: int = N_ORDERS) -> bool:
    (ticker,) = ask(run_dir, url, venue.GetTicker(symbol="BTC-USDT"))[0]
    answers = ask(
        run_dir,
        url,
        *(
            venue.PlaceOrder(
                account_id="bot1",
                symbol="BTC-USDT",
                client_order_id=f"hb1-b{n}-{time.monotonic_ns():x}",
                side="buy",
                order_type="limit",
                time_in_force="gtc",
                qty_base=Decimal("0.01"),
                price=(ticker.bid_price * Decimal("0.97")).quantize(Decimal(1)) - n,
            )
            for n in range(n_orders)
        ),
    )
    return all(isinstance(answer, venue.Placed) for answer in answers)


def resting(run_dir: Path, url: str) -> int:
    """How many orders rest; asked again while the venue says that it is asked too often."""
    answer: Any = venue.Refused(code="", text="")
    while isinstance(answer, venue.Refused):
        time.sleep(0.4)  # the account's budget is shared with the kill switch
        (answer,) = ask(run_dir, url, venue.GetOpenOrders(account_id="bot1"))
    return len(answer)


def test_it_brings_an_account_to_zero_with_its_own_key_and_nobody_else_alive(
    run_dir: Path, exchange: VenueProcess, switch: Switch
) -> None:
    assert place_orders(run_dir, exchange.url)
    assert resting(run_dir, exchange.url) == N_ORDERS
    answer = switch.call("POST", "/kill", {"scope": "bot:bot1", "reason": "MANUAL", "actor": "anna"})
    assert answer["verdict"] == "start"
    report_path = run_dir / "reports" / "kill_switch" / "latest.json"
    eventually(report_path.exists, "the report")
    report = json.loads(report_path.read_text())
    assert (report["status"], report["latched"]) == ("ZERO", True)
    assert report["to_zero_ms"] < 5_000
    assert resting(run_dir, exchange.url) == 0
    assert (
        switch.call("POST", "/kill", {"scope": "bot:bot1", "reason": "MANUAL", "actor": "ben"})["verdict"] == "repeat"
    )
    eventually(lambda: place_orders(run_dir, exchange.url, 1), "somebody with the key trades on")
    eventually(lambda: resting(run_dir, exchange.url) == 0, "zero again")
    assert verify(run_dir / "kill_switch" / "audit.jsonl").text() == "AUDIT_VERIFY=OK"


def test_a_kill_begun_while_the_venue_was_down_is_finished_by_the_next_life(
    run_dir: Path, exchange: VenueProcess, switch: Switch
) -> None:
    assert place_orders(run_dir, exchange.url)
    exchange.kill()
    switch.call("POST", "/kill", {"scope": "desk", "reason": "DRAWDOWN_LIMIT", "actor": "bot.bot1"})
    switch.end()
    exchange.start()
    assert resting(run_dir, exchange.url) == N_ORDERS
    switch.start()
    eventually(lambda: resting(run_dir, exchange.url) == 0, "zero after the restart")
    eventually(lambda: switch.call("GET", "/kill")["kills"]["desk"]["phase"] == "ZERO", "zero is proved")


def test_its_key_is_not_the_gateways(run_dir: Path) -> None:
    accounts = ensure_secrets(run_dir, ["bot1"]).venue_accounts
    assert accounts["bot1"].api_key != accounts[f"bot1{KILL_SUFFIX}"].api_key
