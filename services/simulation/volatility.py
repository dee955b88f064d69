"""How lively the market is right now: a factor around 1 that wanders on two time scales, which makes volatility
cluster.
"""

import math
import random

FAST_S = 15 * 60.0
SLOW_S = 6 * 3_600.0


class Volatility:
    """exp(fast + slow), each an Ornstein-Uhlenbeck process, scaled so that the mean square of the factor is 1."""

    def __init__(self, rng: random.Random, fast_spread: float, slow_spread: float) -> None:
        self._rng = rng
        self._spreads = (fast_spread, slow_spread)
        self._fast = rng.gauss(0.0, fast_spread)
        self._slow = rng.gauss(0.0, slow_spread)
        self._offset = fast_spread**2 + slow_spread**2  # E[exp(2x)] = exp(2 var)
        self.factor = math.exp(self._fast + self._slow - self._offset)

    def advance(self, seconds: float) -> float:
        """Let time pass; the new factor."""
        gauss = self._rng.gauss
        fast_spread, slow_spread = self._spreads
        keep = math.exp(-seconds / FAST_S)
        self._fast = self._fast * keep + gauss(0.0, fast_spread) * math.sqrt(1.0 - keep * keep)
        keep = math.exp(-seconds / SLOW_S)
        self._slow = self._slow * keep + gauss(0.0, slow_spread) * math.sqrt(1.0 - keep * keep)
        self.factor = math.exp(self._fast + self._slow - self._offset)
        return self.factor
