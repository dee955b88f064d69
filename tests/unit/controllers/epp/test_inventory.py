from decimal import Decimal

import pytest

from controllers.epp.inventory import base_fraction, inventory_fraction

D = Decimal


@pytest.mark.parametrize("position, expected", [("1", "0.5"), ("-1", "-0.5"), ("0", "0")])
def test_base_fraction_is_signed_notional_over_equity(position, expected):
    assert base_fraction(D(position), D(50_000), D(100_000)) == D(expected)


@pytest.mark.parametrize(
    "base, target, expected",
    [("0.3", "0", "0.5"), ("-0.3", "0", "-0.5"), ("0.5", "0.5", "0"), ("0.9", "0", "1"), ("-2", "0", "-1")],
)
def test_inventory_is_the_distance_from_target_in_units_of_the_limit(base, target, expected):
    assert inventory_fraction(D(base), D(target), D("0.60"), D(1)) == D(expected)
