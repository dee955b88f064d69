"""Which places in a source's sequence have been seen: one number and the few that came ahead of it.

Kept by the event store (what is on its disk), told to producers as text, and read by them to know what to send again.
"""

from collections.abc import Mapping
from typing import NamedTuple

MARKS_KEY = "hb.store.marks"  # Redis hash: "stream|source|epoch" -> SeqSet.text(); and STORE_ALIVE_FIELD
STORE_ALIVE_FIELD = "@store_ts_ms"


class SeqKey(NamedTuple):
    stream: str
    source: str
    epoch: int

    def text(self) -> str:
        return f"{self.stream}|{self.source}|{self.epoch}"

    @staticmethod
    def parse(text: str) -> "SeqKey":
        stream, source, epoch = text.split("|")
        return SeqKey(stream, source, int(epoch))


class SeqSet:
    """The set {1 … contiguous} plus what came ahead; adding in order costs nothing and holds no memory."""

    __slots__ = ("ahead", "contiguous")

    def __init__(self, contiguous: int = 0) -> None:
        self.contiguous = contiguous
        self.ahead: set[int] = set()

    def add(self, seq: int) -> bool:
        """False when it was there already."""
        if seq == self.contiguous + 1:
            self.contiguous = seq
            if self.ahead:
                self._close_up()
            return True
        if seq <= self.contiguous or seq in self.ahead:
            return False
        self.ahead.add(seq)
        return True

    def __contains__(self, seq: int) -> bool:
        return seq <= self.contiguous or seq in self.ahead

    @property
    def highest(self) -> int:
        return max(self.ahead) if self.ahead else self.contiguous

    @property
    def missing(self) -> int:
        """How many places below the highest have not been seen."""
        return self.highest - self.contiguous - len(self.ahead)

    def gaps(self) -> list[tuple[int, int]]:
        """First and last of each run that is missing."""
        found: list[tuple[int, int]] = []
        expected = self.contiguous + 1
        for seq in sorted(self.ahead):
            if seq > expected:
                found.append((expected, seq - 1))
            expected = seq + 1
        return found

    def text(self) -> str:
        """ "120" or "120,125-300": the contiguous mark, then the runs ahead of it."""
        if not self.ahead:
            return str(self.contiguous)
        runs: list[str] = []
        first = last = 0
        for seq in sorted(self.ahead):
            if seq != last + 1 or not first:
                if first:
                    runs.append(f"{first}-{last}")
                first = seq
            last = seq
        runs.append(f"{first}-{last}")
        return ",".join([str(self.contiguous), *runs])

    @staticmethod
    def parse(text: str) -> "SeqSet":
        head, *runs = text.split(",")
        parsed = SeqSet(int(head))
        for run in runs:
            first, last = run.split("-")
            parsed.ahead.update(range(int(first), int(last) + 1))
        return parsed

    def _close_up(self) -> None:
        while self.contiguous + 1 in self.ahead:
            self.contiguous += 1
            self.ahead.remove(self.contiguous)


class StallWatch:
    """Notices that a living store does not get what we sent, so that it is sent again; ever more patiently."""

    STORE_SILENT_MS = 5_000
    STALL_MS = 10_000
    STALL_MS_MAX = 600_000

    def __init__(self) -> None:
        self._store_ts: bytes | None = None
        self._store_heard_ms = -self.STORE_SILENT_MS
        self._stuck: dict[SeqKey, tuple[int, int]] = {}  # key -> (contiguous, since ms)
        self._patience_ms = self.STALL_MS

    def is_stalled(
        self, now_ms: int, store_ts: bytes | None, contiguous: Mapping[SeqKey, int], highest_sent: Mapping[SeqKey, int]
    ) -> bool:
        """True when some mark of ours has stood still below what was sent for as long as our patience lasts."""
        if store_ts != self._store_ts:
            self._store_ts, self._store_heard_ms = store_ts, now_ms
        if now_ms - self._store_heard_ms >= self.STORE_SILENT_MS or store_ts is None or not highest_sent:
            self._stuck.clear()
            return False
        stuck: dict[SeqKey, tuple[int, int]] = {}
        for key, high in highest_sent.items():
            mark = contiguous.get(key, 0)
            if mark < high:
                before = self._stuck.get(key)
                stuck[key] = before if before is not None and before[0] == mark else (mark, now_ms)
        self._stuck = stuck
        if not stuck:
            self._patience_ms = self.STALL_MS
            return False
        if now_ms - min(since for _, since in stuck.values()) < self._patience_ms:
            return False
        self._stuck.clear()
        self._patience_ms = min(self._patience_ms * 2, self.STALL_MS_MAX)
        return True
