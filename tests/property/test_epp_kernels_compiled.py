"""The compiled kernels against the Decimal ones: counts and decisions equal, signals equal to 1e-12.

Cases are drawn from a seed and lie, on purpose and often, exactly on ticks and exactly on thresholds: that is where
binary floats and decimals part when a kernel is careless.
"""

import random
from decimal import Decimal

import pytest

pytest.importorskip("numba", reason="numba is a development dependency: make setup")

from controllers.core import indicators, rounding, thresholds
from controllers.epp import edge, inventory, quote_kernel, regime, sizing, spread
from controllers.epp.compiled import compile_kernels, kernel_name
from controllers.epp.kernel_list import KERNELS
from controllers.epp.params import EppParams
from controllers.epp.quote_kernel import QuoteParams
from controllers.epp.quotes import prepare

D = Decimal
CASES = 4_000
EPS = D("0.000000001")
TICK_EPS = D("0.000001")


@pytest.fixture(scope="module")
def compiled():
    return compile_kernels()


def as_float(value):
    """The same value in the sweep's types: Decimals become floats, counts and switches stay."""
    return float(value) if isinstance(value, Decimal) else value


def both(compiled, kernel, *args):
    return kernel(*args), compiled[kernel_name(kernel)](*map(as_float, args))


def assert_close(exact, swept, limit=1e-12):
    assert abs(float(exact) - swept) <= limit * max(1.0, abs(float(exact))), (exact, swept)


def decimal(rng: random.Random, low: float, high: float, digits: int) -> Decimal:
    return D(str(round(rng.uniform(low, high), digits)))


def test_every_kernel_has_a_compiled_twin(compiled):
    assert set(compiled) == {kernel_name(kernel) for kernel in KERNELS}
    assert len(compiled) == len(KERNELS)


@pytest.mark.parametrize("tick", ["0.1", "0.01", "0.001", "0.5", "0.00000001"])
def test_prices_exactly_on_ticks_count_the_same(compiled, tick):
    rng, size = random.Random(1), D(tick)
    for _ in range(CASES):
        ticks = rng.randint(1, 2_000_000)
        price = ticks * size
        for kernel in (rounding.bid_ticks, rounding.ask_ticks, rounding.floor_units, rounding.ceil_units):
            exact, swept = both(compiled, kernel, price, size, TICK_EPS)
            assert exact == swept == ticks, (kernel.__name__, price)


def test_prices_between_ticks_count_the_same(compiled):
    rng = random.Random(2)
    for _ in range(CASES):
        price, tick = decimal(rng, 1, 90_000, rng.randint(0, 6)), D(rng.choice(["0.1", "0.01", "0.25"]))
        for kernel in (rounding.bid_ticks, rounding.ask_ticks):
            exact, swept = both(compiled, kernel, price + tick / 3, tick, TICK_EPS)
            assert exact == swept
        exact, swept = both(compiled, rounding.nearest_units, price, tick, TICK_EPS, D("0.5"))
        assert exact == swept


def test_levels_land_on_the_same_ticks(compiled):
    """Mids on ticks and half ticks, distances of whole hundredths of a basis point and exact fractions."""
    rng = random.Random(3)
    for _ in range(CASES):
        tick = D(rng.choice(["0.1", "0.01", "0.001"]))
        mid = rng.randint(10_000, 1_500_000) * tick + rng.choice([D(0), tick / 2])
        distance = rng.choice([decimal(rng, 0.0001, 0.02, 6), D("0.001"), D("0.0025"), D("0.005"), D("0.01")])
        for is_buy in (True, False):
            args = (is_buy, mid, distance, rng.randint(0, 5), D("0.4"), tick, TICK_EPS)
            exact, swept = both(compiled, quote_kernel.level_ticks, *args)
            assert exact == swept, args


def test_signals_exactly_on_their_threshold_decide_the_same(compiled):
    rng = random.Random(4)
    for _ in range(CASES):
        limit = decimal(rng, -0.05, 0.05, 6)
        # computed, not given: 0.4 * x - y lands on the limit in Decimal and next to it in floats
        factor, other = D("0.4"), decimal(rng, 0, 0.01, 6)
        value = factor * ((limit + other) / factor) - other + rng.choice([D(0), D("1e-6"), D("-1e-6")])
        swept_value = 0.4 * ((float(limit) + float(other)) / 0.4) - float(other) + float(value - limit)
        for kernel in (thresholds.at_least, thresholds.above, thresholds.below):
            assert kernel(value, limit, EPS) == compiled[kernel_name(kernel)](swept_value, float(limit), 1e-9)


