"""The event store's files: ``<run_dir>/events/events_YYYYMMDD.jsonl``, one event a line, the bytes as they were
published.

The day is the store's own UTC day of writing, so that there is one open file and it only grows; an event made just
before midnight may stand in the next day's file. Here is what the writer and every reader agree on; writing is the
store's alone.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DIR_NAME = "events"
_PREFIX = "events_"
_SUFFIX = ".jsonl"
_READ_BYTES = 1 << 20
_LINE_BYTES_GUESS = 500


class Position(NamedTuple):
    """Up to where the files have been read: whole lines before ``offset`` of the file of ``day``."""

    day: str = ""  # "20260131"; "" is before the first
    offset: int = 0


def events_dir(run_dir: Path) -> Path:
    return run_dir / DIR_NAME


def day_path(directory: Path, day: str) -> Path:
    return directory / f"{_PREFIX}{day}{_SUFFIX}"


def days(directory: Path) -> list[str]:
    """Days that have a file, oldest first."""
    return sorted(path.name[len(_PREFIX) : -len(_SUFFIX)] for path in directory.glob(f"{_PREFIX}*{_SUFFIX}"))


def whole_lines(path: Path, offset: int = 0) -> Iterator[tuple[bytes, int]]:
    """(line without newline, where it ends); a line without its newline is still being written and is left out."""
    with path.open("rb") as file:
        file.seek(offset)
        rest = b""
        while block := file.read(_READ_BYTES):
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                offset += len(line) + 1
                yield line, offset


def lines_since(directory: Path, position: Position) -> Iterator[tuple[bytes, Position]]:
    """Every whole line after the position, with the position behind it."""
    for day in days(directory):
        if day < position.day:
            continue
        start = position.offset if day == position.day else 0
        for line, offset in whole_lines(day_path(directory, day), start):
            yield line, Position(day, offset)


def last_lines(directory: Path, n_lines: int) -> Iterator[bytes]:
    """About the newest n_lines (judged by size), oldest first, without holding them in memory."""
    left_bytes = n_lines * _LINE_BYTES_GUESS
    starts: list[tuple[Path, int]] = []
    for day in reversed(days(directory)):
        path = day_path(directory, day)
        size = path.stat().st_size
        starts.append((path, max(0, size - left_bytes)))
        left_bytes -= size
        if left_bytes <= 0:
            break
    for path, offset in reversed(starts):
        lines = whole_lines(path, offset)
        if offset:
            next(lines, None)  # cut in its middle
        for line, _ in lines:
            yield line


def cut_torn_line(path: Path) -> bytes:
    """Remove what follows the last newline; returns it, for evidence. It was never acknowledged and will come again."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = size
        tail = b""
        while start > 0 and b"\n" not in tail:
            start = max(0, start - _READ_BYTES)
            file.seek(start)
            tail = file.read(size - start)
    whole = start + tail.rfind(b"\n") + 1
    torn = tail[whole - start :]
    if torn:
        os.truncate(path, whole)
    return torn
