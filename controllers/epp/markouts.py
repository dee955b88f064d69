"""What fills turned out to be worth: mid 5, 30 and 60 s later, beside what the model had promised.

markout_bps = (mid later - fill price) * direction / fill price: positive is in our favour. It contains the half spread
that was captured, so realised edge = markout - fee - funding is the same thing the model calls net edge.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from controllers.core.values import Side
from controllers.epp.processed import MarkoutReport

HORIZONS_S: Final = (5, 30, 60)
_ZERO: Final = Decimal(0)
_TEN_THOUSAND: Final = Decimal(10_000)
_PENDING_MAX: Final = 512
# A mid that comes later than this after its horizon measures something else.
_LATE_MS_MAX: Final = 5_000


class Pending(NamedTuple):
    """A fill that waits for its mid."""

    trade_id: str
    side: Side
    price: Decimal
    notional_quote: Decimal
    fee_bps: Decimal
    modelled_edge_bps: Decimal
    is_quote: bool  # derisk fills are not what the edge model speaks of
    ts_ms: int


class Sample(NamedTuple):
    """One fill of the comparison, in bps times notional."""

    notional_quote: Decimal
    modelled: Decimal
    realised: Decimal


class MarkoutState(NamedTuple):
    # One queue per horizon, oldest first: only its head can be due.
    waiting: tuple[tuple[Pending, ...], ...] = ((), (), ())
    sums_bps: tuple[Decimal, ...] = (_ZERO, _ZERO, _ZERO)  # plain sums of markouts since the start of the day
    counts: tuple[int, ...] = (0, 0, 0)
    missed: int = 0  # fills whose mid came too late to say anything
    window: tuple[Sample, ...] = ()  # the latest fills at the last horizon
    window_notional: Decimal = _ZERO
    window_modelled: Decimal = _ZERO
    window_realised: Decimal = _ZERO
    gap_closed_until_ms: int = 0  # the gap between model and fills holds the gate shut until then


def enqueue(state: MarkoutState, pending: Pending) -> MarkoutState:
    waiting = tuple((*queue[-(_PENDING_MAX - 1) :], pending) for queue in state.waiting)
    return state._replace(waiting=waiting)


def is_due(state: MarkoutState, ts_ms: int) -> bool:
    for queue, horizon_s in zip(state.waiting, HORIZONS_S, strict=True):
        if queue and ts_ms - queue[0].ts_ms >= horizon_s * 1000:
            return True
    return False


def take_due(
    state: MarkoutState,
    ts_ms: int,
    mid_price: Decimal,
    funding_rate_pct: Decimal,
    funding_period_s: int,
    window_fills: int,
) -> tuple[MarkoutState, tuple[MarkoutReport, ...]]:
    """Measure every fill whose horizon has come. Call only with a mid that can be trusted."""
    reports: list[MarkoutReport] = []
    for index, horizon_s in enumerate(HORIZONS_S):
        while state.waiting[index] and ts_ms - state.waiting[index][0].ts_ms >= horizon_s * 1000:
            head = state.waiting[index][0]
            waiting = (*state.waiting[:index], state.waiting[index][1:], *state.waiting[index + 1 :])
            state = state._replace(waiting=waiting)
            if ts_ms - head.ts_ms - horizon_s * 1000 > _LATE_MS_MAX:
                state = state._replace(missed=state.missed + 1)
                continue
            report = _measure(head, horizon_s, ts_ms, mid_price, funding_rate_pct, funding_period_s)
            reports.append(report)
            state = _count(state, index, report)
            if horizon_s == HORIZONS_S[-1] and head.is_quote:
                state = _into_window(state, head, report, window_fills)
    return state, tuple(reports)


def mean_bps(state: MarkoutState, index: int) -> Decimal | None:
    return state.sums_bps[index] / state.counts[index] if state.counts[index] else None


def window_edges_bps(state: MarkoutState) -> tuple[Decimal | None, Decimal | None]:
    """(modelled, realised) edge of the window, weighted by notional."""
    if state.window_notional <= 0:
        return None, None
    return state.window_modelled / state.window_notional, state.window_realised / state.window_notional


def new_day(state: MarkoutState) -> MarkoutState:
    return state._replace(sums_bps=(_ZERO, _ZERO, _ZERO), counts=(0, 0, 0), missed=0)


def clear_window(state: MarkoutState) -> MarkoutState:
    return state._replace(
        window=(), window_notional=_ZERO, window_modelled=_ZERO, window_realised=_ZERO, gap_closed_until_ms=0
    )


def gap_step(
    state: MarkoutState, ts_ms: int, is_enabled: bool, fills_min: int, gap_bps_max: Decimal, pause_ms: int
) -> tuple[MarkoutState, bool, bool]:
    """(state, is the gate held shut, has that just begun).

    Where the realised edge stays behind the modelled one by more than gap_bps_max over at least fills_min fills, the
    model is wrong and the gate is shut for pause_ms. Then the window starts empty: trust is earned anew, at the price
    of fills_min more fills.
    """
    if not is_enabled:
        return state, False, False
    if state.gap_closed_until_ms:
        if ts_ms < state.gap_closed_until_ms:
            return state, True, False
        return clear_window(state), False, False
    if len(state.window) < fills_min:
        return state, False, False
    modelled, realised = window_edges_bps(state)
    if modelled is None or realised is None or modelled - realised <= gap_bps_max:
        return state, False, False
    return state._replace(gap_closed_until_ms=ts_ms + pause_ms), True, True


def _measure(
    head: Pending, horizon_s: int, ts_ms: int, mid_price: Decimal, funding_rate_pct: Decimal, funding_period_s: int
) -> MarkoutReport:
    direction = 1 if head.side == "buy" else -1
    markout = (mid_price - head.price) * direction / head.price * _TEN_THOUSAND
    funding = funding_rate_pct * direction * horizon_s / funding_period_s * _TEN_THOUSAND
    return MarkoutReport(
        ts_ms=ts_ms,
        trade_id=head.trade_id,
        side=head.side,
        horizon_s=horizon_s,
        markout_bps=markout,
        fee_bps=head.fee_bps,
        funding_bps=funding,
        realised_edge_bps=markout - head.fee_bps - funding,
        modelled_edge_bps=head.modelled_edge_bps,
    )


def _count(state: MarkoutState, index: int, report: MarkoutReport) -> MarkoutState:
    sums = list(state.sums_bps)
    counts = list(state.counts)
    sums[index] += report.markout_bps
    counts[index] += 1
    return state._replace(sums_bps=tuple(sums), counts=tuple(counts))


def _into_window(state: MarkoutState, head: Pending, report: MarkoutReport, window_fills: int) -> MarkoutState:
    sample = Sample(
        head.notional_quote,
        head.notional_quote * report.modelled_edge_bps,
        head.notional_quote * report.realised_edge_bps,
    )
    window = (*state.window, sample)
    dropped = window[: max(0, len(window) - window_fills)]
    return state._replace(
        window=window[len(dropped) :],
        window_notional=state.window_notional + sample.notional_quote - _sum(dropped, 0),
        window_modelled=state.window_modelled + sample.modelled - _sum(dropped, 1),
        window_realised=state.window_realised + sample.realised - _sum(dropped, 2),
    )


def _sum(samples: tuple[Sample, ...], field: int) -> Decimal:
    total = _ZERO
    for sample in samples:
        total += sample[field]
    return total