def test_regimes_are_told_apart_the_same_on_and_around_every_threshold(compiled):
    rng, params = random.Random(5), EppParams()
    bands = [
        D(0),
        D("0.001"),
        params.neutral_high_vol_band_pct,
        params.high_vol_band_pct,
        D("0.0079999"),
        D("0.0039999"),
    ]
    seen = set()
    for _ in range(CASES):
        ema = decimal(rng, 10, 60_000, 2)
        shift = rng.choice([D(0), params.trend_eps_pct, -params.trend_eps_pct, decimal(rng, -0.01, 0.01, 6)])
        band = rng.choice([*bands, decimal(rng, 0, 0.01, 6)])
        on_shock = params.shock_drift_multiplier * band
        drift = rng.choice([D(0), on_shock, params.warmup_shock_drift_pct, decimal(rng, 0, 0.02, 6)])
        args = (
            ema * (1 + shift),
            ema,
            band,
            drift,
            rng.random() < 0.8,
            params.high_vol_band_pct,
            params.neutral_high_vol_band_pct,
            params.trend_eps_pct,
            params.shock_drift_multiplier,
            params.warmup_shock_drift_pct,
            EPS,
        )
        exact, swept = both(compiled, regime.classify, *args)
        assert exact == swept, args
        seen.add(exact)
    assert seen == {0, 1, 2, 3, 4}


def test_the_hold_of_a_regime_runs_the_same(compiled):
    rng = random.Random(6)
    exact = swept = (0, 0, 0)
    for _ in range(CASES):
        sample = rng.choice([0, 0, 1, 1, 1, 2, 3, 4])
        exact = regime.hold_step(*exact, sample, 3)
        swept = compiled["regime.hold_step"](*swept, sample, 3)
        assert exact == tuple(swept)


def test_the_edge_gate_runs_the_same_over_its_hysteresis_edges(compiled):
    """One long run: edges exactly at block and resume, required exactly at the maximum, times exactly at the hold."""
    rng = random.Random(7)
    exact = swept = (False, 0, 0)
    now, codes = 0, set()
    spread_max, low, resume = D("0.0045"), D("0.0005"), D("0.0006")
    for _ in range(CASES):
        now += rng.choice([1_000, 10_000, 30_000, 60_000])
        costs = decimal(rng, 0.0003, 0.0012, 6)
        aim = rng.choice([low, resume, low - D("1e-7"), resume + D("1e-7"), D("0.0007"), D("0.0007"), D("0.0007")])
        total = (aim + costs) / D("0.4")
        required = rng.choice([D("0.0020")] * 6 + [spread_max, spread_max + D("1e-7")])
        args = (required, spread_max, low, resume, 60_000, EPS)
        swept_edge = compiled["edge.net_edge"](0.4, float(total), float(costs))
        exact = edge.gate_step(exact[0], exact[1], now, edge.net_edge(D("0.4"), total, costs), *args)
        swept = compiled["edge.gate_step"](swept[0], swept[1], now, swept_edge, *map(as_float, args))
        assert exact == tuple(swept)
        codes.add(exact[2])
    assert codes == {edge.GATE_OK, edge.GATE_BELOW_MIN, edge.GATE_UNREACHABLE, edge.GATE_HOLDING}


def test_sizes_are_the_same_number_of_lots(compiled):
    rng = random.Random(8)
    for _ in range(CASES):
        lot = D(rng.choice(["0.0001", "0.001", "0.01"]))
        price = decimal(rng, 1, 90_000, 2)
        on_lot = price * lot * rng.randint(1, 500)  # equity whose share is a whole number of lots
        size = D("0.001")
        equity = rng.choice([on_lot / size, decimal(rng, 10, 1_000_000, 2)])
        args = (equity, size, price, lot, lot, D(5), D(1000), TICK_EPS)
        exact, swept = both(compiled, sizing.order_lots, *args)
        assert exact == swept, args


def test_level_counts_are_the_same_on_every_half(compiled):
    for levels_max in range(2, 11):
        for step in range(2 * (levels_max - 1) + 1):
            ratio = D(step) / (2 * (levels_max - 1))
            exact, swept = both(compiled, spread.level_count, 1, levels_max, ratio, D("0.5"), TICK_EPS)
            assert exact == swept


