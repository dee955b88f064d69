"""How far mid is from where it has been within a window. One sample a second is enough to see a run."""

from collections import deque
from decimal import Decimal

SAMPLE_MS = 1_000
KEPT_MS = 3_600_000
BPS = Decimal(10_000)


class MidHistory:
    """Samples of mid by a time that does not go back."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, Decimal]] = deque()
        self._last: Decimal | None = None
        self._extremes: tuple[int, Decimal, Decimal] | None = None  # of the samples, for a window, until the next one

    def add(self, ts_ms: int, mid: Decimal) -> None:
        self._last = mid
        if self._samples and ts_ms - self._samples[-1][0] < SAMPLE_MS:
            return
        self._samples.append((ts_ms, mid))
        self._extremes = None
        while ts_ms - self._samples[0][0] > KEPT_MS:
            self._samples.popleft()

    def drift_bps(self, window_ms: int) -> Decimal | None:
        """Distance of the latest mid from the farthest one of the window, in bps of that one; None without data."""
        if self._last is None or not self._samples:
            return None
        if self._extremes is None or self._extremes[0] != window_ms:
            self._extremes = (window_ms, *self._extremes_of(window_ms))
        lowest, highest = min(self._extremes[1], self._last), max(self._extremes[2], self._last)
        return max(self._last / lowest - 1, 1 - self._last / highest) * BPS

    def _extremes_of(self, window_ms: int) -> tuple[Decimal, Decimal]:
        latest_ms, lowest = self._samples[-1]
        highest = lowest
        for ts_ms, mid in reversed(self._samples):
            if ts_ms < latest_ms - window_ms:
                break
            lowest, highest = min(lowest, mid), max(highest, mid)
        return lowest, highest
