"""A market from a seed: a fair value that moves, makers around it, and takers who know something or do not.

Three kinds of event, each with its own random stream: *steps* (several a second: the fair value moves publicly, makers
requote), *trades* (small, clustered, at the touch) and *sweeps*. An uninformed sweep takes the book some basis points
one way and leaves the fair value where it was, so the book refills and the price comes back. An informed sweep does
the same because the fair value has moved: the price stays there, and whoever was taken has lost the difference.
"""

import math
from collections import deque

from services.simulation.book import BUY, SELL
from services.simulation.engine import Engine
from services.simulation.listing import Listing
from services.simulation.makers import Makers
from services.simulation.presets import Preset
from services.simulation.rng import Streams
from services.simulation.volatility import Volatility

STEP_MS_MIN, STEP_MS_MAX = 80, 200
DIRECTION_KEEP = 0.96  # a metaorder goes on after a trade with this probability
DIRECTION_PULL = 0.76  # share of trades in the metaorder's direction
TRADE_SPREAD = 1.9  # standard deviation of log trade size
MOOD_S = 1.0  # volatility changes over minutes: once a second is often enough
JUMP_PARTS, JUMP_PART_MS = 6, 400
NEVER = 1 << 62


class SeededMarket:
    """One pair's market. ``next_ms`` is when ``step`` wants to be called."""

    def __init__(
        self, listing: Listing, engine: Engine, preset: Preset, streams: Streams, volatility: Volatility, start_ms: int
    ) -> None:
        name = listing.symbol
        instrument = listing.instrument
        self._listing = listing
        self._engine = engine
        self._preset = preset
        self._scale = instrument.volatility
        self._volatility = volatility
        self._moves = streams.of("moves", name)
        self._trades = streams.of("trades", name)
        self._sweeps = streams.of("sweeps", name)
        self._news = streams.of("news", name)
        self.fair = listing.last_ticks + 0.5
        depth = instrument.depth_quote * preset.depth_factor
        self._makers = Makers(listing, engine, streams.of("ladder", name), depth, preset.refill_s, self.fair)
        self._sigma = public_sigma_bps(preset) * self._scale
        self._trend = 1 if self._news.random() < 0.5 else -1
        self._direction = BUY
        self._pending: deque[tuple[int, float]] = deque()  # parts of a jump: (when, bps)
        self._last_step_ms = start_ms
        self._mood_s = 0.0  # since the volatility last changed
        self._step_ms = start_ms
        self._trade_ms = start_ms + self._trade_gap_ms()
        self._noise_ms = start_ms + self._gap_ms(preset.noise_per_min)
        self._informed_ms = start_ms + self._gap_ms(preset.informed_per_min)
        self._turn_ms = start_ms + self._gap_ms(1 / preset.trend_hold_min) if preset.trend_bps_per_min else NEVER
        self._jump_ms = start_ms + self._gap_ms(preset.jumps_per_hour / 60)
        self.next_ms = self._due()

    def step(self, now_ms: int) -> None:
        """Do what is due at now_ms, in a fixed order."""
        if now_ms >= self._turn_ms:
            self._trend = -self._trend
            self._turn_ms = now_ms + self._gap_ms(1 / self._preset.trend_hold_min)
        if now_ms >= self._step_ms:
            self._move(now_ms)
            self._step_ms = now_ms + int(STEP_MS_MIN + self._moves.random() * (STEP_MS_MAX - STEP_MS_MIN))
        if now_ms >= self._trade_ms:
            self._small_trade()
            self._trade_ms = now_ms + self._trade_gap_ms()
        if now_ms >= self._noise_ms:
            self._noise_sweep()
            self._noise_ms = now_ms + self._gap_ms(self._preset.noise_per_min * self._volatility.factor)
        if now_ms >= self._informed_ms:
            self._informed_sweep()
            self._informed_ms = now_ms + self._gap_ms(self._preset.informed_per_min)
        if now_ms >= self._jump_ms:
            self._begin_jump(now_ms)
            self._jump_ms = now_ms + self._gap_ms(self._preset.jumps_per_hour / 60)
        while self._pending and now_ms >= self._pending[0][0]:
            self.shock(self._pending.popleft()[1])
        self.next_ms = self._due()

    # --------------------------------------------------------------------------------------------------- public moves

    def _move(self, now_ms: int) -> None:
        """The fair value moves in public, makers follow."""
        seconds = (now_ms - self._last_step_ms) / 1_000
        self._last_step_ms = now_ms
        self._mood_s += seconds
        if self._mood_s >= MOOD_S:
            self._volatility.advance(self._mood_s)
            self._mood_s = 0.0
        factor = self._volatility.factor
        self.fair *= 1.0 + self._moves.gauss(0.0, 1.0) * self._sigma * factor * math.sqrt(seconds / 60) * 1e-4
        self._makers.move(self.fair, seconds, factor, now_ms)

    # --------------------------------------------------------------------------------------------------------- takers

    def _small_trade(self) -> None:
        """One of many: a size that varies by orders of magnitude, at the touch or just behind it."""
        rng = self._trades
        if rng.random() > DIRECTION_KEEP:
            self._direction = BUY if rng.random() < 0.5 else SELL
        sign = self._direction if rng.random() < DIRECTION_PULL else -self._direction
        best = self._listing.book.opposite(sign).best()
        size = self._volatility.factor * math.exp(rng.gauss(0.0, TRADE_SPREAD))
        value = self._listing.instrument.depth_quote * 0.004 * size
        lots = max(1, int(value * 1e8 / (self.fair * self._listing.grid.value_e8)))
        if best is not None:
            self._engine.market_take(self._listing, sign, best + sign * int(0.3e-4 * best), lots)

    def _noise_sweep(self) -> None:
        rng = self._sweeps
        sign = BUY if rng.random() < 0.5 else SELL
        reach = rng.expovariate(1.0) * self._preset.noise_reach_bps * self._scale
        self._sweep(sign, reach, rng.random())
        impact = self._makers.ladder.impact_bps
        impact[sign] = max(impact[sign], reach)

    def _informed_sweep(self) -> None:
        preset, rng = self._preset, self._news
        size = rng.expovariate(1.0) * preset.informed_bps
        bias = preset.trend_bps_per_min / (preset.informed_per_min * preset.informed_bps)
        sign = self._trend if rng.random() < (1 + bias) / 2 else -self._trend
        self.shock(sign * size * self._scale)

    def _begin_jump(self, now_ms: int) -> None:
        rng, preset = self._news, self._preset
        size = rng.uniform(preset.jump_bps_min, preset.jump_bps_max) * (1 if rng.random() < 0.5 else -1)
        for part in range(JUMP_PARTS):
            self._pending.append((now_ms + part * JUMP_PART_MS, size / JUMP_PARTS))

    def shock(self, bps: float) -> None:
        """The fair value moves in private, and those who know take the book up to it."""
        self._sweep(BUY if bps > 0 else SELL, abs(bps), self._news.random())
        self.fair *= 1.0 + bps * 1e-4

    def _sweep(self, sign: int, reach_bps: float, surplus: float) -> None:
        self._makers.sweep(sign, max(1, round(self.fair * (1 + sign * reach_bps * 1e-4))), surplus)

    # ----------------------------------------------------------------------------------------------------------- timing

    def _due(self) -> int:
        due = min(self._step_ms, self._trade_ms, self._noise_ms, self._informed_ms, self._turn_ms, self._jump_ms)
        return min(due, self._pending[0][0]) if self._pending else due

    def _gap_ms(self, per_minute: float) -> int:
        return max(1, int(self._sweeps.expovariate(1.0) / per_minute * 60_000)) if per_minute > 0 else NEVER

    def _trade_gap_ms(self) -> int:
        """Bursts: most gaps are short, some are long; mean 1 / trades_per_s, coefficient of variation about 2."""
        rng = self._trades
        mean_ms = 1_000 / (self._preset.trades_per_s * max(0.2, self._volatility.factor))
        scale = 0.35 if rng.random() < 0.8 else 3.6
        return max(1, int(rng.expovariate(1.0) * mean_ms * scale))


def public_sigma_bps(preset: Preset) -> float:
    """Public moves make up what informed and uninformed sweeps leave of the preset's variance."""
    informed = preset.informed_per_min * 2 * preset.informed_bps**2
    transient = preset.noise_per_min / 60 * preset.refill_s / 2 * 2 * (preset.noise_reach_bps / 2) ** 2
    return math.sqrt(max(0.15 * preset.sigma_bps**2, preset.sigma_bps**2 - informed - 2 * transient))
