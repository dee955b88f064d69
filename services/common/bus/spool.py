"""What a process has said and the event store has not yet confirmed, on disk, in order.

Every event is written here before it goes to the bus, and stays until the store has it. So a dead bus, a bus that came
back without its last second, and a kill -9 of the producer are one case: send again from the first unconfirmed line.
Readers know an event by its id and take it once.

Files ``00000001.seg`` … of lines ``stream TAB source TAB epoch TAB seq TAB json``. Written without fsync: this survives
the process, not the machine; what must survive a power cut is in the gateway's journal. One process per directory
(flock).
"""

import fcntl
import os
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from services.common.bus.marks import SeqKey, SeqSet

SEGMENT_BYTES = 4 << 20
READY_MAX = 4096
_READ_BYTES = 256 << 10


class SpoolLine(NamedTuple):
    key: SeqKey
    seq: int
    raw: bytes


class _Segment:
    """One file and, per key, the lowest and highest seq in it."""

    def __init__(self, number: int, path: Path) -> None:
        self.number = number
        self.path = path
        self.n_bytes = 0
        self.span: dict[SeqKey, tuple[int, int]] = {}

    def note(self, key: SeqKey, seq: int) -> None:
        span = self.span.get(key)
        if span is None:
            self.span[key] = (seq, seq)
        else:
            low, high = span
            self.span[key] = (low, seq) if seq > high else (min(low, seq), high)


