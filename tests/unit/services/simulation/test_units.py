from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.simulation.instruments import default_instruments, instruments_from_policy
from services.simulation.units import divide_half_up, from_e8, make_grid, to_e8

D = Decimal
GRID = make_grid("BTC-USDT", D("0.1"), D("0.0001"))


@given(numerator=st.integers(-(10**18), 10**18), denominator=st.integers(1, 10**9))
def test_half_up_is_what_decimal_calls_half_up(numerator, denominator):
    exact = (D(numerator) / D(denominator)).quantize(D(1), ROUND_HALF_UP)
    assert divide_half_up(numerator, denominator) == int(exact) or (2 * numerator) % denominator == 0


@pytest.mark.parametrize(("numerator", "rounded"), [(5, 1), (-5, -1), (4, 0), (-4, 0), (15, 2), (25, 3)])
def test_a_tie_goes_away_from_zero(numerator, rounded):
    assert divide_half_up(numerator, 10) == rounded


@given(ticks=st.integers(1, 10**9), lots=st.integers(1, 10**9))
def test_prices_and_quantities_on_the_grid_come_back_as_they_went(ticks, lots):
    assert GRID.ticks(GRID.price(ticks)) == ticks
    assert GRID.lots(GRID.qty(lots)) == lots
    assert from_e8(GRID.notional_e8(ticks, lots)) == GRID.price(ticks) * GRID.qty(lots)


def test_what_lies_off_the_grid_has_no_ticks_and_no_lots():
    assert GRID.ticks(D("0.15")) is None
    assert GRID.lots(D("0.00015")) is None


@pytest.mark.parametrize("amount", ["1e40", "1e999999", "-1e40", "Infinity", "NaN"])
def test_what_no_number_of_28_digits_can_hold_has_none_either(amount):
    assert GRID.ticks(D(amount)) is None
    assert GRID.lots(D(amount)) is None


@given(amount=st.decimals(-(10**9), 10**9, places=8))
def test_cash_is_exact_at_a_hundred_millionth(amount):
    assert from_e8(to_e8(amount)) == amount


def test_a_grid_on_which_cash_could_not_be_exact_is_refused():
    with pytest.raises(ValueError, match=r"instruments\.X: tick_size 0\.00001 x lot_size 0\.0001 must be a multiple"):
        make_grid("X", D("0.00001"), D("0.0001"))


def test_the_policy_file_and_the_built_in_list_say_the_same():
    from pathlib import Path

    import yaml

    policy = yaml.safe_load((Path(__file__).parents[4] / "data/policies/instruments.yml").read_text())
    assert instruments_from_policy(policy) == default_instruments()
