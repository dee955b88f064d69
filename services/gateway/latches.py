"""Which scopes may do what. ACTIVE: everything. REDUCING: only what reduces. HALTED: cancels, and immediate orders that
are flagged reduce-only: nothing rests."""

from collections.abc import Mapping
from typing import NamedTuple

from services.gateway.messages import LatchEntry, LatchState

_SEVERITY: dict[LatchState, int] = {"ACTIVE": 0, "REDUCING": 1, "HALTED": 2}


class Effective(NamedTuple):
    """The most restrictive state over the scopes of a bot, and where it comes from."""

    state: LatchState
    scope: str
    entry: LatchEntry | None


class Latches:
    """Begins unreadable: until a latch file has been read, everything is HALTED."""

    def __init__(self) -> None:
        self._entries: Mapping[str, LatchEntry] | None = None

    def replace(self, entries: Mapping[str, LatchEntry] | None) -> None:
        self._entries = entries

    def entries(self) -> Mapping[str, LatchEntry]:
        return self._entries or {}

    @property
    def is_readable(self) -> bool:
        return self._entries is not None

    def tighten(self, scope: str, entry: LatchEntry) -> bool:
        """Set a scope of our own accord; never loosens. Returns whether anything changed."""
        current = self.entries().get(scope)
        if current is not None and _SEVERITY[current.state] >= _SEVERITY[entry.state]:
            return False
        if self._entries is not None:
            self._entries = {**self._entries, scope: entry}
        return True

    def effective(self, scopes: tuple[str, ...]) -> Effective:
        if self._entries is None:
            return Effective("HALTED", "desk", None)
        worst = Effective("ACTIVE", "", None)
        for scope in scopes:
            entry = self._entries.get(scope)
            if entry is not None and _SEVERITY[entry.state] > _SEVERITY[worst.state]:
                worst = Effective(entry.state, scope, entry)
        return worst


def is_looser(new: LatchState, old: LatchState) -> bool:
    return _SEVERITY[new] < _SEVERITY[old]
