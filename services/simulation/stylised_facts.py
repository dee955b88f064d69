"""What real markets look like in numbers, measured the same way on a recording and on a simulated market.

The ranges that recordings gave are in ``data/policies/stylised_facts.yml``, with how they were measured; tests hold the
seeded markets to them. Returns are in basis points. Every function raises ZeroDivisionError or IndexError on too
little data.
"""

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from services.simulation.candles import Bar


class CandleFacts(NamedTuple):
    """Of one window of one-minute candles."""

    std_bps: float
    excess_kurtosis: float  # fat tails: 0 for a normal distribution
    autocorrelation_1: float  # of returns: near 0, slightly negative from the bounce between bid and ask
    abs_autocorrelation_1: float  # of absolute returns: volatility clusters
    abs_autocorrelation_10: float
    range_over_abs_return: float  # mean high-low range over mean absolute return
    range_volume_correlation: float


class TradeFacts(NamedTuple):
    """Of one run of trades; those of one millisecond and side count as one."""

    gap_variation: (
        float  # coefficient of variation of the time between trades: 1 for a Poisson stream, above 1 is bursts
    )
    sign_autocorrelation_1: float
    sign_autocorrelation_10: float
    log_size_std: float


class SpreadFacts(NamedTuple):
    median_bps: float
    mean_bps: float
    p95_bps: float


def candle_facts(rows: Sequence[tuple[float, float, float, float]]) -> CandleFacts:
    """From (high, low, close, volume) per minute, in time order."""
    closes = [close for _, _, close, _ in rows]
    returns = [math.log(b / a) * 1e4 for a, b in pairwise(closes)]
    sizes = [abs(r) for r in returns]
    ranges = [math.log(high / low) * 1e4 for high, low, _, _ in rows[1:]]
    volumes = [volume for _, _, _, volume in rows[1:]]
    return CandleFacts(
        statistics.pstdev(returns),
        excess_kurtosis(returns),
        autocorrelation(returns, 1),
        autocorrelation(sizes, 1),
        autocorrelation(sizes, 10),
        statistics.fmean(ranges) / statistics.fmean(sizes),
        statistics.correlation(ranges, volumes),
    )


def bar_facts(bars: Sequence[Bar]) -> CandleFacts:
    return candle_facts([(bar.high, bar.low, bar.close, bar.lots) for bar in bars])


def trade_facts(trades: Sequence[tuple[int, int, float]]) -> TradeFacts:
    """From (ts_ms, taker sign, size) per trade, in time order."""
    merged: list[list[float]] = []
    for ts_ms, sign, size in trades:
        if merged and merged[-1][0] == ts_ms and merged[-1][1] == sign:
            merged[-1][2] += size
        else:
            merged.append([ts_ms, sign, size])
    gaps = [b[0] - a[0] for a, b in pairwise(merged)]
    signs = [row[1] for row in merged]
    return TradeFacts(
        statistics.pstdev(gaps) / statistics.fmean(gaps),
        autocorrelation(signs, 1),
        autocorrelation(signs, 10),
        statistics.pstdev([math.log(row[2]) for row in merged]),
    )


def spread_facts(quotes: Sequence[tuple[float, float]]) -> SpreadFacts:
    """From (bid, ask), one per sample."""
    spreads = sorted((ask - bid) / ask * 1e4 for bid, ask in quotes)
    return SpreadFacts(spreads[len(spreads) // 2], statistics.fmean(spreads), spreads[int(0.95 * (len(spreads) - 1))])


def autocorrelation(values: Sequence[float], lag: int) -> float:
    mean = statistics.fmean(values)
    centred = [value - mean for value in values]
    total = math.fsum(value * value for value in centred)
    return math.fsum(a * b for a, b in zip(centred[lag:], centred, strict=False)) / total


def excess_kurtosis(values: Sequence[float]) -> float:
    mean = statistics.fmean(values)
    variance = statistics.fmean([(value - mean) ** 2 for value in values])
    return statistics.fmean([(value - mean) ** 4 for value in values]) / variance**2 - 3.0
