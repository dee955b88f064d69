from decimal import Decimal

from controllers.core.indicators import absolute_move_pct, ema_step, true_range, wilder_step

D = Decimal


def test_ema_moves_by_alpha_of_the_difference():
    assert ema_step(D(100), D(110), D("0.1")) == D(101)


def test_true_range_reaches_to_the_close_before():
    assert true_range(D(105), D(101), D(103)) == 4
    assert true_range(D(105), D(101), D(99)) == 6
    assert true_range(D(105), D(101), D(110)) == 9


def test_wilder_smoothing_weighs_the_past_by_the_period_less_one():
    assert wilder_step(D(10), D(24), 14) == D(11)


def test_a_move_is_never_signed():
    assert absolute_move_pct(D(99), D(100)) == absolute_move_pct(D(101), D(100)) == D("0.01")
