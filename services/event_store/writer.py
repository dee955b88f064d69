"""The one who writes the event files: append, fdatasync, then and only then is a batch acknowledged.

A write or sync that fails is not tried again: what the kernel did with the pages is unknown, so the process ends,
starts anew from what is on disk, and the bus delivers again what was not acknowledged.
"""

import fcntl
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from services.common.errors import DeskError
from services.common.event_files import Position, cut_torn_line, day_path, days
from services.common.files import sync_dir
from services.event_store import seals


def day_of(ts_ms: int) -> str:
    return datetime.fromtimestamp(ts_ms / 1000, tz=UTC).strftime("%Y%m%d")


class EventWriter:
    """One per run directory; a second one is refused."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._lock_fd = _lock(directory)
        self.n_torn_bytes = self._repair()
        self._fd = -1
        self.position = self._last_position()
        self.seals = seals.caught_up(directory)

    def append(self, lines: Sequence[bytes], now_ms: int) -> None:
        """On disk when it returns."""
        if not lines:
            return
        day = max(day_of(now_ms), self.position.day)  # a clock stepped back does not reopen yesterday
        if self._fd < 0 or day != self.position.day:
            self._open(day)
        data = b"\n".join(lines) + b"\n"
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]
        os.fdatasync(self._fd)
        self.position = Position(day, self.position.offset + len(data))
        self.seals[day] = seals.added(self.seals.get(day, seals.NOTHING), data)

    def seal(self) -> None:
        """Leave on disk what a later reader can hold the files against."""
        seals.save(self._directory, self.seals)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        os.close(self._lock_fd)

    def _repair(self) -> int:
        """Cut the line that a crash left unfinished; it is kept under ``torn/`` for who wants to look."""
        known = days(self._directory)
        if not known:
            return 0
        torn = cut_torn_line(day_path(self._directory, known[-1]))
        if torn:
            evidence = self._directory / "torn"
            evidence.mkdir(exist_ok=True)
            (evidence / f"{known[-1]}_{self._last_position().offset}.bin").write_bytes(torn)
        return len(torn)

    def _last_position(self) -> Position:
        known = days(self._directory)
        return Position(known[-1], day_path(self._directory, known[-1]).stat().st_size) if known else Position()

    def _open(self, day: str) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        path = day_path(self._directory, day)
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        sync_dir(self._directory)
        self.position = Position(day, path.stat().st_size)


def _lock(directory: Path) -> int:
    fd = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise DeskError(
            "STORE_LOCKED", f"directory={directory}: another event store writes here", "stop it: desk status"
        ) from error
    return fd
