"""The supervisor with stub processes: real processes, real signals, no Hummingbot."""

import asyncio
import os
import signal

import pytest

from scripts.desk.places import Places
from scripts.desk.supervisor import desk as desk_module
from scripts.desk.supervisor.desk import Desk
from scripts.desk.supervisor.plan import UpOptions
from services.common.addresses import read_addresses
from services.common.clock import SystemClock
from services.common.errors import ConfigError, DeskError


class NoServers:
    redis_url, postgres_url = "unix:///nowhere", ""

    def __init__(self, *_: object, **__: object) -> None:
        self.was_stopped = False

    async def start(self) -> None: ...

    async def stop(self) -> None:
        self.was_stopped = True

    def addresses(self) -> dict:
        return {}


@pytest.fixture
def make_desk(tmp_path, monkeypatch, stub_processes):
    """A desk whose processes are stubs; ``flags`` gives some of them flags of the stub."""
    (tmp_path / "data").mkdir()
    said: list[str] = []

    def make(flags: dict[str, tuple[str, ...]] | None = None, **options) -> Desk:
        stub_processes(flags or {})
        monkeypatch.setattr(desk_module, "Servers", NoServers)
        where = Places(tmp_path / "data", tmp_path / "run")
        up = UpOptions(bots=("bot1",), data_dir=where.data_dir, run_dir=where.run_dir, page_port=0)._replace(**options)
        desk = Desk(up, where, SystemClock(), said.append)
        desk.said = said  # type: ignore[attr-defined]
        return desk

    return make


async def eventually(condition, longest_s: float = 10) -> None:
    clock = SystemClock()
    until_ms = clock.monotonic_ms() + longest_s * 1000
    while not condition():
        assert clock.monotonic_ms() < until_ms, "it did not come true"
        await asyncio.sleep(0.05)


async def test_the_desk_starts_everything_and_stops_bots_then_gateway_then_venue_then_store(make_desk, tmp_path):
    desk = make_desk()
    await desk.start()
    report = await desk.stop()
    assert report.open_orders == 0
    assert report.lines == ()
    stops = [line.split()[0] for line in (tmp_path / "notes").read_text().splitlines() if " stop " in line]
    assert stops == ["bot.bot1", "gateway", "kill_switch", "venue_sim", "event_store", "desk_api"]


async def test_orders_left_at_the_venue_are_reported_not_hidden(make_desk):
    desk = make_desk({"venue_sim": ("--open-orders", "3")})
    await desk.start()
    assert (await desk.stop()).open_orders == 3


async def test_a_killed_process_is_told_restarted_and_keeps_its_port(make_desk):
    desk = make_desk()
    await desk.start()
    gateway = desk.children["gateway"]
    port, pid = gateway.plan.port, gateway.pid
    os.kill(pid, signal.SIGKILL)
    await eventually(lambda: gateway.restarts == 1 and gateway.state == "ready")
    assert gateway.plan.port == port and gateway.pid != pid
    assert [(death.process, death.how) for death in desk.deaths] == [("gateway", "killed by SIGKILL")]
    assert any(f"gateway (pid {pid}) died: killed by SIGKILL" in line for line in desk.said)
    addresses = read_addresses(desk.where.run_dir)
    assert addresses is not None and addresses.processes["gateway"].restarts == 1
    await desk.stop()


async def test_a_process_that_lives_and_answers_nothing_is_killed_and_started_again(make_desk, monkeypatch):
    monkeypatch.setattr(desk_module, "SILENT_S_MAX", 0.5)
    monkeypatch.setattr(desk_module, "PROBE_S", 0.1)
    monkeypatch.setattr(desk_module, "PROBE_TIMEOUT_S", 0.3)
    desk = make_desk()
    await desk.start()
    gateway = desk.children["gateway"]
    os.kill(gateway.pid, signal.SIGSTOP)
    await eventually(lambda: gateway.restarts == 1 and gateway.state == "ready")
    assert any("gateway" in line and "answers nothing" in line for line in desk.said)
    await desk.stop()


async def test_a_venue_that_dies_just_before_the_stop_is_asked_again_after_its_restart(make_desk):
    desk = make_desk({"venue_sim": ("--open-orders", "2")})
    await desk.start()
    os.kill(desk.children["venue_sim"].pid, signal.SIGKILL)
    assert (await desk.stop()).open_orders == 2


async def test_refused_settings_end_the_start_with_what_the_process_said(make_desk):
    desk = make_desk({"gateway": ("--refuse",)})
    with pytest.raises(ConfigError) as refused:
        await desk.start()
    await desk.stop()
    assert refused.value.code == "E_CFG_INVALID"
    assert "gateway: file:x.yml: size_base=-1" in refused.value.text
    assert refused.value.next_step == "correct it"
    assert all(child.pid == 0 for child in desk.children.values())


async def test_a_second_desk_on_a_run_directory_is_refused_and_touches_nothing_of_the_first(make_desk):
    first, second = make_desk(), make_desk()
    await first.start()
    with pytest.raises(DeskError) as refused:
        await second.start()
    assert refused.value.code == "DESK_RUNNING"
    report = await second.stop()
    assert not second.servers.was_stopped, "the first desk's Redis lives in the same directory"
    assert report.open_orders is None
    assert all(child.state == "ready" for child in first.children.values())
    await first.stop()
    assert first.servers.was_stopped


async def test_a_taken_page_port_that_was_asked_for_is_refused_with_its_holder(make_desk):
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    desk = make_desk(page_port=port)
    with pytest.raises(DeskError) as refused:
        await desk.start()
    await desk.stop()
    server.close()
    assert refused.value.code == "PORT_TAKEN"
    assert f"port {port} (page) is held by pid {os.getpid()}" in refused.value.text


async def test_a_stop_in_the_middle_of_the_start_leaves_nothing_running(make_desk):
    desk = make_desk()
    starting = asyncio.create_task(desk.start())
    await eventually(lambda: any(child.pid for child in desk.children.values()))
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    await desk.stop()
    assert all(child.pid == 0 for child in desk.children.values())
