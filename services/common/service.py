"""One skeleton for every service: what it writes (on_start, on_event, on_tick, on_stop) and the loop that calls it.

Nothing here is global and nothing installs a signal handler, so many services run in one process; the worker owns
signals. Starting clean and starting after a crash are one path: on_start rebuilds, what was not acknowledged comes
again.
"""

import asyncio
import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from services.common.errors import EventRefused
from services.common.health import Health
from services.common.http_front import ShortWay
from services.common.logs import Logger
from services.common.metrics import Metrics, ServiceMetrics
from services.common.ports import Bus, Clock, EventSource, Ids
from services.contracts.events import AnyEvent, StateSnapshotV1
from services.contracts.streams import Stream

STATE_EVERY_MS = 5_000
RECENT_IDS_MAX = 50_000
MADE_PREFIX = "made."  # counter "made.<stream>": events this life has made, which the store must come to have


@dataclass(slots=True)
class ServiceContext:
    """What a service is given. ``stop`` is set by whoever runs it; setting it asks this one service to end."""

    name: str
    run_dir: Path
    data_dir: Path
    bus: Bus
    clock: Clock
    ids: Ids
    source: EventSource
    health: Health
    metrics: Metrics
    log: Logger
    port: int = 0
    redis_url: str = ""
    stop: asyncio.Event = field(default_factory=asyncio.Event)


class Service:
    """Derive, name it, override what is needed. ``on_event`` sees each event once per life, and again after a crash."""

    name: str = "service"
    streams: Sequence[Stream] = ()
    tick_ms: int = 1_000
    count_max: int = 500
    from_start: bool = True  # False: a new group begins with what comes next

    def __init__(self, context: ServiceContext) -> None:
        self.context = context
        self.log = context.log

    async def on_start(self) -> None:
        """Rebuild state and connect. Ready when it returns, unless the service has said degraded."""

    async def on_event(self, event: AnyEvent) -> None:
        """Idempotent. EventRefused sends this event to the dead letters; any other exception ends the process."""

    async def take_batch(self, wait_ms: int, own: ServiceMetrics, seen: "RecentIds") -> None:
        """Poll once and hand over event by event. A service that works in batches overrides this."""
        bus, name = self.context.bus, self.context.name
        for delivery in await bus.poll(
            name, self.streams, count_max=self.count_max, wait_ms=wait_ms, from_start=self.from_start
        ):
            if not seen.add(delivery.event.event_id):
                await bus.ack(name, delivery)
                continue
            try:
                await self.on_event(delivery.event)
            except EventRefused as refusal:
                own.events_refused.labels(name).inc()
                self.log.warning("event.refused", event_id=delivery.event.event_id, error=str(refusal))
                await bus.dead_letter(name, delivery, str(refusal))
                continue
            own.events_handled.labels(name, delivery.stream.name).inc()
            await bus.ack(name, delivery)

    async def on_tick(self, now_ms: int) -> None:
        """About every tick_ms, never two at a time."""

    async def on_stop(self) -> None:
        """Undo what must not outlive the process; a few seconds are allowed."""

    def web_app(self) -> web.Application | None:
        """A service with pages or an API of its own returns its application; the endpoints are mounted into it."""
        return None

    def short_way(self) -> ShortWay | None:
        """Requests that are answered before the application is asked: see ``http_front``."""
        return None

    def counters(self) -> dict[str, int]:
        """For StateSnapshotV1 and the status file."""
        return {}


async def run_service(service: Service) -> None:
    """Until context.stop is set or the service raises. Calls on_stop only after a stop that was asked for."""
    context = service.context
    own = ServiceMetrics(context.metrics)
    started_ms = context.clock.monotonic_ms()
    reporter = asyncio.create_task(_report_state(service, own, started_ms), name=f"{context.name}-state")
    try:
        await service.on_start()
        if context.health.state == "starting":
            context.health.ready()
        context.log.info("service.ready", state=context.health.state, detail=context.health.detail)
        await _loop(service, own)
        context.health.stopping()
        await service.on_stop()
        await _publish_state(service, started_ms)
    finally:
        reporter.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reporter


async def _loop(service: Service, own: ServiceMetrics) -> None:
    context, clock = service.context, service.context.clock
    seen = RecentIds(RECENT_IDS_MAX)
    next_tick_ms = clock.monotonic_ms()
    while not context.stop.is_set():
        wait_ms = max(0, next_tick_ms - clock.monotonic_ms())
        if service.streams:
            await service.take_batch(wait_ms, own, seen)
        else:
            await sleep_or_stop(clock, clock.monotonic_ms() + wait_ms, context.stop)
        if context.stop.is_set():
            return
        if clock.monotonic_ms() >= next_tick_ms:
            tick_started_ms = clock.monotonic_ms()
            await service.on_tick(clock.now_ms())
            own.tick_seconds.labels(context.name).observe((clock.monotonic_ms() - tick_started_ms) / 1000)
            next_tick_ms = max(next_tick_ms + service.tick_ms, clock.monotonic_ms())


async def _report_state(service: Service, own: ServiceMetrics, started_ms: int) -> None:
    context = service.context
    dropped_before = 0
    while True:
        stats = context.bus.stats()
        own.bus_spool_bytes.labels(context.name).set(stats["spool_bytes"])
        own.bus_resent.labels(context.name).set(stats["resent"])
        own.bus_dropped.labels(context.name).set(stats["dropped"])
        if stats["dropped"] > dropped_before:
            context.log.error("bus.spool_full", code="SPOOL_FULL", **stats)
            dropped_before = stats["dropped"]
        own.up.labels(context.name).set(1 if context.health.is_ready else 0)
        own.uptime_seconds.labels(context.name).set((context.clock.monotonic_ms() - started_ms) / 1000)
        own.bus_blind_seconds.labels(context.name).set(context.bus.blind_ms() / 1000)
        await _publish_state(service, started_ms)
        await context.clock.sleep_until(context.clock.monotonic_ms() + STATE_EVERY_MS)


async def _publish_state(service: Service, started_ms: int) -> None:
    context = service.context
    made = {f"{MADE_PREFIX}{stream}": count for stream, count in context.source.counts().items()}
    await context.bus.publish(
        context.source.make(
            StateSnapshotV1,
            bot_id="desk",
            service=context.name,
            health=context.health.state,
            detail=context.health.detail,
            pid=os.getpid(),
            uptime_ms=context.clock.monotonic_ms() - started_ms,
            counters={**service.counters(), **made},
        )
    )


async def sleep_or_stop(clock: Clock, until_ms: int, stop: asyncio.Event) -> bool:
    """Waits until the monotonic time or the stop, whichever is first. True when it was the stop."""
    sleeping = asyncio.ensure_future(clock.sleep_until(until_ms))
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({sleeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sleeping, stopping):
            task.cancel()
        await asyncio.gather(sleeping, stopping, return_exceptions=True)
    return stop.is_set()


class RecentIds:
    """The last so many ids, so that an event sent again is handled once. Older repeats are the handler's own care."""

    def __init__(self, count_max: int) -> None:
        self._count_max = count_max
        self._ids: dict[str, None] = {}

    def add(self, event_id: str) -> bool:
        """False when it was there already."""
        if event_id in self._ids:
            return False
        self._ids[event_id] = None
        if len(self._ids) > self._count_max:
            del self._ids[next(iter(self._ids))]
        return True
