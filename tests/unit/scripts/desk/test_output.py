"""How numbers look to a person."""

from decimal import Decimal

import pytest

from scripts.desk.output import age, amount


@pytest.mark.parametrize(
    ("value", "places", "signed", "shown"),
    [
        ("-0.00001", 4, True, "+0.0000"),
        ("-0.00001", 2, False, "0.00"),
        ("-1234.5", 2, True, "-1,234.50"),
        ("0.0081", 4, True, "+0.0081"),
    ],
)
def test_an_amount_is_rounded_and_knows_no_minus_zero(value, places, signed, shown):
    assert amount(Decimal(value), places, signed) == shown


def test_what_is_not_known_is_a_dash_and_what_was_never_heard_says_never():
    assert amount(None) == "–"
    assert (age(None), age(400), age(12_000), age(180_000)) == ("never", "0.4s", "12s", "3m")
