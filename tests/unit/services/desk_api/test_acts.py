"""The acts of the page: only on a simulated desk, only to the processes of this desk, and said before they are done."""

import os
import subprocess
import sys

import pytest
from aiohttp import web

from services.common.addresses import Addresses, DeskProcess, ProcessAddress, write_addresses
from services.common.logs import get_logger
from services.common.secrets import ensure_secrets
from services.desk_api.acts import Acts, process_of


class Desk:
    def __init__(self, run_dir):
        self.run_dir = run_dir
        self.why = ""
        self.commands = []
        self.heard = []
        self.status = 200
        self.token = ensure_secrets(run_dir, ["bot1"]).admin_token
        self.acts = Acts(run_dir, lambda: self.why, lambda *command: self.commands.append(command), get_logger("test"))

    def write(self, **processes):
        desk = DeskProcess(pid=1, started_ms=0, bots=("bot1",))
        write_addresses(self.run_dir, Addresses(desk=desk, processes=processes))

    async def venue(self, request):
        assert request.headers["X-Hbot-Admin"] == self.token
        self.heard.append(await request.json())
        return web.json_response({"rules": []}, status=self.status)


@pytest.fixture
async def desk(tmp_path):
    made = Desk(tmp_path)
    app = web.Application()
    app.router.add_post("/sim/faults", made.venue)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.write(venue_sim=ProcessAddress(pid=1, url=f"http://127.0.0.1:{runner.addresses[0][1]}"))
    yield made
    await runner.cleanup()


async def test_a_fault_is_set_at_the_venue_for_a_time_beside_the_others(desk):
    assert (await desk.acts.fault("freeze_feed", True, 20_000)).code == "DONE"
    assert desk.heard == [{"preset": "freeze_feed", "add": True, "for_ms": 20_000}]
    assert desk.commands == [("set_fault", "venue_sim", {"switch": "freeze_feed", "for_ms": "20000"})]


async def test_a_fault_without_an_end_is_set_until_it_is_ended(desk):
    await desk.acts.fault("429_storm", True, None)
    await desk.acts.fault("429_storm", False, None)
    assert desk.heard == [{"preset": "429_storm", "add": True}, {"end": "429_storm"}]


async def test_nothing_is_broken_where_the_exchange_is_not_simulated(desk):
    desk.why = "the desk runs in mode live"
    for said in (await desk.acts.fault("freeze_feed", True, None), await desk.acts.kill_bot("bot1")):
        assert (said.status, said.code, said.text) == (409, "NOT_A_SIMULATION", "the desk runs in mode live")
    assert (desk.heard, desk.commands) == ([], [])


async def test_a_fault_can_be_ended_whatever_the_desk_has_become(desk):
    desk.why = "no supervisor is running"
    assert (await desk.acts.fault("freeze_feed", False, None)).code == "DONE"


async def test_a_switch_nobody_knows_is_refused(desk):
    assert (await desk.acts.fault("withdraw", True, None)).code == "NOT_FOUND"
    assert desk.heard == []


async def test_a_venue_that_is_gone_or_refuses_is_said_so(desk):
    desk.status = 400
    assert (await desk.acts.fault("freeze_feed", True, None)).code == "VENUE_REFUSED"
    desk.write(venue_sim=ProcessAddress(pid=1, url="http://127.0.0.1:9"))
    assert (await desk.acts.fault("freeze_feed", True, None)).code == "VENUE_UNREACHABLE"
    desk.write(venue_sim=ProcessAddress(pid=1, url="http://venue.example:80"))
    assert (await desk.acts.fault("freeze_feed", True, None)).code == "VENUE_UNREACHABLE"


# A process that only looks like a bot: the words after the code are its command line.
SLEEPER = "import time; time.sleep(30)"


def sleeper(*words):
    return subprocess.Popen([sys.executable, "-c", SLEEPER, *words])


async def test_a_bot_of_this_desk_is_killed_and_nothing_else(desk):
    own = sleeper("-m", "services.bot", "--run-dir", str(desk.run_dir), "--bot", "bot1")
    other = sleeper("-m", "services.bot", "--run-dir", "/elsewhere", "--bot", "bot1")
    try:
        desk.write(**{"bot.bot1": ProcessAddress(pid=other.pid)})
        assert (await desk.acts.kill_bot("bot1")).code == "NOT_RUNNING", "a process of another desk"
        desk.write(**{"bot.bot1": ProcessAddress(pid=own.pid)})
        assert (await desk.acts.kill_bot("bot2")).code == "NOT_RUNNING", "a bot this desk has not"
        assert (own.poll(), other.poll(), desk.commands) == (None, None, [])
        said = await desk.acts.kill_bot("bot1")
        assert (said.code, own.wait(5)) == ("DONE", -9)
        assert desk.commands == [("kill_process", "bot:bot1", {"pid": str(own.pid)})]
        assert (await desk.acts.kill_bot("bot1")).code == "NOT_RUNNING", "it is dead already"
    finally:
        for process in (own, other):
            process.kill()
            process.wait(5)


def test_this_very_process_is_never_taken_for_a_bot(tmp_path):
    addresses = Addresses(
        desk=DeskProcess(pid=1, started_ms=0), processes={"bot.bot1": ProcessAddress(pid=os.getpid())}
    )
    assert process_of(addresses, "bot1", tmp_path) is None
