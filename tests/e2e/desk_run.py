"""One `desk up` as a person would start it, for end-to-end tests: addresses, kills, signals, the JSON it prints."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.common.addresses import read_addresses
from services.common.secrets import read_admin_token

REPO = Path(__file__).resolve().parents[2]


def desk(*arguments: str, within_s: float = 60) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "scripts.desk", *arguments],
        cwd=REPO, capture_output=True, text=True, timeout=within_s, check=False,
    )  # fmt: skip


class DeskRun:
    """Starts `desk up --json` in a run directory; use as a context manager, it never leaves a process behind."""

    def __init__(self, run_dir: Path, *flags: str) -> None:
        self.run_dir = run_dir
        self._flags = flags
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "DeskRun":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(60)
        self.process.kill()
        self.process.wait()
        desk("down", "--run-dir", str(self.run_dir))

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scripts.desk", "up", "--json", "--run-dir", str(self.run_dir),
             "--page-port", "0", *self._flags],
            cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    def state(self, name: str) -> tuple[int, str]:
        """(pid, state) as the supervisor has written it; (0, "") before that."""
        addresses = read_addresses(self.run_dir)
        process = addresses.processes.get(name) if addresses else None
        return (process.pid, process.state) if process else (0, "")

    def is_up(self) -> bool:
        """Everything is ready, and it is this desk that says so, not an earlier one in the same directory."""
        addresses = read_addresses(self.run_dir)
        if addresses is None or self.process is None or addresses.desk.pid != self.process.pid:
            return False
        return all(process.state == "ready" for process in addresses.processes.values())

    def wait_up(self, within_s: float = 90) -> None:
        self.eventually(self.is_up, within_s, "every process is ready")

    def kill(self, name: str) -> int:
        """kill -9; returns the pid it had."""
        pid, _ = self.state(name)
        assert pid, f"{name} is not running"
        os.kill(pid, signal.SIGKILL)
        return pid

    def ask(self, name: str, path: str) -> Any:
        """An admin question to a process."""
        addresses = read_addresses(self.run_dir)
        assert addresses is not None
        request = urllib.request.Request(
            f"{addresses.url(name)}{path}", headers={"X-Hbot-Admin": read_admin_token(self.run_dir)}
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)

    def venue_orders(self) -> list[dict[str, Any]]:
        return list(self.ask("venue_sim", "/sim/orders"))

    def eventually(self, condition: Callable[[], Any], within_s: float, what: str) -> Any:
        assert self.process is not None
        deadline = time.monotonic() + within_s
        while True:
            with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
                value = condition()
                if value:
                    return value
            if self.process.poll() is not None:
                pytest.fail(f"the desk ended while waiting: {what}\n{self.process.stderr.read()[-2000:]}")  # type: ignore[union-attr]
            if time.monotonic() > deadline:
                pytest.fail(f"not within {within_s} s: {what}\n{self.log_tails()}")
            time.sleep(0.1)

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def summary(self, within_s: float = 120) -> tuple[int, dict[str, Any]]:
        """(exit code, the JSON it printed)."""
        assert self.process is not None
        out, err = self.process.communicate(timeout=within_s)
        try:
            summary = json.loads(out)
            assert "error" not in summary, summary["error"]
            return self.process.returncode, summary
        except json.JSONDecodeError:
            pytest.fail(f"exit {self.process.returncode}, not JSON: {out[-500:]}\n{err[-2000:]}\n{self.log_tails()}")

    def log_tails(self) -> str:
        texts = []
        for path in sorted((self.run_dir / "logs").glob("*")):
            count = 25 if path.name.startswith(("bot.", "gateway")) else 4
            lines = path.read_text(errors="replace").splitlines()[-count:]
            texts.append(f"--- {path.name}\n" + "\n".join(line[:400] for line in lines))
        return "\n".join(texts)
