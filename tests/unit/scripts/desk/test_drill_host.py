import re

import pytest

from scripts.desk.drill_acts import refusal_gaps
from scripts.desk.drill_host import chosen, judge, played, result_of
from scripts.desk.drill_rows import QUICK, ROWS
from scripts.desk.drill_watch import Watch
from services.common.errors import ConfigError

CLEAN = {"unknown_after_10s": 0, "cancels_not_retried": 0, "levels_twice": []}


def result(findings=CLEAN, recovered_s=1.5, problems=()):
    return result_of(ROWS[0], dict(findings), recovered_s, list(problems), ["struck once"])


def test_a_row_without_findings_passes_and_says_what_was_seen():
    row = result()
    assert row["passed"]
    assert (row["row"], row["recovered_s"], row["seen"]) == (ROWS[0].name, 1.5, "struck once")


@pytest.mark.parametrize(
    "bad",
    [
        {"findings": {**CLEAN, "unknown_after_10s": 1}},
        {"findings": {**CLEAN, "cancels_not_retried": 1}},
        {"findings": {**CLEAN, "levels_twice": ["b0"]}},
        {"problems": ["not quoting 30 s after the fault"], "recovered_s": None},
    ],
)
def test_every_finding_fails_its_row_and_the_report(bad):
    row = result(**bad)
    assert not row["passed"]
    report = judge([result(), row], 0, 0, 60)
    assert not report["passed"]
    assert (report["rows_passed"], report["rows_failed"]) == (1, [ROWS[0].name])
    assert report["rows_not_run"] == [row.name for row in ROWS[1:]]


def test_the_report_adds_up():
    report = judge([result(), result(recovered_s=4.0)], 0, 0, 60)
    assert report["passed"]
    assert (report["recovered_s_max"], report["unknown_after_10s"]) == (4.0, 0)


@pytest.mark.parametrize(("rows", "open_orders"), [([], 0), ([result()], 2), ([result()], None)])
def test_nothing_done_something_left_or_nothing_said_is_not_a_pass(rows, open_orders):
    assert not judge(rows, open_orders, 0, 60)["passed"]


def test_rows_are_chosen_by_name_and_an_unknown_name_teaches():
    assert chosen("") == ROWS
    assert [row.name for row in chosen("bot_killed, cancel_429")] == ["cancel_429", "bot_killed"]
    with pytest.raises(ConfigError, match="ROW_UNKNOWN"):
        chosen("bot_killed,earthquake")


def test_row_names_are_given_once_and_the_quick_ones_exist():
    names = [row.name for row in ROWS]
    assert len(names) == len(set(names))
    assert set(QUICK) <= set(names)


def refusal(client_order_id: str, ts_ms: int, **fields):
    return {"client_order_id": client_order_id, "ts_ms": ts_ms, **(fields or {"state": "REFUSED"})}


def test_the_shortest_gap_between_refusals_of_a_level_is_found():
    events = [
        refusal("hb1-b0-a.1", 0),
        refusal("hb1-b0-a.1", 5, decision="refused"),  # the same refusal, told on two streams
        refusal("hb1-s0-a.2", 1_000),
        refusal("hb1-b0-a.3", 10_000),
        refusal("hb1-b0-a.4", 18_000),
        refusal("hb1-b0-a.5", 18_500, state="ACCEPTED"),
    ]
    assert refusal_gaps(events) == {"b0": 8_000}


async def test_a_row_that_breaks_has_failed_and_leaves_no_fault_behind_for_the_next():
    class BreakingScene:
        watch, problems, notes = Watch(), [], ["struck: rate_limited 1"]
        faults_taken_back = False

        async def begin(self) -> None: ...

        async def until(self, *_) -> bool:
            raise KeyError("scopes")

        def rests_something(self) -> None: ...

        async def no_faults(self) -> None:
            self.faults_taken_back = True

    scene = BreakingScene()
    row = await played(scene, ROWS[0])
    assert not row["passed"] and scene.faults_taken_back
    assert re.fullmatch(
        r"the row broke: KeyError: 'scopes' at test_drill_host.py:\d+; struck: rate_limited 1", row["seen"]
    )
