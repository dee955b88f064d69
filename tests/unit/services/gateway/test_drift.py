"""How far mid has run within a window."""

from decimal import Decimal
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.drift import KEPT_MS, SAMPLE_MS, MidHistory

D = Decimal
MINUTE_MS = 60_000


def history(*samples: tuple[int, int]) -> MidHistory:
    mids = MidHistory()
    for ts_ms, mid in samples:
        mids.add(ts_ms, D(mid))
    return mids


def test_without_a_mid_nothing_is_known():
    assert MidHistory().drift_bps(MINUTE_MS) is None


def test_it_is_the_distance_from_the_farthest_mid_of_the_window():
    assert history((0, 100), (1_000, 103), (2_000, 101)).drift_bps(MINUTE_MS) == (1 - D(101) / 103) * 10_000
    assert history((0, 100), (1_000, 99), (2_000, 101)).drift_bps(MINUTE_MS) == (D(101) / 99 - 1) * 10_000


def test_what_has_left_the_window_counts_no_more():
    mids = history((0, 50), (MINUTE_MS, 100))
    assert mids.drift_bps(MINUTE_MS) == 10_000
    mids.add(MINUTE_MS + 1_000, D(100))
    assert mids.drift_bps(MINUTE_MS) == 0


def test_a_run_between_two_samples_shows_at_once():
    mids = history((0, 100), (SAMPLE_MS - 1, 110))
    assert mids.drift_bps(MINUTE_MS) == 1_000


def test_another_window_may_be_asked_for():
    mids = history((0, 50), (MINUTE_MS, 100), (MINUTE_MS + 1_000, 100))
    assert mids.drift_bps(MINUTE_MS) == 0
    assert mids.drift_bps(2 * MINUTE_MS) == 10_000
    assert mids.drift_bps(MINUTE_MS) == 0


@given(
    steps=st.lists(st.tuples(st.integers(0, 5_000), st.integers(90, 110)), min_size=1, max_size=200),
    window_ms=st.integers(0, 2 * KEPT_MS),
)
def test_it_equals_a_look_at_every_sample(steps, window_ms):
    times = accumulate(gap_ms for gap_ms, _ in steps)
    mids, kept = MidHistory(), []
    for ts_ms, (_, mid) in zip(times, steps, strict=True):
        mids.add(ts_ms, D(mid))
        if not kept or ts_ms - kept[-1][0] >= SAMPLE_MS:
            kept.append((ts_ms, mid))
        seen = [m for t, m in kept if t >= kept[-1][0] - min(window_ms, KEPT_MS)] + [mid]
        expected = max(D(mid) / min(seen) - 1, 1 - D(mid) / max(seen)) * 10_000
        assert mids.drift_bps(window_ms) == expected
