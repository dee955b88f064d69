"""What to do with a batch from the bus: which lines to write, which repeats to leave out. Pure, no file and no bus.

An event is taken once: by its place (stream, source, epoch, seq), and by its id among the recent ones. A place told
again is left out. An id told again at another place fills that place with a ``duplicate.v1`` line. What cannot be
read becomes a dead letter with its bytes.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from services.common.bus.marks import SeqKey
from services.common.ports import RawDelivery
from services.common.tally import STREAM_BY_KIND, Tally
from services.contracts.codec import (
    MALFORMED_EVENT,
    UNKNOWN_KIND,
    Envelope,
    Unreadable,
    decode_envelope,
    encode,
)
from services.contracts.events import DeadLetterV1, DuplicateV1

BuryFn = Callable[[RawDelivery, str], DeadLetterV1]


class Batch(NamedTuple):
    """``lines`` go to the file, in order; ``dead`` are among them and also go to the bus."""

    lines: list[bytes]
    changed: set[SeqKey]
    dead: list[DeadLetterV1]
    n_suppressed: int


class RecentEvents:
    """event_id -> where it was first seen, for the newest so many."""

    def __init__(self, count_max: int) -> None:
        self._count_max = count_max
        self._places: dict[str, tuple[SeqKey, int]] = {}

    def first_place(self, event_id: str, place: tuple[SeqKey, int]) -> tuple[SeqKey, int]:
        """Remembers the place if the id is new; returns the one where it was first seen."""
        first = self._places.setdefault(event_id, place)
        if len(self._places) > self._count_max:
            del self._places[next(iter(self._places))]
        return first

    def load(self, lines: Iterable[bytes]) -> None:
        keys: dict[SeqKey, SeqKey] = {}  # one object per key, not one per line
        for line in lines:
            envelope = decode_envelope(line)
            if not isinstance(envelope, Unreadable):
                stream = STREAM_BY_KIND.get(envelope.kind, "?")
                key = SeqKey(stream, envelope.source, envelope.source_epoch)
                self.first_place(envelope.event_id, (keys.setdefault(key, key), envelope.seq))


def take(tally: Tally, recent: RecentEvents, deliveries: Sequence[RawDelivery], bury: BuryFn) -> Batch:
    """Advances the tally by what will be written: the caller writes the lines, or dies."""
    lines: list[bytes] = []
    changed: set[SeqKey] = set()
    dead: list[DeadLetterV1] = []
    n_suppressed = 0
    for delivery in deliveries:
        envelope = decode_envelope(delivery.raw)
        if isinstance(envelope, Envelope):
            seen = tally.seen.get(SeqKey(delivery.stream.name, envelope.source, envelope.source_epoch))
            if seen is not None and envelope.seq in seen:
                n_suppressed += 1
                continue
        problem = _problem(delivery, envelope)
        if problem:
            letter = bury(delivery, problem)
            dead.append(letter)
            lines.append(encode(letter))
            tally.add_line(lines[-1])
            changed.add(SeqKey(STREAM_BY_KIND["dead_letter.v1"], letter.source, letter.source_epoch))
            if not isinstance(envelope, Unreadable):
                changed.add(SeqKey(delivery.stream.name, envelope.source, envelope.source_epoch))
            continue
        assert isinstance(envelope, Envelope)
        key = SeqKey(delivery.stream.name, envelope.source, envelope.source_epoch)
        changed.add(key)
        place = (key, envelope.seq)
        if recent.first_place(envelope.event_id, place) != place:
            lines.append(encode(_duplicate(envelope, delivery.stream.name)))
            tally.add_repeat(key, envelope.seq)
        else:
            lines.append(delivery.raw)
            tally.add(envelope, delivery.stream.name, delivery.raw)
    return Batch(lines, changed, dead, n_suppressed)


def _problem(delivery: RawDelivery, envelope: Envelope | Unreadable) -> str:
    if isinstance(envelope, Unreadable):
        return envelope.error
    stream = STREAM_BY_KIND.get(envelope.kind)
    if stream is None:
        return f"{UNKNOWN_KIND}: kind={envelope.kind}"
    if stream != delivery.stream.name:
        return f"{MALFORMED_EVENT}: kind={envelope.kind} belongs on {stream}, came on {delivery.stream.name}"
    if envelope.seq < 1:
        return f"{MALFORMED_EVENT}: seq={envelope.seq}, limit >= 1"
    return f"{MALFORMED_EVENT}: a newline stands in it" if b"\n" in delivery.raw else ""


def _duplicate(envelope: Envelope, stream: str) -> DuplicateV1:
    return DuplicateV1(
        event_id=envelope.event_id,
        source=envelope.source,
        source_epoch=envelope.source_epoch,
        seq=envelope.seq,
        bot_id=envelope.bot_id,
        ts_ms=envelope.ts_ms,
        config_hash=envelope.config_hash,
        cause_id=envelope.cause_id,
        stream=stream,
    )
