"""Counting in a sliding window of monotonic time."""

from collections import deque


class SlidingCount:
    """How many things happened in the last ``window_ms``. Times must not go back."""

    def __init__(self, window_ms: int) -> None:
        self.window_ms = window_ms
        self._times: deque[int] = deque()

    def add(self, mono_ms: int) -> None:
        self._forget(mono_ms)
        self._times.append(mono_ms)

    def count(self, mono_ms: int) -> int:
        """Things in (mono_ms - window_ms, mono_ms]."""
        self._forget(mono_ms)
        return len(self._times)

    def _forget(self, mono_ms: int) -> None:
        times, oldest = self._times, mono_ms - self.window_ms
        while times and times[0] <= oldest:
            times.popleft()
