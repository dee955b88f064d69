"""F40: the wall clock is set, or the machine sleeps while its monotonic clock stands still."""

import pytest

from services.common import venue
from services.gateway import messages as m
from tests.fakes import gateway_desk
from tests.fakes.gateway_desk import Desk, Fault


def step(desk: Desk, by_ms: int, monkeypatch) -> None:
    """From now on wall time is another; the venue's goes on."""
    was = gateway_desk.START_WALL_MS
    desk.venue.now_ms = lambda: was + desk.mono_ms
    monkeypatch.setattr(gateway_desk, "START_WALL_MS", was + by_ms)


@pytest.mark.parametrize("by_ms", [3_600_000, -3_600_000])
def test_f40_no_new_risk_from_the_moment_the_clock_steps(desk, monkeypatch, by_ms):
    assert desk.placed()
    step(desk, by_ms, monkeypatch)
    assert desk.refusal(level="b1").code in ("CLOCK_SKEW", "STALE_MARKET")
    desk.run(30_000)
    assert desk.refusal(level="b1").code in ("CLOCK_SKEW", "STALE_MARKET"), "and it is an hour from the venue's"


def test_a_comparison_that_was_under_way_when_the_clock_stepped_proves_nothing(desk, monkeypatch):
    desk.fault = lambda r: Fault(delay_ms=200) if isinstance(r, venue.GetTime) else Fault()
    while not [r for r in desk.venue.asked[-3:] if isinstance(r, venue.GetTime)]:
        desk.run(50)
    step(desk, -2_000, monkeypatch)
    desk.fault = lambda r: Fault("lose_request") if isinstance(r, venue.GetTime) else Fault()
    desk.feed(m.Tick())
    desk.run(400)
    assert desk.refusal(level="b1").code == "CLOCK_SKEW"


def test_after_a_sleep_the_book_of_before_is_not_taken_for_fresh(desk, monkeypatch):
    """An hour in which monotonic time stood still: clocks agree again at once, and the book is an hour old."""
    desk.is_hearing_market = False
    step(desk, 3_600_000, monkeypatch)
    desk.venue.now_ms = lambda: desk.wall_ms
    desk.feed(m.Tick())
    desk.run(200)
    assert desk.gateway.state.clock_skew_ms == 0
    assert desk.refusal().code == "STALE_MARKET"
    desk.is_hearing_market = True
    desk.run(1_000)
    assert desk.placed()


def test_a_clock_that_is_set_back_does_not_make_an_override_last_longer(desk, monkeypatch):
    desk.feed(m.Override("ov-1", "bot1", "order_value_quote_max", desk.wall_ms + 60_000, ("anna", "ben")))
    desk.run(55_000)
    step(desk, -40_000, monkeypatch)
    desk.venue.now_ms = lambda: desk.wall_ms  # the venue's too, so that nothing else keeps the order out in the end
    desk.run(43_500)
    assert desk.refusal(qty="0.05").code == "ORDER_VALUE_LIMIT"
