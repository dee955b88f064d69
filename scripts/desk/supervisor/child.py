"""One process of the desk: started in a session of its own, watched, stopped with SIGTERM and, at last, SIGKILL.

A child never outlives its desk by much: the kernel sends it SIGTERM when the supervisor dies, however that dies, and a
desk process drains on SIGTERM (ADR 0002). What it prints goes to ``logs/<name>.out``: the last lines say why it died.
"""

import asyncio
import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from scripts.desk.places import REPO
from scripts.desk.supervisor.plan import ProcessPlan
from services.common.ports import Clock
from services.common.settings import environment

State = Literal["waiting", "starting", "ready", "dead", "stopping", "stopped"]

PR_SET_PDEATHSIG = 1
TAIL_BYTES = 4_000
# What several processes on a few cores do not want: a thread pool per process for arithmetic nobody does in bulk.
# Warnings of libraries would stand between a person and the reason of a death.
CHILD_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONWARNINGS": "ignore",
}


class Child:
    def __init__(self, plan: ProcessPlan, output_file: Path, log_file: Path, clock: Clock) -> None:
        self.plan = plan
        self.output_file = output_file
        self.log_file = log_file
        self.state: State = "waiting"
        self.restarts = 0
        self.started_ms = 0  # wall
        self.died_with: str | None = None
        self.was_ready = False
        self.detail = ""  # what it last said of its readiness
        self._clock = clock
        self._started_monotonic_ms = 0
        self._output_start = 0
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process is not None and self._process.returncode is None else 0

    @property
    def lived_s(self) -> float:
        return (self._clock.monotonic_ms() - self._started_monotonic_ms) / 1000

    async def start(self) -> None:
        self.output_file.parent.mkdir(parents=True, exist_ok=True)
        with self.output_file.open("ab") as log:
            self._output_start = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                *self.plan.argv,
                cwd=REPO,
                env={**environment(), **CHILD_ENVIRONMENT},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops the rest in order
                preexec_fn=before_exec(os.getpid(), self.plan.nice),
            )
        self.state = "starting"
        self.started_ms = self._clock.now_ms()
        self._started_monotonic_ms = self._clock.monotonic_ms()

    async def wait(self) -> str:
        """Until it ends. Returns how, in words."""
        assert self._process is not None
        returncode = await self._process.wait()
        self.died_with = ending(returncode)
        self.state = "stopped" if self.state == "stopping" else "dead"
        return self.died_with

    @property
    def returncode(self) -> int | None:
        return self._process.returncode if self._process is not None else None

    async def stop(self) -> str | None:
        """SIGTERM, then after the plan's time SIGKILL. Returns a line when it had to be killed."""
        process = self._process
        if process is None or process.returncode is not None:
            self.state = "stopped"
            return None
        self.state = "stopping"
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), self.plan.stop_s)
        except TimeoutError:
            process.kill()
            await process.wait()
            self.state = "stopped"
            return f"{self.plan.name} did not stop within {self.plan.stop_s:.0f} s and was killed"
        self.state = "stopped"
        return None

    def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    def last_lines(self, count: int) -> list[str]:
        """What this life printed."""
        return tail(self.output_file, self._output_start, count)

    def last_words(self, count: int) -> list[str]:
        """What it last said of its readiness, what it printed, and the end of its log."""
        said = [f"it says: {self.detail}"] if self.detail else []
        return [*said, *self.last_lines(count), *map(readable, tail(self.log_file, 0, 1))]


def readable(log_line: str) -> str:
    """The event of a JSON log line with what goes with it, without what every line has."""
    try:
        row = json.loads(log_line)
    except ValueError:
        return log_line[:300]
    usual = ("event", "level", "logger", "process", "timestamp")
    rest = " ".join(f"{key}={value}" for key, value in row.items() if key not in usual)
    return f"{row.get('level')}: {row.get('event')} {rest}"[:300].rstrip()


def tail(path: Path, start: int, count: int) -> list[str]:
    """The last lines of a file from an offset on; none when there is no file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(start, size - TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    return [line for line in lines if line.strip()][-count:]


def ending(returncode: int) -> str:
    if returncode >= 0:
        return f"exit code {returncode}"
    try:
        return f"killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"killed by signal {-returncode}"


_libc = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None


def before_exec(parent_pid: int, nice: int) -> Callable[[], None]:
    """What the child does between fork and exec: ask the kernel for SIGTERM at its parent's death."""

    def prepare() -> None:
        if nice:
            os.nice(nice)
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
            if os.getppid() != parent_pid:  # the parent died before the kernel was asked
                os._exit(1)

    return prepare
