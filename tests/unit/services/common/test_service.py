import asyncio
from pathlib import Path

import pytest

from services.common.clock import ManualClock, settle
from services.common.errors import EventRefused
from services.common.service import RecentIds, Service, ServiceContext, run_service
from services.contracts import events as e
from services.contracts import streams
from services.contracts.events import AnyEvent
from tests.fakes.service_context import make_context


class Judge(Service):
    name = "judge"
    streams = (streams.LATCH,)

    def __init__(self, context: ServiceContext) -> None:
        super().__init__(context)
        self.calls: list[str] = []

    async def on_start(self) -> None:
        self.calls.append("start")

    async def on_event(self, event: AnyEvent) -> None:
        assert isinstance(event, e.LatchV1)
        if event.reason == "bad":
            raise EventRefused("EVENT_REFUSED", "reason=bad")
        if event.reason == "fatal":
            raise RuntimeError("our fault")
        self.calls.append(event.reason)

    async def on_tick(self, now_ms: int) -> None:
        self.calls.append("tick")

    async def on_stop(self) -> None:
        self.calls.append("stop")

    def counters(self) -> dict[str, int]:
        return {"calls": len(self.calls)}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def judge(tmp_path: Path, clock: ManualClock) -> Judge:
    return Judge(make_context(tmp_path, clock=clock))


def latch(judge: Judge, reason: str, event_id: str | None = None) -> e.LatchV1:
    return judge.context.source.make(
        e.LatchV1, bot_id="desk", event_id=event_id, scope="desk", state="ACTIVE", reason=reason, actor="t"
    )


async def stop(judge: Judge, clock: ManualClock, task: asyncio.Task[None]) -> None:
    judge.context.stop.set()
    await clock.advance(1_000)
    await asyncio.wait_for(task, 2)


async def test_it_starts_ticks_handles_and_stops(judge: Judge, clock: ManualClock) -> None:
    task = asyncio.create_task(run_service(judge))
    await settle()
    assert judge.context.health.state == "ready"
    await judge.context.bus.publish(latch(judge, "one"))
    await clock.advance(2_500)
    await stop(judge, clock, task)
    assert judge.calls[0] == "start"
    assert judge.calls[-1] == "stop"
    assert judge.calls.count("tick") == 3
    assert "one" in judge.calls


async def test_an_event_told_twice_is_handled_once(judge: Judge, clock: ManualClock) -> None:
    task = asyncio.create_task(run_service(judge))
    for _ in range(2):
        await judge.context.bus.publish(latch(judge, "one", event_id="same"))
    await clock.advance(100)
    await stop(judge, clock, task)
    assert judge.calls.count("one") == 1


async def test_a_refused_event_goes_to_the_dead_letters_and_the_next_is_handled(
    judge: Judge, clock: ManualClock
) -> None:
    task = asyncio.create_task(run_service(judge))
    for reason in ("bad", "good"):
        await judge.context.bus.publish(latch(judge, reason))
    await clock.advance(100)
    await stop(judge, clock, task)
    assert "good" in judge.calls
    letters = await judge.context.bus.tail([streams.DEAD], count_max=5)
    assert [letter.event.error for letter in letters] == ["EVENT_REFUSED: reason=bad"]


async def test_a_fault_of_ours_ends_the_service_and_the_next_life_gets_the_event_again(
    judge: Judge, clock: ManualClock, tmp_path: Path
) -> None:
    task = asyncio.create_task(run_service(judge))
    await judge.context.bus.publish(latch(judge, "fatal"))
    await clock.advance(10)
    with pytest.raises(RuntimeError, match="our fault"):
        await task
    assert "stop" not in judge.calls
    again = make_context(tmp_path, clock=clock, broker=judge.context.bus._broker)
    deliveries = await again.bus.poll("judge", [streams.LATCH], count_max=5, wait_ms=0)
    assert [delivery.event.reason for delivery in deliveries] == ["fatal"]


async def test_its_health_and_what_it_made_are_told_every_five_seconds(judge: Judge, clock: ManualClock) -> None:
    task = asyncio.create_task(run_service(judge))
    await clock.advance(11_000)
    judge.context.health.degraded("venue away")
    await clock.advance(5_000)
    await stop(judge, clock, task)
    snapshots = [d.event for d in await judge.context.bus.tail([streams.STATE], count_max=20)]
    assert [s.health for s in snapshots] == ["ready", "ready", "ready", "degraded", "stopping"]
    assert snapshots[3].detail == "venue away"
    assert snapshots[3].counters["made.hb.state.v1"] == 3
    assert snapshots[3].counters["calls"] > 0


async def test_a_service_without_streams_still_ticks_and_stops_at_once(tmp_path: Path, clock: ManualClock) -> None:
    class Ticker(Judge):
        streams = ()

    ticker = Ticker(make_context(tmp_path, clock=clock))
    task = asyncio.create_task(run_service(ticker))
    await clock.advance(3_100)
    ticker.context.stop.set()
    await asyncio.wait_for(task, 2)  # without time going on
    assert ticker.calls == ["start", "tick", "tick", "tick", "tick", "stop"]


async def test_a_service_may_say_at_its_start_that_it_is_not_ready_yet(tmp_path: Path, clock: ManualClock) -> None:
    class Door(Judge):
        async def on_start(self) -> None:
            self.context.health.degraded("DOOR_SHUT")

    door = Door(make_context(tmp_path, clock=clock))
    task = asyncio.create_task(run_service(door))
    await settle()
    assert not door.context.health.is_ready
    await stop(door, clock, task)


def test_recent_ids_forget_the_oldest() -> None:
    recent = RecentIds(2)
    assert [recent.add(x) for x in ("a", "b", "a", "c", "a")] == [True, True, False, True, True]
