"""Verbs that ask a running desk, against processes that only answer."""

import json
import tempfile
from pathlib import Path

import msgspec
import pytest
import redis
from aiohttp import web
from aiohttp.test_utils import TestServer

from scripts.desk import intent, kill, main, override
from scripts.desk.status import newest_statuses
from scripts.desk.supervisor import leftovers
from scripts.desk.supervisor.lock import take_lock
from services.common.addresses import Addresses, DeskProcess, ProcessAddress, write_addresses
from services.common.embedded import RedisServer
from services.common.secrets import read_admin_token
from services.contracts import events as e
from services.contracts.codec import encode
from services.contracts.streams import BY_KIND
from services.gateway.admin import OVERRIDE_TTL_S_MAX
from services.gateway.latch_file import LatchFile
from tests.unit.scripts.desk.supervisor.test_ledger import event

ADMIN = "X-Hbot-Admin"
NO_NUMBERS = ("mid_price", "equity_quote", "position_base", "modelled_edge_bps", "realised_edge_bps", "first_order_s")
STATUS = {
    "symbol": "BTC-USDT", "reasons": [], "regime": "", "open_orders": 0, "submits": 0, "cancels": 0, "fills": 0,
    "refusals": 0, "tick_ms": None, **dict.fromkeys(NO_NUMBERS),
}  # fmt: skip


KILLED = {
    "scope": "bot:bot1", "phase": "ZERO", "reason": "MANUAL", "actor": "anna", "cause_id": "",
    "asked_ts_ms": 1_795_190_048_653, "zero_ts_ms": 1_795_190_048_975,
}  # fmt: skip


class Answers:
    """What gateway, venue and kill switch answer; what they were asked is kept."""

    def __init__(self, token: str) -> None:
        self.asked: list[tuple[str, dict]] = []
        self.token = token
        self.kills: dict[str, dict] = {}
        self.told: dict = {}  # more of the answer to what is done
        self.latch = {
            "readable": True,
            "scopes": {"bot:bot1": {"state": "HALTED", "actor": "anna", "reason": "MANUAL"}},
        }

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.answer)
        return app

    async def answer(self, request: web.Request) -> web.Response:
        if request.path != "/readyz" and request.headers.get(ADMIN) != self.token:
            return web.json_response(
                {"error": "AUTH_FAILED", "text": "AUTH_FAILED: no", "next": "desk doctor"}, status=403
            )
        if request.method == "POST":
            body = await request.json()
            self.asked.append((request.path, body))
            if body.get("reason") == "wrong":
                told = {"error": "BAD_REQUEST", "text": "BAD_REQUEST: reason=wrong", "next": "a known reason"}
                return web.json_response(told, status=400)
            if body.get("reason") == "alone":
                told = {"error": "APPROVAL_MISSING", "text": "APPROVAL_MISSING: one", "next": "two persons"}
                return web.json_response(told, status=403)
            return web.json_response({"done": True, **self.told})
        return web.json_response(
            {
                "/desk/latch": self.latch,
                "/desk/orders": [
                    {"bot_id": "bot1", "client_order_id": "hb1-b0-x.1", "side": "buy", "qty_base": "0.1",
                     "price": "100", "filled_base": "0", "state": "ACCEPTED"}
                ],
                "/desk/status": {
                    "state": "running",
                    "latch": self.latch,
                    "door": {"bot1": {"open": True, "detail": ""}},
                    "bots": {"bot1": {"latch": "HALTED", "open_orders": 3, "equity_quote": "99990.5",
                                      "positions_base": {"BTC-USDT": "-0.0081"}}},
                },
                "/sim/status": {"open_orders": 1},
                "/kill": {"kills": self.kills, "dry_run": False},
            }.get(request.path, {"state": "ready"})
        )  # fmt: skip


@pytest.fixture
async def desk(tmp_path):
    """A run directory that looks like that of a running desk. Yields (directory, answers)."""
    answers = Answers(read_admin_token(tmp_path))
    server = TestServer(answers.app())
    await server.start_server()
    url = f"http://127.0.0.1:{server.port}"
    one = ProcessAddress(pid=1, port=server.port or 0, url=url, state="ready")
    write_addresses(
        tmp_path,
        Addresses(
            desk=DeskProcess(pid=1, started_ms=1, bots=("bot1",)),
            processes=dict.fromkeys(("gateway", "venue_sim", "kill_switch"), one),
        ),
    )
    with take_lock(tmp_path / "desk.lock"):
        yield tmp_path, answers
    await server.close()


async def run(*arguments: str) -> int:
    """In a thread: the verbs bring an event loop of their own."""
    import asyncio

    return await asyncio.to_thread(main.run, list(arguments))


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


async def test_latch_show_names_scope_state_and_who(desk, capsys):
    run_dir, _ = desk
    assert await run("latch", "show", "--run-dir", str(run_dir)) == 0
    assert capsys.readouterr().out.split() == ["HALTED", "bot:bot1", "by", "anna:", "MANUAL"]


async def test_latch_set_is_a_dry_run_until_it_is_meant(desk, capsys):
    run_dir, answers = desk
    asked = ("latch", "set", "--scope", "bot:bot1", "--state", "ACTIVE", "--reason", "MANUAL", "--actor", "anna")
    assert await run(*asked, "--run-dir", str(run_dir)) == 0
    assert "dry run" in capsys.readouterr().out and answers.asked == []
    assert await run(*asked, "--approver", "ben", "--yes", "--run-dir", str(run_dir)) == 0
    assert capsys.readouterr().out == "bot:bot1: HALTED -> ACTIVE\n"
    assert answers.asked == [
        (
            "/desk/latch",
            {"scope": "bot:bot1", "state": "ACTIVE", "reason": "MANUAL", "actor": "anna", "approvers": ["ben"]},
        )
    ]


