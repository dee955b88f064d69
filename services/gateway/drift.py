"""How far mid is from where it has been within a window. One sample a second is enough to see a run."""

from collections import deque
from collections.abc import Iterable
from decimal import Decimal

SAMPLE_MS = 1_000
KEPT_MS = 3_600_000
BPS = Decimal(10_000)

Sample = tuple[int, Decimal]  # when, mid


class Extremes:
    """Lowest and highest mid of the last ``window_ms`` of samples. Only those that can still become one are kept."""

    def __init__(self, window_ms: int, samples: Iterable[Sample]) -> None:
        self.window_ms = window_ms
        self._falling: deque[Sample] = deque()  # highest first
        self._rising: deque[Sample] = deque()  # lowest first
        for ts_ms, mid in samples:
            self.add(ts_ms, mid)

    def add(self, ts_ms: int, mid: Decimal) -> None:
        rising, falling, oldest_ms = self._rising, self._falling, ts_ms - self.window_ms
        while rising and rising[-1][1] >= mid:
            rising.pop()
        while falling and falling[-1][1] <= mid:
            falling.pop()
        rising.append((ts_ms, mid))
        falling.append((ts_ms, mid))
        while rising[0][0] < oldest_ms:
            rising.popleft()
        while falling[0][0] < oldest_ms:
            falling.popleft()

    @property
    def lowest(self) -> Decimal:
        return self._rising[0][1]

    @property
    def highest(self) -> Decimal:
        return self._falling[0][1]


class MidHistory:
    """Samples of mid by a time that does not go back."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque()
        self._last: Decimal | None = None
        self._extremes: Extremes | None = None  # of the window that was asked for last

    def add(self, ts_ms: int, mid: Decimal) -> None:
        self._last = mid
        if self._samples and ts_ms - self._samples[-1][0] < SAMPLE_MS:
            return
        self._samples.append((ts_ms, mid))
        if self._extremes is not None:
            self._extremes.add(ts_ms, mid)
        while ts_ms - self._samples[0][0] > KEPT_MS:
            self._samples.popleft()

    def drift_bps(self, window_ms: int) -> Decimal | None:
        """Distance of the latest mid from the farthest one of the window, in bps of that one; None without data.

        The window ends at the latest sample; a window longer than ``KEPT_MS`` sees that much.
        """
        if self._last is None or not self._samples:
            return None
        window_ms = min(window_ms, KEPT_MS)
        extremes = self._extremes
        if extremes is None or extremes.window_ms != window_ms:
            extremes = self._extremes = Extremes(window_ms, self._samples)
        lowest, highest = min(extremes.lowest, self._last), max(extremes.highest, self._last)
        return max(self._last / lowest - 1, 1 - self._last / highest) * BPS
