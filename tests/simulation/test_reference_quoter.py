"""Whom a market pays: the plainest quoter earns where takers know nothing and loses where they know."""

import math
import statistics
from decimal import Decimal as D

import pytest

from services.simulation.exchange import Exchange, ExchangeParams
from services.simulation.instruments import default_instruments
from services.simulation.reference import QuoterResult, QuoterSettings, run_quoter

START_MS = 1_700_000_000_000
SEEDS = 50
MINUTES = 10

pytestmark = pytest.mark.slow


def quote(market: str, seed: int, seconds: int, settings: QuoterSettings | None = None) -> QuoterResult:
    params = ExchangeParams(history_minutes=5, durable=False, pushing=False)
    exchange = Exchange(default_instruments()[:1], {"q": D(100_000)}, market, seed, START_MS, params)
    return run_quoter(exchange, "q", "BTC-USDT", seconds, settings)


def results(market: str) -> tuple[float, float, float]:
    """(mean, standard error, share of seeds with a profit) of the profit over the seeds."""
    pnl = [float(quote(market, seed, MINUTES * 60).pnl_quote) for seed in range(SEEDS)]
    return statistics.fmean(pnl), statistics.stdev(pnl) / math.sqrt(SEEDS), sum(p > 0 for p in pnl) / SEEDS


def test_the_reference_quoter_earns_in_a_calm_market():
    mean, error, winners = results("calm")
    assert mean > 3 * error, f"mean {mean:.2f}, standard error {error:.2f}"
    assert winners >= 0.8


def test_the_reference_quoter_loses_in_a_trending_market():
    mean, error, winners = results("trending")
    assert mean < -3 * error, f"mean {mean:.2f}, standard error {error:.2f}"
    assert winners <= 0.3


def test_a_tight_two_level_quoter_is_filled_on_both_sides_of_a_lively_market_within_its_first_minute():
    tight = QuoterSettings(half_spread_bps=2.0, levels=2, level_step_bps=1.5, qty_base=D("0.01"))
    seen = [quote("lively", seed, 60, tight) for seed in range(40)]
    both = sum(result.first_buy_ms is not None and result.first_sell_ms is not None for result in seen)
    assert both >= 38, f"both sides filled in {both} of 40 seeds"
