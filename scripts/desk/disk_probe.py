"""What one durable write costs on this disk, now: the floor under every commit of the same run."""

import os
from pathlib import Path
from types import TracebackType

from services.common.clock import stopwatch_ns

_ROOM_BYTES = 4 << 20
_WRITE_BYTES = 16 << 10  # about what a commit of one order writes


class DiskProbe:
    """Writes over a file that has its length already, as a log with its room does, and syncs: pwrite and fdatasync."""

    def __init__(self, directory: Path) -> None:
        self.samples_ns: list[int] = []
        self._path = directory / "disk_probe.bin"
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        os.pwrite(self._fd, bytes(_ROOM_BYTES), 0)
        os.fsync(self._fd)
        self._at = 0

    def __enter__(self) -> "DiskProbe":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._fd)
        self._path.unlink(missing_ok=True)

    def sync(self, times: int) -> None:
        """Blocks for so many syncs, one after the other."""
        block = b"x" * _WRITE_BYTES
        for _ in range(times):
            started_ns = stopwatch_ns()
            os.pwrite(self._fd, block, self._at)
            os.fdatasync(self._fd)
            self.samples_ns.append(stopwatch_ns() - started_ns)
            self._at = (self._at + _WRITE_BYTES) % _ROOM_BYTES
