"""What the stored events add up to when they are played through."""

import json
from decimal import Decimal

from scripts.desk import main
from scripts.desk.executions import replay
from services.common.event_files import day_path, events_dir
from services.contracts import events as e
from services.contracts.codec import encode
from tests.unit.scripts.desk.supervisor.test_ledger import event, fill, order


def plain(stored):
    return [json.loads(encode(one)) for one in stored]


def refused_by_the_gateway(**fields):
    said = {"limit": "20", "value": "21", "next_step": "-", "symbol": "BTC-USDT", **fields}
    return event(e.RiskDecisionV1, scope="bot:bot1", decision="refused", reason="OPEN_ORDERS_LIMIT", **said)


STORY = [
    order("SUBMITTING"),
    order("ACCEPTED"),
    fill("t1"),
    fill("t2"),
    fill("t3", side="sell"),
    order("SUBMITTING", "8"),
    order("REFUSED", "8"),
    refused_by_the_gateway(client_order_id="hb1-b1-x.2"),
]


def test_orders_fills_and_rejects_are_counted_by_pair_with_what_they_moved():
    done = replay(plain(STORY))
    assert (done.events_total, done.orders, done.fills, done.rejects) == (8, 2, 3, 2)
    pair = done.by_symbol["BTC-USDT"]
    assert (pair.orders, pair.fills, pair.rejects) == (2, 3, 2)
    assert (pair.bought_base, pair.sold_base, pair.notional_quote) == (2, 1, 300)
    assert pair.fees_quote == Decimal("0.06")
    assert done.position_base == {"bot1": {"BTC-USDT": 1}}


def test_a_trade_told_twice_counts_once_and_what_is_no_execution_does_not_count():
    tightened = event(
        e.RiskDecisionV1, scope="desk", decision="tightened", reason="RUNAWAY", limit="-", value="-", next_step="-"
    )
    done = replay(plain([fill("t1"), fill("t1"), tightened, refused_by_the_gateway()]))
    assert (done.events_total, done.fills, done.rejects) == (1, 1, 0)


def test_the_totals_of_a_replay_are_those_of_the_files(tmp_path, capsys):
    events_dir(tmp_path).mkdir(parents=True)
    for day, stored in {"20260130": STORY[:4], "20260131": STORY[4:]}.items():
        day_path(events_dir(tmp_path), day).write_bytes(b"".join(encode(one) + b"\n" for one in stored))
    assert main.run(["events", "replay", "--run-dir", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    lines = [line for path in sorted(events_dir(tmp_path).glob("*.jsonl")) for line in path.read_text().splitlines()]
    assert told["events_total"] == len(lines) == 8
    assert told["fills"] == sum('"fill.v1"' in line for line in lines)
    assert told["replay_duration_ms"] >= 0
    assert main.run(["events", "replay", "--run-dir", str(tmp_path), "--bot", "bot1"]) == 0
    shown = capsys.readouterr().out
    assert "orders 2, fills 3, rejects 2" in shown
    assert "bot1       1 BTC-USDT" in shown
