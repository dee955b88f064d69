import asyncio
import json
from pathlib import Path

import pytest

from services.common.bus import MemoryBroker, MemoryBus
from services.common.clock import ManualClock
from services.common.envelope import Source
from services.common.ids import SeededIds
from services.common.service import run_service
from services.common.store_reader import read_events
from services.contracts import events as e
from services.contracts import streams
from services.event_store.integrity import REPORT_PATH, integrity
from services.event_store.service import EventStore
from services.event_store.settings import EventStoreSettings
from tests.fakes.service_context import make_context


class Desk:
    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self.clock = ManualClock()
        self.broker = MemoryBroker()
        self.source = Source("gateway", clock=self.clock, ids=SeededIds(self.clock, 3))
        self.bus = MemoryBus(self.broker, source=self.source, clock=self.clock)

    def latch(self, n: int) -> e.LatchV1:
        return self.source.make(e.LatchV1, bot_id="desk", scope="desk", state="ACTIVE", reason=str(n), actor="t")

    def store(self) -> EventStore:
        context = make_context(self.run_dir, name="event_store", clock=self.clock, broker=self.broker)
        return EventStore(context, EventStoreSettings())

    async def stop(self, store: EventStore, task: asyncio.Task[None]) -> None:
        store.context.stop.set()
        await self.clock.advance(5_000)
        await asyncio.wait_for(task, 5)

    def reasons(self) -> list[str]:
        return [event.reason for event in read_events(self.run_dir, kinds=[e.LatchV1])]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_what_is_published_is_stored_confirmed_and_reported(desk: Desk) -> None:
    store = desk.store()
    task = asyncio.create_task(run_service(store))
    for n in range(500):
        await desk.bus.publish(desk.latch(n))
    await desk.clock.advance(1_000)
    assert desk.broker.marks[f"hb.latch.v1|gateway|{desk.source.source_epoch}"] == "500"
    report = json.loads((desk.run_dir / REPORT_PATH).read_text())
    assert report["status"] == "PASS"
    await desk.stop(store, task)
    assert desk.reasons() == [str(n) for n in range(500)]
    assert integrity(desk.run_dir).status == "PASS"


async def test_what_is_on_the_bus_at_the_stop_is_still_taken(desk: Desk) -> None:
    store = desk.store()
    task = asyncio.create_task(run_service(store))
    await desk.clock.advance(10)
    store.context.stop.set()
    for n in range(10):
        await desk.bus.publish(desk.latch(n))
    await desk.clock.advance(5_000)
    await asyncio.wait_for(task, 5)
    assert desk.reasons() == [str(n) for n in range(10)]


async def test_a_disk_that_fails_ends_the_store_and_the_next_life_stores_everything_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = desk.store()
    task = asyncio.create_task(run_service(store))
    await desk.bus.publish(desk.latch(0))
    await desk.clock.advance(300)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("services.event_store.writer.os.fdatasync", full)
    await desk.bus.publish(desk.latch(1))
    await desk.clock.advance(300)
    with pytest.raises(OSError, match="No space left"):
        await task
    monkeypatch.undo()
    store._writer.close()
    second = desk.store()
    task = asyncio.create_task(run_service(second))
    await desk.bus.publish(desk.latch(2))
    await desk.clock.advance(300)
    await desk.stop(second, task)
    assert desk.reasons() == ["0", "1", "2"]
    assert integrity(desk.run_dir).status == "PASS"


async def test_an_unknown_kind_is_kept_as_a_dead_letter_and_is_no_gap(desk: Desk) -> None:
    store = desk.store()
    task = asyncio.create_task(run_service(store))
    unknown = b'{"kind":"latch.v9","event_id":"1","source":"s","source_epoch":5,"seq":1,"bot_id":"b","ts_ms":1}'
    desk.broker.append(streams.LATCH, unknown)
    await desk.bus.publish(desk.latch(0))
    await desk.clock.advance(300)
    await desk.stop(store, task)
    letters = [event.raw.encode() for event in read_events(desk.run_dir, kinds=[e.DeadLetterV1])]
    assert letters == [unknown]
    report = integrity(desk.run_dir)
    assert (report.status, report.events.dead_letters) == ("PASS", 1)
    assert desk.broker.marks["hb.latch.v1|s|5"] == "1"


async def test_a_young_gap_is_awaited_and_an_old_one_fails(desk: Desk) -> None:
    store = desk.store()
    task = asyncio.create_task(run_service(store))
    await desk.bus.publish(desk.latch(0))
    desk.latch(1)
    await desk.bus.publish(desk.latch(2))
    await desk.clock.advance(11_000)
    young = json.loads((desk.run_dir / REPORT_PATH).read_text())
    assert (young["status"], young["awaited"]) == ("PASS", 1)
    await desk.clock.advance(30_000)
    old = json.loads((desk.run_dir / REPORT_PATH).read_text())
    assert (old["status"], old["events"]["gaps"]) == ("FAIL", 1)
    await desk.stop(store, task)


async def test_streams_are_trimmed_only_below_what_every_reader_has(desk: Desk) -> None:
    for n in range(50):
        await desk.bus.publish(desk.latch(n))
    assert await desk.bus.trim(streams.LATCH, keep_max=10, group="event_store") == 0
    for group, count in (("event_store", 50), ("slow", 20)):
        for delivery in await desk.bus.poll(group, [streams.LATCH], count_max=count, wait_ms=0):
            await desk.bus.ack(group, delivery)
    assert await desk.bus.trim(streams.LATCH, keep_max=10, group="event_store") == 20
