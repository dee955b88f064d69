"""Same seed, same requests at the same times: the same event log, bit for bit."""

import os
import subprocess
import sys
from decimal import Decimal as D
from itertools import pairwise
from pathlib import Path

from services.simulation.exchange import Exchange, ExchangeParams
from services.simulation.instruments import default_instruments
from services.simulation.reference import QuoterSettings, run_quoter

START_MS = 1_700_000_000_000


def digest(seed: int = 11, market: str = "lively") -> str:
    exchange = Exchange(
        default_instruments(), {"a": D(100_000)}, market, seed, START_MS, ExchangeParams(history_minutes=20)
    )
    run_quoter(exchange, "a", "BTC-USDT", 120, QuoterSettings(half_spread_bps=2, levels=2))
    return exchange.digest()


def test_two_runs_of_one_seed_are_equal_and_another_seed_differs():
    assert digest() == digest()
    assert digest(12) != digest()


def test_the_way_time_is_cut_does_not_matter():
    def run(cut_ms: int) -> str:
        exchange = Exchange(default_instruments(), {}, "jumps", 4, START_MS, ExchangeParams(history_minutes=5))
        for ms in range(0, 60_001, cut_ms):
            exchange.advance(START_MS + ms)
        return exchange.digest()

    assert run(7) == run(100) == run(60_000)


def test_the_log_does_not_depend_on_the_hash_seed():
    code = "import sys; sys.path[:0] = ['.', sys.argv[1]]; import test_determinism as t; print(t.digest())"
    digests = set()
    for hash_seed in ("0", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", code, str(Path(__file__).parent)]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
        digests.add(run.stdout.strip())
    assert digests == {digest()}


def test_a_pair_that_is_added_does_not_shift_another():
    def btc_bars(pairs: int) -> list[tuple[int, int]]:
        exchange = Exchange(
            default_instruments()[:pairs], {}, "normal", 9, START_MS, ExchangeParams(history_minutes=50)
        )
        exchange.advance(START_MS + 30_000)
        return [(bar.open, bar.close) for bar in exchange._listings["BTC-USDT"].candles.closed]

    assert btc_bars(1) == btc_bars(3)


def test_a_machine_that_slept_wakes_to_a_gap_and_not_to_hours_of_work():
    params = ExchangeParams(history_minutes=5, sleep_min_ms=600_000, funding_interval_ms=3_600_000)
    exchange = Exchange(default_instruments(), {"a": D(1_000)}, "lively", 1, START_MS, params)
    exchange.advance(START_MS + 5_000)
    lines = exchange._log.lines
    woken_ms = START_MS + 8 * 3_600_000
    exchange.advance(woken_ms)
    assert exchange._log.lines - lines < 100
    assert exchange._listings["BTC-USDT"].funding.next_ms > woken_ms
    bars = list(exchange._listings["BTC-USDT"].candles.closed)
    assert [b.open_ms - a.open_ms for a, b in pairwise(bars)] == [60_000] * (len(bars) - 1)
    for listing in exchange._listings.values():
        assert listing.book.bids.best() < listing.book.asks.best()
    exchange.advance(woken_ms + 5_000)
    assert exchange._log.lines - lines > 100
