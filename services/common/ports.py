"""Time, ids and the bus as ports. Each has a real and a simulated implementation that pass one contract test."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from services.contracts.events import AnyEvent, Event
from services.contracts.streams import Stream

EventT = TypeVar("EventT", bound=Event)


class Timer(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    """Wall time stamps events; monotonic time measures durations and timeouts. Both in milliseconds."""

    def now_ms(self) -> int: ...
    def monotonic_ms(self) -> int: ...
    async def sleep_until(self, monotonic_ms: int) -> None: ...
    def call_at(self, monotonic_ms: int, callback: Callable[[], None]) -> Timer: ...


class Ids(Protocol):
    """Seeded in simulation, so that a run repeats."""

    def event_id(self) -> str: ...  # UUIDv7 text
    def token(self, n_bytes: int) -> str: ...  # hex


class Delivery(NamedTuple):
    """One entry for one reader group. Deliver-at-least-once: the reader is idempotent on event.event_id."""

    stream: Stream
    entry_id: str
    event: AnyEvent


class RawDelivery(NamedTuple):
    """An entry as the bus has it, for the reader that stores bytes and the one that moves them."""

    stream: Stream
    entry_id: str
    raw: bytes


class Bus(Protocol):
    """Carries events. The store remembers: what must not be lost is spooled until the store has confirmed it."""

    async def publish(self, event: AnyEvent) -> None:
        """Append to the stream of the event's kind. Never blocks on a dead bus: it spools to disk and catches up."""
        ...

    def publish_nowait(self, event: AnyEvent) -> None:
        """The same for callers that are not coroutines."""
        ...

    async def poll(
        self, group: str, streams: Sequence[Stream], *, count_max: int, wait_ms: int, from_start: bool = True
    ) -> list[Delivery]:
        """New entries for the group, and those it was given before but never acknowledged."""
        ...

    async def ack(self, group: str, delivery: Delivery) -> None: ...

    async def dead_letter(self, group: str, delivery: Delivery, error: str) -> None:
        """Keep what the reader refused, with its bytes, on hb.dead.v1; then acknowledge it."""
        ...

    async def tail(self, streams: Sequence[Stream], *, count_max: int) -> list[Delivery]:
        """The newest count_max entries of each stream, oldest first, without a group: for pages, never for judges."""
        ...

    def blind_ms(self) -> int:
        """How long the bus has been out of reach; 0 while it answers."""
        ...

    def stats(self) -> dict[str, int]:
        """spool_bytes not yet confirmed, resent (times), dropped (events of capped streams, the spool being full)."""
        ...

    async def close(self) -> None: ...


class StoreBus(Protocol):
    """What the event store asks of the bus on top: bytes, confirmations, trimming."""

    async def poll_raw(
        self, group: str, streams: Sequence[Stream], *, count_max: int, wait_ms: int, from_start: bool = True
    ) -> list[RawDelivery]: ...

    async def ack_raw(self, group: str, entries: Iterable[tuple[Stream, str]]) -> None: ...

    def server_life(self) -> str:
        """Changes when the bus came back as another process: then every confirmation has to be told again."""
        ...

    async def confirm(self, marks: Mapping[str, str], now_ms: int) -> bool:
        """Tell producers what is on disk: SeqKey text -> SeqSet text. False when the bus is out of reach."""
        ...

    async def trim(self, stream: Stream, *, keep_max: int, group: str) -> int:
        """Drop the oldest beyond keep_max, never what ``group`` or another reader has not acknowledged."""
        ...


class EventSource(Protocol):
    """Fills the envelope: event_id, source, source_epoch, seq per stream, ts_ms, config_hash."""

    source: str
    source_epoch: int

    def make(
        self,
        kind: type[EventT],
        *,
        bot_id: str,
        cause_id: str | None = None,
        event_id: str | None = None,
        **fields: object,
    ) -> EventT: ...

    def counts(self) -> dict[str, int]:
        """Events made in this life, by stream name."""
        ...


Publish = Callable[[AnyEvent], Awaitable[None]]
