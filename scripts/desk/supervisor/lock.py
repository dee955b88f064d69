"""One supervisor per run directory: an flock that ends with its holder, however that ends."""

import fcntl
import os
from pathlib import Path
from typing import IO

from services.common.errors import DeskError


def take_lock(lock_file: Path) -> IO[str]:
    """Hold the returned file open for as long as the desk runs. Raises DeskError when another desk holds it."""
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    handle = lock_file.open("a+", encoding="ascii")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        handle.close()
        raise DeskError(
            "DESK_RUNNING",
            f"{lock_file.parent} belongs to the desk with pid {holder_pid(lock_file) or 'unknown'}",
            f"desk status --run-dir {lock_file.parent}, or desk down --run-dir {lock_file.parent}",
        ) from error
    handle.seek(0)
    handle.truncate()
    handle.write(f"{os.getpid()}\n")
    handle.flush()
    return handle


def holder_pid(lock_file: Path) -> int | None:
    """Pid of the desk that holds the lock now, None when nobody does."""
    try:
        handle = lock_file.open("r", encoding="ascii")
    except FileNotFoundError:
        return None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = handle.read().strip()
            return int(text) if text.isdigit() else None
    return None
