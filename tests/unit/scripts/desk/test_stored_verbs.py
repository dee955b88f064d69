"""Verbs that read what is on disk: events, explain, orders show, logs."""

import json
from decimal import Decimal

import pytest
from msgspec import structs

from scripts.desk import main
from services.common.event_files import day_path, events_dir
from services.contracts import events as e
from services.contracts.codec import encode
from tests.unit.scripts.desk.supervisor.test_ledger import event, fill, order


@pytest.fixture
def run_dir(tmp_path):
    """Two days of events: an order and its fill yesterday, a refusal and the latch it caused today."""
    refusal = event(
        e.RiskDecisionV1, scope="bot:bot1", decision="refused", reason="OPEN_ORDERS_LIMIT", limit="20", value="21",
        next_step="cancel some", event_id="why",
    )  # fmt: skip
    latch = event(
        e.LatchV1, bot_id="bot1", scope="bot:bot1", state="HALTED", reason="RUNAWAY", actor="gateway", cause_id="why",
        event_id="effect",
    )  # fmt: skip
    days = {"20260130": [order("SUBMITTING"), order("ACCEPTED"), fill("t1")], "20260131": [refusal, latch]}
    events_dir(tmp_path).mkdir(parents=True)
    for day, stored in days.items():
        day_path(events_dir(tmp_path), day).write_bytes(b"".join(encode(one) + b"\n" for one in stored))
    return tmp_path


def told(capsys, run_dir, *arguments: str, code: int = 0):
    assert main.run([*arguments, "--run-dir", str(run_dir)]) == code
    return capsys.readouterr().out


def test_tail_shows_the_newest_over_days_the_newest_last(run_dir, capsys):
    lines = told(capsys, run_dir, "events", "tail", "--count", "4").splitlines()
    assert [line.split()[1] for line in lines] == ["order.v1", "fill.v1", "risk_decision.v1", "latch.v1"]


def test_tail_filters_by_kind_and_bot(run_dir, capsys):
    found = json.loads(told(capsys, run_dir, "events", "tail", "--kind", "fill.v1", "--bot", "bot1", "--json"))
    assert [one["trade_id"] for one in found] == ["t1"]
    assert told(capsys, run_dir, "events", "tail", "--bot", "bot2") == ""


@pytest.mark.parametrize("verb", ["tail", "replay"])
def test_a_bot_that_is_none_is_not_a_bot_that_did_nothing(run_dir, capsys, verb):
    assert main.run(["events", verb, "--bot", "bot2", "--run-dir", str(run_dir)]) == 0
    assert main.run(["events", verb, "--bot", "bto1", "--run-dir", str(run_dir), "--json"]) == 2
    assert (
        "BOT_UNKNOWN: nothing is stored of --bot bto1, and no bot is called so; known: bot0" in capsys.readouterr().err
    )


def test_an_order_or_event_that_is_not_stored_is_not_found(run_dir, capsys):
    assert main.run(["orders", "show", "nobody", "--run-dir", str(run_dir)]) == 2
    assert capsys.readouterr().err.startswith("ORDER_UNKNOWN")
    assert main.run(["explain", "--event", "nothing", "--run-dir", str(run_dir)]) == 2
    assert capsys.readouterr().err.startswith("EVENT_UNKNOWN")


def test_a_line_that_cannot_be_read_does_not_hide_the_others(run_dir, capsys):
    path = day_path(events_dir(run_dir), "20260131")
    path.write_bytes(b"{broken\n[1]\n" + path.read_bytes() + b'{"half')
    assert len(told(capsys, run_dir, "events", "tail").splitlines()) == 5
    assert told(capsys, run_dir, "explain", "--event", "effect").count("because") == 1


