import pytest

from scripts.desk.drill_watch import Watch, epoch_of, level_of


def at_venue(*ids: str):
    return [{"client_order_id": one} for one in ids]


def at_gateway(*ids: str, cancel_wanted: bool = False):
    return [{"client_order_id": one, "cancel_wanted": cancel_wanted} for one in ids]


@pytest.fixture
def watch() -> Watch:
    made = Watch()
    made.begin()
    return made


def test_an_order_the_gateway_does_not_know_counts_after_ten_seconds_in_a_row(watch):
    watch.take(at_venue("hb1-b0-a.1"), [], 0)
    watch.take(at_venue("hb1-b0-a.1"), [], 9_999)
    assert watch.findings()["unknown_after_10s"] == 0
    assert not watch.is_settled
    watch.take(at_venue("hb1-b0-a.1"), [], 10_000)
    assert watch.findings()["unknown_after_10s"] == 1


def test_an_order_that_becomes_known_in_between_starts_anew(watch):
    watch.take(at_venue("hb1-b0-a.1"), [], 0)
    watch.take(at_venue("hb1-b0-a.1"), at_gateway("hb1-b0-a.1"), 6_000)
    watch.take(at_venue("hb1-b0-a.1"), [], 12_000)
    assert watch.findings()["unknown_after_10s"] == 0


def test_a_cancel_has_ten_seconds_from_the_end_of_the_fault(watch):
    rows = at_gateway("hb1-b0-a.1", cancel_wanted=True)
    watch.take(at_venue("hb1-b0-a.1"), rows, 0)
    watch.take(at_venue("hb1-b0-a.1"), rows, 40_000)
    assert watch.findings()["cancels_not_retried"] == 0, "the fault still holds"
    watch.cleared(40_000)
    watch.take(at_venue("hb1-b0-a.1"), rows, 49_999)
    assert watch.findings()["cancels_not_retried"] == 0
    watch.take(at_venue("hb1-b0-a.1"), rows, 50_000)
    assert watch.findings()["cancels_not_retried"] == 1


def test_a_cancel_that_only_the_bot_knows_of_counts_too(watch):
    watch.take(at_venue("hb1-b0-a.1"), at_gateway("hb1-b0-a.1"), 0)
    watch.cancels_asked(["hb1-b0-a.1", "hb1-s0-a.2"], 0)
    watch.cleared(0)
    watch.take(at_venue("hb1-b0-a.1"), at_gateway("hb1-b0-a.1"), 10_000)
    assert watch.findings()["cancels_not_retried"] == 1
    watch.take([], [], 11_000)
    assert watch.is_settled


def test_a_level_with_two_orders_is_named(watch):
    watch.take(at_venue("hb1-b0-a.1", "hb1-b0-a.2", "hb1-s0-a.3"), [], 0)
    assert watch.findings()["levels_twice"] == ["b0"]


def test_a_new_row_starts_without_the_findings_of_the_last(watch):
    watch.take(at_venue("hb1-b0-a.1", "hb1-b0-a.2"), [], 0)
    watch.take(at_venue("hb1-b0-a.1", "hb1-b0-a.2"), [], 20_000)
    watch.begin()
    assert watch.findings() == {"unknown_after_10s": 0, "cancels_not_retried": 0, "levels_twice": []}


def test_level_and_life_are_read_from_an_id():
    assert (level_of("hb1-b0-k3f9.17"), epoch_of("hb1-b0-k3f9.17")) == ("b0", "k3f9")
    assert level_of("web-77") == ""
