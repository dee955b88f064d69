"""Files that are whole or absent: tmp, flush, fsync(file), replace, fsync(dir).

JSON is ASCII, keys sorted, compact, one trailing newline. State that is read back is wrapped in
``{version, sha256, payload}`` and refused when larger than 1 MB, not ASCII, broken, or changed by another hand.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.common.errors import DeskError

SIZE_MAX = 1 << 20
_TURN_TRIES = 25
_TURN_WAIT_S = 0.01


class BadFile(DeskError):
    """Codes: file_too_large, non_ascii, invalid_structure, bad_checksum, invalid_payload."""

    def __init__(self, code: str, path: Path, text: str) -> None:
        super().__init__(code, f"path={path}, {text}", "restore it from a backup, or move it away and start clean")
        self.path = path


def canonical_json(value: Any) -> str:
    """One form for one value, so that hashes agree."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def write_text(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Atomic and durable: after a crash the path holds the old text or the new, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tmp = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    fd = os.open(tmp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    tmp.replace(path)
    sync_dir(path.parent)


def write_json(path: Path, value: Any, *, mode: int = 0o644) -> None:
    write_text(path, canonical_json(value) + "\n", mode=mode)


def write_state(path: Path, payload: Any, *, version: int = 1) -> None:
    """State in its envelope; ``read_state`` takes nothing else."""
    write_json(path, {"version": version, "sha256": _digest(payload), "payload": payload})


@contextlib.contextmanager
def turn(path: Path) -> Iterator[bool]:
    """Held while a file is read, changed and written again: of two processes neither loses the other's change.

    A quarter of a second is waited for one's turn, then it goes on without (False): a holder that was stopped must not
    keep anybody from writing. Raises OSError where there is no room for the lock.
    """
    descriptor = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield _is_taken(descriptor)
    finally:
        os.close(descriptor)


def _is_taken(descriptor: int) -> bool:
    for _ in range(_TURN_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_TURN_WAIT_S)
        else:
            return True
    return False


def read_json(path: Path, *, size_max: int = SIZE_MAX) -> Any:
    size = path.stat().st_size
    if size > size_max:
        raise BadFile("file_too_large", path, f"bytes={size}, limit={size_max}")
    data = path.read_bytes()
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as error:
        raise BadFile("non_ascii", path, f"byte={error.start}") from error
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise BadFile("invalid_structure", path, f"{error}") from error


def read_state(path: Path, *, version: int = 1, size_max: int = SIZE_MAX) -> Any:
    """The payload, or BadFile. A missing file is FileNotFoundError: nothing was saved yet."""
    envelope = read_json(path, size_max=size_max)
    if not isinstance(envelope, dict) or set(envelope) != {"version", "sha256", "payload"}:
        raise BadFile("invalid_structure", path, "expected {version, sha256, payload}")
    if envelope["sha256"] != _digest(envelope["payload"]):
        raise BadFile("bad_checksum", path, "the payload is not what was written")
    if envelope["version"] != version:
        raise BadFile("invalid_payload", path, f"version={envelope['version']}, expected={version}")
    return envelope["payload"]


def sync_dir(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _digest(payload: Any) -> str:
    return hashlib.sha256(canonical_json(payload).encode()).hexdigest()
