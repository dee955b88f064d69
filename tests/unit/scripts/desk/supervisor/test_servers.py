"""The servers behind the desk while they die and cannot be started."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scripts.desk.supervisor import servers as servers_module
from scripts.desk.supervisor.plan import UpOptions, process_names, process_plans
from scripts.desk.supervisor.servers import Servers
from services.common.embedded import ServerStatus
from services.common.errors import DeskError

TEN_MINUTES = 600  # looks, one a second
ORDER_PATH = ("services.venue_sim.service", "services.gateway.service", "services.kill_switch.service")


class Server:
    """Its next ``failures`` starts fail."""

    def __init__(self, name, failures=0):
        self.name, self.failures, self.starts, self.is_running = name, failures, 0, False

    def start(self):
        self.starts += 1
        if self.failures:
            self.failures -= 1
            raise (
                DeskError("DOES_NOT_ANSWER", self.name, "-") if self.starts % 2 else OSError("no space left on device")
            )
        self.is_running = True
        return f"{self.name}://"

    def stop(self):
        self.is_running = False

    def status(self):
        return ServerStatus(self.is_running, 1, f"{self.name}://", "")


@pytest.fixture
def desk(monkeypatch):
    embedded = {"redis": Server("redis"), "postgres": Server("postgres")}
    said, deaths = [], []
    monkeypatch.setattr(servers_module, "WATCH_S", 0)
    monkeypatch.setattr(servers_module, "embedded_servers", lambda _run_dir: embedded)
    servers = Servers(Path("/nowhere"), said.append, lambda name, *_: deaths.append(name), lambda: None)
    return servers, embedded, said, deaths


async def until(condition):
    for _ in range(200_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("never came true")


async def test_f37_ten_minutes_without_postgres_end_nothing_and_it_comes_back_by_itself(desk):
    servers, embedded, said, deaths = desk
    await servers.start()
    await until(lambda: servers.postgres_url)
    embedded["postgres"].failures = TEN_MINUTES
    embedded["postgres"].is_running = False
    await until(lambda: embedded["postgres"].failures == 0 and said[-1] == "postgres is ready")
    assert embedded["redis"].starts == 1, "redis was left alone"
    assert deaths == ["postgres"]
    await servers.stop()


async def test_a_server_that_was_just_being_started_at_ctrl_c_is_stopped_too(desk):
    servers, embedded, _, _ = desk
    redis, may_start = embedded["redis"], threading.Event()
    start_at_once = redis.start

    def start_slowly():
        assert may_start.wait(10)
        return start_at_once()

    redis.start = start_slowly
    starting = asyncio.create_task(servers.start())
    await asyncio.sleep(0.05)
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    stopping = asyncio.create_task(servers.stop())
    await asyncio.sleep(0.05)
    may_start.set()
    await stopping
    assert redis.starts == 1 and not redis.is_running


async def test_f37_a_postgres_that_cannot_be_started_at_first_is_tried_again(desk):
    servers, embedded, said, _ = desk
    embedded["postgres"].failures = 3
    await servers.start()
    assert servers.redis_url == "redis://"
    await until(lambda: servers.postgres_url)
    assert sum("trying again" in line for line in said) == 3
    await servers.stop()


def test_f37_no_process_of_the_desk_is_told_of_postgres():
    options = UpOptions(bots=("bot1",), data_dir=Path("/d"), run_dir=Path("/d/run"), postgres_url="postgresql://x")
    ports = {name: 40_000 + index for index, name in enumerate(process_names(options))}
    told = [
        word for plan in process_plans(options, ports, "unix:///r.sock") for word in plan.argv if "postgres" in word
    ]
    assert told == []


@pytest.mark.parametrize("module", ORDER_PATH)
def test_f37_the_order_path_does_not_even_load_a_client_of_postgres(module):
    code = f"import sys, {module}; print('psycopg' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.strip() == "False"
