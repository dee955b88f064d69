"""Loosening by one person where two are asked for: announced, and carried out ten minutes later if nothing happens.

A desk of one is not locked out, and whoever holds its machine for a moment loosens nothing by that: the wait is for the
owner to see it and to tighten again. What is announced lives in memory, by monotonic time: a restart forgets it, and it
is asked for anew.
"""

from collections.abc import Mapping
from typing import NamedTuple

from services.gateway.messages import LatchEntry, LatchState

DELAY_MS = 600_000


class Announced(NamedTuple):
    scope: str
    to: LatchState
    reason: str
    actor: str
    found: LatchEntry  # what stood there when it was asked; anything else at the time lets it lapse
    due_mono_ms: int


class Loosenings:
    """At most one per scope; a later one replaces it, and waits its whole time."""

    def __init__(self) -> None:
        self._by_scope: dict[str, Announced] = {}

    def __bool__(self) -> bool:
        return bool(self._by_scope)

    def announce(self, one: Announced) -> None:
        self._by_scope[one.scope] = one

    def waiting(self, entries: Mapping[str, LatchEntry]) -> list[Announced]:
        """Those that still stand against what is latched now; the others are forgotten."""
        self._by_scope = {scope: one for scope, one in self._by_scope.items() if entries.get(scope) == one.found}
        return list(self._by_scope.values())

    def take_due(self, entries: Mapping[str, LatchEntry], mono_ms: int) -> list[Announced]:
        """Those whose time has come; each once."""
        due = [one for one in self.waiting(entries) if mono_ms >= one.due_mono_ms]
        for one in due:
            del self._by_scope[one.scope]
        return due
