"""The seeded markets against real ones: the ranges of data/policies/stylised_facts.yml, and what each preset
promises.
"""

import csv
import math
import statistics
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from services.simulation.exchange import Exchange, ExchangeParams
from services.simulation.instruments import default_instruments
from services.simulation.presets import PRESETS
from services.simulation.stylised_facts import bar_facts, candle_facts, spread_facts, trade_facts

REPO = Path(__file__).parents[2]
DATA = REPO.parent / "shared" / "data"
FACTS = yaml.safe_load((REPO / "data/policies/stylised_facts.yml").read_text())
START_MS = 1_700_000_000_000
QUIET = ExchangeParams(history_minutes=5, durable=False, pushing=False)

pytestmark = pytest.mark.slow


class Watched:
    """One pair lived for some minutes, sampled every ten seconds."""

    def __init__(self, preset: str, seed: int, minutes: int) -> None:
        exchange = Exchange(default_instruments()[:1], {}, preset, seed, START_MS, QUIET)
        exchange.advance(START_MS)
        listing = exchange._listings["BTC-USDT"]
        self.mids: list[float] = []
        self.quotes: list[tuple[float, float]] = []
        self.depth: list[float] = []
        for step in range(minutes * 6 + 1):
            exchange.advance(START_MS + step * 10_000)
            bid, ask = listing.book.bids.best(), listing.book.asks.best()
            self.quotes.append((bid, ask))
            if step % 6 == 0:
                self.mids.append((bid + ask) / 2)
                near = sum(lots for ticks, lots in listing.book.bids.depth(100) if ticks >= bid * (1 - 1e-4))
                self.depth.append(near * bid * 1e-5)
        self.bars = list(listing.candles.closed)[5:]
        self.trades = [(t.ts_exch_ms, 1 if t.taker_side == "buy" else -1, float(t.qty_base)) for t in listing.trades]


@pytest.fixture(scope="module")
def normal() -> list[Watched]:
    return [Watched("normal", seed, 480) for seed in range(3)]


def within(name: str, value: float, bounds: dict) -> None:
    assert bounds["low"] <= value <= bounds["high"], f"{name}: {value:.3f} is outside {bounds}"


@pytest.mark.parametrize("name", FACTS["candles"]["facts"])
def test_candles_of_a_normal_market_look_like_recorded_ones(normal, name):
    values = [getattr(bar_facts(window.bars), name) for window in normal]
    bounds = FACTS["candles"]["facts"][name]
    within(name, statistics.fmean(values), bounds)


@pytest.mark.parametrize("name", FACTS["trades"]["facts"])
def test_trades_arrive_in_bursts_and_runs_with_sizes_like_recorded_ones(normal, name):
    values = [getattr(trade_facts(window.trades), name) for window in normal]
    within(name, statistics.fmean(values), FACTS["trades"]["facts"][name])


def test_the_spread_is_mostly_one_tick_and_sometimes_wide(normal):
    facts = spread_facts([quote for window in normal for quote in window.quotes])
    bounds = FACTS["spread"]["facts"]
    within("median_ticks", round(facts.median_bps * 1e-4 * 600_000), bounds["median_ticks"])
    within("mean_bps", facts.mean_bps, bounds["mean_bps"])
    within("p95_bps", facts.p95_bps, bounds["p95_bps"])


def test_as_much_rests_near_the_touch_as_in_recorded_books(normal):
    depth = statistics.fmean(value for window in normal for value in window.depth)
    within("within_1bps_quote", depth, FACTS["depth"]["facts"]["within_1bps_quote"])


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_moves_as_much_a_minute_as_it_promises(name):
    returns: list[float] = []
    for seed in range(2):
        mids = Watched(name, 100 + seed, 120).mids
        returns += [math.log(b / a) * 1e4 for a, b in pairwise(mids)]
    if name == "jumps":
        returns = [r for r in returns if abs(r) < 25]  # what is left between the jumps is a normal market
    measured = math.sqrt(statistics.fmean(r * r for r in returns))
    assert measured == pytest.approx(PRESETS[name].sigma_bps, rel=0.25)


def test_jumps_are_thirty_to_a_hundred_and_fifty_basis_points():
    returns: list[float] = []
    for seed in range(2):
        mids = Watched("jumps", seed, 240).mids
        returns += [abs(math.log(b / a)) * 1e4 for a, b in pairwise(mids)]
    jumps = [r for r in returns if r > 28]
    assert 4 <= len(jumps) <= 60  # two an hour, some of them cut in two by a minute's end
    assert max(jumps) < 220


# -------------------------------------------------------------------------------------------- the policy file itself


def recordings() -> None:
    if not DATA.is_dir():
        pytest.skip(f"no recordings at {DATA}: the ranges in data/policies/stylised_facts.yml are not measured again")


def candle_rows() -> Iterator[tuple[float, float, float, float]]:
    with (DATA / "btc_perp_20211231_20220201_1m.csv").open() as lines:
        for row in csv.DictReader(lines):
            yield float(row["high"]), float(row["low"]), float(row["close"]), float(row["volume"])


def test_the_ranges_for_candles_are_what_the_recordings_say():
    recordings()
    rows = list(candle_rows())
    windows = [candle_facts(rows[i : i + 481]) for i in range(0, len(rows) - 480, 480)]
    assert len(windows) == 93
    for name, stated in FACTS["candles"]["facts"].items():
        values = sorted(getattr(window, name) for window in windows)
        measured = [values[int(q * 92)] for q in (0.05, 0.5, 0.95)]
        assert measured == pytest.approx([stated["low"], stated["median"], stated["high"]], abs=0.001), name


def test_the_ranges_for_trades_and_spread_are_what_the_recordings_say():
    recordings()
    parquet = pytest.importorskip("pyarrow.parquet")
    xrp = parquet.read_table(DATA / "XRP_ETH_trades.parquet").to_pylist()
    btc = parquet.read_table(DATA / "binance_btcusdt_trades.parquet").to_pylist()
    measured = (
        trade_facts([(t["timestamp"], 1 if t["side"] == "buy" else -1, t["amount"]) for t in xrp]),
        trade_facts(
            [
                (int(t["timestamp"].timestamp() * 1_000), -1 if t["buyer_maker"] == "True" else 1, t["quantity"])
                for t in btc
            ]
        ),
    )
    for name, stated in FACTS["trades"]["facts"].items():
        values = [getattr(facts, name) for facts in measured]
        assert values == pytest.approx(FACTS["trades"]["measured"][name], abs=0.001), name
        assert [stated["low"], stated["high"]] == pytest.approx([0.6 * min(values), 1.4 * max(values)], abs=0.002), name
    quotes = parquet.read_table(DATA / "btcusdt_quotes.parquet").to_pylist()
    spread = spread_facts([(q["bid"], q["ask"]) for q in quotes])
    assert spread.mean_bps == pytest.approx(FACTS["spread"]["measured"]["mean_bps"], abs=0.001)
    assert spread.p95_bps == pytest.approx(FACTS["spread"]["measured"]["p95_bps"], abs=0.001)
