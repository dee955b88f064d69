from decimal import Decimal

import pytest

from controllers.epp import spread

D = Decimal
HALF = D("0.5")
EPS = D("0.000001")


def test_the_worked_example_of_the_definitions():
    """Spread 30 bps, inventory +0.5, factor 0.5: skew 3.75 bps, buy 18.75 bps away, sell 11.25 bps."""
    skew = spread.skew(D("0.5"), D("0.0030"), D("0.5"), D("0.002"))
    assert skew == D("0.000375")
    assert spread.side_distances(D("0.0030"), skew, D("0.0003"), D("0.0001"), D("0.0001")) == (
        D("0.001875"),
        D("0.001125"),
    )


def test_required_spread_on_perpetuals_and_spot_as_defined():
    resume, margin, factor = D("0.0006"), D("0.00005"), D("0.4")
    assert spread.required_spread(D("0.0002") + D("0.0001"), resume, margin, factor) == D("0.002375")
    assert spread.required_spread(D("0.0010") + D("0.0001"), resume, margin, factor) == D("0.004375")


@pytest.mark.parametrize("turnover, ratio", [("0", "0"), ("1.5", "0.5"), ("3", "1"), ("30", "1")])
def test_a_busier_day_widens_the_pick(turnover, ratio):
    seen = spread.turnover_ratio(D(turnover), D(3), D(0), D(1))
    assert seen == D(ratio)
    assert spread.pick_spread(D("0.0025"), D("0.0045"), seen) == D("0.0025") + D("0.0020") * D(ratio)


@pytest.mark.parametrize(
    "ratio, levels", [("0", 4), ("0.24", 4), ("0.25", 3), ("0.5", 3), ("0.74", 3), ("0.75", 2), ("1", 2)]
)
def test_a_busier_day_has_fewer_levels_but_never_below_the_minimum(ratio, levels):
    assert spread.level_count(2, 4, D(ratio), HALF, EPS) == levels


@pytest.mark.parametrize(
    "pick, required, volatility, market, total",
    [
        ("0.0025", "0.0010", "0.0010", "0.0001", "0.0025"),
        ("0.0025", "0.0030", "0.0010", "0.0001", "0.0030"),
        ("0.0025", "0.0030", "0.0040", "0.0001", "0.0040"),
        ("0.0025", "0.0030", "0.0040", "0.0050", "0.0052"),
    ],
)
def test_the_widest_demand_wins(pick, required, volatility, market, total):
    assert spread.total_spread(D(pick), D(required), D(volatility), D(market), D("0.0002")) == D(total)


def test_volatility_floor_is_its_share_of_the_band():
    assert spread.volatility_floor(D("0.5"), D("0.0040")) == D("0.0020")


def test_skew_is_bounded_by_its_cap_both_ways():
    assert spread.skew(D("0.8"), D("0.0200"), D(1), D("0.002")) == D("0.002")
    assert spread.skew(D("0.8"), D("0.0200"), D(-1), D("0.002")) == D("-0.002")


def test_no_side_comes_nearer_than_the_fee_and_a_basis_point():
    buy, sell = spread.side_distances(D("0.0010"), D("0.0005"), D("0.0003"), D("0.0001"), D("0.0001"))
    assert (buy, sell) == (D("0.0010"), D("0.0003"))


def test_no_side_is_inside_the_market_spread():
    buy, sell = spread.side_distances(D("0.0012"), D("0.0004"), D("0.0001"), D("0.0010"), D("0.0001"))
    assert buy == D("0.0010")
    assert sell == D("0.0010") / 2 + D("0.0001")


def test_levels_step_out_by_the_multiplier():
    assert [spread.level_distance(D("0.0010"), level, D("0.4")) for level in range(3)] == [
        D("0.00100"),
        D("0.00140"),
        D("0.00180"),
    ]


def test_the_held_floor_rises_at_once_and_falls_only_after_its_time():
    assert spread.held_floor(D(2), 0, D(3), 1, 30_000) == (D(3), 1)
    assert spread.held_floor(D(3), 1, D(2), 29_000, 30_000) == (D(3), 1)
    assert spread.held_floor(D(3), 1, D(2), 30_001, 30_000) == (D(2), 30_001)
