"""One process of a name per run directory: two bots under one id, or two gateways on one journal, would both act."""

import fcntl
import os
from pathlib import Path

from services.common.errors import DeskError


def claim(run_dir: Path, process: str) -> int:
    """Hold the returned descriptor for as long as the process lives; however it ends, the claim ends with it.

    Raises DeskError, naming the pid that holds it, when another process of that name runs in this directory.
    """
    path = run_dir / "locks" / f"{process}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise DeskError(
            "ALREADY_RUNNING", f"process={process}, pid={holder}, run_dir={run_dir}", "desk status; desk down"
        ) from error
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor
