from decimal import Decimal

import pytest

from controllers.epp.position_check import PositionCheckState, check_position

D = Decimal


def check(state, now_s, own, venue="0"):
    return check_position(
        state,
        now_s * 1000,
        D(own),
        D(venue),
        D(50_000),
        D(100_000),
        300_000,
        5_000,
        D("0.01"),
        D("0.05"),
        D("1e-9"),
    )


def test_the_first_check_is_due_one_period_after_the_first_look():
    state, is_checked = check(PositionCheckState(), 1, "5")
    assert not is_checked
    assert check(state, 300, "5")[1] is False
    assert check(state, 301, "5")[1] is True


@pytest.mark.parametrize(
    "own, verdict", [("0", "ok"), ("0.02", "ok"), ("0.03", "warning"), ("-0.1", "warning"), ("0.11", "pause")]
)
def test_a_difference_must_be_seen_twice_before_it_counts(own, verdict):
    state, _ = check(PositionCheckState(), 1, own)
    state, _ = check(state, 301, own)
    assert state.verdict == ("ok" if verdict == "ok" else "suspect")
    state, is_checked = check(state, 306, own)
    assert is_checked is (verdict != "ok")
    assert state.verdict == verdict


def test_a_fill_that_travels_behind_the_position_is_no_break():
    state, _ = check(PositionCheckState(), 1, "0")
    state, _ = check(state, 301, "0", "0.5")
    assert state.verdict == "suspect"
    state, _ = check(state, 306, "0.5", "0.5")
    assert (state.verdict, state.drift_pct) == ("ok", 0)
    assert state.next_ts_ms == 606_000


def test_a_break_is_looked_at_every_few_seconds_until_it_is_gone():
    state, _ = check(PositionCheckState(), 1, "1")
    for second in (301, 306, 311):
        state, is_checked = check(state, second, "1")
        assert is_checked
    assert state.verdict == "pause"
    assert check(state, 316, "0")[0].verdict == "ok"
