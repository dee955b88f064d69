"""Running EMA, Wilder ATR, band and 30 s drift over our own samples of mid, folded into minute bars. O(1) a sample.

EMA runs over closes, the forming minute included (its close is the latest sample), and starts at the first close. ATR
moves only when a minute is over; it starts as the mean of the first ``atr_period`` true ranges.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from controllers.core.indicators import absolute_move_pct, ema_step, true_range, wilder_step
from controllers.core.values import Candle
from controllers.epp.params import EppParams

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)
_TWO: Final = Decimal(2)
_BPS: Final = Decimal("0.0001")
_ALPHA_DIGITS: Final = Decimal("0.000000000001")
# A 30 s move of a random walk is 1/sqrt(2) of a 60 s one: what seeds the drift from one-minute candles.
_HALF_MINUTE_SHARE: Final = Decimal("0.7071")
_MINUTE_MS: Final = 60_000
_DRIFT_MS: Final = 30_000


class IndicatorState(NamedTuple):
    bars: tuple[Candle, ...] = ()  # minutes that are over, oldest first, at most bars_max
    bars_count: int = 0  # minutes folded in since the last cold start
    forming: Candle | None = None
    ema_closed: Decimal | None = None  # over minutes that are over
    ema: Decimal | None = None  # the forming minute included
    true_range_sum: Decimal = _ZERO  # while fewer than atr_period are in
    true_range_count: int = 0
    atr: Decimal | None = None  # quote per base
    band_pct: Decimal | None = None  # atr over the last close
    last_slot: int = -1  # ts_ms // sample_ms of the latest sample
    samples: tuple[tuple[int, Decimal], ...] = ()  # (ts_ms, mid), enough for 30 s
    drift_30s_pct: Decimal = _ZERO  # absolute, never signed
    drift_ewma_pct: Decimal | None = None


def is_warm(state: IndicatorState, params: EppParams) -> bool:
    return state.bars_count >= params.ema_period and state.atr is not None


def is_sample_due(state: IndicatorState, ts_ms: int, params: EppParams) -> bool:
    return ts_ms // params.sample_ms > state.last_slot


def add_sample(state: IndicatorState, ts_ms: int, mid_price: Decimal, params: EppParams) -> IndicatorState:
    """Fold one sample in.

    A silence longer than buffer_gap_s_max starts cold: old averages would call it a trend. So does a clock that was
    ahead by as much and has come back.
    """
    minute_ms = ts_ms - ts_ms % _MINUTE_MS
    last_ms = _last_minute_ms(state)
    if last_ms is not None and abs(minute_ms - last_ms) > params.buffer_gap_s_max * 1000:
        state = IndicatorState()
    forming = state.forming
    if forming is None:
        if not state.bars or state.bars[-1].ts_ms < minute_ms:  # else: a candle told of this minute already
            forming = Candle(minute_ms, mid_price, mid_price, mid_price, mid_price)
    elif forming.ts_ms == minute_ms:
        forming = forming._replace(high=max(forming.high, mid_price), low=min(forming.low, mid_price), close=mid_price)
    else:
        state = close_bar(state, forming, params)
        forming = Candle(minute_ms, mid_price, mid_price, mid_price, mid_price)
    ema = mid_price if state.ema_closed is None else ema_step(state.ema_closed, mid_price, _alpha(params.ema_period))
    samples, drift_pct = _drift(state.samples, ts_ms, mid_price)
    return state._replace(
        forming=forming,
        ema=ema,
        last_slot=ts_ms // params.sample_ms,
        samples=samples,
        drift_30s_pct=drift_pct,
        drift_ewma_pct=_drift_ewma(state, drift_pct, params.sample_ms, params),
    )


def close_bar(state: IndicatorState, bar: Candle, params: EppParams) -> IndicatorState:
    """Fold one minute that is over into EMA and ATR."""
    previous = state.bars[-1] if state.bars else None
    move = true_range(bar.high, bar.low, previous.close if previous is not None else bar.close)
    total, count, atr = state.true_range_sum, state.true_range_count, state.atr
    if atr is not None:
        atr = wilder_step(atr, move, params.atr_period)
    else:
        total, count = total + move, count + 1
        atr = total / count if count >= params.atr_period else None
    closed = bar.close if state.ema_closed is None else ema_step(state.ema_closed, bar.close, _alpha(params.ema_period))
    bars = state.bars if len(state.bars) < params.bars_max else state.bars[1 - params.bars_max :]
    return state._replace(
        bars=(*bars, bar),
        bars_count=state.bars_count + 1,
        ema_closed=closed,
        ema=closed,
        true_range_sum=total,
        true_range_count=count,
        atr=atr,
        band_pct=atr / bar.close if atr is not None else None,
    )


def seed(state: IndicatorState, candles: Sequence[Candle], params: EppParams) -> IndicatorState:
    """Fold in the candles that are newer than what is there; start cold first when there is a hole before them."""
    unique = {candle.ts_ms: candle for candle in candles if _is_sound(candle)}
    for ts_ms in sorted(unique):
        candle = unique[ts_ms]
        last = state.bars[-1] if state.bars else None
        if last is not None and ts_ms <= last.ts_ms:
            continue
        if last is not None and ts_ms - last.ts_ms > params.buffer_gap_s_max * 1000:
            state, last = IndicatorState(), None
        if last is not None:
            move_pct = absolute_move_pct(candle.close, last.close) * _HALF_MINUTE_SHARE
            state = state._replace(drift_ewma_pct=_drift_ewma(state, move_pct, _MINUTE_MS, params))
        forming = state.forming
        if forming is not None and forming.ts_ms <= ts_ms:
            forming = None
        state = close_bar(state._replace(forming=forming, samples=()), candle, params)
    return state


def unknown_drift_pct(params: EppParams) -> Decimal:
    """What is assumed of a market nobody has watched yet: the most that drift may ever cost."""
    weight = params.drift_cost_weight
    return params.drift_cost_bps_max * _BPS / weight if weight > 0 else _ZERO


def _last_minute_ms(state: IndicatorState) -> int | None:
    if state.forming is not None:
        return state.forming.ts_ms
    return state.bars[-1].ts_ms if state.bars else None


def _drift(
    samples: tuple[tuple[int, Decimal], ...], ts_ms: int, mid_price: Decimal
) -> tuple[tuple[tuple[int, Decimal], ...], Decimal]:
    """The move since the youngest sample that is 30 s old, else since the oldest there is."""
    kept = [(ts_ms, mid_price)]
    for sample in reversed(samples):
        if ts_ms - sample[0] > 2 * _DRIFT_MS:
            break
        kept.append(sample)
        if ts_ms - sample[0] >= _DRIFT_MS:
            break
    kept.reverse()
    return tuple(kept), absolute_move_pct(mid_price, kept[0][1])


def _drift_ewma(state: IndicatorState, drift_pct: Decimal, step_ms: int, params: EppParams) -> Decimal:
    previous = state.drift_ewma_pct
    if previous is None:
        previous = unknown_drift_pct(params)
    smoothed: Decimal = ema_step(previous, drift_pct, _half_life_alpha(step_ms, params.drift_half_life_s))
    return smoothed


def _is_sound(candle: Candle) -> bool:
    prices = (candle.open, candle.high, candle.low, candle.close)
    return all(price.is_finite() and price > 0 for price in prices) and candle.low <= candle.high


@lru_cache(maxsize=64)
def _alpha(period: int) -> Decimal:
    return _TWO / (period + 1)


@lru_cache(maxsize=64)
def _half_life_alpha(step_ms: int, half_life_s: int) -> Decimal:
    """Rounded to 12 digits: a power with a fractional exponent is not promised to the last digit everywhere."""
    return (_ONE - _TWO ** (Decimal(-step_ms) / (half_life_s * 1000))).quantize(_ALPHA_DIGITS)
