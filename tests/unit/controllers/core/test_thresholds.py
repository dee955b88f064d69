from decimal import Decimal

import pytest

from controllers.core.thresholds import above, at_least, below, clip

D = Decimal
EPS = D("0.000000001")


@pytest.mark.parametrize(
    "value, limit, is_at_least, is_above, is_below",
    [
        ("0.0007", "0.0007", True, False, False),
        ("0.000700002", "0.0007", True, True, False),
        ("0.000699998", "0.0007", False, False, True),
        ("0.0007000000005", "0.0007", True, False, False),
        ("0.0006999999995", "0.0007", True, False, False),
    ],
)
def test_a_signal_within_the_tolerance_counts_as_on_its_threshold(value, limit, is_at_least, is_above, is_below):
    assert at_least(D(value), D(limit), EPS) is is_at_least
    assert above(D(value), D(limit), EPS) is is_above
    assert below(D(value), D(limit), EPS) is is_below


def test_floats_and_decimals_agree_where_bare_comparison_does_not():
    assert 0.4 * 0.0035 - 0.0007 > 0.0007
    assert not D("0.4") * D("0.0035") - D("0.0007") > D("0.0007")
    assert above(0.4 * 0.0035 - 0.0007, 0.0007, 1e-9) is above(D("0.4") * D("0.0035") - D("0.0007"), D("0.0007"), EPS)


@pytest.mark.parametrize("value, expected", [(-2, -1), (-1, -1), (0, 0), (1, 1), (5, 1)])
def test_clip_keeps_a_value_within_its_bounds(value, expected):
    assert clip(value, -1, 1) == expected
