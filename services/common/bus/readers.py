"""One consumer group's place in its streams: what is new, what was given and not acknowledged, what is done."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from redis.exceptions import ResponseError

from services.common.ports import Clock, RawDelivery
from services.contracts.streams import BY_NAME, Stream

FIELD = b"e"
CONSUMER = "1"  # one reader per group: the next life of it asks for what this one left


class GroupReader:
    def __init__(self, client: Any, group: str, clock: Clock, *, from_start: bool, redeliver_after_ms: int) -> None:
        self._redis = client
        self._group = group
        self._clock = clock
        self._from_start = from_start
        self._redeliver_after_ms = redeliver_after_ms
        self._made: set[str] = set()
        self._pending_from: dict[str, str] = {}  # stream -> where to go on reading our own pending entries
        self._next_claim_ms = clock.monotonic_ms() + redeliver_after_ms
        self._done: dict[tuple[str, str], None] = {}  # (stream, entry id) to acknowledge, in order

    async def read(self, streams: Sequence[Stream], *, count_max: int, wait_ms: int) -> list[RawDelivery]:
        try:
            async with asyncio.timeout((wait_ms + 3_000) / 1000):
                await self._make_groups(streams)
                found = await self._own_pending(count_max) or await self._idle_pending(streams, count_max)
                return found or await self._new(streams, count_max, wait_ms)
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            self.forget_position()  # the server lost the group: make it again on the next call
            return []

    def forget_position(self) -> None:
        """After a broken connection: an answer may have been lost, so ask for what is pending once more."""
        self._made.clear()

    # ----------------------------------------------------------------------------------------------- acknowledgements

    @property
    def has_done(self) -> bool:
        return bool(self._done)

    def note_done(self, entries: Iterable[tuple[Stream, str]]) -> None:
        for stream, entry_id in entries:
            self._done[(stream.name, entry_id)] = None

    def queue_acks(self, pipe: Any) -> list[tuple[str, str]]:
        """Adds one XACK per stream to the pipeline; returns what it covers, for ``forget_done`` later."""
        entries = list(self._done)
        by_stream: dict[str, list[str]] = {}
        for stream, entry_id in entries:
            by_stream.setdefault(stream, []).append(entry_id)
        for stream, entry_ids in by_stream.items():
            pipe.xack(stream, self._group, *entry_ids)
        return entries

    def forget_done(self, entries: list[tuple[str, str]]) -> None:
        for entry in entries:
            self._done.pop(entry, None)

    async def close(self) -> None:
        await self._redis.aclose()

    # ------------------------------------------------------------------------------------------------------- private

    async def _make_groups(self, streams: Sequence[Stream]) -> None:
        for stream in streams:
            if stream.name in self._made:
                continue
            try:
                await self._redis.xgroup_create(
                    stream.name, self._group, id="0" if self._from_start else "$", mkstream=True
                )
            except ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise
            self._made.add(stream.name)
            self._pending_from[stream.name] = "0"

    async def _own_pending(self, count_max: int) -> list[RawDelivery]:
        while self._pending_from:
            answer = await self._redis.xreadgroup(self._group, CONSUMER, dict(self._pending_from), count=count_max)
            found: list[RawDelivery] = []
            seen: set[str] = set()
            for name, entries in answer or ():
                stream_name = name.decode()
                if entries:
                    seen.add(stream_name)
                    self._pending_from[stream_name] = entries[-1][0].decode()
                    found += self._deliveries(stream_name, entries)
            for stream_name in set(self._pending_from) - seen:
                del self._pending_from[stream_name]
            if found:
                return found
        return []

    async def _idle_pending(self, streams: Sequence[Stream], count_max: int) -> list[RawDelivery]:
        """What this process took and never acknowledged: its handler died, it did not."""
        if self._clock.monotonic_ms() < self._next_claim_ms:
            return []
        self._next_claim_ms = self._clock.monotonic_ms() + max(1, self._redeliver_after_ms // 2)
        found: list[RawDelivery] = []
        for stream in streams:
            answer = await self._redis.xautoclaim(
                stream.name,
                self._group,
                CONSUMER,
                min_idle_time=self._redeliver_after_ms,
                start_id="0-0",
                count=count_max,
            )
            found += self._deliveries(stream.name, answer[1])
        return found

    async def _new(self, streams: Sequence[Stream], count_max: int, wait_ms: int) -> list[RawDelivery]:
        names = {stream.name: ">" for stream in streams}
        block = wait_ms if wait_ms > 0 else None
        answer = await self._redis.xreadgroup(self._group, CONSUMER, names, count=count_max, block=block)
        found: list[RawDelivery] = []
        for name, entries in answer or ():
            found += self._deliveries(name.decode(), entries)
        return found

    def _deliveries(self, stream_name: str, entries: Sequence[Any]) -> list[RawDelivery]:
        stream = BY_NAME[stream_name]
        found: list[RawDelivery] = []
        for entry_id_bytes, fields in entries:
            entry_id = entry_id_bytes.decode()
            if (stream_name, entry_id) in self._done:
                continue
            if not fields:  # trimmed away while it was pending: the store has it, or it could not have been trimmed
                self._done[(stream_name, entry_id)] = None
                continue
            raw = fields.get(FIELD)
            found.append(RawDelivery(stream, entry_id, raw if raw is not None else repr(fields).encode()))
        return found
