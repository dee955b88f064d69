"""What the charts show: bounded series of one point a second, in order whatever order the events arrive in."""

from bisect import bisect_left
from decimal import Decimal
from typing import NamedTuple


class Point(NamedTuple):
    ts_ms: int
    value: Decimal | None  # None: nothing to draw from here on (no quote rests)


class Series:
    """The newest value of each second of the last ``window_ms``, counted back from the newest point.

    Putting the same point twice, or points in another order, ends in the same series.
    """

    def __init__(self, window_ms: int) -> None:
        self._window_ms = window_ms
        self._seconds: list[int] = []
        self._points: list[Point] = []

    def put(self, ts_ms: int, value: Decimal | None) -> None:
        second = ts_ms // 1000
        if self._seconds and second < self._seconds[-1] - self._window_ms // 1000:
            return
        at = bisect_left(self._seconds, second)
        if at < len(self._seconds) and self._seconds[at] == second:
            if ts_ms >= self._points[at].ts_ms:
                self._points[at] = Point(ts_ms, value)
            return
        self._seconds.insert(at, second)
        self._points.insert(at, Point(ts_ms, value))
        self._trim()

    @property
    def last(self) -> Point | None:
        return self._points[-1] if self._points else None

    def points(self, since_ms: int = 0) -> list[Point]:
        return self._points[bisect_left(self._seconds, since_ms // 1000) :]

    def _trim(self) -> None:
        oldest = self._seconds[-1] - self._window_ms // 1000
        surplus = bisect_left(self._seconds, oldest)
        if surplus > 64:  # in chunks: deleting from the front of a list moves the rest
            del self._seconds[:surplus]
            del self._points[:surplus]
