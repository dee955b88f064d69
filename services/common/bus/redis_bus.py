"""The bus on Redis Streams: one JSON field per entry, consumer groups, pipelines of at most 128.

Publishing writes to the spool and returns; one task ships the spool to Redis, so the caller never waits for a dead bus.
Events leave the spool when the event store has confirmed them. When Redis comes back as another process (it may have
lost its last second), or the store says nothing of what was sent, the unconfirmed part is sent again; readers know an
event by its id.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import redis.asyncio as redis_asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from services.common.bus.marks import MARKS_KEY, STORE_ALIVE_FIELD, SeqKey, SeqSet, StallWatch
from services.common.bus.readers import GroupReader
from services.common.bus.spool import Spool
from services.common.bus.trimming import trim_stream
from services.common.ports import Clock, Delivery, EventSource, RawDelivery
from services.contracts.codec import Unreadable, decode, encode
from services.contracts.events import AnyEvent, DeadLetterV1
from services.contracts.streams import BY_KIND, Stream

CHUNK_MAX = 128
FIELD = b"e"
# One command for many entries of a stream: a fifth of the cost of packing and answering them one by one.
ADD_SCRIPT = "for i = 1, #ARGV do redis.call('XADD', KEYS[1], '*', 'e', ARGV[i]) end"
SPOOL_BYTES_MAX = 1 << 30
_HOUSEKEEPING_MS = 1_000
_RETRY_MS_MAX = 2_000
_ANSWER_WITHIN_S = 3.0
_OUT_OF_REACH = (RedisError, OSError, asyncio.TimeoutError)


class RedisBus:
    """``start`` before use; ``close`` ships what it can within two seconds and leaves the rest in the spool."""

    def __init__(
        self,
        url: str,
        *,
        source: EventSource,
        clock: Clock,
        spool_dir: Path,
        spool_bytes_max: int = SPOOL_BYTES_MAX,
        redeliver_after_ms: int = 30_000,
    ) -> None:
        self.url = url
        self.dropped = 0  # events of unprotected streams refused because the spool is full
        self.resent_times = 0
        self._source = source
        self._clock = clock
        self._spool = Spool(spool_dir)
        self._spool_bytes_max = spool_bytes_max
        self._redeliver_after_ms = redeliver_after_ms
        self._redis: Any = _connect(url)
        self._readers: dict[str, GroupReader] = {}
        self._wake = asyncio.Event()
        self._is_closing = False
        self._task: asyncio.Task[None] | None = None
        self._run_id = b""
        self._is_connected = False
        self._add_sha = ""
        self._blind_since_ms: int | None = clock.monotonic_ms()
        self._stalls = StallWatch()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._ship_until_closed(), name=f"bus-shipper-{self._source.source}")

    # --------------------------------------------------------------------------------------------------- publishing

    async def publish(self, event: AnyEvent) -> None:
        self.publish_nowait(event)

    def publish_nowait(self, event: AnyEvent) -> None:
        """For callers that are not coroutines. Costs an encode; the write to disk and to Redis comes right after."""
        stream = BY_KIND[type(event)]
        if self._spool.n_bytes > self._spool_bytes_max and stream.maxlen is not None:
            self.dropped += 1
            return
        self._spool.append(SeqKey(stream.name, event.source, event.source_epoch), event.seq, encode(event))
        self._wake.set()

    async def flush(self, timeout_ms: int) -> bool:
        """True when everything published is on the bus and every acknowledgement has been sent."""
        deadline_ms = self._clock.monotonic_ms() + timeout_ms
        while self._has_work():
            if self._clock.monotonic_ms() >= deadline_ms:
                return False
            self._wake.set()
            await asyncio.sleep(0.002)
        return True

    def blind_ms(self) -> int:
        return 0 if self._blind_since_ms is None else self._clock.monotonic_ms() - self._blind_since_ms

    def stats(self) -> dict[str, int]:
        return {"spool_bytes": self._spool.n_bytes, "resent": self.resent_times, "dropped": self.dropped}

    async def close(self) -> None:
        if self._task is not None and not self._is_closing:
            if self._is_connected:
                await self.flush(2_000)
            self._is_closing = True
            self._wake.set()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait_for(asyncio.shield(self._task), 3)
            self._task.cancel()
        for reader in self._readers.values():
            await reader.close()
        await self._redis.aclose()
        self._spool.close()

    # ------------------------------------------------------------------------------------------------------ reading

    async def poll_raw(
        self, group: str, streams: Sequence[Stream], *, count_max: int, wait_ms: int, from_start: bool = True
    ) -> list[RawDelivery]:
        reader = self._readers.get(group)
        if reader is None:
            reader = GroupReader(
                _connect(self.url),
                group,
                self._clock,
                from_start=from_start,
                redeliver_after_ms=self._redeliver_after_ms,
            )
            self._readers[group] = reader
        try:
            return await reader.read(streams, count_max=count_max, wait_ms=wait_ms)
        except _OUT_OF_REACH:
            reader.forget_position()
            self._note_out_of_reach()
            await self._clock.sleep_until(self._clock.monotonic_ms() + max(1, min(wait_ms, 200)))
            return []

    async def poll(
        self, group: str, streams: Sequence[Stream], *, count_max: int, wait_ms: int, from_start: bool = True
    ) -> list[Delivery]:
        deliveries: list[Delivery] = []
        for stream, entry_id, raw in await self.poll_raw(
            group, streams, count_max=count_max, wait_ms=wait_ms, from_start=from_start
        ):
            event = decode(raw)
            if isinstance(event, Unreadable):
                self._bury(group, stream, entry_id, event.error, event.raw)
                await self.ack_raw(group, [(stream, entry_id)])
            else:
                deliveries.append(Delivery(stream, entry_id, event))
        return deliveries

    async def ack(self, group: str, delivery: Delivery) -> None:
        await self.ack_raw(group, [(delivery.stream, delivery.entry_id)])

    async def ack_raw(self, group: str, entries: Iterable[tuple[Stream, str]]) -> None:
        """Noted at once, sent with the next pipeline; what a crash forgets is delivered again."""
        self._readers[group].note_done(entries)
        self._wake.set()

    async def dead_letter(self, group: str, delivery: Delivery, error: str) -> None:
        self._bury(group, delivery.stream, delivery.entry_id, error, encode(delivery.event))
        await self.ack(group, delivery)

    async def tail(self, streams: Sequence[Stream], *, count_max: int) -> list[Delivery]:
        found: list[Delivery] = []
        try:
            pipe = self._redis.pipeline(transaction=False)
            for stream in streams:
                pipe.xrevrange(stream.name, count=count_max)
            async with asyncio.timeout(_ANSWER_WITHIN_S):
                answers = await pipe.execute()
        except _OUT_OF_REACH:
            self._note_out_of_reach()
            return []
        for stream, entries in zip(streams, answers, strict=True):
            for entry_id, fields in reversed(entries):
                event = decode(fields.get(FIELD, b""))
                if not isinstance(event, Unreadable):
                    found.append(Delivery(stream, entry_id.decode(), event))
        found.sort(key=lambda delivery: delivery.event.ts_ms)
        return found

    # ---------------------------------------------------------------------------------------------- the event store

    def server_life(self) -> str:
        return self._run_id.decode()

    async def confirm(self, marks: Mapping[str, str], now_ms: int) -> bool:
        try:
            async with asyncio.timeout(_ANSWER_WITHIN_S):
                await self._redis.hset(MARKS_KEY, mapping={**marks, STORE_ALIVE_FIELD: str(now_ms)})
        except _OUT_OF_REACH:
            self._note_out_of_reach()
            return False
        return True

    async def trim(self, stream: Stream, *, keep_max: int, group: str) -> int:
        try:
            async with asyncio.timeout(10 * _ANSWER_WITHIN_S):
                return await trim_stream(self._redis, stream, keep_max=keep_max, group=group)
        except _OUT_OF_REACH:
            self._note_out_of_reach()
            return 0

    # ------------------------------------------------------------------------------------------------------ shipping

    async def _ship_until_closed(self) -> None:
        retry_ms = 50
        next_housekeeping_ms = 0
        while True:
            try:
                async with asyncio.timeout(_ANSWER_WITHIN_S):
                    if not self._is_connected:
                        await self._connect_again()
                        retry_ms = 50
                    if self._clock.monotonic_ms() >= next_housekeeping_ms:
                        await self._look_at_server()
                        next_housekeeping_ms = self._clock.monotonic_ms() + _HOUSEKEEPING_MS
                    await self._ship_chunk()
            except _OUT_OF_REACH:
                self._is_connected = False
                self._note_out_of_reach()
                await self._spool_while_waiting(retry_ms)
                retry_ms = min(retry_ms * 2, _RETRY_MS_MAX)
            if self._is_closing:
                return
            if self._is_connected and not self._has_work():
                await self._pause(_HOUSEKEEPING_MS)

    async def _ship_chunk(self) -> None:
        self._wake.clear()
        lines = self._spool.next_chunk(CHUNK_MAX)
        readers = [reader for reader in self._readers.values() if reader.has_done]
        if not lines and not readers:
            return
        by_stream: dict[str, list[bytes]] = {}
        for line in lines:
            by_stream.setdefault(line.key.stream, []).append(line.raw)
        pipe = self._redis.pipeline(transaction=False)
        for name, raws in by_stream.items():
            pipe.evalsha(self._add_sha, 1, name, *raws)
        acked = [(reader, reader.queue_acks(pipe)) for reader in readers]
        await pipe.execute()
        self._spool.advance(len(lines))
        for reader, entries in acked:
            reader.forget_done(entries)

    async def _connect_again(self) -> None:
        self._add_sha = await self._redis.script_load(ADD_SCRIPT)
        await self._look_at_server()
        self._is_connected = True

    async def _look_at_server(self) -> None:
        """Which life of Redis answers? The client reconnects silently, so only this tells that it was replaced."""
        server = await self._redis.info("server")
        run_id = str(server["run_id"]).encode()
        await self._read_marks()
        if run_id != self._run_id:
            self._spool.rewind()
            self.resent_times += int(bool(self._run_id))
            self._run_id = run_id
        self._blind_since_ms = None

    async def _read_marks(self) -> None:
        """Ask what the store has; free the spool; send again when the store lives but stays silent about our events."""
        keys = sorted(self._spool.unconfirmed_keys())
        if not keys:
            return
        store_ts, *texts = await self._redis.hmget(MARKS_KEY, [STORE_ALIVE_FIELD, *(key.text() for key in keys)])
        marks = {key: SeqSet.parse(text.decode()) for key, text in zip(keys, texts, strict=True) if text is not None}
        self._spool.confirm(marks)
        contiguous = {key: marks[key].contiguous if key in marks else 0 for key in keys}
        if self._stalls.is_stalled(self._clock.monotonic_ms(), store_ts, contiguous, self._spool.highest_sent()):
            self._spool.rewind()
            self.resent_times += 1

    def _has_work(self) -> bool:
        return bool(self._spool.next_chunk(1)) or any(reader.has_done for reader in self._readers.values())

    async def _spool_while_waiting(self, wait_ms: int) -> None:
        """The whole wait, whatever is published meanwhile; that goes to disk as it comes, or once there is room."""
        self._write_out()
        until_ms = self._clock.monotonic_ms() + wait_ms
        while not self._is_closing and (left_ms := until_ms - self._clock.monotonic_ms()) > 0:
            self._wake.clear()
            await self._pause(left_ms)
            self._write_out()

    def _write_out(self) -> None:
        with contextlib.suppress(OSError):  # a full disk must not end the shipping; the line waits in the buffer
            self._spool.write_out()

    async def _pause(self, wait_ms: int) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._wake.wait(), wait_ms / 1000)

    def _note_out_of_reach(self) -> None:
        if self._blind_since_ms is None:
            self._blind_since_ms = self._clock.monotonic_ms()

    def _bury(self, group: str, stream: Stream, entry_id: str, error: str, raw: bytes) -> None:
        text = raw.decode("utf-8", "backslashreplace")
        self.publish_nowait(
            self._source.make(
                DeadLetterV1, bot_id="desk", stream=stream.name, entry_id=entry_id, reader=group, error=error, raw=text
            )
        )


def _connect(url: str) -> Any:
    """A client that fails fast and does not retry by itself: the loops above decide when to try again.

    Time is limited around whole exchanges; a limit of the client's own would cost 5 us per answer.
    """
    return redis_asyncio.Redis.from_url(
        url, protocol=2, retry=Retry(NoBackoff(), 0), socket_timeout=None, socket_connect_timeout=1.0
    )
