"""The real event store process and a real Redis, killed while events flow: nothing lost, nothing twice."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.common.bus import RedisBus
from services.common.clock import SystemClock
from services.common.embedded import RedisServer
from services.common.envelope import Source
from services.common.ids import SystemIds
from services.common.store_reader import read_events
from services.contracts import events as e
from services.event_store.integrity import integrity

pytestmark = pytest.mark.e2e
REPO = Path(__file__).resolve().parents[2]
N_EVENTS = 4_000
WAIT_S = 40.0


class StoreProcess:
    def __init__(self, run_dir: Path, redis_url: str) -> None:
        command = [sys.executable, "-m", "services.event_store", "--run-dir", str(run_dir), "--redis-url", redis_url]
        self.command = [*command, "--set", "checkpoint_every_ms=200"]
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self.command, cwd=REPO)

    def kill_and_restart(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process = self._start()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(15)


@pytest.fixture
def store(run_dir: Path, redis_server: RedisServer) -> Iterator[StoreProcess]:
    started = StoreProcess(run_dir, redis_server.url)
    yield started
    started.process.kill()
    started.process.wait()


def stored(run_dir: Path) -> list[str]:
    return [event.reason for event in read_events(run_dir, kinds=[e.LatchV1])]


async def eventually(condition, *, what: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {WAIT_S:g} s: {what}"
        await asyncio.sleep(0.05)


async def test_store_and_redis_are_killed_under_load(
    run_dir: Path, redis_server: RedisServer, store: StoreProcess
) -> None:
    clock = SystemClock()
    source = Source("gateway", clock=clock, ids=SystemIds(clock))
    bus = RedisBus(redis_server.url, source=source, clock=clock, spool_dir=run_dir / "spool" / "gateway")
    await bus.start()
    for n in range(N_EVENTS):
        await bus.publish(
            source.make(e.LatchV1, bot_id="desk", scope="desk", state="ACTIVE", reason=str(n), actor="test")
        )
        if n % 50 == 0:
            await asyncio.sleep(0.01)
        if n in (1_000, 2_500):
            await eventually(lambda: len(stored(run_dir)) > n // 2, what="the store takes events")  # noqa: B023
            store.kill_and_restart()
        if n in (1_800, 3_200):
            pid = redis_server.status().pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.1)
            await asyncio.to_thread(redis_server.start)
    await eventually(lambda: len(stored(run_dir)) >= N_EVENTS, what="everything is stored")
    await eventually(lambda: not list((run_dir / "spool" / "gateway").glob("*1.seg")), what="the spool is freed")
    await bus.close()
    assert store.stop() == 0
    assert stored(run_dir) == [str(n) for n in range(N_EVENTS)]
    report = integrity(run_dir, from_start=True)
    assert (report.status, report.events.gaps, report.events.duplicates) == ("PASS", 0, 0)
    assert report == integrity(run_dir)


async def test_what_was_published_while_the_store_was_away_is_stored_when_it_comes(
    run_dir: Path, redis_server: RedisServer
) -> None:
    clock = SystemClock()
    source = Source("bot.bot1", clock=clock, ids=SystemIds(clock))
    bus = RedisBus(redis_server.url, source=source, clock=clock, spool_dir=run_dir / "spool" / "bot.bot1")
    await bus.start()
    for n in range(300):
        await bus.publish(
            source.make(e.LatchV1, bot_id="desk", scope="desk", state="ACTIVE", reason=str(n), actor="test")
        )
    await bus.flush(2_000)
    await bus.close()
    assert list((run_dir / "spool" / "bot.bot1").glob("*.seg"))  # unconfirmed, so kept
    late = StoreProcess(run_dir, redis_server.url)
    try:
        await eventually(lambda: len(stored(run_dir)) == 300, what="the backlog is stored")
    finally:
        assert late.stop() == 0
    assert integrity(run_dir).status == "PASS"
