from decimal import Decimal

import pytest

from controllers.epp.risk_policy import (
    CancelBudgetState,
    cancel_budget_step,
    data_reasons,
    leverage_error,
    loss_limit_reason,
    margin_reason,
)

D = Decimal
EPS = D("1e-9")


@pytest.mark.parametrize(
    "loss, drawdown, turnover, reason",
    [
        ("0", "0", "0", None),
        ("0.0199", "0.0349", "5.99", None),
        ("0.02", "0", "0", "DAILY_LOSS_LIMIT"),
        ("0", "0.035", "0", "DRAWDOWN_LIMIT"),
        ("0", "0", "6", "TURNOVER_LIMIT"),
        ("0.05", "0.05", "9", "DAILY_LOSS_LIMIT"),
        ("-0.5", "0.035", "9", "DRAWDOWN_LIMIT"),
    ],
)
def test_a_limit_of_the_day_is_reached_at_not_beyond(loss, drawdown, turnover, reason):
    assert loss_limit_reason(D(loss), D(drawdown), D(turnover), D("0.02"), D("0.035"), D(6), EPS) == reason


@pytest.mark.parametrize(
    "ratio, reason",
    [
        (None, None),
        ("0.5", None),
        ("0.20", None),
        ("0.1999", "MARGIN_LOW"),
        ("0.10", "MARGIN_LOW"),
        ("0.0999", "MARGIN_CRITICAL"),
    ],
)
def test_the_margin_ladder(ratio, reason):
    assert margin_reason(None if ratio is None else D(ratio), D("0.20"), D("0.10"), EPS) == reason


def budget(state, now_s, cancels):
    return cancel_budget_step(state, now_s * 1000, cancels, 50, 120_000, 600_000)


def test_fifty_cancels_a_minute_are_allowed_and_one_more_pauses():
    assert budget(CancelBudgetState(), 10, 50) == (CancelBudgetState(), False)
    state, has_begun = budget(CancelBudgetState(), 10, 51)
    assert has_begun
    assert (state.pause_until_ms, state.breaches) == (130_000, 1)


def test_during_a_pause_nothing_is_counted():
    state, _ = budget(CancelBudgetState(), 10, 51)
    assert budget(state, 100, 99) == (state, False)


def test_breaches_soon_after_a_pause_are_consecutive_and_later_ones_are_not():
    state, _ = budget(CancelBudgetState(), 10, 51)
    state, _ = budget(state, 200, 51)
    state, _ = budget(state, 400, 51)
    assert state.breaches == 3
    state, _ = budget(state, 520 + 600, 51)
    assert state.breaches == 1


@pytest.mark.parametrize(
    "connected, heard, changed, reasons",
    [
        (True, 0, 0, ()),
        (True, 10_000, 30_000, ()),
        (False, 0, 0, ("NOT_CONNECTED",)),
        (True, 10_001, 10_001, ("DATA_AGE",)),
        (True, 1_000, 30_001, ("ORDER_BOOK_STALE",)),
    ],
)
def test_why_market_data_cannot_be_trusted(connected, heard, changed, reasons):
    assert data_reasons(connected, heard, changed, 10_000, 30_000) == reasons


@pytest.mark.parametrize("leverage, is_refused", [(1, False), (5, False), (6, True), (0, True), (-1, True)])
def test_leverage_above_its_limit_is_refused(leverage, is_refused):
    error = leverage_error(leverage, 5)
    assert (error is not None) is is_refused
    if error is not None:
        assert f"leverage={leverage}" in error and "1..5" in error
