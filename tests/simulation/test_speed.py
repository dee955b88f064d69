"""What the simulation costs, in CPU time, so that other work on the machine does not matter much."""

import time
from decimal import Decimal as D

import pytest

from scripts.simulate.desk import simulate
from scripts.simulate.faults import names
from services.common import venue
from services.simulation.exchange import Exchange, ExchangeParams
from services.simulation.instruments import default_instruments

START_MS = 1_700_000_000_000

pytestmark = pytest.mark.slow


def cpu_s(pairs: int, seconds: int, cut_ms: int) -> tuple[float, float]:
    """(CPU seconds, book pushes a second and pair) of living ``seconds`` while draining every ``cut_ms``."""
    exchange = Exchange(
        default_instruments()[:pairs], {"a": D(1_000)}, "lively", 1, START_MS, ExchangeParams(history_minutes=5)
    )
    exchange.advance(START_MS)
    books = 0
    began = time.process_time()
    for ms in range(cut_ms, seconds * 1_000 + 1, cut_ms):
        exchange.advance(START_MS + ms)
        exchange.drain_changes()
        books += sum(isinstance(push, venue.BookPush) for push in exchange.drain_pushes())
    return time.process_time() - began, books / seconds / pairs


def test_three_pairs_live_cost_less_than_a_tenth_of_a_core():
    spent, books = cpu_s(3, 60, 100)
    assert spent / 60 < 0.10
    assert 5 <= books <= 10


def test_one_pair_in_virtual_time_runs_five_hundred_times_faster_than_real():
    spent, _ = cpu_s(1, 300, 1_000)
    assert 300 / spent > 500


def test_the_whole_desk_runs_five_hundred_times_faster_than_real_for_one_bot():
    runs = [simulate(seed, faults=names("all"), length_ms=600_000, bots=1) for seed in (1, 2, 3)]
    assert max(run.virtual_s / run.cpu_s for run in runs) > 500
