"""Where the time of a submit goes: the last few thousand durations of each stage, in milliseconds."""

from collections import deque

_KEPT = 4_096


class StageTimes:
    """Stages: "judge" (state machine, one input), "journal" (hand-in to durable), "venue" (asked to answered)."""

    def __init__(self) -> None:
        self._ns: dict[str, deque[int]] = {}

    def add(self, stage: str, ns: int) -> None:
        durations = self._ns.get(stage)
        if durations is None:
            durations = self._ns[stage] = deque(maxlen=_KEPT)
        durations.append(ns)

    def summary(self) -> dict[str, dict[str, float]]:
        return {stage: _quantiles(list(durations)) for stage, durations in self._ns.items() if durations}


def _quantiles(ns: list[int]) -> dict[str, float]:
    ns.sort()
    return {
        "n": len(ns),
        "p50_ms": round(ns[len(ns) // 2] / 1e6, 3),
        "p99_ms": round(ns[min(len(ns) - 1, len(ns) * 99 // 100)] / 1e6, 3),
        "max_ms": round(ns[-1] / 1e6, 3),
    }
