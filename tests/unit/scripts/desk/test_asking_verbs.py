"""Verbs that ask a running desk, against processes that only answer."""

import json
import tempfile
from pathlib import Path

import msgspec
import pytest
import redis

from scripts.desk import intent, kill
from scripts.desk.status import newest_statuses
from scripts.desk.supervisor import leftovers
from services.common.addresses import Addresses, DeskProcess, ProcessAddress, write_addresses
from services.common.embedded import RedisServer
from services.contracts import events as e
from services.contracts.codec import encode
from services.contracts.streams import BY_KIND
from services.gateway.latch_file import LatchFile
from tests.fakes.answering_desk import run
from tests.unit.scripts.desk.supervisor.test_ledger import event

NO_NUMBERS = ("mid_price", "equity_quote", "position_base", "modelled_edge_bps", "realised_edge_bps", "first_order_s")
STATUS = {
    "symbol": "BTC-USDT", "reasons": [], "regime": "", "open_orders": 0, "submits": 0, "cancels": 0, "fills": 0,
    "refusals": 0, "tick_ms": None, **dict.fromkeys(NO_NUMBERS),
}  # fmt: skip


KILLED = {
    "scope": "bot:bot1", "phase": "ZERO", "reason": "MANUAL", "actor": "anna", "cause_id": "",
    "asked_ts_ms": 1_795_190_048_653, "zero_ts_ms": 1_795_190_048_975,
}  # fmt: skip


