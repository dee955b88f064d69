"""The event log of a run: what happened, in order, folded into one SHA-256 as it happens."""

import hashlib
from collections import deque


class EventLog:
    """``tail`` keeps the last lines for people; the digest covers all of them."""

    def __init__(self, tail_lines: int = 0) -> None:
        self._hash = hashlib.sha256()
        self.lines = 0
        self.tail: deque[str] | None = deque(maxlen=tail_lines) if tail_lines else None

    def add(self, line: str) -> None:
        self.lines += 1
        self._hash.update(line.encode())
        self._hash.update(b"\n")
        if self.tail is not None:
            self.tail.append(line)

    def digest(self) -> str:
        return self._hash.hexdigest()
