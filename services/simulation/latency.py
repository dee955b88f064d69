"""How long things take on their way: requests out, answers back, private pushes, market data. Drawn, not constant.

Each way has a distribution of its own and a random stream of its own. Milliseconds; a draw is never negative.
"""

import re
from typing import Literal

import msgspec

from services.common import venue
from services.simulation.rng import Streams

Way = Literal["submit", "cancel", "query", "answer", "private", "public"]
CANCELS = (venue.CancelOrder, venue.CancelOrders)
SUBMITS = (
    venue.PlaceOrder,
    venue.PlaceOrders,
    venue.PlaceProtected,
    venue.PlaceStop,
    venue.ModifyOrder,
    venue.ClosePosition,
)


class Delay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``base_ms`` always, and on top of it nothing (fixed), up to spread_ms (uniform), a mean of spread_ms
    (exponential), or a normal draw of standard deviation spread_ms cut at zero (normal). With probability spike_pct it
    is spike_ms more.
    """

    base_ms: float = 0.0
    spread_ms: float = 0.0
    shape: Literal["fixed", "uniform", "exponential", "normal"] = "fixed"
    spike_pct: float = 0.0
    spike_ms: float = 0.0


_NUMBER = r"(\d+(?:\.\d+)?)"
_WRITTEN = re.compile(rf"(?:(uniform|exponential|normal) )?{_NUMBER}(?:\+{_NUMBER})?(?: spike {_NUMBER}% {_NUMBER})?")


def delay_of(text: str) -> Delay:
    """A delay as a person writes it: "40", "exponential 40+10", "normal 40+5 spike 1% 500". Raises ValueError."""
    found = _WRITTEN.fullmatch(" ".join(text.split()))
    if found is None or bool(found[1]) != bool(found[3]):
        raise ValueError(f"{text!r}: allowed: milliseconds, or a shape and base+spread; example: exponential 40+10")
    shape, base, spread, spike_percent, spike = found.groups()
    spike_pct = float(spike_percent or 0) / 100
    if spike_pct > 1:
        raise ValueError(f"{text!r}: a spike's chance is at most 100%; example: 40 spike 1% 500")
    return Delay(
        base_ms=float(base),
        spread_ms=float(spread or 0),
        shape=shape or "fixed",  # type: ignore[arg-type]
        spike_pct=spike_pct,
        spike_ms=float(spike or 0),
    )


class LatencySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Zero everywhere by default; ``paper_latency`` spreads the one figure of the paper settings."""

    submit: Delay = Delay()
    cancel: Delay = Delay()
    query: Delay = Delay()
    answer: Delay = Delay()
    private: Delay = Delay()
    public: Delay = Delay()


def paper_latency(latency_ms: float = 50.0) -> LatencySettings:
    """The paper engine's one figure spread over the ways: orders travel latency_ms in all, data half of it."""
    there = Delay(base_ms=latency_ms * 0.4, spread_ms=latency_ms * 0.2, shape="exponential")
    back = Delay(base_ms=latency_ms * 0.3, spread_ms=latency_ms * 0.1, shape="exponential")
    return LatencySettings(submit=there, cancel=there, query=there, answer=back, private=back, public=back)


class Latency:
    def __init__(self, settings: LatencySettings, streams: Streams) -> None:
        self._delays: dict[Way, Delay] = {
            "submit": settings.submit,
            "cancel": settings.cancel,
            "query": settings.query,
            "answer": settings.answer,
            "private": settings.private,
            "public": settings.public,
        }
        self._rng = {way: streams.of("latency", way) for way in self._delays}

    def request_ms(self, request: venue.Request) -> int:
        """From the sender to the venue."""
        if isinstance(request, SUBMITS):
            return self._draw("submit")
        return self._draw("cancel" if isinstance(request, CANCELS) else "query")

    def answer_ms(self) -> int:
        """From the venue back to the sender."""
        return self._draw("answer")

    def push_ms(self, push: venue.Push) -> int:
        is_private = isinstance(push, venue.OrderPush | venue.PositionsPush | venue.AccountPush)
        return self._draw("private" if is_private else "public")

    def _draw(self, way: Way) -> int:
        delay, rng = self._delays[way], self._rng[way]
        ms = delay.base_ms
        if delay.shape == "uniform":
            ms += rng.random() * delay.spread_ms
        elif delay.shape == "exponential" and delay.spread_ms > 0:
            ms += rng.expovariate(1.0 / delay.spread_ms)
        elif delay.shape == "normal":
            ms += rng.gauss(0.0, delay.spread_ms)
        if delay.spike_pct and rng.random() < delay.spike_pct:
            ms += delay.spike_ms
        return max(0, round(ms))
