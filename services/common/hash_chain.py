"""A JSONL file in which every line carries the hash of the one before it: a changed or missing line is seen.

``hash`` is sha256 over the canonical JSON of the line without ``hash``; ``prev_hash`` of the first line is 64 zeros. A
line is on disk (fsync) before ``append`` returns. A last line cut short by a crash was never acknowledged and is set
aside.
"""

import errno
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from services.common.errors import DeskError
from services.common.files import canonical_json, sync_dir

GENESIS = "0" * 64


class ChainReport(NamedTuple):
    is_ok: bool
    n_lines: int
    broken_line: int | None  # 1 is the first
    detail: str

    def text(self) -> str:
        return f"AUDIT_VERIFY={'OK' if self.is_ok else 'BROKEN'}"

    def markdown(self) -> str:
        place = f", line {self.broken_line}" if self.broken_line else ""
        return f"# Audit chain\n\n**{self.text()}**, {self.n_lines} lines{place}. {self.detail}\n"


class HashChain:
    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._last_hash = _recover(path)
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        sync_dir(path.parent)

    @property
    def last_hash(self) -> str:
        return self._last_hash

    def append(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Writes the record with prev_hash and hash; returns it as written.

        Raises OSError, and then nothing of it stays behind: half a line would break the chain for good.
        """
        if {"hash", "prev_hash"} & set(record):
            raise ValueError("hash and prev_hash are the chain's own")
        linked = {**record, "prev_hash": self._last_hash}
        linked["hash"] = _hash_of(linked)
        line, before = (canonical_json(linked) + "\n").encode(), os.fstat(self._fd).st_size
        try:
            if os.write(self._fd, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
            os.fdatasync(self._fd)
        except OSError:
            os.ftruncate(self._fd, before)
            raise
        self._last_hash = linked["hash"]
        return linked

    def close(self) -> None:
        os.close(self._fd)


def verify(path: Path) -> ChainReport:
    """Walks the whole file. A missing file is a chain of no lines."""
    previous = GENESIS
    n_lines = 0
    if path.exists():
        with path.open("rb") as file:
            for n_lines, line in enumerate(file, start=1):
                problem = _problem(line, previous)
                if problem:
                    return ChainReport(False, n_lines, n_lines, problem)
                previous = json.loads(line)["hash"]
    return ChainReport(True, n_lines, None, f"last hash {previous}")


def _problem(line: bytes, previous: str) -> str:
    try:
        record = json.loads(line)
        claimed, prev_hash = record["hash"], record["prev_hash"]
    except (ValueError, KeyError, TypeError):
        return "not a linked record"
    if prev_hash != previous:
        return "prev_hash is not the hash of the line before: a line was removed, added or moved"
    if claimed != _hash_of({key: value for key, value in record.items() if key != "hash"}):
        return "hash does not match the content: the line was changed"
    return ""


def _hash_of(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(record).encode()).hexdigest()


def _recover(path: Path) -> str:
    """The last hash; a torn last line is moved to ``<name>.torn``."""
    if not path.exists():
        return GENESIS
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        path.with_name(path.name + ".torn").write_bytes(data[whole:])
        os.truncate(path, whole)
    if not whole:
        return GENESIS
    last = data[data.rfind(b"\n", 0, whole - 1) + 1 : whole]
    try:
        return str(json.loads(last)["hash"])
    except (ValueError, KeyError) as error:
        raise DeskError("AUDIT_BROKEN", f"path={path}, last line is not a record", "desk audit verify") from error
