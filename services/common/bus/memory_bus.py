"""The bus inside one process: same contract as Redis, no sockets, so that a whole desk runs in virtual time.

``MemoryBroker`` is the server, ``MemoryBus`` one client of it. ``set_reachable(False)`` is an outage: clients hold what
they publish, in order, and deliver it when the broker is back.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from services.common.ports import Clock, Delivery, EventSource, RawDelivery
from services.contracts.codec import Unreadable, decode, encode
from services.contracts.events import AnyEvent, DeadLetterV1
from services.contracts.streams import BY_KIND, Stream

REDELIVER_AFTER_MS = 30_000
_Content = AnyEvent | bytes  # bytes: put there by a foreign producer, to be read as it is
TRIMMED = b""


class _Group:
    def __init__(self, next_index: int) -> None:
        self.next_index = next_index
        self.pending: dict[int, int] = {}  # entry index -> monotonic ms of the last delivery, in order of delivery


class _Log:
    def __init__(self) -> None:
        self.entries: list[_Content] = []
        self.groups: dict[str, _Group] = {}


class MemoryBroker:
    def __init__(self) -> None:
        self._logs: dict[str, _Log] = {}
        self._waiting: set[asyncio.Future[None]] = set()
        self.is_reachable = True
        self._clients: list[MemoryBus] = []
        self.marks: dict[str, str] = {}

    def log(self, stream: Stream) -> _Log:
        return self._logs.setdefault(stream.name, _Log())

    def append(self, stream: Stream, content: _Content) -> None:
        self.log(stream).entries.append(content)
        self._wake()

    def set_reachable(self, is_reachable: bool) -> None:
        self.is_reachable = is_reachable
        if is_reachable:
            for client in self._clients:
                client.catch_up()
        self._wake()

    def join(self, client: "MemoryBus") -> None:
        self._clients.append(client)

    def _wake(self) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        self._waiting.clear()

    async def wait(self, clock: Clock, wait_ms: int) -> None:
        """Until something is appended or wait_ms have passed."""
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        timer = clock.call_at(
            clock.monotonic_ms() + wait_ms, lambda: None if waiting.done() else waiting.set_result(None)
        )
        try:
            await waiting
        finally:
            timer.cancel()
            self._waiting.discard(waiting)


class MemoryBus:
    def __init__(self, broker: MemoryBroker, *, source: EventSource, clock: Clock) -> None:
        self._broker = broker
        self._source = source
        self._clock = clock
        self._outbox: deque[AnyEvent] = deque()
        self._blind_since_ms: int | None = None
        self._fresh_groups: set[tuple[str, str]] = set()  # whose pending entries this client has not yet asked for
        self._known_groups: set[tuple[str, str]] = set()
        broker.join(self)

    async def publish(self, event: AnyEvent) -> None:
        self.publish_nowait(event)

    def publish_nowait(self, event: AnyEvent) -> None:
        self._outbox.append(event)
        self.catch_up()

    def catch_up(self) -> None:
        """Hand over what waits, in order, if the broker is in reach."""
        if not self._is_up():
            return
        while self._outbox:
            event = self._outbox.popleft()
            self._broker.append(BY_KIND[type(event)], event)

    async def poll(
        self, group: str, streams: Sequence[Stream], *, count_max: int, wait_ms: int, from_start: bool = True
    ) -> list[Delivery]:
        deliveries: list[Delivery] = []
        for stream, entry_id, content in await self._poll(group, streams, count_max, wait_ms, from_start):
            event = decode(content) if isinstance(content, bytes) else content
            if isinstance(event, Unreadable):
                self._bury(group, stream, entry_id, event.error, event.raw)
                await self.ack_raw(group, [(stream, entry_id)])
            else:
                deliveries.append(Delivery(stream, entry_id, event))
        return deliveries

    async def poll_raw(
        self, group: str, streams: Sequence[Stream], *, count_max: int, wait_ms: int, from_start: bool = True
    ) -> list[RawDelivery]:
        return [
            RawDelivery(stream, entry_id, content if isinstance(content, bytes) else encode(content))
            for stream, entry_id, content in await self._poll(group, streams, count_max, wait_ms, from_start)
        ]

    async def ack(self, group: str, delivery: Delivery) -> None:
        await self.ack_raw(group, [(delivery.stream, delivery.entry_id)])

    async def ack_raw(self, group: str, entries: Iterable[tuple[Stream, str]]) -> None:
        for stream, entry_id in entries:
            self._group(group, stream, from_start=True).pending.pop(int(entry_id), None)

    async def dead_letter(self, group: str, delivery: Delivery, error: str) -> None:
        self._bury(group, delivery.stream, delivery.entry_id, error, encode(delivery.event))
        await self.ack(group, delivery)

    async def tail(self, streams: Sequence[Stream], *, count_max: int) -> list[Delivery]:
        if not self._is_up():
            return []
        found: list[Delivery] = []
        for stream in streams:
            entries = self._broker.log(stream).entries
            first = max(0, len(entries) - count_max)
            for index in range(first, len(entries)):
                content = entries[index]
                event = decode(content) if isinstance(content, bytes) else content
                if not isinstance(event, Unreadable):
                    found.append(Delivery(stream, str(index), event))
        found.sort(key=lambda delivery: delivery.event.ts_ms)
        return found

    def blind_ms(self) -> int:
        self._is_up()
        return 0 if self._blind_since_ms is None else self._clock.monotonic_ms() - self._blind_since_ms

    def stats(self) -> dict[str, int]:
        return {"spool_bytes": 0, "resent": 0, "dropped": 0}

    def server_life(self) -> str:
        return "memory"

    async def confirm(self, marks: Mapping[str, str], now_ms: int) -> bool:
        self._broker.marks.update(marks)
        return self._is_up()

    async def trim(self, stream: Stream, *, keep_max: int, group: str) -> int:
        """Entries are numbered by place, so memory is freed by forgetting their content."""
        log = self._broker.log(stream)
        read_to = min((min(state.pending, default=state.next_index) for state in log.groups.values()), default=0)
        cut = min(read_to, len(log.entries) - keep_max)
        dropped = 0
        for index in range(cut - 1, -1, -1):
            if log.entries[index] is TRIMMED:
                break
            log.entries[index] = TRIMMED
            dropped += 1
        return dropped

    async def flush(self, timeout_ms: int) -> bool:
        """True when nothing waits to be handed over."""
        self.catch_up()
        return not self._outbox

    async def close(self) -> None:
        self.catch_up()

    # ------------------------------------------------------------------------------------------------------- private

    def _is_up(self) -> bool:
        if self._broker.is_reachable:
            self._blind_since_ms = None
        elif self._blind_since_ms is None:
            self._blind_since_ms = self._clock.monotonic_ms()
        return self._broker.is_reachable

    def _group(self, group: str, stream: Stream, *, from_start: bool) -> _Group:
        log = self._broker.log(stream)
        if group not in log.groups:
            log.groups[group] = _Group(0 if from_start else len(log.entries))
        if (group, stream.name) not in self._known_groups:
            self._known_groups.add((group, stream.name))
            self._fresh_groups.add((group, stream.name))
        return log.groups[group]

    async def _poll(
        self, group: str, streams: Sequence[Stream], count_max: int, wait_ms: int, from_start: bool
    ) -> list[tuple[Stream, str, _Content]]:
        found = self._take(group, streams, count_max, from_start)
        if not found and wait_ms > 0:
            await self._broker.wait(self._clock, wait_ms)
            found = self._take(group, streams, count_max, from_start)
        elif not found:
            await asyncio.sleep(0)
        return found

    def _take(
        self, group: str, streams: Sequence[Stream], count_max: int, from_start: bool
    ) -> list[tuple[Stream, str, _Content]]:
        if not self._is_up():
            return []
        now_ms = self._clock.monotonic_ms()
        found: list[tuple[Stream, str, _Content]] = []
        for stream in streams:
            state = self._group(group, stream, from_start=from_start)
            entries = self._broker.log(stream).entries
            is_fresh = (group, stream.name) in self._fresh_groups
            self._fresh_groups.discard((group, stream.name))
            for index, given_ms in list(state.pending.items()):
                if is_fresh or now_ms - given_ms >= REDELIVER_AFTER_MS:
                    state.pending[index] = now_ms
                    found.append((stream, str(index), entries[index]))
            while state.next_index < len(entries) and len(found) < count_max:
                if entries[state.next_index] is TRIMMED:
                    state.next_index += 1
                    continue
                state.pending[state.next_index] = now_ms
                found.append((stream, str(state.next_index), entries[state.next_index]))
                state.next_index += 1
        return found

    def _bury(self, group: str, stream: Stream, entry_id: str, error: str, raw: bytes) -> None:
        text = raw.decode("utf-8", "backslashreplace")
        self.publish_nowait(
            self._source.make(
                DeadLetterV1,
                bot_id="desk",
                stream=stream.name,
                entry_id=entry_id,
                reader=group,
                error=error,
                raw=text,
            )
        )