async def test_status_asks_every_process_and_counts_what_rests(desk, capsys):
    run_dir, _ = desk
    assert await run("status", "--run-dir", str(run_dir), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert {process["name"] for process in told["processes"]} == {"gateway", "venue_sim", "kill_switch"}
    assert all(process["ready"] for process in told["processes"])
    assert told["venue"] == {"open_orders": 1}
    assert await run("status", "--run-dir", str(run_dir)) == 0
    assert "open orders at the venue: 1" in capsys.readouterr().out


async def test_status_shows_what_each_bot_has_and_what_keeps_it_from_quoting(desk, capsys):
    run_dir, answers = desk
    answers.kills = {"desk": {"scope": "desk", "phase": "ZERO", "actor": "anna", "reason": "MANUAL"}}
    assert await run("status", "--run-dir", str(run_dir)) == 0
    out = capsys.readouterr().out
    (row,) = [line for line in out.splitlines() if "bot1" in line and "HALTED" in line and "latched" not in line]
    for part in ("unknown", "3", "-0.0081 BTC-USDT", "99,990.50", "never STALE"):
        assert part in row
    back = f"desk latch set --scope bot:bot1 --state ACTIVE --reason MANUAL --actor <you> --yes --run-dir {run_dir}"
    assert f"latched   bot:bot1 HALTED by anna: MANUAL; back with {back}" in out
    assert "killed    desk by anna: MANUAL, ZERO" in out


async def test_the_guard_is_the_newest_word_of_each_bot_on_the_bus(tmp_path):
    statuses = [
        event(e.BotStatusV1, **STATUS, guard=guard, bot_id=bot, event_id=f"{bot}{guard}")
        for bot, guard in (("bot1", "RUNNING"), ("bot2", "HARD_STOP"), ("bot1", "SOFT_PAUSE"))
    ]
    with tempfile.TemporaryDirectory(prefix="hb") as directory:
        server = RedisServer(Path(directory))
        client = redis.Redis.from_url(server.start())
        for one in statuses:
            client.xadd(BY_KIND[e.BotStatusV1].name, {"e": encode(one)})
        client.close()
        found = await newest_statuses(server.url)
        server.stop()
    assert {bot: status.guard for bot, status in found.items()} == {"bot1": "SOFT_PAUSE", "bot2": "HARD_STOP"}
    assert await newest_statuses(server.url) == {}, "a bus that is gone leaves the guard unknown"


async def test_a_wrong_run_directory_is_told_where_desks_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(leftovers, "run_dirs_of_desks", lambda: {Path("/somewhere/else")})
    wrong = tmp_path / "typo"
    for verb in (("status",), ("down",), ("kill", "now", "--yes"), ("orders", "list")):
        assert await run(*verb, "--run-dir", str(wrong)) == 3
        err = capsys.readouterr().err
        assert f"no desk runs in {wrong}, which does not exist; desks run in /somewhere/else" in err
        assert err.endswith(f"next  desk up --run-dir {wrong}\n")


async def test_a_pause_that_did_not_reach_the_bus_is_not_called_sent(desk, monkeypatch, capsys):
    run_dir, _ = desk
    real = intent.running_desk
    monkeypatch.setattr(intent, "ON_THE_BUS_WITHIN_MS", 200)
    monkeypatch.setattr(
        intent, "running_desk", lambda where: msgspec.structs.replace(real(where), redis_url="unix:///nowhere.sock")
    )
    assert await run("pause", "--bot", "bot1", "--run-dir", str(run_dir)) == 3
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("BUS_UNREACHABLE: soft_pause of bot1 did not reach")
    assert "desk kill now --scope bot:bot1 --yes" in told.err


async def test_an_address_file_that_cannot_be_read_hinders_nobody_from_stopping(desk, capsys):
    run_dir, answers = desk
    (run_dir / "gateway").mkdir()
    (run_dir / "addresses.json").write_text("{bad")
    assert await run("status", "--run-dir", str(run_dir)) == 3
    told = capsys.readouterr().err
    assert told.startswith("ADDRESSES_UNREADABLE: ") and f"next  desk down --run-dir {run_dir}" in told
    asked = (
        "latch",
        "set",
        "--scope",
        "bot:bot1",
        "--state",
        "HALTED",
        "--reason",
        "MANUAL",
        "--actor",
        "anna",
        "--yes",
    )
    assert await run(*asked, "--run-dir", str(run_dir)) == 0
    assert LatchFile(run_dir / "gateway" / "latch.json").read()["bot:bot1"].state == "HALTED"
    assert await run("kill", "now", "--yes", "--run-dir", str(run_dir)) == 3 and answers.asked == []


async def test_an_act_that_needs_another_person_ends_with_the_code_for_it(desk, capsys):
    run_dir, _ = desk
    alone = (
        "override",
        "--bot",
        "bot1",
        "--limit",
        "order_value_quote_max",
        "--reason",
        "alone",
        "--approver",
        "anna",
        "--approver",
        "ben",
    )
    assert await run(*alone, "--yes", "--run-dir", str(run_dir)) == 7
    assert "APPROVAL_MISSING" in capsys.readouterr().err


async def test_a_refusal_of_the_gateway_keeps_its_code_and_next_step(desk, capsys):
    run_dir, _ = desk
    asked = ("latch", "set", "--scope", "desk", "--state", "HALTED", "--reason", "wrong", "--actor", "anna", "--yes")
    assert await run(*asked, "--run-dir", str(run_dir)) == 1
    assert capsys.readouterr().err == "BAD_REQUEST: reason=wrong\nnext  a known reason\n"
    assert await run(*(w if w != "HALTED" else "HALT" for w in asked), "--run-dir", str(run_dir)) == 4


async def test_kill_is_a_dry_run_until_it_is_meant_and_then_waits_until_zero_is_proved(desk, capsys):
    run_dir, answers = desk
    assert await run("kill", "now", "--run-dir", str(run_dir)) == 0
    assert "dry run" in capsys.readouterr().out and answers.asked == []
    answers.kills = {"bot:bot1": KILLED}
    assert await run("kill", "now", "--scope", "bot:bot1", "--yes", "--run-dir", str(run_dir)) == 0
    assert answers.asked == [("/kill", {"scope": "bot:bot1", "reason": "MANUAL", "actor": "desk_cli"})]
    out = capsys.readouterr().out
    assert "KILLED  bot:bot1: no order rests at the venue, proved after 0.3 s" in out
    assert "asked by anna at 2026-11-20 15:54:08 UTC: MANUAL" in out
    back = f"desk latch set --scope bot:bot1 --state ACTIVE --reason MANUAL --actor <you> --yes --run-dir {run_dir}"
    assert f"back with {back}" in out
    assert await run("kill", "status", "--run-dir", str(run_dir)) == 0
    assert capsys.readouterr().out == out


async def test_a_kill_that_is_not_at_zero_yet_says_so_with_the_exit_code_of_a_timeout(desk, monkeypatch, capsys):
    run_dir, answers = desk
    monkeypatch.setattr(kill, "WAIT_S", 0.2)
    answers.kills = {"desk": {**KILLED, "scope": "desk", "phase": "KILLING", "zero_ts_ms": None}}
    assert await run("kill", "now", "--yes", "--run-dir", str(run_dir)) == 5
    assert "KILLED  desk: NOT YET ZERO" in capsys.readouterr().out


async def test_a_kill_switch_that_does_not_answer_names_the_other_ways_to_stop(desk, capsys):
    run_dir, _ = desk
    write_addresses(
        run_dir,
        Addresses(
            desk=DeskProcess(pid=1, started_ms=1, bots=("bot1",)),
            processes={"kill_switch": ProcessAddress(pid=1, port=1, url="http://127.0.0.1:1", state="dead")},
        ),
    )
    assert await run("kill", "now", "--yes", "--run-dir", str(run_dir)) == 3
    err = capsys.readouterr().err
    assert err.startswith("NO_ANSWER: the kill switch does not answer")
    assert "desk latch set --scope desk --state HALTED" in err and f"or desk down --run-dir {run_dir}" in err


@pytest.mark.parametrize("scope", ["bot:bto1", "rubbish", "bot1", "venue:bitgte"])
async def test_a_mistyped_scope_stops_nothing_and_is_refused_with_those_there_are(desk, capsys, scope):
    run_dir, answers = desk
    by = ("--reason", "MANUAL", "--actor", "anna", "--yes", "--run-dir", str(run_dir))
    for verb in (("kill", "now"), ("latch", "set", "--state", "HALTED")):
        assert await run(*verb, "--scope", scope, *by) == 2
        assert f"SCOPE_UNKNOWN: --scope {scope} is none of this desk; known: desk, venue:bitget, bot:bot1" in (
            capsys.readouterr().err
        )
    assert answers.asked == []


async def test_orders_list_shows_what_the_journal_has(desk, capsys):
    run_dir, _ = desk
    assert await run("orders", "list", "--run-dir", str(run_dir)) == 0
    assert "hb1-b0-x.1" in capsys.readouterr().out


async def test_pause_puts_one_expiring_intent_on_the_bus(desk, monkeypatch, capsys):
    run_dir, _ = desk
    assert await run("pause", "--bot", "bot9", "--run-dir", str(run_dir)) == 2
    server = RedisServer(run_dir)
    real = intent.running_desk

    def with_redis(where):
        import msgspec

        return msgspec.structs.replace(real(where), redis_url=server.start())

    monkeypatch.setattr(intent, "running_desk", with_redis)
    capsys.readouterr()
    try:
        assert await run("pause", "--bot", "bot1", "--reason", "news", "--run-dir", str(run_dir), "--json") == 0
        told = json.loads(capsys.readouterr().out)
        import redis

        client = redis.Redis.from_url(server.url)
        ((_, fields),) = client.xrange("hb.intent.v1")
        event = json.loads(fields[b"e"])
        client.close()
    finally:
        server.stop()
    assert event["event_id"] == told["intent_id"] and event["action"] == "soft_pause" and event["reason"] == "news"
    assert event["expires_at_ms"] - event["ts_ms"] in range(59_000, 61_001)
