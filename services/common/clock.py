"""The two clocks: the machine's, and one that a test or a simulation moves by hand.

Wall time stamps events; monotonic time measures durations and timeouts. Both are milliseconds. ``ManualClock`` never
sleeps: ``advance`` fires timers and wakes sleepers in order of (time, order of asking), so that a run repeats.
"""

import asyncio
import heapq
import time
from collections.abc import Callable
from decimal import Decimal

from services.common.ports import Timer


class SystemClock:
    """time.time and the event loop's own timers."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    async def sleep_until(self, monotonic_ms: int) -> None:
        while (left_ms := monotonic_ms - self.monotonic_ms()) > 0:  # noqa: ASYNC110 - sleep may end a little early
            await asyncio.sleep(left_ms / 1000)
        await asyncio.sleep(0)

    def call_at(self, monotonic_ms: int, callback: Callable[[], None]) -> Timer:
        delay_ms = max(0, monotonic_ms - self.monotonic_ms())
        return asyncio.get_running_loop().call_later(delay_ms / 1000, callback)


class Stopwatch:
    """For durations that are reported, never judged by: milliseconds with three places since it was made."""

    def __init__(self) -> None:
        self._started_ns = time.perf_counter_ns()

    def ms(self) -> Decimal:
        return Decimal((time.perf_counter_ns() - self._started_ns) // 1_000).scaleb(-3)


class _ManualTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self._callback = None

    def fire(self) -> None:
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


class ManualClock:
    """Time stands still until ``advance``. ``step_wall`` moves wall time alone, as an NTP step does."""

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self._wall_offset_ms = now_ms
        self._monotonic_ms = 0
        self._order = 0
        self._timers: list[tuple[int, int, _ManualTimer]] = []

    def now_ms(self) -> int:
        return self._wall_offset_ms + self._monotonic_ms

    def monotonic_ms(self) -> int:
        return self._monotonic_ms

    async def sleep_until(self, monotonic_ms: int) -> None:
        if monotonic_ms > self._monotonic_ms:
            woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            timer = self.call_at(monotonic_ms, lambda: None if woken.done() else woken.set_result(None))
            try:
                await woken
            finally:
                timer.cancel()
        else:
            await asyncio.sleep(0)

    def call_at(self, monotonic_ms: int, callback: Callable[[], None]) -> Timer:
        timer = _ManualTimer(callback)
        self._order += 1
        heapq.heappush(self._timers, (max(monotonic_ms, self._monotonic_ms), self._order, timer))
        return timer

    def step_wall(self, by_ms: int) -> None:
        self._wall_offset_ms += by_ms

    def next_timer_ms(self) -> int | None:
        """When the next timer is due, monotonic; None when nobody waits."""
        return self._timers[0][0] if self._timers else None

    async def advance(self, by_ms: int) -> None:
        """Move time on, firing what falls due in between, and let the woken tasks run at each stop."""
        until_ms = self._monotonic_ms + by_ms
        await settle()
        while self._timers and self._timers[0][0] <= until_ms:
            due_ms, _, timer = heapq.heappop(self._timers)
            self._monotonic_ms = max(self._monotonic_ms, due_ms)
            timer.fire()
            await settle()
        self._monotonic_ms = until_ms
        await settle()


async def settle(rounds: int = 20) -> None:
    """Let tasks that are ready run: enough rounds for a chain of awaits, bounded so that a busy loop cannot hang it."""
    for _ in range(rounds):
        await asyncio.sleep(0)


def stopwatch_ns() -> int:
    """For benches and spans that only measure how long code took; logic takes a Clock."""
    return time.perf_counter_ns()
