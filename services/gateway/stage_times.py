"""Where the time of a submit goes: the last few thousand orders, stage by stage, in milliseconds."""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice

from services.common.clock import stopwatch_ns

_KEPT = 16_384
_UNDER_WAY_MAX = 16_384
STAGES = ("judge", "journal", "venue", "inside")

OrderKey = tuple[str, str]  # bot, its client order id


class StageTimes:
    """Stages of one order: "judge" (the state machine takes the request), "journal" (handed in to durable, and known
    to be), "venue" (asked to the bot's answer: the venue's push may be here before its reply), "inside" (the bot's
    request decoded to its answer, the other three included).

    Only orders that went all the way are kept. One without a client order id of its own is not timed.
    """

    def __init__(self, clock_ns: Callable[[], int] = stopwatch_ns) -> None:
        self._clock_ns = clock_ns
        self._under_way: dict[OrderKey, dict[str, int]] = {}
        self._done: deque[dict[str, int]] = deque(maxlen=_KEPT)

    def begin(self, key: OrderKey) -> None:
        """The bot's request is here."""
        if key[1] and len(self._under_way) < _UNDER_WAY_MAX:
            self._under_way[key] = {"began": self._clock_ns()}

    def add(self, key: OrderKey, stage: str, ns: int) -> None:
        """An order that was not begun, or is done already, is nobody's."""
        stages = self._under_way.get(key)
        if stages is not None:
            stages[stage] = ns

    def asked(self, key: OrderKey) -> None:
        """The order goes to the venue now."""
        self.add(key, "asked", self._clock_ns())

    def end(self, key: OrderKey) -> None:
        """The bot has its answer."""
        stages = self._under_way.pop(key, None)
        if stages is not None and "asked" in stages:
            now_ns = self._clock_ns()
            stages["inside"] = now_ns - stages.pop("began")
            stages["venue"] = now_ns - stages.pop("asked")
            self._done.append(stages)

    def summary(self, last: int = 500) -> dict[str, dict[str, float]]:
        """Of so many orders up to now, per stage n, p50_ms, p99_ms, max_ms; and ``of_slowest_ms``: its mean over the
        slowest hundredth of them."""
        newest = list(islice(reversed(self._done), last))
        orders = sorted(newest, key=lambda stages: stages["inside"])
        slowest = orders[len(orders) * 99 // 100 :]
        return {stage: _figures(stage, orders, slowest) for stage in STAGES if orders}


def _figures(stage: str, orders: Sequence[dict[str, int]], slowest: Sequence[dict[str, int]]) -> dict[str, float]:
    ns = sorted(stages.get(stage, 0) for stages in orders)
    return {
        "n": len(ns),
        "p50_ms": round(ns[len(ns) // 2] / 1e6, 3),
        "p99_ms": round(ns[min(len(ns) - 1, len(ns) * 99 // 100)] / 1e6, 3),
        "max_ms": round(ns[-1] / 1e6, 3),
        "of_slowest_ms": round(sum(stages.get(stage, 0) for stages in slowest) / len(slowest) / 1e6, 3),
    }
