"""A circuit breaker per operation: what fails most of the time is left alone for a while, then probed.

CLOSED counts outcomes over a window; an outcome that is one too many of errors, server faults or throttlings opens it.
OPEN bars for a while. HALF_OPEN lets a few probes through: all of them good closes it, one bad opens it again. Cancels
never ask.
"""

from collections import deque
from typing import Literal, NamedTuple

Outcome = Literal["ok", "error", "fault", "throttled"]  # fault: 5xx; error: no or an unreadable answer
CircuitState = Literal["CLOSED", "OPEN", "HALF_OPEN"]


class BreakerRule(NamedTuple):
    window_ms: int = 60_000
    calls_min: int = 10  # fewer say nothing
    error_share_max: float = 0.5
    fault_share_max: float = 0.2
    throttled_share_max: float = 0.2
    open_ms: int = 30_000
    reopen_ms: int = 5_000  # after a failed probe
    probes: int = 5


class Barred(NamedTuple):
    limit: str
    value: str


class Breaker:
    def __init__(self, name: str, rule: BreakerRule = BreakerRule()) -> None:
        self.name = name
        self.state: CircuitState = "CLOSED"
        self._rule = rule
        self._outcomes: deque[tuple[int, Outcome]] = deque()
        self._counts: dict[Outcome, int] = dict.fromkeys(("ok", "error", "fault", "throttled"), 0)
        self._open_until_ms = 0
        self._why = ""
        self._probes_left = 0
        self._probes_good = 0

    def barred(self, mono_ms: int) -> Barred | None:
        """Why the operation may not be tried now, or None. Does not use up a probe; ``tried`` does."""
        if self.state == "OPEN" and mono_ms >= self._open_until_ms:
            self.state = "HALF_OPEN"
            self._probes_left, self._probes_good = self._rule.probes, 0
        if self.state == "OPEN":
            return Barred(self._why, f"{self._open_until_ms - mono_ms} ms left")
        if self.state == "HALF_OPEN" and self._probes_left <= 0:
            return Barred(f"{self._rule.probes} probes", "all under way")
        return None

    def tried(self) -> None:
        if self.state == "HALF_OPEN":
            self._probes_left -= 1

    def record(self, outcome: Outcome, mono_ms: int) -> None:
        if self.state == "HALF_OPEN":
            self._record_probe(outcome, mono_ms)
            return
        self._outcomes.append((mono_ms, outcome))
        self._counts[outcome] += 1
        while self._outcomes and self._outcomes[0][0] <= mono_ms - self._rule.window_ms:
            self._counts[self._outcomes.popleft()[1]] -= 1
        # what goes well opens nothing, though good ones of long ago that leave the window make the share grow
        if self.state == "CLOSED" and outcome != "ok" and (why := self._verdict()):
            self._open(mono_ms, self._rule.open_ms, why)

    def _record_probe(self, outcome: Outcome, mono_ms: int) -> None:
        if outcome != "ok":
            self._open(mono_ms, self._rule.reopen_ms, f"probe failed: {outcome}")
            return
        self._probes_good += 1
        if self._probes_good >= self._rule.probes:
            self.state = "CLOSED"
            self._forget()

    def _verdict(self) -> str:
        total = len(self._outcomes)
        if total < self._rule.calls_min:
            return ""
        failed = total - self._counts["ok"]
        if not failed:
            return ""
        shares = (
            ("error share", failed / total, self._rule.error_share_max),
            ("server fault share", self._counts["fault"] / total, self._rule.fault_share_max),
            ("throttled share", self._counts["throttled"] / total, self._rule.throttled_share_max),
        )
        for name, share, limit in shares:
            if share > limit:
                return f"{name} {share:.0%} of {total}, limit {limit:.0%}"
        return ""

    def _open(self, mono_ms: int, for_ms: int, why: str) -> None:
        self.state = "OPEN"
        self._open_until_ms = mono_ms + for_ms
        self._why = why
        self._forget()

    def _forget(self) -> None:
        self._outcomes.clear()
        self._counts = dict.fromkeys(self._counts, 0)


class Breakers:
    """One per operation: "place", "cancel", "query"."""

    def __init__(self, rule: BreakerRule = BreakerRule()) -> None:
        self._rule = rule
        self._by_name: dict[str, Breaker] = {}

    def of(self, name: str) -> Breaker:
        breaker = self._by_name.get(name)
        if breaker is None:
            breaker = self._by_name[name] = Breaker(name, self._rule)
        return breaker
