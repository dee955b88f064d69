from services.gateway.limits.windows import SlidingCount


def test_a_window_that_nobody_reads_keeps_no_more_than_its_time():
    """Orders of a bot that publishes no decisions are counted for days, and looked at never."""
    window = SlidingCount(60_000)
    for second in range(10_000):
        window.add(second * 1_000)
    assert len(window._times) <= 60
    assert window.count(10_000_000) == 59
