"""The recorded BTC minutes through the strategy, in virtual time. A part of the month here; all of it:
scripts.analysis.epp_month."""

from decimal import Decimal

import pytest

from controllers.epp.params import EppParams
from scripts.analysis.epp_month import RECORDED, MonthReport, path_of, read_minutes, rows, study

D = Decimal
DAYS = 6

pytestmark = pytest.mark.skipif(not RECORDED.exists(), reason=f"no recording at {RECORDED}: tests go without it")

# The study measures model against fills, so the policy that would end it is off.
STUDY = EppParams(edge_gap_enabled=False)


def assert_inventory_is_held(report: MonthReport) -> None:
    """What must be true of inventory on this tape: never at the limit, and nearly always close to target."""
    assert report.base_pct_max < D("0.60"), report.base_pct_max
    assert report.base_pct_quantiles["p99"] < D("0.10"), report.base_pct_quantiles


@pytest.fixture(scope="module")
def tape():
    return read_minutes(RECORDED, DAYS * 1440)


@pytest.fixture(scope="module")
def report(tape):
    return study(tape, STUDY)


def test_inventory_is_held_far_below_its_limit(report, capsys):
    with capsys.disabled():
        print("\n" + "\n".join(f"  {name:38} {value}" for name, value in rows(report)))
    assert_inventory_is_held(report)
    assert report.hard_stop is None
    assert report.fills > 500


def test_with_the_sign_of_the_skew_flipped_inventory_is_not_held(tape):
    flipped = STUDY._replace(trend_skew_factor=-STUDY.trend_skew_factor, neutral_skew_factor=-STUDY.neutral_skew_factor)
    with pytest.raises(AssertionError):
        assert_inventory_is_held(study(tape, flipped))


def test_the_gate_is_open_in_ordinary_volatility(report):
    """A cost that took the raw 30 s move shut the gate in an eighth of ordinary samples; the average one must not."""
    assert report.gate_open > D("0.95")
    assert set(report.gate_open_by_regime) >= {"neutral_low_vol", "up", "down"}
    assert report.minutes == DAYS * 1440 - 60


def test_what_the_model_promises_the_fills_do_not_keep(report):
    """On a tape nobody can foresee a resting quote earns about nothing before fees: the desk shows both, and stops."""
    assert report.modelled_edge_bps > 5
    assert report.realised_edge_bps < 0


def test_the_gap_between_the_two_shuts_the_gate_by_default(tape):
    guarded = study(tape[: 3 * 1440], EppParams())
    assert guarded.gate_open < D("0.9")
    assert guarded.guards["SOFT_PAUSE"] > 0


def test_a_minute_visits_the_extreme_against_its_direction_first(tape):
    for minute in tape[:200]:
        points = path_of(minute)
        assert len(points) == 6
        assert (min(points), max(points)) == (minute.low, minute.high)
        assert (points[0], points[-1]) == (minute.open, minute.close)
        assert (points[2] == minute.low) or minute.close < minute.open
