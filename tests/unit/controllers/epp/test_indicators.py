import random
from decimal import Decimal

import pytest

from controllers.core.values import Candle
from controllers.epp import indicators
from controllers.epp.indicators import IndicatorState, add_sample, close_bar, is_sample_due, is_warm, seed
from controllers.epp.params import EppParams

D = Decimal
PARAMS = EppParams()
MINUTE = 60_000
T0 = 1_700_006_400_000


def walk(minutes: int, seed_: int = 7) -> list[tuple[int, Decimal]]:
    """Samples every 10 s of a random walk."""
    rng = random.Random(seed_)
    mid, samples = 50_000.0, []
    for index in range(minutes * 6):
        mid *= 1 + rng.gauss(0, 0.0003)
        samples.append((T0 + index * 10_000, D(str(round(mid, 1)))))
    return samples


def fold(samples, params=PARAMS) -> IndicatorState:
    state = IndicatorState()
    for ts_ms, mid in samples:
        state = add_sample(state, ts_ms, mid, params)
    return state


def brute_force(samples, params=PARAMS):
    """EMA, ATR and bars from scratch, by their definitions."""
    minutes: dict[int, list[Decimal]] = {}
    for ts_ms, mid in samples:
        minutes.setdefault(ts_ms // MINUTE, []).append(mid)
    bars = [(prices[0], max(prices), min(prices), prices[-1]) for _, prices in sorted(minutes.items())]
    alpha = D(2) / (params.ema_period + 1)
    ema = bars[0][3]
    for bar in bars[1:]:
        ema = alpha * bar[3] + (1 - alpha) * ema
    closed = bars[:-1]
    ranges = []
    for index, (_, high, low, _) in enumerate(closed):
        before = closed[index - 1][3] if index else None
        parts = [high - low] + ([abs(high - before), abs(low - before)] if before is not None else [])
        ranges.append(max(parts))
    if len(ranges) < params.atr_period:
        return ema, None, None
    atr = sum(ranges[: params.atr_period]) / params.atr_period
    for move in ranges[params.atr_period :]:
        atr = (atr * (params.atr_period - 1) + move) / params.atr_period
    return ema, atr, atr / closed[-1][3]


@pytest.mark.parametrize("minutes", [1, 2, 14, 15, 16, 51, 200])
def test_running_values_equal_a_computation_from_scratch_to_12_decimals(minutes):
    samples = walk(minutes)
    state = fold(samples)
    ema, atr, band = brute_force(samples)
    assert state.ema is not None
    assert abs(state.ema - ema) < D("1e-12")
    if atr is None:
        assert state.atr is None and state.band_pct is None
    else:
        assert state.atr is not None and state.band_pct is not None
        assert abs(state.atr - atr) < D("1e-12")
        assert abs(state.band_pct - band) < D("1e-12")


def test_atr_moves_only_when_a_minute_is_over():
    samples = walk(20)
    state = fold(samples)
    before = state.atr
    last_ts = samples[-1][0]
    inside = add_sample(state, last_ts + 5_000, D(60_000), PARAMS)
    assert inside.atr == before
    assert inside.ema != state.ema
    assert add_sample(inside, last_ts + 10_000, D(60_000), PARAMS).atr != before


def test_warm_needs_fifty_minute_bars():
    samples = walk(60)
    for index in range(len(samples)):
        state = fold(samples[: index + 1]) if index % 60 == 0 else None
        if state is not None:
            assert is_warm(state, PARAMS) is (state.bars_count >= 50)
    assert is_warm(fold(samples), PARAMS)


def test_samples_are_taken_every_ten_seconds():
    state = add_sample(IndicatorState(), T0, D(100), PARAMS)
    assert not is_sample_due(state, T0 + 9_999, PARAMS)
    assert is_sample_due(state, T0 + 10_000, PARAMS)


def test_drift_is_the_absolute_move_of_thirty_seconds_and_never_signed():
    for end in (D("99.7"), D("100.3")):
        state = fold([(T0, D(100)), (T0 + 10_000, D(100)), (T0 + 20_000, D(100)), (T0 + 30_000, end)])
        assert state.drift_30s_pct == D("0.003")


def test_drift_looks_back_thirty_seconds_and_no_further():
    moves = [(T0, D(90)), (T0 + 10_000, D(100)), (T0 + 20_000, D(100)), (T0 + 30_000, D(100)), (T0 + 40_000, D(100))]
    assert fold(moves).drift_30s_pct == 0
    assert len(fold(moves).samples) <= 4


def test_before_thirty_seconds_drift_is_the_move_since_the_first_sample():
    assert fold([(T0, D(100)), (T0 + 10_000, D(101))]).drift_30s_pct == D("0.01")


def test_an_old_sample_is_not_mistaken_for_one_of_thirty_seconds_ago():
    assert fold([(T0, D(90)), (T0 + 120_000, D(100))]).drift_30s_pct == 0


def test_average_drift_halves_in_its_half_life():
    params = PARAMS._replace(drift_half_life_s=300)
    start = indicators.unknown_drift_pct(params)
    state = IndicatorState()
    for index in range(31):  # 30 steps of 10 s without a move
        state = add_sample(state, T0 + index * 10_000, D(100), params)
    first = add_sample(IndicatorState(), T0, D(100), params).drift_ewma_pct
    assert first is not None and state.drift_ewma_pct is not None
    assert abs(state.drift_ewma_pct - first / 2) < D("1e-9")
    assert first < start


def test_an_unwatched_market_is_assumed_to_cost_the_most_drift_may_cost():
    assert indicators.unknown_drift_pct(PARAMS) == D("0.0016")
    assert indicators.unknown_drift_pct(PARAMS._replace(drift_cost_weight=D(0))) == 0


def test_a_long_silence_starts_cold_and_a_short_one_does_not():
    samples = walk(60)
    state = fold(samples)
    last = samples[-1][0]
    assert add_sample(state, last + 540_000, D(50_000), PARAMS).bars_count == 60
    cold = add_sample(state, last + 700_000, D(50_000), PARAMS)
    assert cold.bars_count == 0
    assert cold.atr is None
    assert cold.ema == D(50_000)


def test_a_clock_that_was_ahead_and_has_come_back_starts_cold():
    state = fold(walk(60))
    assert add_sample(state._replace(last_slot=-1), T0 - 3_600_000, D(50_000), PARAMS).bars_count == 0


def test_the_buffer_is_bounded_and_the_averages_do_not_notice():
    samples = walk(120)
    small = fold(samples, PARAMS._replace(bars_max=30))
    whole = fold(samples)
    assert len(small.bars) == 30
    assert len(whole.bars) == 119
    assert (small.ema, small.atr, small.bars_count) == (whole.ema, whole.atr, whole.bars_count)


def candles(count: int, start_ms: int = T0) -> list[Candle]:
    rng = random.Random(3)
    out, close = [], D(50_000)
    for index in range(count):
        opened = close
        close = opened + D(rng.randint(-200, 200)) / 10
        high, low = max(opened, close) + 5, min(opened, close) - 5
        out.append(Candle(start_ms + index * MINUTE, opened, high, low, close))
    return out


def test_candles_warm_a_cold_start_in_any_order_with_duplicates():
    given = candles(60)
    state = seed(IndicatorState(), given, PARAMS)
    assert is_warm(state, PARAMS)
    assert state.bars == tuple(given)
    assert seed(IndicatorState(), [*reversed(given), given[3]], PARAMS) == state
    assert state.drift_ewma_pct is not None and 0 < state.drift_ewma_pct < D("0.01")


def test_half_a_minutes_move_is_taken_from_a_minutes_by_the_root_of_time():
    params = PARAMS._replace(drift_half_life_s=1)  # an average without memory
    two = [Candle(T0, D(100), D(101), D(99), D(100)), Candle(T0 + MINUTE, D(100), D(101), D(99), D(101))]
    drift = seed(IndicatorState(), two, params).drift_ewma_pct
    assert drift is not None and abs(drift - D("0.007071")) < D("1e-9")


def test_candles_equal_closing_the_same_bars_one_by_one():
    state = IndicatorState()
    for candle in candles(60):
        state = close_bar(state, candle, PARAMS)
    seeded = seed(IndicatorState(), candles(60), PARAMS)
    assert (seeded.ema, seeded.atr, seeded.band_pct) == (state.ema, state.atr, state.band_pct)


def test_candles_that_are_not_newer_change_nothing():
    state = seed(IndicatorState(), candles(60), PARAMS)
    assert seed(state, candles(60), PARAMS) == state


def test_a_hole_before_the_candles_starts_from_the_candles_alone():
    state = seed(IndicatorState(), candles(60), PARAMS)
    later = candles(55, T0 + 10 * 3_600_000)
    assert seed(state, later, PARAMS).bars_count == 55


def test_unsound_candles_are_left_out():
    bad = [
        Candle(T0, D("NaN"), D(1), D(1), D(1)),
        Candle(T0 + MINUTE, D(1), D(1), D(2), D(1)),
        Candle(T0 + 2 * MINUTE, D(0), D(1), D(0), D(1)),
    ]
    assert seed(IndicatorState(), bad, PARAMS) == IndicatorState()


def test_a_sample_in_a_minute_that_a_candle_has_told_of_makes_no_second_bar():
    state = seed(IndicatorState(), candles(60), PARAMS)
    last = state.bars[-1].ts_ms
    state = add_sample(state, last + 30_000, D(50_000), PARAMS)
    assert state.forming is None
    state = add_sample(state, last + 60_000, D(50_000), PARAMS)
    state = add_sample(state, last + 120_000, D(50_000), PARAMS)
    assert [bar.ts_ms for bar in state.bars[-2:]] == [last, last + 60_000]


def test_candles_that_overtake_the_forming_minute_replace_it():
    state = add_sample(IndicatorState(), T0 + 10_000, D(50_000), PARAMS)
    assert seed(state, candles(5), PARAMS).forming is None
    kept = seed(add_sample(IndicatorState(), T0 + 10 * MINUTE, D(50_000), PARAMS), candles(5), PARAMS)
    assert kept.forming is not None
