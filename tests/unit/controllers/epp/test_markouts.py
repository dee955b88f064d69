from decimal import Decimal

import pytest

from controllers.epp.markouts import (
    MarkoutState,
    Pending,
    clear_window,
    enqueue,
    gap_step,
    is_due,
    mean_bps,
    new_day,
    take_due,
    window_edges_bps,
)

D = Decimal
PERIOD = 28_800


def pending(index=0, side="buy", price="100", modelled="6.5", fee="2", is_quote=True, ts_ms=0, notional="100"):
    return Pending(f"t{index}", side, D(price), D(notional), D(fee), D(modelled), is_quote, ts_ms)


def measured(state, ts_ms, mid, window=200, funding="0"):
    return take_due(state, ts_ms, D(mid), D(funding), PERIOD, window)


def test_each_fill_is_measured_at_5_30_and_60_seconds():
    state = enqueue(MarkoutState(), pending())
    assert not is_due(state, 4_999)
    seen = []
    for second, mid in ((5, "100.01"), (30, "100.02"), (60, "99.99")):
        assert is_due(state, second * 1000)
        state, reports = measured(state, second * 1000, mid)
        seen += [(report.horizon_s, report.markout_bps) for report in reports]
    assert seen == [(5, D(1)), (30, D(2)), (60, D(-1))]
    assert not is_due(state, 10**9)
    assert [mean_bps(state, index) for index in range(3)] == [D(1), D(2), D(-1)]


@pytest.mark.parametrize("side, mid, bps", [("buy", "101", 100), ("buy", "99", -100), ("sell", "99", 100)])
def test_a_markout_is_positive_when_the_market_went_our_way(side, mid, bps):
    _, reports = measured(enqueue(MarkoutState(), pending(side=side)), 5_000, mid)
    assert reports[0].markout_bps == bps


def test_realised_edge_is_the_markout_less_fee_and_funding():
    for side, funding in (("buy", 1), ("sell", -1)):
        state = enqueue(MarkoutState(), pending(side=side))
        state, _ = measured(state, 30_000, "100")
        _, reports = measured(state, 60_000, "100", funding="0.0048")
        assert reports[-1].funding_bps == D("0.1") * funding  # 48 bps a period, 60 of 28 800 s
        assert reports[-1].realised_edge_bps == -2 - D("0.1") * funding


def test_a_mid_that_comes_too_late_says_nothing():
    state, reports = measured(enqueue(MarkoutState(), pending()), 10_001, "150")
    assert reports == ()
    assert state.missed == 1
    assert mean_bps(state, 0) is None


def test_the_window_weighs_by_notional_and_forgets_the_oldest():
    state = MarkoutState()
    for index, (notional, mid) in enumerate((("100", "100.10"), ("300", "100.02"), ("100", "100"))):
        state = enqueue(state, pending(index, ts_ms=index * 100_000, notional=notional))
        for horizon in (5, 30, 60):
            state, _ = measured(state, index * 100_000 + horizon * 1000, mid, window=2)
    modelled, realised = window_edges_bps(state)
    assert len(state.window) == 2
    assert modelled == D("6.5")
    assert realised == (300 * (D(2) - 2) + 100 * (D(0) - 2)) / 400


def test_derisk_fills_are_measured_but_not_compared_with_the_model():
    state = enqueue(MarkoutState(), pending(is_quote=False))
    for horizon in (5, 30, 60):
        state, _ = measured(state, horizon * 1000, "100")
    assert state.window == ()
    assert window_edges_bps(state) == (None, None)
    assert mean_bps(state, 2) == 0


def test_the_queue_is_bounded():
    state = MarkoutState()
    for index in range(600):
        state = enqueue(state, pending(index))
    assert {len(queue) for queue in state.waiting} == {512}


def test_a_new_day_starts_its_means_anew_and_keeps_the_window():
    state = enqueue(MarkoutState(), pending())
    for horizon in (5, 30, 60):
        state, _ = measured(state, horizon * 1000, "101")
    later = new_day(state)
    assert mean_bps(later, 0) is None
    assert later.window == state.window


def filled(count: int, mid: str = "100") -> MarkoutState:
    state = MarkoutState()
    for index in range(count):
        start = index * 100_000
        state = enqueue(state, pending(index, ts_ms=start))
        for horizon in (5, 30, 60):
            state, _ = measured(state, start + horizon * 1000, mid)
    return state


def gap(state, ts_ms=10**9, enabled=True, fills=50, most="5", pause=1000):
    return gap_step(state, ts_ms, enabled, fills, D(most), pause)


def test_the_gap_shuts_the_gate_only_from_the_stated_number_of_fills_on():
    few, shut, begun = gap(filled(49))
    assert (few.gap_closed_until_ms, shut, begun) == (0, False, False)
    state, shut, begun = gap(filled(50))
    assert (shut, begun) == (True, True)
    assert gap(state, 10**9 + 1)[1:] == (True, False), "it says so once and stays shut"


def test_a_gap_within_the_limit_does_nothing():
    assert gap(filled(50, "100.06"))[1] is False  # markout 6 - fee 2 = 4 against 6.5
    assert gap(filled(50), enabled=False)[1] is False


def test_after_the_pause_trust_is_earned_anew():
    state, _, _ = gap(filled(50))
    state, shut, begun = gap(state, 10**9 + 1000)
    assert (shut, begun) == (False, False)
    assert state.window == ()


def test_clearing_the_window_lifts_the_gap():
    state, _, _ = gap(filled(50))
    assert clear_window(state).gap_closed_until_ms == 0