class Spool:
    def __init__(self, directory: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._segment_bytes = segment_bytes
        self.directory, self._lock_fd = _claim(directory)
        self._marks: dict[SeqKey, SeqSet] = {}
        self._ready: deque[tuple[SpoolLine, int]] = deque()  # (line, where it ends in its file), next to be sent first
        self._heads: dict[SeqKey, bytes] = {}
        self._segments = self._load()
        self.n_bytes = sum(segment.n_bytes for segment in self._segments)
        self._read_at = (self._segments[0].number, 0)  # where _ready ends
        self._fd = os.open(self._segments[-1].path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._buffer = bytearray()

    # ------------------------------------------------------------------------------------------------- the producer

    def append(self, key: SeqKey, seq: int, raw: bytes) -> None:
        """Takes the line into the write buffer; ``write_out`` makes it outlive the process."""
        head = self._heads.get(key)
        if head is None:
            head = self._heads[key] = f"{key.stream}\t{key.source}\t{key.epoch}\t".encode()
        line = b"%s%d\t%s\n" % (head, seq, raw)
        segment = self._segments[-1]
        if segment.n_bytes >= self._segment_bytes:
            segment = self._rotate()
        is_level = self._read_at == (segment.number, segment.n_bytes)
        self._buffer += line
        segment.n_bytes += len(line)
        self.n_bytes += len(line)
        segment.note(key, seq)
        if is_level and len(self._ready) < READY_MAX:
            self._ready.append((SpoolLine(key, seq, raw), segment.n_bytes))
            self._read_at = (segment.number, segment.n_bytes)

    def write_out(self) -> None:
        """Raises OSError on a full disk; what was not written then stays in the buffer, not a byte twice."""
        while self._buffer:
            del self._buffer[: os.write(self._fd, self._buffer)]

    # -------------------------------------------------------------------------------------------------- the shipper

    def next_chunk(self, n_lines: int) -> list[SpoolLine]:
        """The next lines to send; the same ones again until ``advance``."""
        self.write_out()
        while not self._ready and self._fill():
            pass
        return [line for (line, _), _ in zip(self._ready, range(n_lines), strict=False)]

    def advance(self, n_lines: int) -> None:
        for _ in range(n_lines):
            self._ready.popleft()

    def rewind(self) -> None:
        """Begin again at the first line that the store has not confirmed."""
        self.write_out()
        self._ready.clear()
        self._read_at = (self._segments[0].number, 0)

    def confirm(self, marks: Mapping[SeqKey, SeqSet]) -> int:
        """Forget what the store has on disk. Returns how many bytes were freed."""
        self._marks.update(marks)
        freed = 0
        while len(self._segments) > 1 and self._is_confirmed(self._segments[0]):
            segment = self._segments.pop(0)
            freed += segment.n_bytes
            segment.path.unlink(missing_ok=True)
            if self._read_at[0] == segment.number:
                self._ready.clear()
                self._read_at = (self._segments[0].number, 0)
        last = self._segments[-1]
        if len(self._segments) == 1 and last.n_bytes and not self._ready and self._is_confirmed(last):
            freed += last.n_bytes
            self._rotate()
            self._segments.pop(0).path.unlink(missing_ok=True)
            self._read_at = (self._segments[0].number, 0)
        self.n_bytes -= freed
        live = self.unconfirmed_keys()
        self._marks = {key: marks for key, marks in self._marks.items() if key in live}
        return freed

    def unconfirmed_keys(self) -> set[SeqKey]:
        return {key for segment in self._segments for key in segment.span}

    def highest_sent(self) -> dict[SeqKey, int]:
        """Per key the highest seq on disk, once everything has been sent; empty while something still waits."""
        if self.next_chunk(1):
            return {}
        highest: dict[SeqKey, int] = {}
        for segment in self._segments:
            for key, (_, high) in segment.span.items():
                highest[key] = max(high, highest.get(key, 0))
        return highest

    def is_all_confirmed(self) -> bool:
        return all(self._is_confirmed(segment) for segment in self._segments)

    def close(self) -> None:
        """Leaves on disk what is not confirmed, for the next life to send."""
        self.write_out()
        os.close(self._fd)
        if self.is_all_confirmed():
            for segment in self._segments:
                segment.path.unlink(missing_ok=True)
        os.close(self._lock_fd)

    # ------------------------------------------------------------------------------------------------------- private

    def _load(self) -> list[_Segment]:
        segments: list[_Segment] = []
        for path in sorted(self.directory.glob("*.seg")):
            segment = _Segment(int(path.stem), path)
            data = path.read_bytes()
            whole = data.rfind(b"\n") + 1
            if whole < len(data):  # a write that the kill cut short
                os.truncate(path, whole)
            for line in _parse(data[:whole]):
                segment.note(line.key, line.seq)
            segment.n_bytes = whole
            segments.append(segment)
        number = segments[-1].number + 1 if segments else 1
        segments.append(_Segment(number, self.directory / f"{number:08d}.seg"))
        return segments

    def _rotate(self) -> _Segment:
        self.write_out()
        old = self._segments[-1]
        segment = _Segment(old.number + 1, self.directory / f"{old.number + 1:08d}.seg")
        opened = os.open(segment.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)  # before anything is given up
        os.close(self._fd)
        self._fd = opened
        self._segments.append(segment)
        if self._read_at == (old.number, old.n_bytes):
            self._read_at = (segment.number, 0)
        return segment

    def _fill(self) -> bool:
        """Read on from the files into _ready. False when there is nothing left to read."""
        number, offset = self._read_at
        index = next(i for i, segment in enumerate(self._segments) if segment.number == number)
        segment = self._segments[index]
        if offset >= segment.n_bytes:
            if index + 1 == len(self._segments):
                return False
            self._read_at = (self._segments[index + 1].number, 0)
            return True
        data = _read_lines(segment.path, offset)
        for line in _parse(data):
            offset += _line_bytes(line)
            if not self._has(line.key, line.seq):
                self._ready.append((line, offset))
        self._read_at = (number, offset)
        return True

    def _has(self, key: SeqKey, seq: int) -> bool:
        seen = self._marks.get(key)
        return seen is not None and seq in seen

    def _is_confirmed(self, segment: _Segment) -> bool:
        if all(
            (seen := self._marks.get(key)) is not None and high <= seen.contiguous
            for key, (_, high) in segment.span.items()
        ):
            return True
        if not all(
            (seen := self._marks.get(key)) is not None and high <= seen.highest
            for key, (_, high) in segment.span.items()
        ):
            return False
        self.write_out()  # a hole that is not ours: look line by line
        return all(self._has(line.key, line.seq) for line in _parse(segment.path.read_bytes()))


def _claim(directory: Path) -> tuple[Path, int]:
    """The directory, or the first of ``name.1``, ``name.2`` … that no other process holds."""
    for suffix in ["", *(f".{n}" for n in range(1, 100))]:
        path = directory.with_name(directory.name + suffix)
        path.mkdir(parents=True, exist_ok=True)
        fd = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            continue
        return path, fd
    raise RuntimeError(f"a hundred processes hold {directory}.*: something starts them in a loop")


def _read_lines(path: Path, offset: int) -> bytes:
    """Whole lines from offset, about _READ_BYTES of them."""
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read(_READ_BYTES)
        return data + file.readline() if not data.endswith(b"\n") else data


def _parse(data: bytes) -> list[SpoolLine]:
    lines: list[SpoolLine] = []
    for text in data.split(b"\n"):
        if text:
            stream, source, epoch, seq, raw = text.split(b"\t", 4)
            lines.append(SpoolLine(SeqKey(stream.decode(), source.decode(), int(epoch)), int(seq), raw))
    return lines


def _line_bytes(line: SpoolLine) -> int:
    head = f"{line.key.stream}\t{line.key.source}\t{line.key.epoch}\t{line.seq}\t"
    return len(head.encode()) + len(line.raw) + 1
