"""One contract for both buses: memory and Redis. Faults of a real server stand at the end, for Redis alone."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.common.bus import MemoryBroker, MemoryBus, RedisBus
from services.common.clock import SystemClock
from services.common.embedded import RedisServer
from services.common.envelope import Source
from services.common.ids import SystemIds
from services.contracts import events as e
from services.contracts import streams

CLOCK = SystemClock()
IDS = SystemIds(CLOCK)
REDELIVER_AFTER_MS = 300


class Desk:
    """Makes clients of one bus, each a process of its own as far as the bus can tell."""

    def __init__(self, run_dir: Path, redis: RedisServer | None) -> None:
        self.run_dir = run_dir
        self.redis = redis
        self.broker = MemoryBroker()
        self.clients: list[MemoryBus | RedisBus] = []

    async def client(self, name: str) -> tuple[MemoryBus | RedisBus, Source]:
        source = Source(name, clock=CLOCK, ids=IDS)
        bus: MemoryBus | RedisBus
        if self.redis is None:
            bus = MemoryBus(self.broker, source=source, clock=CLOCK)
        else:
            bus = RedisBus(
                self.redis.url,
                source=source,
                clock=CLOCK,
                spool_dir=self.run_dir / "spool" / name,
                redeliver_after_ms=REDELIVER_AFTER_MS,
            )
            await bus.start()
        self.clients.append(bus)
        return bus, source

    async def put_raw(self, stream: streams.Stream, raw: bytes) -> None:
        if self.redis is None:
            self.broker.append(stream, raw)
        else:
            client, _ = await self.client("foreign")
            assert isinstance(client, RedisBus)
            await client._redis.xadd(stream.name, {b"e": raw})


@pytest.fixture(params=["memory", "redis"])
async def desk(request: pytest.FixtureRequest, run_dir: Path) -> AsyncIterator[Desk]:
    redis = request.getfixturevalue("redis_server") if request.param == "redis" else None
    made = Desk(run_dir, redis)
    yield made
    for client in made.clients:
        await client.close()


def latch(source: Source, reason: str) -> e.LatchV1:
    return source.make(e.LatchV1, bot_id="desk", scope="desk", state="ACTIVE", reason=reason, actor="test")


async def collect(bus: MemoryBus | RedisBus, group: str, n: int, *, timeout_s: float = 10.0) -> list[str]:
    """Reasons of the next n latch events, acknowledged as they come."""
    found: list[str] = []
    async with asyncio.timeout(timeout_s):
        while len(found) < n:
            for delivery in await bus.poll(group, [streams.LATCH], count_max=100, wait_ms=50):
                found.append(delivery.event.reason)
                await bus.ack(group, delivery)
    return found


async def test_events_arrive_in_order_and_equal_to_what_was_published(desk: Desk) -> None:
    bus, source = await desk.client("a")
    sent = [latch(source, str(n)) for n in range(300)]
    for event in sent:
        await bus.publish(event)
    reader, _ = await desk.client("b")
    found = []
    async with asyncio.timeout(10):
        while len(found) < 300:
            for delivery in await reader.poll("g", [streams.LATCH], count_max=64, wait_ms=50):
                found.append(delivery.event)
                await reader.ack("g", delivery)
    assert found == sent


async def test_every_group_gets_every_event(desk: Desk) -> None:
    bus, source = await desk.client("a")
    await bus.publish(latch(source, "x"))
    assert await collect(bus, "one", 1) == ["x"]
    assert await collect(bus, "two", 1) == ["x"]


async def test_a_group_that_starts_at_the_end_sees_only_what_comes_later(desk: Desk) -> None:
    bus, source = await desk.client("a")
    await bus.publish(latch(source, "early"))
    await bus.flush(2_000)
    assert await bus.poll("g", [streams.LATCH], count_max=10, wait_ms=10, from_start=False) == []
    await bus.publish(latch(source, "late"))
    assert await collect(bus, "g", 1) == ["late"]


async def test_what_was_not_acknowledged_is_given_to_the_next_life_of_the_reader(desk: Desk) -> None:
    bus, source = await desk.client("a")
    for n in range(3):
        await bus.publish(latch(source, str(n)))
    first, _ = await desk.client("b")
    given = []
    while len(given) < 3:
        given += await first.poll("g", [streams.LATCH], count_max=10, wait_ms=50)
    await first.ack("g", given[0])
    if isinstance(first, RedisBus):
        assert await first.flush(2_000)
    second, _ = await desk.client("b2")
    assert await collect(second, "g", 2) == ["1", "2"]
    assert await second.poll("g", [streams.LATCH], count_max=10, wait_ms=20) == []


async def test_an_acknowledged_event_does_not_come_again(desk: Desk) -> None:
    bus, source = await desk.client("a")
    await bus.publish(latch(source, "x"))
    assert await collect(bus, "g", 1) == ["x"]
    assert await bus.poll("g", [streams.LATCH], count_max=10, wait_ms=20) == []


async def test_an_unknown_kind_goes_to_the_dead_letters_with_its_bytes_and_reading_goes_on(desk: Desk) -> None:
    bus, source = await desk.client("a")
    raw = b'{"kind":"latch.v9","event_id":"1","source":"s","source_epoch":1,"seq":1,"bot_id":"b","ts_ms":1}'
    await desk.put_raw(streams.LATCH, raw)
    await bus.publish(latch(source, "after"))
    assert await collect(bus, "g", 1) == ["after"]
    dead = []
    async with asyncio.timeout(5):
        while not dead:
            dead = await bus.poll("undertaker", [streams.DEAD], count_max=10, wait_ms=50)
    letter = dead[0].event
    assert isinstance(letter, e.DeadLetterV1)
    assert (letter.raw.encode(), letter.reader, letter.stream) == (raw, "g", "hb.latch.v1")
    assert letter.error.startswith("UNKNOWN_KIND")


async def test_a_refused_event_goes_to_the_dead_letters_and_is_not_given_again(desk: Desk) -> None:
    bus, source = await desk.client("a")
    await bus.publish(latch(source, "bad"))
    given = []
    async with asyncio.timeout(5):
        while not given:
            given = await bus.poll("g", [streams.LATCH], count_max=10, wait_ms=50)
    await bus.dead_letter("g", given[0], "EVENT_REFUSED: no")
    assert await bus.poll("g", [streams.LATCH], count_max=10, wait_ms=20) == []
    dead = []
    async with asyncio.timeout(5):
        while not dead:
            dead = await bus.poll("undertaker", [streams.DEAD], count_max=10, wait_ms=50)
    assert dead[0].event.error == "EVENT_REFUSED: no"


async def test_trimming_stops_at_what_some_reader_has_not_acknowledged(desk: Desk) -> None:
    bus, source = await desk.client("a")
    for n in range(60):
        await bus.publish(latch(source, str(n)))
    await bus.flush(2_000)
    assert await bus.trim(streams.LATCH, keep_max=20, group="event_store") == 0  # not stored yet
    await collect(bus, "event_store", 60)
    await collect(bus, "slow", 1)  # took all, acknowledged all
    held = await desk.client("c")
    given = []
    while len(given) < 60:
        given += await held[0].poll("held", [streams.LATCH], count_max=100, wait_ms=50)
    for delivery in given[:10]:
        await held[0].ack("held", delivery)
    for client in desk.clients:
        await client.flush(2_000)
    assert await bus.trim(streams.LATCH, keep_max=20, group="event_store") == 10
    for delivery in given[10:]:
        await held[0].ack("held", delivery)
    await held[0].flush(2_000)
    assert await bus.trim(streams.LATCH, keep_max=20, group="event_store") == 30
    assert [d.event.reason for d in await bus.tail([streams.LATCH], count_max=100)] == [str(n) for n in range(40, 60)]


async def test_tail_shows_the_newest_oldest_first(desk: Desk) -> None:
    bus, source = await desk.client("a")
    for n in range(10):
        await bus.publish(latch(source, str(n)))
    await bus.flush(2_000)
    assert [d.event.reason for d in await bus.tail([streams.LATCH], count_max=3)] == ["7", "8", "9"]


async def test_publishing_returns_at_once_while_the_bus_is_away_and_catches_up_in_order(desk: Desk) -> None:
    bus, source = await desk.client("a")
    await bus.publish(latch(source, "0"))
    assert await bus.flush(5_000)
    assert bus.blind_ms() == 0
    take_away(desk)
    started_ms = CLOCK.monotonic_ms()
    for n in range(1, 200):
        await bus.publish(latch(source, str(n)))
    assert CLOCK.monotonic_ms() - started_ms < 500
    await asyncio.sleep(0.3)
    assert bus.blind_ms() > 0
    assert not await bus.flush(50)
    bring_back(desk)
    reader, _ = await desk.client("b")
    found = await collect(reader, "g", 200)
    assert list(dict.fromkeys(found)) == [str(n) for n in range(200)]  # in order, after dropping repeats
    assert await bus.flush(5_000)
    assert bus.blind_ms() == 0


def take_away(desk: Desk) -> None:
    if desk.redis is None:
        desk.broker.set_reachable(False)
    else:
        pid = desk.redis.status().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)


def bring_back(desk: Desk) -> None:
    if desk.redis is None:
        desk.broker.set_reachable(True)
    else:
        desk.redis.start()


async def test_kill_of_the_bus_under_load_loses_nothing_and_repeats_nothing_after_dedupe(desk: Desk) -> None:
    """A producer at work, a reader at work, and the bus killed three times between them."""
    n_events = 3_000
    producer, source = await desk.client("a")
    reader, _ = await desk.client("b")
    found: dict[str, str] = {}

    async def produce() -> None:
        for n in range(n_events):
            await producer.publish(latch(source, str(n)))
            if n % 10 == 0:
                await asyncio.sleep(0.002)

    async def consume() -> None:
        while len(found) < n_events:
            for delivery in await reader.poll("g", [streams.LATCH], count_max=50, wait_ms=20):
                found.setdefault(delivery.event.event_id, delivery.event.reason)
                await reader.ack("g", delivery)

    async def kill() -> None:
        for _ in range(3):
            await asyncio.sleep(0.15)
            take_away(desk)
            await asyncio.sleep(0.1)
            await asyncio.to_thread(bring_back, desk)

    async with asyncio.timeout(40):
        await asyncio.gather(produce(), consume(), kill())
    assert sorted(found.values(), key=int) == [str(n) for n in range(n_events)]


# ------------------------------------------------------------------------------------------------------- Redis alone


async def test_what_a_killed_producer_left_in_its_spool_is_sent_by_its_next_life(
    run_dir: Path, redis_server: RedisServer
) -> None:
    url = redis_server.url
    redis_server.stop()
    desk = Desk(run_dir, redis_server)
    first, source = await desk.client("a")
    for n in range(50):
        await first.publish(latch(source, str(n)))
    assert isinstance(first, RedisBus)
    first._spool.write_out()
    assert first._task is not None
    first._task.cancel()  # as a kill -9 would leave it: no flush, no close
    os.close(first._spool._lock_fd)
    redis_server.start()
    assert redis_server.url == url
    second, _ = await desk.client("a")
    assert await collect(second, "g", 50) == [str(n) for n in range(50)]
    await second.close()


async def test_a_reader_takes_back_what_it_never_acknowledged(run_dir: Path, redis_server: RedisServer) -> None:
    desk = Desk(run_dir, redis_server)
    bus, source = await desk.client("a")
    await bus.publish(latch(source, "x"))
    given = []
    async with asyncio.timeout(5):
        while not given:
            given = await bus.poll("g", [streams.LATCH], count_max=10, wait_ms=50)
    async with asyncio.timeout(5):  # the handler died; nobody acknowledged
        assert await collect(bus, "g", 1) == ["x"]
    await bus.close()


async def test_a_full_spool_refuses_capped_streams_and_keeps_what_must_not_be_lost(
    run_dir: Path, redis_server: RedisServer
) -> None:
    redis_server.stop()
    source = Source("a", clock=CLOCK, ids=IDS)
    bus = RedisBus(redis_server.url, source=source, clock=CLOCK, spool_dir=run_dir / "spool", spool_bytes_max=2_000)
    await bus.start()
    for n in range(20):
        await bus.publish(latch(source, str(n)))
        await bus.publish(source.make(e.StateSnapshotV1, bot_id="desk", service="a", health="ready"))
    assert 0 < bus.stats()["dropped"] < 20
    redis_server.start()
    assert await collect(bus, "g", 20) == [str(n) for n in range(20)]
    await bus.close()


async def test_a_redis_that_is_gone_is_asked_less_and_less_often_however_much_is_published(
    run_dir: Path, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis_server.stop()
    source = Source("a", clock=CLOCK, ids=IDS)
    bus = RedisBus(redis_server.url, source=source, clock=CLOCK, spool_dir=run_dir / "spool")
    asked = []
    connect = bus._connect_again

    async def count() -> None:
        asked.append(CLOCK.monotonic_ms())
        await connect()

    monkeypatch.setattr(bus, "_connect_again", count)
    await bus.start()
    ids = []
    for n in range(100):
        event = latch(source, str(n))
        ids.append(event.event_id)
        await bus.publish(event)
        await asyncio.sleep(0.01)
    assert len(asked) <= 6  # after 0, 50, 150, 350 and 750 ms
    on_disk = b"".join(path.read_bytes() for path in (run_dir / "spool").rglob("*") if path.is_file())
    assert all(event_id.encode() in on_disk for event_id in ids[:-1])
    redis_server.start()
    assert await collect(bus, "g", 100) == [str(n) for n in range(100)]
    await bus.close()
