"""The latch on disk: ``<run-dir>/gateway/latch.json``, whole or absent, with a hash over its content.

Looked at before every submit; read again only when it changed. Unreadable, half-written or of another hand: HALTED. A
gateway that finds none at its first start writes an empty one, so that a file which later disappears is noticed too.
What tightens holds in this process also while it cannot be written (a full disk), and is written as soon as it can.
"""

from collections.abc import Mapping
from pathlib import Path

from services.common.errors import DeskError
from services.common.files import read_state, turn, write_state
from services.gateway.latches import is_looser
from services.gateway.messages import LatchEntry

_STATES = ("ACTIVE", "REDUCING", "HALTED")


class LatchFile:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int, int] | None = None
        self._unwritten: dict[str, LatchEntry] = {}  # tighter than the file, which could not be written

    def create_if_first(self, *, is_first_start: bool) -> None:
        """Only a desk that never ran may begin without a latch."""
        if is_first_start and not self.path.exists():
            self.write({})

    def changed(self) -> bool:
        """Whether the file is another one than was read last, or has yet to be written. One stat call."""
        return self._identity() != self._seen or self._seen is None or bool(self._unwritten)

    def read(self) -> Mapping[str, LatchEntry] | None:
        """The entries by scope; None when the file is missing, broken or not what was written."""
        self._seen = self._identity()
        try:
            payload = read_state(self.path)
        except (OSError, DeskError):
            return None
        if not isinstance(payload, dict):
            return None
        entries = {}
        for scope, fields in payload.items():
            try:
                entry = LatchEntry(**fields)
            except TypeError:
                return None
            if entry.state not in _STATES:
                return None
            entries[scope] = entry
        for scope, entry in self._unwritten.items():
            if scope not in entries or is_looser(entries[scope].state, entry.state):
                entries[scope] = entry
        return entries

    def set(self, scope: str, entry: LatchEntry) -> bool:
        """Change one scope. What could not be read stays in force: the new file then holds the whole desk HALTED.

        Returns whether it is on disk. Raises OSError for what loosens and cannot be written: it does not hold then.
        """
        entries = self.read_or_halted(entry.ts_ms)
        before = entries[scope].state if scope in entries else "ACTIVE"
        try:
            with turn(self.path):  # the kill switch and `desk latch` write it too
                self.write({**self.read_or_halted(entry.ts_ms), scope: entry})
        except OSError:
            if is_looser(entry.state, before):
                raise
            self._unwritten[scope] = entry
            return False
        self._unwritten.clear()
        return True

    def write_again(self) -> bool:
        """Try to write what could not be written. Whether everything is on disk now."""
        for scope, entry in tuple(self._unwritten.items())[:1]:  # the others go with it
            return self.set(scope, entry)
        return True

    def read_or_halted(self, now_ms: int) -> Mapping[str, LatchEntry]:
        """The entries in force: unreadable is the desk HALTED, said as an entry."""
        entries = self.read()
        if entries is None:
            return {
                **self._unwritten,
                "desk": LatchEntry("HALTED", f"the latch file could not be read: {self.path}", "gateway", now_ms),
            }
        return entries

    def write(self, entries: Mapping[str, LatchEntry]) -> None:
        """Replace the file in one step, durable when this returns."""
        write_state(self.path, {scope: entry._asdict() for scope, entry in entries.items()})

    def _identity(self) -> tuple[int, int, int] | None:
        try:
            stat = self.path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_ino, stat.st_size
