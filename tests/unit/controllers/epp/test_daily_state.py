from decimal import Decimal

from controllers.epp import daily_state
from controllers.epp.daily_state import DailyState, add_fill, drawdown_pct, loss_pct, mark, report, turnover_x

D = Decimal
DAY = 86_400_000
NOON = 19_700 * DAY + DAY // 2


def opened(equity="100000") -> DailyState:
    return mark(DailyState(), NOON, D(equity), D(0))[0]


def test_the_first_equity_opens_the_day_and_is_no_rollover():
    state, is_new_day = mark(DailyState(), NOON, D(100), D(0))
    assert not is_new_day
    assert (state.day, state.equity_open_quote, state.equity_peak_quote) == (19_700, D(100), D(100))


def test_loss_is_against_the_open_and_drawdown_against_the_peak():
    state = opened()
    state, _ = mark(state, NOON + 1, D(110_000), D(0))
    state, _ = mark(state, NOON + 2, D(99_000), D(0))
    assert loss_pct(state) == D("0.01")
    assert drawdown_pct(state) == D("0.1")


def test_a_gain_is_a_negative_loss():
    assert loss_pct(mark(opened(), NOON, D(101_000), D(0))[0]) == D("-0.01")


def test_turnover_is_traded_notional_over_the_opening_equity():
    state = add_fill(opened(), D(50_000), D(10), D(-3), True)
    state = add_fill(state, D(100_000), D(60), D(5), False)
    assert turnover_x(state) == D("1.5")
    assert (state.fills_count, state.maker_fills_count, state.fees_quote, state.realized_pnl_quote) == (2, 1, 70, 2)


def test_a_new_utc_day_resets_every_counter_and_opens_at_the_equity_of_its_first_look():
    state = add_fill(opened(), D(50_000), D(10), D(-3), True)
    state, is_new_day = mark(state, (19_701) * DAY, D(98_000), D("0.5"))
    assert is_new_day
    assert state == DailyState(19_701, D(98_000), D(98_000), D(98_000), funding_paid_quote=D("0.5"))


def test_a_clock_that_goes_back_over_midnight_does_not_reset_the_day():
    state, is_new_day = mark(add_fill(opened(), D(1), D(0), D(0), True), NOON - DAY, D(99_000), D(0))
    assert not is_new_day
    assert state.fills_count == 1


def test_an_unchanged_equity_changes_nothing():
    state = opened()
    assert mark(state, NOON + 1000, D(100_000), D(0))[0] is state


def test_without_equity_there_is_no_figure_to_divide_by():
    empty = DailyState()
    assert (loss_pct(empty), drawdown_pct(empty), turnover_x(empty)) == (0, 0, 0)


def test_the_report_of_a_day_adds_up():
    state = add_fill(opened(), D(50_000), D(10), D(-3), True)
    state, _ = mark(state, NOON + 1, D(99_500), D(2))
    told = report(state, NOON + 2, "RUNNING")
    assert told.pnl_quote == D(-500)
    assert told.pnl_pct == D("-0.005")
    assert (told.fees_quote, told.funding_cost_quote, told.fills_count) == (D(10), D(2), 1)
    assert daily_state.turnover_x(state) == told.turnover_x