def test_whole_quotes_agree_in_every_signal_and_in_the_number_of_levels(compiled):
    rng = random.Random(9)
    rows = [row for gate in (True, False) for row in prepare(EppParams(edge_gate_enabled=gate))]
    kept = {"is_gate_on", "floor_hold_ms"}
    float_rows = [
        QuoteParams(*(value if name in kept else float(value) for name, value in zip(row._fields, row, strict=True)))
        for row in rows
    ]
    for _ in range(CASES):
        index = rng.randrange(len(rows))
        now, held_ts = rng.randint(0, 90_000), rng.randint(0, 60_000)
        args = (
            now,
            rng.choice([D(0), decimal(rng, 0.001, 0.02, 6)]),
            held_ts,
            rng.choice([D(0), decimal(rng, -0.9, 0.9, 4), D("0.6"), D("-0.6")]),
            rng.choice([D(0), D("0.25")]),
            rng.choice([D(0), D(3), D("1.5"), decimal(rng, 0, 6, 3)]),
            decimal(rng, 0, 0.02, 6),
            decimal(rng, 0, 0.004, 6),
            decimal(rng, 0.00001, 0.005, 6),
            decimal(rng, -0.001, 0.001, 6),
            decimal(rng, -0.0001, 0.001, 5),
        )
        exact = quote_kernel.quote(*args, rows[index])
        swept = compiled["quote_kernel.quote"](*map(as_float, args), float_rows[index])
        for name, one, other in zip(exact._fields, exact, swept, strict=True):
            if name == "levels":
                assert one == other, args
            elif name == "required_ts_ms":
                # equal required spreads may differ in the last bit: then either moment is right, the value is the same
                assert one == other or abs(float(exact.required_pct) - swept.required_pct) < 1e-12
            else:
                assert_close(one, other)


def test_running_averages_stay_together_over_a_long_run(compiled):
    rng = random.Random(10)
    alpha, price = D(2) / 51, D(50_000)
    ema, swept_ema, atr, swept_atr = price, 50_000.0, D(40), 40.0
    for _ in range(CASES):
        before, price = price, price + D(rng.randint(-400, 400)) / 10
        high, low = max(before, price) + 3, min(before, price) - 2
        ema = indicators.ema_step(ema, price, alpha)
        swept_ema = compiled["indicators.ema_step"](swept_ema, float(price), float(alpha))
        move, swept_move = both(compiled, indicators.true_range, high, low, before)
        atr = indicators.wilder_step(atr, move, 14)
        swept_atr = compiled["indicators.wilder_step"](swept_atr, swept_move, 14)
        moved, swept_moved = both(compiled, indicators.absolute_move_pct, price, before)
        assert_close(ema, swept_ema, 1e-11)
        assert_close(atr, swept_atr, 1e-11)
        assert_close(moved, swept_moved)


def test_the_small_kernels_agree(compiled):
    rng = random.Random(11)
    for _ in range(CASES // 4):
        x, y, z = (decimal(rng, 0.001, 5, 4) for _ in range(3))
        for kernel, args in (
            (thresholds.clip, (x, D(1), D(2))),
            (spread.pick_spread, (x, x + y, D("0.3"))),
            (spread.volatility_floor, (x, y)),
            (spread.required_spread, (x, y, z, D("0.4"))),
            (spread.total_spread, (x, y, z, x, D("0.1"))),
            (spread.skew, (x, y, D("-0.5"), D("0.2"))),
            (spread.turnover_ratio, (x, D(3), D(0), D(1))),
            (spread.level_distance, (x, 3, y)),
            (edge.drift_cost, (x, D("0.5"), y)),
            (edge.turnover_penalty, (x, y, z, D(0))),
            (edge.funding_cost, (-x, 90, 28_800)),
            (edge.total_costs, (x, y, z, x, y)),
            (inventory.base_fraction, (-x, y, z)),
            (inventory.inventory_fraction, (x, y, z, D(1))),
        ):
            assert_close(*both(compiled, kernel, *args))
        bought, sold = both(compiled, spread.side_distances, x, y, z, x, D("0.1"))
        for one, other in zip(bought, sold, strict=True):
            assert_close(one, other)
        held, swept = both(compiled, spread.held_floor, x, 0, y, 10_000, 30_000)
        assert held[1] == swept[1]
        lots, swept_lots = both(compiled, sizing.least_lots, x * 100, D("0.001"), D("0.001"), D(5), TICK_EPS)
        assert lots == swept_lots
    for number in range(5):
        assert regime.is_trend(number) == compiled["regime.is_trend"](number)
