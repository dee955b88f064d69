"""Real venue_sim and gateway processes on loopback for the gateway's end-to-end tests. Every wait has a bound."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ccxt

from services.common.net import free_port
from services.common.secrets import ensure_secrets

REPO = Path(__file__).resolve().parents[2]
SYMBOL = "BTC/USDT:USDT"


class Processes:
    """One venue_sim and one gateway in a run directory; each can be killed and started again on its port."""

    def __init__(self, run_dir: Path, bots: tuple[str, ...] = ("bot1",), market: str = "calm") -> None:
        self.run_dir = run_dir
        self.bots = bots
        self.market = market
        self.secrets = ensure_secrets(run_dir, bots)
        self.venue_port = free_port()
        self.gateway_port = free_port()
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    # ------------------------------------------------------------------------------------------------------ processes

    def start_venue(self, *flags: str) -> None:
        self._start("venue_sim", self.venue_port, "--market", self.market, *flags)

    def start_gateway(self, *flags: str, until_ready: bool = True) -> None:
        url = f"http://127.0.0.1:{self.venue_port}"
        self._start(
            "gateway", self.gateway_port, "--venue-url", url, "--bots", ",".join(self.bots), *flags, ready=until_ready
        )

    def kill(self, name: str, number: int = signal.SIGKILL) -> int:
        """Send the signal and wait for the end; returns the exit code."""
        process = self._running.pop(name)
        process.send_signal(number)
        return process.wait(timeout=15)

    def pause(self, name: str) -> None:
        self._running[name].send_signal(signal.SIGSTOP)

    def resume(self, name: str) -> None:
        self._running[name].send_signal(signal.SIGCONT)

    def stop_all(self) -> None:
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.kill()
        for process in self._running.values():
            process.wait(timeout=10)
        self._running.clear()

    # ---------------------------------------------------------------------------------------------------------- admin

    def sim(self, path: str) -> Any:
        return self._get(self.venue_port, path)

    def desk(self, path: str) -> Any:
        return self._get(self.gateway_port, path)

    def post_desk(self, path: str, body: dict[str, Any]) -> Any:
        return self._get(self.gateway_port, path, body)

    def post_sim(self, path: str, body: dict[str, Any]) -> Any:
        return self._get(self.venue_port, path, body)

    def venue_open_orders(self) -> list[dict[str, Any]]:
        return list(self.sim("/sim/orders"))

    def client(self, bot: str = "bot1") -> ccxt.bitget:
        """An unmodified ccxt client with a bot's key, its addresses set to the gateway."""
        return self._ccxt(self.gateway_port, self.secrets.bot_keys[bot])

    def venue_client(self, account: str) -> ccxt.bitget:
        """The same with the venue's own key, past the gateway: what a person in a browser could do."""
        return self._ccxt(self.venue_port, self.secrets.venue_accounts[account])

    # -------------------------------------------------------------------------------------------------------- private

    def _ccxt(self, port: int, key: Any) -> ccxt.bitget:
        client = ccxt.bitget(
            {
                "apiKey": key.api_key,
                "secret": key.secret,
                "password": key.passphrase,
                "enableRateLimit": False,
                "options": {"defaultType": "swap"},
            }
        )
        client.urls["api"] = dict.fromkeys(client.urls["api"], f"http://127.0.0.1:{port}")
        return client

    def _start(self, name: str, port: int, *flags: str, ready: bool = True) -> None:
        log = (self.run_dir / f"{name}.err").open("ab")
        command = [
            sys.executable,
            "-m",
            f"services.{name}",
            "--run-dir",
            str(self.run_dir),
            "--port",
            str(port),
            *flags,
        ]
        self._running[name] = subprocess.Popen(command, cwd=REPO, stdout=log, stderr=log, env={**os.environ})
        log.close()
        if ready:
            self.wait_ready(name, port)

    def wait_ready(self, name: str, port: int, within_s: float = 40) -> None:
        def is_ready() -> bool:
            process = self._running[name]
            assert process.poll() is None, f"{name} ended with {process.returncode}: {self.run_dir / (name + '.err')}"
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                    return bool(answer.status == 200)
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                return False

        eventually(is_ready, within_s, f"{name} is ready")

    def _get(self, port: int, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Hbot-Admin": self.secrets.admin_token, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.loads(answer.read())


def eventually(condition: Callable[[], bool], within_s: float, what: str) -> float:
    """Wait for a real process, with a bound. Returns the seconds it took."""
    started = time.monotonic()
    while time.monotonic() - started < within_s:
        if condition():
            return time.monotonic() - started
        time.sleep(0.02)
    raise AssertionError(f"not within {within_s} s: {what}")


@contextlib.contextmanager
def running(run_dir: Path, bots: tuple[str, ...] = ("bot1",), market: str = "calm") -> Iterator[Processes]:
    processes = Processes(run_dir, bots, market)
    try:
        processes.start_venue()
        processes.start_gateway()
        yield processes
    finally:
        processes.stop_all()
