import io
import json
from decimal import Decimal

import pytest
from rich.console import Console

from scripts.desk import output
from scripts.desk.supervisor.ledger import RunLedger
from scripts.desk.supervisor.summary import Death, Integrity, build_summary, problems, render_summary
from services.contracts import events as e
from tests.unit.scripts.desk.supervisor.test_ledger import START_MS, account, event, fill, markout, order

GOOD = Integrity("PASS", 12, 0, 0, {"fill.v1": 2, "order.v1": 10})


def summary(integrity: Integrity = GOOD, open_orders: int | None = 0, deaths: tuple[Death, ...] = ()):
    ledger = RunLedger(("bot1",), START_MS)
    latch = event(e.LatchV1, scope="bot:bot1", state="REDUCING", reason="REPEATED_EXECUTION: 31", actor="gateway")
    for one in (
        latch,
        account("100000"), order("ACCEPTED", ts_ms=START_MS + 8_000), fill("t1"), fill("t2", "sell"),
        markout("t1", 5, "1.23456789"), account("99999.5", "0.0066"),
    ):  # fmt: skip
        ledger.apply(one)
    return build_summary(
        mode="sim", ledger=ledger, integrity=integrity, open_orders=open_orders, deaths=deaths,
        ran_s=Decimal("61.2"), page_url=None,
    )  # fmt: skip


def test_the_json_has_the_promised_keys_and_numbers(capsys):
    output.print_json(summary())
    told = json.loads(capsys.readouterr().out, parse_float=Decimal)
    assert {"mode", "bots", "venue", "events", "integrity"} <= set(told)
    bot = told["bots"][0]
    assert {
        "id", "first_order_s", "orders", "fills", "position", "pnl_quote", "edge_modelled_bps", "edge_realised_bps",
    } <= set(bot)  # fmt: skip
    assert bot["first_order_s"] == 8 and bot["orders"] == 1 and bot["fills"] == 2
    assert bot["position"] == Decimal("0.0066") and bot["pnl_quote"] == Decimal("-0.5")
    assert bot["edge_realised_bps"] == Decimal("1.2346")
    assert told["venue"] == {"open_orders": 0}
    assert told["events"] == {"count": 12, "gaps": 0, "duplicates": 0, "by_kind": {"fill.v1": 2, "order.v1": 10}}
    assert told["integrity"]["status"] == "PASS"


def test_all_well_has_no_problems():
    assert problems(summary()) == []


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (summary(GOOD._replace(status="FAIL", problems=("GAP_HALT: missing=1",))), "INTEGRITY_FAILED: GAP_HALT"),
        (summary(open_orders=3), "ORDERS_LEFT: 3"),
        (summary(open_orders=None), "VENUE_NOT_READ"),
    ],
)
def test_what_is_wrong_is_a_problem_with_a_code(told, code):
    assert any(problem.startswith(code) for problem in problems(told))


def test_the_closing_table_says_what_died_and_what_is_left():
    console = Console(width=140, file=io.StringIO(), record=True)
    console.print(render_summary(summary(open_orders=3, deaths=(Death(1, "gateway", 5, "killed by SIGKILL"),))))
    text = console.export_text()
    assert "gateway: killed by SIGKILL" in text
    assert "open orders after stop: 3" in text
    assert "latched     bot:bot1 REDUCING by gateway: REPEATED_EXECUTION: 31" in text
    assert "PASS" in text and "fill.v1 2" in text and "+1.23 bps (5 s)" in text