def test_a_fill_is_explained_by_its_order_and_the_order_by_the_decision_that_placed_it(tmp_path, capsys):
    decided = event(
        e.QuoteDecisionV1, symbol="BTC-USDT", guard="RUNNING", regime="up", reasons=["EDGE_GATE_OFF"], mid_price=None,
        spread_pct=None, required_spread_pct=None, net_edge_pct=None, inventory_pct=None, skew_pct=None,
        placed=["b0 buy 1 @ 100", "b1 buy 1 @ 99"], cancelled=[],
    )  # fmt: skip
    other = event(
        e.QuoteDecisionV1, symbol="BTC-USDT", guard="RUNNING", regime="up", reasons=[], mid_price=None,
        spread_pct=None, required_spread_pct=None, net_edge_pct=None, inventory_pct=None, skew_pct=None,
        placed=["b1 buy 1 @ 99"], cancelled=[],
    )  # fmt: skip
    filled = structs.replace(fill("t9"), client_order_id="hb1-b0-x.1", event_id="the-fill")
    events_dir(tmp_path).mkdir(parents=True)
    stored = [decided, other, order("SUBMITTING"), order("ACCEPTED"), filled]
    day_path(events_dir(tmp_path), "20260130").write_bytes(b"".join(encode(one) + b"\n" for one in stored))
    out = told(capsys, tmp_path, "explain", "--event", "the-fill")
    lines = out.splitlines()
    assert lines[0].split()[1] == "fill.v1"
    assert lines[1].startswith("because ") and "state=SUBMITTING" in lines[1]
    assert lines[2].startswith("because ") and "b0 buy 1 @ 100" in lines[2]
    assert "EDGE_GATE_OFF: quotes without asking whether it pays" in out


def test_integrity_counts_what_is_stored_and_fails_on_a_gap(run_dir, capsys):
    out = told(capsys, run_dir, "events", "integrity", "--from-start", code=6)
    assert out.startswith("FAIL  events 5")
    assert "GAP_HALT" in out and "fill.v1" in out


def test_an_order_is_shown_step_by_step_by_any_of_its_ids(run_dir, capsys):
    lines = told(capsys, run_dir, "orders", "show", "7").splitlines()
    assert [line.split()[1] for line in lines] == ["order.v1", "order.v1", "fill.v1"]
    assert "state=ACCEPTED" in lines[1]


def test_explain_walks_from_effect_to_cause_and_says_what_the_reason_means(run_dir, capsys):
    out = told(capsys, run_dir, "explain", "--event", "effect")
    assert out.splitlines()[0].split()[1] == "latch.v1"
    assert out.splitlines()[1].startswith("because ") and "OPEN_ORDERS_LIMIT" in out
    assert "RUNAWAY: " in out and "next  " in out
    chain = json.loads(told(capsys, run_dir, "explain", "--event", "effect", "--json"))
    assert [one["event_id"] for one in chain] == ["effect", "why"]


@pytest.mark.parametrize(
    "line", [b"[1]", b'{"kind":"fill.v1","event_id":"a","bot_id":"bot1","ts_ms":"x"}',
             b'{"kind":"fill.v1","event_id":"a","bot_id":"bot1","ts_ms":1}', b"\xff\xfe"],
)  # fmt: skip
def test_a_line_that_is_no_event_is_left_out_and_hides_no_other(run_dir, capsys, line):
    with day_path(events_dir(run_dir), "20260131").open("ab") as file:
        file.write(line + b"\n")
    assert len(told(capsys, run_dir, "events", "tail").splitlines()) == 5
    assert json.loads(told(capsys, run_dir, "events", "replay", "--json"))["fills"] == 1
    told(capsys, run_dir, "explain", "--event", "a", code=2)


def test_amounts_stay_text_in_what_is_stored(run_dir, capsys):
    (found,) = json.loads(told(capsys, run_dir, "events", "tail", "--kind", "fill.v1", "--json"))
    assert Decimal(found["price"]) == 100


def test_logs_finds_a_bot_by_its_id_filters_by_level_and_skips_half_lines(run_dir, capsys):
    (run_dir / "logs").mkdir()
    rows = [
        {"event": "quiet", "level": "debug", "timestamp": "2026-01-30T10:00:00.000Z"},
        {"event": "bot.refused", "level": "warning", "timestamp": "2026-01-30T10:00:01.000Z", "code": "X"},
        {"event": "fine", "level": "info", "timestamp": "2026-01-30T10:00:02.000Z"},
    ]
    text = "\n".join(json.dumps(row) for row in rows) + '\n{"event": "cut sho'
    (run_dir / "logs" / "bot.bot1.log").write_text(text)
    assert [line.split()[2] for line in told(capsys, run_dir, "logs", "bot1").splitlines()] == ["bot.refused", "fine"]
    found = json.loads(told(capsys, run_dir, "logs", "bot.bot1", "--level", "warning", "--json"))
    assert [row["code"] for row in found] == ["X"]
    assert main.run(["logs", "bot1", "--level", "error", "--run-dir", str(run_dir)]) == 0
    assert capsys.readouterr().err == "no line of bot.bot1 at error or above\n", "silence could be a wrong name"
