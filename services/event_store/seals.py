"""What the store knows it has written: length and CRC-32 of each day's file. A byte that was changed, a line that was
removed or a file that was cut short afterwards is seen by it, also where what is left reads well and has no gap.

Against accidents, not against a person: who can write the files can write the seals.
"""

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from services.common.event_files import day_path, days
from services.common.files import BadFile, read_state, write_state

FILE = "seals.json"
_READ_BYTES = 1 << 20


class Seal(NamedTuple):
    """Of the first ``n_bytes`` of a day's file."""

    n_bytes: int
    crc: int


NOTHING = Seal(0, 0)


def load(directory: Path) -> dict[str, Seal]:
    """Day -> seal; empty before the first one. Raises BadFile."""
    try:
        plain = read_state(directory / FILE)
    except FileNotFoundError:
        return {}
    return {str(day): Seal(int(n_bytes), int(crc)) for day, (n_bytes, crc) in plain.items()}


def save(directory: Path, seals: Mapping[str, Seal]) -> None:
    write_state(directory / FILE, {day: list(seal) for day, seal in seals.items()})


def added(seal: Seal, data: bytes) -> Seal:
    return Seal(seal.n_bytes + len(data), zlib.crc32(data, seal.crc))


def caught_up(directory: Path) -> dict[str, Seal]:
    """The seals, extended over what a crash kept them from covering. A file shorter than its seal keeps the seal."""
    try:
        seals = load(directory)
    except BadFile:
        seals = {}
    for day in days(directory):
        seal = seals.get(day, NOTHING)
        for block in _blocks(day_path(directory, day), seal.n_bytes):
            seal = added(seal, block)
        seals[day] = seal
    return seals


def changes(directory: Path, since_day: str = "") -> list[str]:
    """One line for each day's file, from a day on, that is not what was written; empty when all are."""
    try:
        seals = load(directory)
    except BadFile as error:
        return [f"EVENTS_CHANGED: {error.code}, {error.text}"]
    return [line for day, seal in sorted(seals.items()) if day >= since_day for line in _change(directory, day, seal)]


def _change(directory: Path, day: str, seal: Seal) -> Iterator[str]:
    path = day_path(directory, day)
    if not path.exists():
        yield f"EVENTS_CHANGED: {path} is gone, {seal.n_bytes} bytes were written"
        return
    seen = NOTHING
    for block in _blocks(path, 0, seal.n_bytes):
        seen = added(seen, block)
    if seen.n_bytes < seal.n_bytes:
        yield f"EVENTS_CHANGED: {path} holds {seen.n_bytes} bytes, {seal.n_bytes} were written"
    elif seen.crc != seal.crc:
        yield f"EVENTS_CHANGED: {path} is not what was written: crc={seen.crc:08x}, expected {seal.crc:08x}"


def _blocks(path: Path, start: int, end: int | None = None) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        left = None if end is None else end - start
        while block := file.read(_READ_BYTES if left is None else min(_READ_BYTES, left)):
            left = None if left is None else left - len(block)
            yield block
