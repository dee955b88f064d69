"""How long messages take between gateway and venue: distributions of one place on the map, drawn from the seed.

Requests go their ways by themselves and may overtake each other. What one stream pushes arrives in its order; only a
fault lets a message overtake.
"""

import random

from services.common import venue
from services.simulation.latency import Delay, Latency, LatencySettings, paper_latency
from services.simulation.rng import Streams


def _place(way_ms: float, spread_ms: float, spike_pct: float = 0.0, spike_ms: float = 0.0) -> LatencySettings:
    """One way takes ``way_ms`` and a tail; the venue is slower with submits than with cancels and questions."""

    def delay(extra_ms: float) -> Delay:
        return Delay(
            base_ms=way_ms + extra_ms, spread_ms=spread_ms, shape="exponential", spike_pct=spike_pct, spike_ms=spike_ms
        )

    return LatencySettings(
        submit=delay(3.0), cancel=delay(1.0), query=delay(2.0), answer=delay(0.0), private=delay(1.0), public=delay(1.0)
    )


PLACES: dict[str, LatencySettings] = {
    "beside": _place(1.0, 0.5),
    "region": _place(6.0, 4.0),
    "paper": paper_latency(50.0),  # the one figure of the paper settings
    "far": _place(90.0, 20.0),
    "spiky": _place(8.0, 6.0, spike_pct=0.01, spike_ms=700.0),
}


class Wires:
    def __init__(self, seed: int) -> None:
        self.place = random.Random(f"wires-{seed}").choice(sorted(PLACES))
        self._latency = Latency(PLACES[self.place], Streams(seed))
        self._last_ms: dict[str, int] = {}  # by account, "" is public: when the latest push of the stream arrives

    def request_ms(self, request: venue.Request) -> int:
        return self._latency.request_ms(request)

    def answer_ms(self) -> int:
        return self._latency.answer_ms()

    def push_ms(self, push: venue.Push, now_ms: int, late_ms: int = 0) -> int:
        """From now until it arrives, in its stream's order. ``late_ms``: and so much later, with all that follows."""
        stream = getattr(push, "account_id", "")
        due_ms = now_ms + late_ms + self._latency.push_ms(push)
        at_ms = self._last_ms[stream] = max(due_ms, self._last_ms.get(stream, 0))
        return at_ms - now_ms
