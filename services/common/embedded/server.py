"""What the embedded servers share: find ours again by pid, start detached, stop and wait."""

import contextlib
import hashlib
import importlib.util
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from services.common.errors import DeskError, TimedOut

SOCKET_PATH_MAX = 100  # the kernel takes 107 bytes; PostgreSQL adds a name of its own


class ServerStatus(NamedTuple):
    is_running: bool
    pid: int | None
    url: str
    detail: str


def wheel_file(package: str, relative_paths: Sequence[str], *, code: str, flag: str) -> Path:
    """The first of the paths that exists in an installed package. Raises DeskError ``code`` when there is none."""
    spec = importlib.util.find_spec(package)
    locations = list(spec.submodule_search_locations or ()) if spec else []
    for location in locations:
        for relative in relative_paths:
            path = Path(location) / relative
            if path.exists():
                return path
    wanted = " or ".join(relative_paths)
    raise DeskError(code, f"{package} has no {wanted}, looked in {locations}", f"make install, or {flag}")


def socket_dir(data_dir: Path, longest_name: str) -> Path:
    """data_dir itself, or a short directory under the temporary one when the kernel would refuse the path."""
    if len(str(data_dir / longest_name)) < SOCKET_PATH_MAX:
        return data_dir
    digest = hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"hbot-{digest}"
    short.mkdir(mode=0o700, exist_ok=True)
    return short


def find_process(pid_file: Path, marker: str) -> psutil.Process | None:
    """The living process whose pid is in the file and whose command line names ``marker``; pids are re-used."""
    try:
        process = psutil.Process(int(pid_file.read_text().split()[0]))
        is_ours = any(marker in part for part in process.cmdline())
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return process if is_ours and process.status() != psutil.STATUS_ZOMBIE else None


def start_detached(command: Sequence[str], *, log_path: Path, as_user: dict[str, Any] | None = None) -> int:
    """Starts in a session of its own, so that Ctrl-C and the death of the desk leave it alone. Returns the pid."""
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **(as_user or {})
        )
    return process.pid


def wait_until(condition: Callable[[], bool], *, timeout_s: float, code: str, text: str, next_step: str) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimedOut(code, f"{text}, waited={timeout_s:g} s", next_step)
        time.sleep(0.02)


def stop_process(process: psutil.Process, *, timeout_s: float, with_signal: int = signal.SIGTERM) -> None:
    """The signal, then SIGKILL after timeout_s; a child of ours is reaped."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(with_signal)
        try:
            process.wait(timeout_s)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(5)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)
