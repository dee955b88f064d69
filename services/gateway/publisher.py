"""From the journal's outbox to the bus: in order, after the commit, and apart from the orders' way."""

import asyncio
import contextlib
from collections import deque

from services.common.ports import Bus, Clock
from services.contracts import events as e

_GATHER_S = 0.005
_RETRY_S = 0.5
_PUBLISHED_LAG_MS = 2_000  # by then the bus's spool has an event on disk


class Publisher:
    """A few milliseconds late and together: shipping to the bus costs the event loop as much as an order does."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._waiting: deque[tuple[e.AnyEvent, int]] = deque()
        self._has_events = asyncio.Event()
        self._published: deque[tuple[int, int]] = deque()  # (monotonic ms, outbox id)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="gateway-publisher")

    def hand_in(self, event: e.AnyEvent, outbox_id: int) -> None:
        """``outbox_id`` is the row that the event stands in, 0 when in none."""
        self._waiting.append((event, outbox_id))
        self._has_events.set()

    def long_published(self) -> int | None:
        """The last outbox row, since the last call, whose events have been on the bus long enough to be forgotten."""
        horizon_ms = self._clock.monotonic_ms() - _PUBLISHED_LAG_MS
        last = None
        while self._published and self._published[0][0] <= horizon_ms:
            last = self._published.popleft()[1]
        return last

    async def close(self) -> None:
        """What waits goes out first; what cannot stands in the outbox for the next life."""
        with contextlib.suppress(OSError):
            await self._publish_waiting()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._has_events.wait()
            await asyncio.sleep(_GATHER_S)
            self._has_events.clear()
            try:
                await self._publish_waiting()
            except OSError:  # the bus's spool has no room: what waits stands in the outbox, and waits on
                await asyncio.sleep(_RETRY_S)
                self._has_events.set()

    async def _publish_waiting(self) -> None:
        while self._waiting:
            event, outbox_id = self._waiting.popleft()
            try:
                await self._bus.publish(event)
            except OSError:
                self._waiting.appendleft((event, outbox_id))
                raise
            if outbox_id:
                self._published.append((self._clock.monotonic_ms(), outbox_id))
