"""Messages counted per scope. An order counts in all its scopes as it is let through, before it is sent."""

from collections.abc import Iterable

from services.gateway.limits.windows import SlidingCount

_SECOND_MS = 1_000
_MINUTE_MS = 60_000


class ScopeCounters:
    def __init__(self) -> None:
        self.submits_second = SlidingCount(_SECOND_MS)
        self.submits_minute = SlidingCount(_MINUTE_MS)
        self.cancels_minute = SlidingCount(_MINUTE_MS)


class Counters:
    def __init__(self) -> None:
        self._by_scope: dict[str, ScopeCounters] = {}
        self._windows: dict[str, SlidingCount] = {}

    def of(self, scope: str) -> ScopeCounters:
        counters = self._by_scope.get(scope)
        if counters is None:
            counters = self._by_scope[scope] = ScopeCounters()
        return counters

    def window(self, name: str, window_ms: int = _MINUTE_MS) -> SlidingCount:
        """A count of something else, by its own name."""
        window = self._windows.get(name)
        if window is None:
            window = self._windows[name] = SlidingCount(window_ms)
        return window

    def submitted(self, scopes: Iterable[str], mono_ms: int) -> None:
        for scope in scopes:
            counters = self.of(scope)
            counters.submits_second.add(mono_ms)
            counters.submits_minute.add(mono_ms)

    def cancelled(self, scopes: Iterable[str], mono_ms: int) -> None:
        for scope in scopes:
            self.of(scope).cancels_minute.add(mono_ms)