async def test_a_code_goes_along_and_what_is_announced_is_told(desk, capsys):
    run_dir, answers = desk
    answers.told = {"scope": "bot:bot1", "before": "HALTED", "state": "HALTED", "to": "ACTIVE", "due_in_s": 600}
    asked = ("latch", "set", "--scope", "bot:bot1", "--state", "ACTIVE", "--reason", "MANUAL", "--actor", "anna")
    assert await run(*asked, "--second-factor", "123456", "--yes", "--run-dir", str(run_dir)) == 0
    assert capsys.readouterr().out == "bot:bot1: stays HALTED for 600 s, then ACTIVE, if nothing changes it\n"
    assert answers.asked[0][1]["second_factor"] == "123456"
    answers.latch["announced"] = [{"scope": "bot:bot1", "to": "ACTIVE", "actor": "anna", "due_in_s": 599}]
    assert await run("latch", "show", "--run-dir", str(run_dir)) == 0
    assert "-> ACTIVE  bot:bot1         by anna in 599 s" in capsys.readouterr().out


async def test_a_device_is_enrolled_once_and_its_secret_shown_once(tmp_path, capsys):
    asked = ("latch", "enrol", "--actor", "anna", "--run-dir", str(tmp_path))
    assert await run(*asked, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    path = tmp_path / "secrets" / "second_factor"
    assert (path.read_text().strip(), path.stat().st_mode & 0o777) == (told["secret"], 0o600)
    assert f"secret={told['secret']}" in told["uri"]
    assert await run(*asked) == 4
    refused = capsys.readouterr()
    assert "SECOND_FACTOR_EXISTS" in refused.err and told["secret"] not in refused.err + refused.out
    assert path.read_text().strip() == told["secret"]


async def test_a_gateway_that_does_not_answer_is_tightened_by_its_file_and_never_loosened(tmp_path, capsys):
    latch = LatchFile(tmp_path / "gateway" / "latch.json")
    asked = ("latch", "set", "--scope", "bot:bot1", "--reason", "MANUAL", "--actor", "anna", "--run-dir", str(tmp_path))
    assert await run(*asked, "--state", "HALTED", "--yes") == 3, "no gateway has ever run here"
    latch.write({})
    assert await run(*asked, "--state", "HALTED") == 0
    assert latch.read() == {}, "a dry run"
    assert await run(*asked, "--state", "HALTED", "--yes") == 0
    assert (latch.read()["bot:bot1"].state, latch.read()["bot:bot1"].actor) == ("HALTED", "anna")
    assert await run(*asked, "--state", "ACTIVE", "--yes") == 3
    assert "stays HALTED" in capsys.readouterr().err
    assert latch.read()["bot:bot1"].state == "HALTED"


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


async def test_override_is_a_dry_run_until_it_is_meant(desk, capsys):
    run_dir, answers = desk
    asked = ("override", "--bot", "bot1", "--limit", "order_value_quote_max", "--reason", "hedge")
    persons = ("--approver", "anna", "--approver", "ben", "--run-dir", str(run_dir))
    assert await run(*asked, *persons) == 0
    assert "anna and ben  (dry run" in capsys.readouterr().out and answers.asked == []
    assert await run(*asked, *persons, "--yes") == 0
    (path, body), persons_asked = answers.asked[0], ["anna", "ben"]
    assert (path, body["approvers"], body["ttl_s"]) == ("/desk/override", persons_asked, 60)
    assert (body["bot"], body["limit"], body["reason"]) == ("bot1", "order_value_quote_max", "hedge")


@pytest.mark.parametrize(
    ("changed", "code", "says"),
    [
        ({"--bot": "nobody"}, 2, "BOT_UNKNOWN: nobody does not run; running: bot1"),
        ({"--limit": "gravity"}, 2, "LIMIT_UNKNOWN: --limit gravity; known: order_value_quote_max"),
        ({"--ttl-s": "-5"}, 4, "USAGE"),
        ({"--ttl-s": "601"}, 4, "USAGE"),
        ({"--approver": "Anna "}, 7, "APPROVAL_MISSING"),
    ],
)
async def test_a_dry_run_refuses_what_the_gateway_would(desk, capsys, changed, code, says):
    run_dir, answers = desk
    flags = {"--bot": "bot1", "--limit": "order_value_quote_max", "--ttl-s": "60", "--approver": "ben"} | changed
    words = [word for pair in flags.items() for word in pair]
    assert await run("override", *words, "--approver", "anna", "--reason", "hedge", "--run-dir", str(run_dir)) == code
    assert capsys.readouterr().err.startswith(says) and answers.asked == []


def test_the_longest_override_is_the_gateways():
    assert override.TTL_S_MAX == OVERRIDE_TTL_S_MAX


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


async def test_a_latch_of_a_bot_that_is_no_more_can_be_loosened(desk):
    run_dir, answers = desk
    answers.latch["scopes"]["bot:gone"] = {"state": "HALTED", "actor": "anna", "reason": "MANUAL"}
    loosen = ("latch", "set", "--scope", "bot:gone", "--state", "ACTIVE", "--reason", "MANUAL", "--actor", "anna")
    assert await run(*loosen, "--yes", "--run-dir", str(run_dir)) == 0
    assert [path for path, _ in answers.asked] == ["/desk/latch"]


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
