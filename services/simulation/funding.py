"""Funding: what longs pay shorts each period, from the premium of the mark over the index.

rate = mean premium + clamp(interest - mean premium, -0.05 %, +0.05 %), at most ``RATE_MAX_E8`` either way, in whole
1e-6. The mean runs over the period so far, weighted by time. One period's payment is |lots| at the mark times the
rate, rounded half up at 1e-8 of the quote asset; a positive rate is paid by longs.
"""

from services.simulation.accounts import PositionState
from services.simulation.units import E8, divide_half_up

INTEREST_E8 = 10_000  # 0.01 % a period
BAND_E8 = 50_000
RATE_MAX_E8 = 300_000  # 0.3 % a period


class FundingClock:
    """The rate of one pair and when it is next paid. Periods are aligned to UTC."""

    def __init__(self, interval_ms: int, now_ms: int) -> None:
        self.interval_ms = interval_ms
        self.next_ms = now_ms - now_ms % interval_ms + interval_ms
        self._since_ms = now_ms
        self._last_ms = now_ms
        self._premium_e8 = INTEREST_E8
        self._weighted = 0

    def observe(self, mark_ticks: int, index_ticks: int, now_ms: int) -> None:
        """The premium as of now; it held at its former value until now."""
        self._weighted += self._premium_e8 * (now_ms - self._last_ms)
        self._last_ms = now_ms
        self._premium_e8 = (mark_ticks - index_ticks) * E8 // index_ticks

    def rate_e8(self) -> int:
        """The rate that would be paid if the period ended now."""
        elapsed = self._last_ms - self._since_ms
        mean = self._weighted // elapsed if elapsed > 0 else self._premium_e8
        rate = mean + min(BAND_E8, max(-BAND_E8, INTEREST_E8 - mean))
        rate = min(RATE_MAX_E8, max(-RATE_MAX_E8, rate))
        return divide_half_up(rate, 100) * 100

    def settle(self, now_ms: int) -> int:
        """End the period at now_ms; returns its rate and begins the next."""
        rate = self.rate_e8()
        self._since_ms = self._last_ms = now_ms
        self._weighted = 0
        self.next_ms += self.interval_ms
        return rate


def payment_e8(position: PositionState, mark_value_e8: int, rate_e8: int) -> int:
    """What the position pays (positive) or receives (negative)."""
    owed = divide_half_up(mark_value_e8 * rate_e8, E8)
    return owed if position.lots > 0 else -owed
