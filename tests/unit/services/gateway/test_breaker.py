import pytest

from services.gateway.breaker import Breaker, BreakerRule

RULE = BreakerRule()


def fed(outcomes: str, at_ms: int = 0) -> Breaker:
    """o: ok, e: error, f: server fault, t: throttled."""
    names = {"o": "ok", "e": "error", "f": "fault", "t": "throttled"}
    breaker = Breaker("place")
    for letter in outcomes:
        breaker.record(names[letter], at_ms)
    return breaker


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ("e" * 9, "CLOSED"),  # too few to judge
        ("o" * 6 + "e" * 6, "CLOSED"),  # half is not more than half
        ("o" * 5 + "e" * 6, "OPEN"),
        ("o" * 8 + "f" * 2, "CLOSED"),
        ("o" * 8 + "f" * 3, "OPEN"),
        ("o" * 8 + "t" * 3, "OPEN"),
    ],
)
def test_it_opens_on_the_share_of_each_kind_of_failure(outcomes, state):
    assert fed(outcomes).state == state


def test_failures_older_than_the_window_do_not_count():
    breaker = fed("e" * 9)
    breaker.record("ok", 60_000)
    breaker.record("error", 60_000)
    assert breaker.state == "CLOSED"


def test_what_goes_well_opens_nothing_though_the_good_ones_of_before_the_failures_leave_the_window():
    breaker = fed("o" * 40, at_ms=0)
    for _ in range(6):
        breaker.record("fault", 50_000)
    for _ in range(20):
        breaker.record("ok", 61_000)
    assert breaker.state == "CLOSED", "23 % of 26, and the venue has recovered"
    breaker.record("fault", 62_000)
    assert breaker.state == "OPEN"


def test_it_bars_for_its_time_then_lets_five_probes_through():
    breaker = fed("e" * 10)
    assert breaker.barred(29_999) is not None
    for _ in range(RULE.probes):
        assert breaker.barred(30_000) is None
        breaker.tried()
    assert breaker.barred(30_000) is not None
    for _ in range(RULE.probes):
        assert breaker.state == "HALF_OPEN", "all of them"
        breaker.record("ok", 30_010)
    assert breaker.state == "CLOSED"
    assert breaker.barred(30_020) is None


@pytest.mark.parametrize("outcome", ["error", "fault", "throttled"])
def test_a_failed_probe_opens_it_again_for_a_shorter_time(outcome):
    breaker = fed("e" * 10)
    breaker.barred(30_000)
    breaker.tried()
    breaker.record(outcome, 30_010)
    assert breaker.barred(35_009) is not None
    assert breaker.barred(35_010) is None


def test_good_probes_before_a_failed_one_do_not_count_for_the_next_time():
    breaker = fed("e" * 10)
    breaker.barred(30_000)
    for outcome in ("ok", "ok", "ok", "ok", "error"):
        breaker.record(outcome, 30_010)
    assert breaker.barred(35_010) is None
    breaker.record("ok", 35_010)
    assert breaker.state == "HALF_OPEN"


def test_what_failed_while_it_was_open_is_not_held_against_it_once_it_is_closed():
    breaker = fed("e" * 10)
    for _ in range(10):  # cancels never ask, and answers of before come late
        breaker.record("error", 20_000)
    breaker.barred(30_000)
    for _ in range(RULE.probes):
        breaker.record("ok", 30_010)
    breaker.record("error", 30_020)
    assert breaker.state == "CLOSED"
