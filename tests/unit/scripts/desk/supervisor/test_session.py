"""A whole `desk up` with stub processes and a real Redis."""

import asyncio
import json
import os
import signal
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.desk.places import Places
from scripts.desk.supervisor import servers as servers_module
from scripts.desk.supervisor.plan import UpOptions
from scripts.desk.supervisor.session import latched_scopes, market_of, run_session
from services.common.embedded import RedisServer
from services.common.errors import ConfigError


@pytest.fixture
def where(tmp_path, monkeypatch):
    monkeypatch.setattr(servers_module, "embedded_servers", lambda run_dir: {"redis": RedisServer(run_dir)})
    (tmp_path / "data").mkdir()
    with tempfile.TemporaryDirectory(prefix="hb") as run_dir:  # short, a socket lies below it
        yield Places(tmp_path / "data", Path(run_dir))


def options(where: Places, for_s: int | None) -> UpOptions:
    return UpOptions(bots=("bot1",), data_dir=where.data_dir, run_dir=where.run_dir, page_port=0, for_s=for_s)


async def test_a_run_ends_by_itself_with_a_summary_and_exit_code_0(where, stub_processes, capsys):
    stub_processes({})
    code = await run_session(options(where, 1), where, as_json=True, on_terminal=False)
    told = json.loads(capsys.readouterr().out)
    assert code == 0 and told["problems"] == []
    assert told["venue"] == {"open_orders": 0} and told["integrity"]["status"] == "PASS"
    last = json.loads(where.last_run.read_text())
    assert last == {**told, "pid": os.getpid()}, "desk down reads it"
    assert told["date"].endswith(" UTC") and told["commit"] and {"market", "seed"} <= told.keys()
    assert told["bots"][0] | {"id": "bot1", "orders": 0, "first_order_s": None} == told["bots"][0]


async def test_orders_left_make_the_run_fail(where, stub_processes, capsys):
    stub_processes({"venue_sim": ("--open-orders", "2")})
    code = await run_session(options(where, 1), where, as_json=False, on_terminal=False)
    out = capsys.readouterr().out
    assert code == 1
    assert "ORDERS_LEFT: 2 orders rest at the venue" in out
    assert "starting the desk in" in out and "the desk is up after" in out


async def test_sigterm_is_an_orderly_stop_and_a_second_one_changes_nothing(where, stub_processes, capsys):
    stub_processes({})
    running = asyncio.create_task(run_session(options(where, None), where, as_json=True, on_terminal=False))
    while not (where.run_dir / "addresses.json").exists():  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await asyncio.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGINT)
    assert await running == 0
    assert json.loads(capsys.readouterr().out)["venue"] == {"open_orders": 0}


async def test_a_stop_before_the_exchange_is_up_ends_well_and_says_that_nothing_was_placed(
    where, stub_processes, capsys
):
    stub_processes({"venue_sim": ("--never-ready",)})
    running = asyncio.create_task(run_session(options(where, None), where, as_json=False, on_terminal=False))
    while not (where.run_dir / "addresses.json").exists():  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)
    assert await running == 0
    out = capsys.readouterr().out
    assert "stopped before the exchange was up: this run has placed no order" in out
    assert "VENUE_NOT_READ" not in out


async def test_refused_settings_end_the_session_with_the_refusal(where, stub_processes):
    stub_processes({"gateway": ("--refuse",)})
    with pytest.raises(ConfigError, match="E_CFG_INVALID"):
        await run_session(options(where, 1), where, as_json=True, on_terminal=False)


async def test_what_is_latched_at_the_start_is_said_with_a_command_that_can_be_pasted(where):
    class Gateway:
        async def get(self, url: str):
            return {"scopes": {"desk": {"state": "HALTED", "actor": "anna", "reason": "MANUAL"}}}

    child = SimpleNamespace(plan=SimpleNamespace(url="http://127.0.0.1:1"))
    (line,) = await latched_scopes(SimpleNamespace(admin=Gateway(), children={"gateway": child}, where=where))
    assert line == (
        "desk is HALTED by anna: MANUAL; a person re-arms with desk latch set --scope desk --state ACTIVE "
        f"--reason MANUAL --actor <you> --yes --run-dir {where.run_dir}"
    )


@pytest.mark.parametrize("told", [None, {"market": "calm", "seed": 9, "open_orders": 0}])
async def test_the_summary_says_which_market_it_was_as_the_venue_does(told):
    class Venue:
        async def venue_status(self, url: str):
            return told

    child = SimpleNamespace(plan=SimpleNamespace(url="http://127.0.0.1:1"))
    said = await market_of(SimpleNamespace(admin=Venue(), children={"venue_sim": child}))
    assert said == ({"market": "calm", "seed": 9} if told else {"market": None, "seed": None})
