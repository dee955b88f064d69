"""CSV files written off the tick path: rows are handed over, a thread writes them in order, in small batches.

The header is checked once when a file is opened. A file with another header is put aside, never appended
to. Rows are flushed when ten wait or five seconds have passed, and all of them on close.
"""

import csv
import queue
import threading
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TextIO

from services.common.clock import Stopwatch
from services.common.ports import Clock

_STOP = None


class CsvFiles:
    """``files`` maps a name to (path, columns). ``append`` never blocks and never touches the disk."""

    def __init__(
        self,
        files: Mapping[str, tuple[Path, Sequence[str]]],
        clock: Clock,
        *,
        buffer_rows: int = 10,
        flush_every_ms: int = 5_000,
    ) -> None:
        self._files = files
        self._buffer_rows = buffer_rows
        self._clock = clock
        self._flush_every_ms = flush_every_ms
        self._queue: queue.SimpleQueue[tuple[str, Mapping[str, str]] | None] = queue.SimpleQueue()
        self.last_write_ms = Decimal(0)  # how long the newest batch took
        self.error: str = ""  # the newest failure to write; rows of it are kept and tried again
        self._thread = threading.Thread(target=self._write_until_closed, name="csv-writer", daemon=True)
        self._thread.start()

    def append(self, name: str, row: Mapping[str, str]) -> None:
        assert name in self._files, f"{name} is not one of {sorted(self._files)}"
        self._queue.put((name, row))

    def close(self, timeout_s: float = 5.0) -> bool:
        """True when everything handed over is on disk."""
        self._queue.put(_STOP)
        self._thread.join(timeout_s)
        return not self._thread.is_alive() and not self.error

    def _write_until_closed(self) -> None:
        waiting: list[tuple[str, Mapping[str, str]]] = []
        due_ms = self._clock.monotonic_ms() + self._flush_every_ms
        is_open = True
        while is_open:
            try:
                item = self._queue.get(timeout=max(10, due_ms - self._clock.monotonic_ms()) / 1000)
                if item is _STOP:
                    is_open = False
                else:
                    waiting.append(item)
            except queue.Empty:
                pass
            is_due = self._clock.monotonic_ms() >= due_ms
            if waiting and (is_due or not is_open or len(waiting) >= self._buffer_rows):
                waiting = self._write(waiting)
            if is_due:
                due_ms = self._clock.monotonic_ms() + self._flush_every_ms

    def _write(self, rows: list[tuple[str, Mapping[str, str]]]) -> list[tuple[str, Mapping[str, str]]]:
        """What could not be written."""
        watch = Stopwatch()
        failed: list[tuple[str, Mapping[str, str]]] = []
        for name in dict.fromkeys(name for name, _ in rows):
            mine = [row for row_name, row in rows if row_name == name]
            path, columns = self._files[name]
            try:
                append_rows(path, columns, mine, aside=str(self._clock.now_ms()))
            except OSError as error:  # the disk: keep the rows and try again with the next batch
                self.error = f"{path}: {error}"
                failed += [(name, row) for row in mine]
        if not failed:
            self.error = ""
        self.last_write_ms = watch.ms()
        return failed


def append_rows(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, str]], *, aside: str) -> None:
    """Append to the file, with the header first when it is new; a file with another header is renamed with ``aside``.

    Raises OSError, and ValueError for a row with other columns.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and _header(path) != list(columns):
        path.replace(path.with_name(f"{path.stem}.until{aside}{path.suffix}"))
    is_new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(columns), extrasaction="raise", lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerows(rows)


def read_rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return _first_row(file)


def _first_row(file: TextIO) -> list[str]:
    return next(csv.reader(file), [])
