"""Ids: UUIDv7 text for events, hex tokens. Real ones draw from the machine, seeded ones repeat.

UUIDv7: 48 bits of milliseconds, then a counter within the millisecond, then random bits. Ids of one source therefore
sort in the order they were made, even when the wall clock steps back.
"""

import os
import random

from services.common.ports import Clock

_COUNTER_MAX = 0xFFF


class SystemIds:
    """Event ids need to differ, not to be secret: their random bits come from a generator that the machine has seeded
    once, without a system call per event. Tokens come from the machine each time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_ms = 0
        self._counter = 0
        self._random = random.Random(os.urandom(32))

    def event_id(self) -> str:
        now_ms = self._clock.now_ms()
        if now_ms > self._last_ms:
            self._last_ms, self._counter = now_ms, 0
        else:
            self._counter += 1
            if self._counter > _COUNTER_MAX:
                self._last_ms, self._counter = self._last_ms + 1, 0
        return _uuid7(self._last_ms, self._counter, int.from_bytes(self._random.randbytes(8), "big"))

    def token(self, n_bytes: int) -> str:
        return os.urandom(n_bytes).hex()


class SeededIds(SystemIds):
    """The same ids from the same seed and the same clock."""

    def __init__(self, clock: Clock, seed: int) -> None:
        super().__init__(clock)
        self._random = random.Random(seed)

    def token(self, n_bytes: int) -> str:
        return self._random.randbytes(n_bytes).hex()


def ts_ms_of(event_id: str) -> int:
    """The millisecond in which a UUIDv7 was made."""
    return int(event_id[:8] + event_id[9:13], 16)


def _uuid7(ts_ms: int, counter: int, random_bits: int) -> str:
    time_hex = f"{ts_ms:012x}"
    tail = f"{0x8000000000000000 | (random_bits & 0x3FFFFFFFFFFFFFFF):016x}"
    return f"{time_hex[:8]}-{time_hex[8:]}-7{counter:03x}-{tail[:4]}-{tail[4:]}"
