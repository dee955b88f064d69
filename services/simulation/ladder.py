"""Background liquidity: makers who quote around a fair value, pull stale quotes, and refill what was taken.

Levels are born near the touch and further out, with sizes that vary by orders of magnitude, and die at random; so the
book keeps a realistic shape while every single level lives some seconds. After a sweep the makers come back slowly
(``impact``), after a move of the fair value at once.
"""

import math
import random

from services.simulation.book import BUY, SELL, Book, Side
from services.simulation.units import Grid

LEVELS = 55  # resting levels a side, about
LIFE_S = 12.0  # mean life of a level
NEAR_BPS = 1.0  # mean distance of the near population
FAR_BPS = 9.0  # and of the far one
NEAR_SHARE = 0.62
SIZE_SPREAD = 1.2  # standard deviation of log size
LEVELS_MAX = 90
LEVELS_MIN = 12
FORGOTTEN_BPS = 0.25


class Ladder:
    """depth_quote: quote value within one basis point of the touch, per side, on average."""

    def __init__(self, book: Book, grid: Grid, rng: random.Random, depth_quote: float, refill_s: float) -> None:
        self._book = book
        self._rng = rng
        self._refill_s = refill_s
        self._quote_per_lot_tick = grid.value_e8 / 1e8
        near_levels = LEVELS * NEAR_SHARE * (1 - math.exp(-1 / NEAR_BPS))
        self._level_quote = depth_quote / near_levels / math.exp(SIZE_SPREAD**2 / 2)
        self.impact_bps = {BUY: 0.0, SELL: 0.0}  # by the sign of the taker whose sweep the makers still remember
        self._spread_ticks = 1

    def fill(self, fair: float) -> None:
        """Build the book from nothing."""
        bid, ask = self.touch(fair, 1.0)
        for side, touch in ((self._book.bids, bid), (self._book.asks, ask)):
            side.set_background(touch, self._size(touch, 0.0))
            for _ in range(LEVELS):
                self._birth(side, touch)
        self._book.version += 1

    def touch(self, fair: float, volatility: float) -> tuple[int, int]:
        """Where the makers' best bid and ask belong now, in ticks. ``fair`` in ticks."""
        rng = self._rng
        if rng.random() < 0.1:
            wide = rng.random() < 0.3
            self._spread_ticks = 1 + (int(rng.expovariate(1.0) * volatility * 0.8e-4 * fair) if wide else 0)
        half = (self._spread_ticks - 1) / 2
        bid = math.floor(fair - half - self.impact_bps[SELL] * fair * 1e-4)
        ask = math.floor(fair + half + self.impact_bps[BUY] * fair * 1e-4) + 1
        return bid, ask

    def relax(self, seconds: float) -> None:
        """The makers forget a sweep with time constant ``refill_s``."""
        keep = math.exp(-seconds / self._refill_s)
        for sign, impact in self.impact_bps.items():
            self.impact_bps[sign] = impact * keep if impact > FORGOTTEN_BPS else 0.0

    def backstop(self, side: Side, limit_ticks: int) -> None:
        """Somebody always bids and offers far out: a sweep to ``limit_ticks`` never leaves a side nearly empty."""
        worst = side.keys[0] * side.sign if side.keys else limit_ticks
        while len(side.keys) < LEVELS_MIN:
            worst -= side.sign * (1 + int(self._rng.random() * 4e-4 * worst))
            side.set_background(worst, self._size(worst, 10.0))

    def requote(self, bid: int, ask: int, seconds: float) -> None:
        """Move the background to the given touch and let levels be born and die for ``seconds``."""
        book = self._book
        self.pull(book.bids, bid)
        self.pull(book.asks, ask)
        for side, touch in ((book.bids, bid), (book.asks, ask)):
            if touch not in side.levels or not side.levels[touch].background_lots:
                side.set_background(touch, self._size(touch, 0.0))
            self._churn(side, touch, seconds)
        book.version += 1

    def lots_within(self, taker_sign: int, limit_ticks: int) -> int:
        """Background lots a taker meets up to the limit."""
        total = 0
        for level in self._book.opposite(taker_sign):
            if (level.ticks - limit_ticks) * taker_sign > 0:
                break
            total += level.background_lots
        return total

    def pull(self, side: Side, touch: int) -> None:
        """Makers take back what is better than the touch."""
        sign, keys, levels = side.sign, side.keys, side.levels
        index = len(keys) - 1
        while index >= 0 and keys[index] > touch * sign:
            level = levels[keys[index] * sign]
            if level.background_lots:
                side.set_background(level.ticks, 0)
            index -= 1

    def _churn(self, side: Side, touch: int, seconds: float) -> None:
        rng = self._rng
        seconds = min(seconds, LIFE_S)  # after that nothing of the old book is left anyway
        expected = LEVELS / LIFE_S * seconds
        births = int(expected + rng.random())
        for _ in range(births):
            self._birth(side, touch)
        keys = side.keys
        deaths = int(len(keys) / LIFE_S * seconds + rng.random())
        for _ in range(deaths + max(0, len(keys) - LEVELS_MAX)):
            if len(keys) <= LEVELS_MIN:
                break
            ticks = keys[int(rng.random() * (len(keys) - 1))] * side.sign
            if ticks != touch:
                side.set_background(ticks, 0)

    def _birth(self, side: Side, touch: int) -> None:
        rng = self._rng
        mean = NEAR_BPS if rng.random() < NEAR_SHARE else FAR_BPS
        distance_bps = rng.expovariate(1.0) * mean
        ticks = touch - side.sign * (1 + int(distance_bps * 1e-4 * touch))
        if ticks > 0:
            level = side.levels.get(ticks)
            rests = level.background_lots if level is not None else 0
            side.set_background(ticks, rests + self._size(ticks, distance_bps))

    def _size(self, ticks: int, distance_bps: float) -> int:
        value = self._level_quote * math.exp(self._rng.gauss(0.0, SIZE_SPREAD)) * (1.0 + 0.3 * distance_bps)
        return max(1, int(value / (ticks * self._quote_per_lot_tick)))
