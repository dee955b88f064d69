"""The shape of what `desk bench gateway` reports. Times are for the bench itself; here is none asserted."""

from decimal import Decimal

import pytest

from scripts.desk.bench_gateway import floor_of, print_table, report_of
from scripts.desk.bench_gateway_side import Sample, Side, quantiles_ms
from scripts.desk.disk_probe import DiskProbe
from services.common import venue
from services.common.secrets import KeyTriple

KEY = KeyTriple(api_key="k", secret="s", passphrase="p")


class Wire:
    """Answers every submit with the next of ``answers``, the last for ever; remembers what was cancelled."""

    def __init__(self, *answers: venue.Answer | venue.Unknown) -> None:
        self.answers = list(answers)
        self.cancelled: list[str | None] = []

    async def ask(self, request: venue.Request, credentials: object) -> venue.Answer | venue.Unknown:
        if isinstance(request, venue.CancelOrder):
            self.cancelled.append(request.venue_order_id)
            return venue.Cancelled(done=())
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def side(name: str, *answers: venue.Answer | venue.Unknown) -> Side:
    made = Side(name, "http://127.0.0.1:1", KEY)
    made.client = Wire(*answers)  # type: ignore[assignment]
    return made


def placed(number: int = 1) -> venue.Placed:
    return venue.Placed(symbol="BTC-USDT", client_order_id="c", venue_order_id=str(number))


def measured(name: str, *latencies_ms: int) -> Side:
    made = side(name, placed())
    made.samples = [Sample(latency * 1_000_000, "placed") for latency in latencies_ms]
    return made


def told(**counters: int) -> dict[str, object]:
    figures = {"judge": 1.0, "journal": 2.0, "venue": 3.0, "inside": 7.0}
    stages = {
        stage: {"n": 2, "p50_ms": value, "p99_ms": value, "max_ms": value, "of_slowest_ms": value}
        for stage, value in figures.items()
    }
    return {"stages": stages, "counters": counters}


def test_the_report_has_both_ways_their_difference_and_what_was_lost_or_refused():
    report = report_of(50, 20, measured("direct", 1, 2), measured("gateway", 8, 9), told())
    assert report["direct"] == {"orders": 2, "p50_ms": 2.0, "p99_ms": 2.0, "max_ms": 2.0}
    assert report["gateway"]["p99_ms"] == 9.0
    assert (report["added_p50_ms"], report["added_p99_ms"]) == (7.0, 7.0)
    assert (report["lost"], report["refused"], report["refusals"]) == (0, 0, {})


def test_what_no_stage_explains_is_told_too():
    stages = report_of(50, 20, measured("direct", 1), measured("gateway", 9), told())["gateway"]["stages"]
    assert tuple(stages) == ("judge", "journal", "venue", "inside", "loop", "http")
    assert stages["loop"]["p50_ms"] == 1.0
    assert stages["http"]["p50_ms"] == 2.0


def test_provisional_answers_and_quarantines_are_told():
    report = report_of(500, 5, measured("direct", 1), measured("gateway", 2), told(provisional_answers=3))
    assert (report["gateway"]["provisional_answers"], report["gateway"]["quarantines"]) == (3, 0)


def test_a_way_on_which_nothing_was_placed_has_no_figures_and_makes_no_difference():
    report = report_of(50, 1, measured("direct", 1), measured("gateway"), {"stages": {}, "counters": {}})
    assert report["gateway"]["p50_ms"] is None and report["added_p99_ms"] is None


def test_a_person_gets_a_table_of_the_same(capsys):
    report = report_of(50, 20, measured("direct", 1), measured("gateway", 9), told())
    print_table(
        {**report, **floor_of([900_000], [200_000]), "cpu_ms_per_order": {}, "cpu_at_rest_pct": {}, "load_average": 1.0}
    )
    text = capsys.readouterr().out
    assert all(
        name in text
        for name in ("direct", "gateway", "added", "judge", "journal", "http", "bare", "disk", "floor", "lost")
    )


async def test_a_second_of_orders_is_sent_and_each_placed_one_is_cancelled():
    one = side("direct", placed(1), placed(2), placed(3))
    await one.slice(3, Decimal(60_000))
    assert (one.count("placed"), one.count("lost"), one.count("refused")) == (3, 0, 0)
    assert sorted(one.client.cancelled) == ["1", "2", "3"]  # type: ignore[attr-defined]


async def test_an_unknown_outcome_is_lost_and_a_refusal_is_counted_by_its_code():
    one = side("gateway", venue.Unknown(detail="timed out"), venue.Refused(code="QUARANTINED", text="…"))
    await one.slice(2, Decimal(60_000))
    assert (one.count("lost"), one.count("refused"), one.refusals) == (1, 1, {"QUARANTINED": 1})
    one.forget()
    assert (one.samples, one.refusals) == ([], {})


def test_the_floor_is_one_exchange_and_one_sync():
    floor = floor_of([1_000_000, 3_000_000], [200_000, 500_000])
    assert (floor["floor_p50_ms"], floor["floor_p99_ms"]) == (3.5, 3.5)
    assert (floor["bare"]["exchanges"], floor["disk"]["fdatasync_max_ms"]) == (2, 0.5)


async def test_the_disk_is_asked_as_often_as_wanted_and_leaves_nothing_behind(tmp_path):
    with DiskProbe(tmp_path) as disk:
        await disk.slice(5)
        assert len(disk.samples_ns) == 5
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("durations", [[], [5_000_000]])
def test_quantiles_of_little_are_what_there_is(durations):
    assert quantiles_ms(durations)["p99_ms"] == (5.0 if durations else None)
