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

    def add(self, ts_ms: int, mid: Decimal) -> None:
        self._last = mid
        if self._samples and ts_ms - self._samples[-1][0] < SAMPLE_MS:
            return
        self._samples.append((ts_ms, mid))
        while ts_ms - self._samples[0][0] > KEPT_MS:
            self._samples.popleft()

    def drift_bps(self, window_ms: int) -> Decimal | None:
        """Distance of the latest mid from the farthest one of the window, in bps of that one; None without data."""
        if self._last is None or not self._samples:
            return None
        horizon_ms = self._samples[-1][0] - window_ms
        lowest = highest = self._last
        for ts_ms, mid in reversed(self._samples):
            if ts_ms < horizon_ms:
                break
            lowest, highest = min(lowest, mid), max(highest, mid)
        return max(self._last / lowest - 1, 1 - self._last / highest) * BPS
