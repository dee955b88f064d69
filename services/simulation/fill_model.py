"""The paper engine's fill model: how much of what trades at our price reaches us, and how soon again.

Used where the other side is a recording, which does not react to us: the queue is then an estimate, so the volume that
reaches an order is scaled by ``queue_participation`` (with a seeded spread of 20 % either way), a partial fill takes a
seeded ratio of what is left, and the next partial fill comes no earlier than ``latency_ms`` after the last.
"""

import random

import msgspec

from services.simulation.orders import OpenOrder


class FillSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ``paper_*`` settings. Ratios are fractions in (0, 1]."""

    seed: int = 7
    latency_ms: int = 50
    queue_participation: float = 1.0
    partial_fill_ratio_min: float = 0.3
    partial_fill_ratio_max: float = 1.0


class FillModel:
    """Same seed, same sequence of draws."""

    def __init__(self, settings: FillSettings) -> None:
        if not 0 < settings.partial_fill_ratio_min <= settings.partial_fill_ratio_max <= 1:
            raise ValueError(
                f"paper_partial_fill_ratio: min {settings.partial_fill_ratio_min},"
                f" max {settings.partial_fill_ratio_max}; allowed 0 < min <= max <= 1; example 0.3 and 1.0"
            )
        if settings.queue_participation <= 0:
            raise ValueError(f"paper_queue_participation: {settings.queue_participation}; allowed above 0; example 1.0")
        self.settings = settings
        self._random = random.Random(settings.seed)

    def queue_factor(self) -> float:
        return self.settings.queue_participation * self._random.uniform(0.8, 1.2)

    def partial_ratio(self) -> float:
        return self._random.uniform(self.settings.partial_fill_ratio_min, self.settings.partial_fill_ratio_max)

    def allowed_lots(self, order: OpenOrder, offered_lots: int, now_ms: int) -> int:
        """Of ``offered_lots`` that reach the order's place in the queue, how many it gets now; 0 while the gate is
        shut.
        """
        if order.last_fill_ms >= 0 and now_ms - order.last_fill_ms < self.settings.latency_ms:
            return 0
        reached = min(offered_lots, int(offered_lots * self.queue_factor() + 0.5))
        partial = max(1, int(order.remaining * self.partial_ratio() + 0.5))
        return max(0, min(reached, partial))

    def slice_lots(self, order: OpenOrder) -> int:
        """How much of a crossing order trades in this cycle; the rest waits ``latency_ms`` for its next one."""
        return max(1, int(order.remaining * self.partial_ratio() + 0.5))
