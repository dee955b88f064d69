"""A small desk of real processes for end-to-end tests: Redis, venue_sim, gateway, one Hummingbot."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from services.common.embedded.redis_server import RedisServer
from services.common.secrets import ensure_secrets
from services.contracts.codec import decode, encode
from services.contracts.streams import BY_KIND, Stream

REPO = Path(__file__).resolve().parents[2]


def eventually(condition: Callable[[], Any], within_s: float, what: str) -> Any:
    """The first true value of the condition; fails when the time is up."""
    deadline = time.monotonic() + within_s
    while True:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            value = condition()
            if value:
                return value
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within_s} s: {what}")
        time.sleep(0.1)


class HostStack:
    """One running desk. ``bot`` may be killed and started again; ports stay."""

    def __init__(self, run_dir: Path, bot_id: str, venue_flags: tuple[str, ...], bot_flags: tuple[str, ...]) -> None:
        self.run_dir = run_dir
        self.bot_id = bot_id
        self.home = run_dir / "bots" / bot_id
        self._bot_flags = bot_flags
        self._venue_flags = venue_flags
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._ports = {name: _free_port() for name in ("venue_sim", "gateway", "bot")}
        self._redis_server = RedisServer(run_dir)
        self.redis_url = ""
        self._token = ensure_secrets(run_dir, [bot_id]).admin_token

    # ----------------------------------------------------------------------------------------------------- processes

    def start(self) -> None:
        self.redis_url = self._redis_server.start()
        self._spawn("venue_sim", "services.venue_sim", *self._venue_flags)
        self._spawn("gateway", "services.gateway", "--venue-url", self.url("venue_sim"), "--bots", self.bot_id)
        self.start_bot()
        eventually(lambda: self.is_ready("gateway"), 60, "the gateway is ready")
        eventually(lambda: self.is_ready("bot"), 60, f"the bot is ready\n{self.log_tail()}")

    def start_bot(self) -> None:
        living = self._processes.get("bot")
        assert living is None or living.poll() is not None, "two lives of one bot: end_bot first"
        flags = ("--bot", self.bot_id, "--gateway-url", self.url("gateway"), *self._bot_flags)
        self._spawn("bot", "services.bot", *flags)

    def end_bot(self, number: signal.Signals, within_s: float = 15) -> int:
        """Also of one that has ended: its exit code."""
        process = self._processes["bot"]
        if process.poll() is None:
            process.send_signal(number)
        return process.wait(within_s)

    def stop(self) -> None:
        for name in ("bot", "gateway", "venue_sim"):
            process = self._processes.get(name)
            if process is not None and process.poll() is None:
                process.terminate()
        for process in self._processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
        self._redis_server.stop()

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._ports[name]}"

    def is_ready(self, name: str) -> bool:
        process = self._processes[name]
        assert process.poll() is None, f"{name} ended with {process.returncode}\n{self.log_tail()}"
        try:
            return self.ask(name, "/readyz")[0] == 200
        except urllib.error.HTTPError:
            return False

    def slowness(self) -> float:
        """How crowded the machine is: 1 when nobody waits for a processor. Limits of a quiet one are scaled by it."""
        return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))

    def log_tail(self, lines: int = 30) -> str:
        path = self.run_dir / "logs" / f"bot.{self.bot_id}.log"
        return "\n".join(path.read_text().splitlines()[-lines:]) if path.exists() else "no log"

    # ---------------------------------------------------------------------------------------------------- admin calls

    def ask(self, name: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        request = urllib.request.Request(
            self.url(name) + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Hbot-Admin": self._token, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.loads(answer.read() or b"null")

    def venue_orders(self) -> list[dict[str, Any]]:
        return [order for order in self.ask("venue_sim", "/sim/orders")[1] if order["account_id"] == self.bot_id]

    def cancel_at_venue(self, venue_order_id: str) -> None:
        self.ask("venue_sim", "/sim/orders/cancel", {"account_id": self.bot_id, "venue_order_id": venue_order_id})

    def latch(self, state: str) -> None:
        body = {"scope": f"bot:{self.bot_id}", "state": state, "reason": "MANUAL", "actor": "anna"}
        self.ask("gateway", "/desk/latch", body)

    # ------------------------------------------------------------------------------------------------------------ bus

    def events(self, stream: Stream, *kinds: type, since_ms: int = 0) -> list[Any]:
        client = redis.Redis.from_url(self.redis_url)
        try:
            entries = client.xrange(stream.name, min=since_ms or "-")
        finally:
            client.close()
        events = [decode(fields[b"e"]) for _, fields in entries]
        return [event for event in events if not kinds or isinstance(event, kinds)]

    def publish(self, event: Any) -> None:
        client = redis.Redis.from_url(self.redis_url)
        try:
            client.xadd(BY_KIND[type(event)].name, {b"e": encode(event)})
        finally:
            client.close()

    def _spawn(self, name: str, module: str, *flags: str) -> None:
        argv = [sys.executable, "-m", module, "--run-dir", str(self.run_dir), "--port", str(self._ports[name])]
        out = (self.run_dir / f"{name}.out").open("ab")
        self._processes[name] = subprocess.Popen(
            [*argv, "--redis-url", self.redis_url, *flags],
            cwd=REPO,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={key: value for key, value in os.environ.items() if not key.startswith("HBOT_")},
        )
        out.close()


@contextlib.contextmanager
def running_stack(
    bot_id: str = "bot0", venue_flags: tuple[str, ...] = (), bot_flags: tuple[str, ...] = ()
) -> Iterator[HostStack]:
    """In a short directory of its own, because the path of a unix socket may not be long."""
    run_dir = Path(tempfile.mkdtemp(prefix="hs"))
    stack = HostStack(run_dir, bot_id, venue_flags, bot_flags)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()
        shutil.rmtree(run_dir, ignore_errors=True)


@pytest.fixture(scope="module")
def host_stack() -> Iterator[HostStack]:
    """bot0 with its demo bundle on the lively market."""
    with running_stack() as stack:
        yield stack


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
