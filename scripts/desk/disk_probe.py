"""What one durable write costs on this disk, at the rate of the same run: the floor under its commits."""

import os
from pathlib import Path
from types import TracebackType

from scripts.desk.bench_gateway_side import SLICE_S, at_rate
from services.common.clock import stopwatch_ns

_ROOM_BYTES = 4 << 20
_BLOCK = b"x" * (16 << 10)  # about what a commit of one order writes


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

    async def slice(self, rate: int) -> None:
        """One second of syncs at the rate: back to back a disk that sleeps in between is three times as fast."""
        await at_rate(rate * SLICE_S, rate, self._sync)

    async def _sync(self) -> None:
        """Blocks: nothing else is wanted of this process meanwhile."""
        started_ns = stopwatch_ns()
        os.pwrite(self._fd, _BLOCK, self._at)
        os.fdatasync(self._fd)
        self.samples_ns.append(stopwatch_ns() - started_ns)
        self._at = (self._at + len(_BLOCK)) % _ROOM_BYTES
