"""One contract for the machine's clock and the one moved by hand. ``elapse`` lets time pass in either."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from services.common.clock import ManualClock, SystemClock
from services.common.ports import Clock

Elapse = Callable[[int], Awaitable[None]]


@pytest.fixture(params=["system", "manual"])
def clock_and_elapse(request: pytest.FixtureRequest) -> tuple[Clock, Elapse]:
    if request.param == "manual":
        manual = ManualClock()
        return manual, manual.advance

    async def wait(ms: int) -> None:
        await asyncio.sleep(ms / 1000)

    return SystemClock(), wait


async def test_monotonic_time_goes_on_by_what_elapsed(clock_and_elapse: tuple[Clock, Elapse]) -> None:
    clock, elapse = clock_and_elapse
    before_ms = clock.monotonic_ms()
    await elapse(30)
    assert 29 <= clock.monotonic_ms() - before_ms < 2_000


async def test_wall_time_is_in_milliseconds_of_this_century(clock_and_elapse: tuple[Clock, Elapse]) -> None:
    clock, _ = clock_and_elapse
    assert 1_600_000_000_000 < clock.now_ms() < 4_102_444_800_000


async def test_a_sleeper_wakes_when_its_time_has_come_and_not_before(clock_and_elapse: tuple[Clock, Elapse]) -> None:
    clock, elapse = clock_and_elapse
    due_ms = clock.monotonic_ms() + 40
    sleeper = asyncio.create_task(clock.sleep_until(due_ms))
    await elapse(10)
    assert not sleeper.done()
    await elapse(60)
    await asyncio.wait_for(sleeper, 2)
    assert clock.monotonic_ms() >= due_ms


async def test_sleeping_until_the_past_returns_at_once(clock_and_elapse: tuple[Clock, Elapse]) -> None:
    clock, _ = clock_and_elapse
    await asyncio.wait_for(clock.sleep_until(clock.monotonic_ms() - 5), 2)


async def test_timers_fire_once_in_order_of_time_then_of_asking(clock_and_elapse: tuple[Clock, Elapse]) -> None:
    clock, elapse = clock_and_elapse
    fired: list[str] = []
    now_ms = clock.monotonic_ms()
    clock.call_at(now_ms + 40, lambda: fired.append("late"))
    clock.call_at(now_ms + 20, lambda: fired.append("early"))
    clock.call_at(now_ms - 1, lambda: fired.append("overdue"))
    await elapse(100)
    assert fired == ["overdue", "early", "late"]


async def test_a_cancelled_timer_does_not_fire(clock_and_elapse: tuple[Clock, Elapse]) -> None:
    clock, elapse = clock_and_elapse
    fired: list[str] = []
    timer = clock.call_at(clock.monotonic_ms() + 20, lambda: fired.append("x"))
    timer.cancel()
    await elapse(50)
    assert fired == []


async def test_a_cancelled_sleeper_leaves_nothing_behind(clock_and_elapse: tuple[Clock, Elapse]) -> None:
    clock, elapse = clock_and_elapse
    sleeper = asyncio.create_task(clock.sleep_until(clock.monotonic_ms() + 20))
    await elapse(1)
    sleeper.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeper
    await elapse(40)


async def test_a_step_of_the_wall_clock_does_not_touch_durations() -> None:
    clock = ManualClock(now_ms=1_700_000_000_000)
    clock.step_wall(-3_600_000)
    assert (clock.now_ms(), clock.monotonic_ms()) == (1_699_996_400_000, 0)
    await clock.advance(5)
    assert (clock.now_ms(), clock.monotonic_ms()) == (1_699_996_400_005, 5)
