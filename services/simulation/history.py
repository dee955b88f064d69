"""One-minute candles from before the first tick, with the same volatility as the market that follows."""

import math
import random

from services.simulation.candles import MINUTE_MS, Bar
from services.simulation.instruments import Instrument
from services.simulation.presets import Preset
from services.simulation.units import Grid
from services.simulation.volatility import Volatility

PARTS = 10  # moves within a minute


def seeded_history(
    instrument: Instrument,
    grid: Grid,
    preset: Preset,
    volatility: Volatility,
    rng: random.Random,
    minutes: int,
    end_ms: int,
    last_ticks: int,
) -> list[Bar]:
    """``minutes`` bars, the last one opening one minute before the minute of end_ms and closing at last_ticks.

    ``volatility`` is advanced to the end, so that the market goes on with the mood its history had.
    """
    if minutes <= 0:
        return []
    sigma = preset.sigma_bps * instrument.volatility * 1e-4 / math.sqrt(PARTS)
    drift = preset.trend_bps_per_min * instrument.volatility * 1e-4 / PARTS
    wick = preset.noise_reach_bps * instrument.volatility * 1e-4
    log_price, trend = 0.0, 1 if rng.random() < 0.5 else -1
    shapes: list[tuple[float, float, float, float, float]] = []  # open, high, low, close as logs; volume in quote
    for _ in range(minutes):
        factor = volatility.advance(60.0)
        if preset.trend_bps_per_min and rng.random() < 1 / preset.trend_hold_min:
            trend = -trend
        jump = 0.0
        if rng.random() < preset.jumps_per_hour / 60:
            jump = rng.uniform(preset.jump_bps_min, preset.jump_bps_max) * 1e-4 * (1 if rng.random() < 0.5 else -1)
        open_ = high = low = log_price
        for _ in range(PARTS):
            log_price += rng.gauss(0.0, sigma) * factor + drift * trend + jump / PARTS
            high, low = max(high, log_price), min(low, log_price)
        if rng.random() < min(0.9, preset.noise_per_min / 12):
            high += rng.expovariate(1.0) * wick * 0.5
            low -= rng.expovariate(1.0) * wick * 0.5
        volume = (
            instrument.depth_quote
            * 4
            * factor
            * math.exp(rng.gauss(0.0, 0.6))
            * (1 + abs(log_price - open_) / sigma / 4)
        )
        shapes.append((open_, high, low, log_price, volume))
    scale = last_ticks / math.exp(log_price)
    first_ms = end_ms - end_ms % MINUTE_MS - minutes * MINUTE_MS
    return [
        _bar(first_ms + i * MINUTE_MS, [max(1, round(scale * math.exp(x))) for x in shape[:4]], shape[4], grid)
        for i, shape in enumerate(shapes)
    ]


def _bar(open_ms: int, prices: list[int], volume_quote: float, grid: Grid) -> Bar:
    open_, high, low, close = prices
    lots = max(1, int(volume_quote * 1e8 / (close * grid.value_e8)))
    return Bar(open_ms, open_, high, low, close, lots, close * lots * grid.value_e8)
