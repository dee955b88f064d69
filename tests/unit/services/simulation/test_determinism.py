"""Same seed, same requests at the same times: the same event log, bit for bit."""

import os
import subprocess
import sys
from decimal import Decimal as D
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from services.common import venue
from services.simulation.exchange import Exchange, ExchangeParams
from services.simulation.fault_scenario import rules_of
from services.simulation.faults import FaultPlan
from services.simulation.fill_model import FillSettings
from services.simulation.instruments import default_instruments
from services.simulation.latency import paper_latency
from services.simulation.reference import QuoterSettings, run_quoter
from services.simulation.wire import Wire

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


def everything(seed: int = 5) -> str:
    """Latency both ways, faults by chance, the paper engine, stops and batches: what arrived at the client,
    when, and the exchange's own log.
    """
    params = ExchangeParams(history_minutes=5, fill_model=FillSettings(), stp_mode="cancel_maker", leverage_default=50)
    exchange = Exchange(default_instruments(), {"a": D(20_000), "b": D(20_000)}, "volatile", seed, START_MS, params)
    plan = FaultPlan(seed)
    plan.put(
        rules_of(
            [
                {"fault": "drop_reply", "probability": 0.2},
                {"fault": "reorder_private", "probability": 0.3},
                {"fault": "gap_public", "probability": 0.1},
                {"fault": "half_batch", "nth": 2},
                {"fault": "adl", "after_ms": 8_000, "fraction": "0.5"},
                {"preset": "halt", "after_ms": 10_000, "for_ms": 1_000},
            ]
        ),
        START_MS,
    )
    wire = Wire(exchange, paper_latency(40), plan)
    seen = sha256()
    for step in range(200):
        now_ms = START_MS + step * 100
        account = "ab"[step % 2]
        wire.send(_one_of_all(step, account), now_ms)
        for delivery in wire.advance(now_ms + 100):
            seen.update(repr(delivery).encode())
    return f"{seen.hexdigest()} {exchange.digest()}"


def _one_of_all(step: int, account: str) -> venue.Request:
    side: venue.Side = "buy" if step % 3 else "sell"
    order = venue.PlaceOrder(
        account_id=account, symbol="BTC-USDT", client_order_id="", side=side, order_type="market",
        time_in_force="gtc", qty_base=D("0.3"), price=None,
    )  # fmt: skip
    near = venue.PlaceOrder(
        account_id=account, symbol="BTC-USDT", client_order_id=f"n{step}", side=side, order_type="limit",
        time_in_force="gtc", qty_base=D("0.05"), price=D("59950.0") if side == "buy" else D("60050.0"),
    )  # fmt: skip
    protected = venue.PlaceProtected(
        account_id=account, order=order, stop_loss_price=D("59000") if side == "buy" else D("61000")
    )
    batch = venue.PlaceOrders(account_id=account, symbol="BTC-USDT", orders=(near, near))
    return (order, near, protected, batch, venue.CancelOrders(account_id=account))[step % 5]


def test_everything_that_is_drawn_repeats_bit_for_bit_and_another_seed_differs():
    assert everything() == everything()
    assert everything(6) != everything()


def test_the_log_does_not_depend_on_the_hash_seed():
    code = (
        "import sys; sys.path[:0] = ['.', sys.argv[1]]; import test_determinism as t; print(t.digest(), t.everything())"
    )
    digests = set()
    for hash_seed in ("0", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", code, str(Path(__file__).parent)]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
        digests.add(run.stdout.strip())
    assert digests == {f"{digest()} {everything()}"}


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
