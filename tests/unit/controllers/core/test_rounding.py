from decimal import Decimal

import pytest

from controllers.core.rounding import ask_ticks, bid_ticks, ceil_units, floor_units, nearest_units

D = Decimal
EPS = D("0.000001")


@pytest.mark.parametrize(
    "price, tick, bid, ask",
    [
        ("100.05", "0.1", 1000, 1001),
        ("100.0", "0.1", 1000, 1000),
        ("0.3", "0.1", 3, 3),
        ("100.09999999", "0.1", 1001, 1001),  # off by less than a millionth of a tick: on it
        ("100.00000001", "0.1", 1000, 1000),
        ("100.099", "0.1", 1000, 1001),
        ("0.00012345", "0.00000001", 12345, 12345),
    ],
)
def test_a_maker_price_rounds_away_from_the_market_and_stays_when_it_is_on_a_tick(price, tick, bid, ask):
    assert bid_ticks(D(price), D(tick), EPS) == bid
    assert ask_ticks(D(price), D(tick), EPS) == ask
    assert bid_ticks(float(price), float(tick), 1e-6) == bid
    assert ask_ticks(float(price), float(tick), 1e-6) == ask


def test_every_on_tick_float_price_counts_as_on_its_tick():
    wrong_when_naive = 0
    for ticks in range(1, 20_000, 7):
        price = ticks * 0.1
        assert floor_units(price, 0.1, 1e-6) == ticks
        assert ceil_units(price, 0.1, 1e-6) == ticks
        wrong_when_naive += (price // 0.1) != ticks
    assert wrong_when_naive > 0, "the trap this kernel exists for has gone; so may the kernel"


@pytest.mark.parametrize("value, expected", [("0", 0), ("0.49", 0), ("0.5", 1), ("1.4999", 1), ("1.5", 2), ("2", 2)])
def test_nearest_rounds_halves_up(value, expected):
    assert nearest_units(D(value), D(1), EPS, D("0.5")) == expected
