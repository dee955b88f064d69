"""Virtual time: one heap, one thread. Equal times are ordered by sequence, so a run depends only on seed and code."""

import hashlib
import heapq
from collections.abc import Callable

Then = Callable[[], None]

EPOCH_MS = 1_750_000_000_000  # an arbitrary moment; wall time of a simulation starts here


class World:
    """Wall and monotonic milliseconds are the same here: faults of the clock are given to the parts that read one."""

    def __init__(self) -> None:
        self.now_ms = EPOCH_MS
        self._heap: list[tuple[int, int, Then]] = []
        self._serial = 0
        self._digest = hashlib.sha256()

    @property
    def elapsed_ms(self) -> int:
        return self.now_ms - EPOCH_MS

    def after(self, delay_ms: int, then: Then) -> None:
        """Run ``then`` in delay_ms, after everything already due at that moment."""
        assert delay_ms >= 0, delay_ms
        self._serial += 1
        heapq.heappush(self._heap, (self.now_ms + delay_ms, self._serial, then))

    def every(self, period_ms: int, then: Then, *, phase_ms: int = 0) -> None:
        """Run ``then`` each period, first after phase_ms (0: one period)."""

        def again() -> None:
            self.after(period_ms, again)
            then()

        self.after(phase_ms or period_ms, again)

    def run_until(self, elapsed_ms: int) -> None:
        end_ms = EPOCH_MS + elapsed_ms
        while self._heap and self._heap[0][0] <= end_ms:
            self.now_ms, _, then = heapq.heappop(self._heap)
            then()
        self.now_ms = end_ms

    def note(self, line: str) -> None:
        """What happened, for the digest: two runs of one seed must note the same lines."""
        self._digest.update(f"{self.elapsed_ms}|{line}\n".encode())

    def digest(self) -> str:
        return self._digest.hexdigest()
