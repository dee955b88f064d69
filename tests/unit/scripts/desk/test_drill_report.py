import json

from scripts.desk.drill_report import drill_page, keep, keep_all

ROW = {
    "row": "cancel_429", "fault_id": "F13", "injected": "one cancel answered 429", "unknown_after_10s": 0,
    "cancels_not_retried": 0, "recovered_s": 1.5, "bound_s": 30.0, "passed": True, "seen": "struck <once>",
}  # fmt: skip
CRASH = {"drill": "crash", "passed": True, "kills": 30, "by_process": {"bot.bot0": 9, "gateway": 21}}


def host(**row):
    return {"drill": "host", "passed": row.get("passed", True), "rows": [{**ROW, **row}]}


def test_each_drill_leaves_its_json_and_all_of_them_one_page(tmp_path):
    assert json.loads(keep(CRASH, tmp_path).read_text()) == CRASH
    page = keep_all([CRASH, host()], tmp_path, 0).read_text()
    assert json.loads((tmp_path / "reports" / "drills" / "all.json").read_text())["passed"]
    assert "every drill passed" in page
    assert "crash of bot.bot0, gateway: passed" in page
    assert "1.5 s of 30 s" in page
    assert "struck &lt;once&gt;" in page


def test_a_drill_in_virtual_time_does_not_take_the_place_of_one_with_processes(tmp_path):
    virtual = {**CRASH, "virtual": True}
    assert keep(virtual, tmp_path) != keep(CRASH, tmp_path)
    assert "crash of bot.bot0, gateway in virtual time: passed" in drill_page([virtual], 0)


def test_what_failed_is_named_at_the_top_and_its_row_stands_out():
    page = drill_page([CRASH, host(passed=False, recovered_s=None)], 0)
    assert "FAILED: host" in page
    assert '<tr class="bad"><td>cancel_429</td>' in page
