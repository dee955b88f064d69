from services.gateway.stage_times import STAGES, StageTimes


class Desk:
    """Stage times by a clock that stands still while nobody moves it."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.times = StageTimes(lambda: self.now_ns)

    def order(self, number: int, venue_ns: int = 1_000_000) -> None:
        key = ("bot1", f"hb1-b0-a.{number}")
        self.times.begin(key)
        self.times.add(key, "judge", 100_000)
        self.times.add(key, "journal", 200_000)
        self.now_ns += 400_000
        self.times.asked(key)
        self.now_ns += venue_ns
        self.times.end(key)


def test_an_order_that_went_all_the_way_is_told_by_stage():
    desk = Desk()
    for number in range(10):
        desk.order(number)
    summary = desk.times.summary()
    assert tuple(summary) == STAGES
    assert {stage: figures["p50_ms"] for stage, figures in summary.items()} == {
        "judge": 0.1,
        "journal": 0.2,
        "venue": 1.0,
        "inside": 1.4,
    }
    assert all(figures["n"] == 10 for figures in summary.values())


def test_what_the_slowest_hundredth_waited_for_is_told():
    desk = Desk()
    for number in range(99):
        desk.order(number)
    desk.order(99, venue_ns=9_000_000)
    summary = desk.times.summary()
    assert summary["venue"]["of_slowest_ms"] == 9.0 and summary["journal"]["of_slowest_ms"] == 0.2


def test_only_the_last_orders_asked_for_are_told():
    desk = Desk()
    desk.order(1, venue_ns=9_000_000)
    desk.order(2)
    assert desk.times.summary(last=1)["venue"]["max_ms"] == 1.0
    assert desk.times.summary(last=2)["venue"]["max_ms"] == 9.0


def test_an_order_that_was_refused_or_has_no_id_is_not_counted():
    times = StageTimes()
    times.begin(("bot1", "refused"))
    times.add(("bot1", "refused"), "judge", 1)
    times.end(("bot1", "refused"))
    times.begin(("bot1", ""))
    times.asked(("bot1", ""))
    times.end(("bot1", ""))
    assert times.summary() == {}


def test_a_stage_that_comes_after_the_answer_is_nobodys():
    desk = Desk()
    desk.order(1)
    desk.times.add(("bot1", "hb1-b0-a.1"), "journal", 5_000_000)
    assert desk.times.summary()["journal"]["max_ms"] == 0.2
