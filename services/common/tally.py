"""What is in the event store's files, counted: by stream, kind and source, and every place of every sequence.

The store keeps one while it writes and saves it as a checkpoint, so that neither a start nor an integrity report has to
read days of files again: both go on from the checkpoint.
"""

from collections import Counter
from pathlib import Path
from typing import Any

from services.common.bus.marks import SeqKey, SeqSet
from services.common.event_files import Position, day_path, events_dir, lines_since
from services.common.files import BadFile, read_state, write_state
from services.contracts.codec import KINDS, Envelope, Unreadable, decode, decode_envelope
from services.contracts.events import (
    BotStatusV1,
    DeadLetterV1,
    DuplicateV1,
    OrderV1,
    StateSnapshotV1,
)
from services.contracts.streams import BY_KIND

VERSION = 1
CHECKPOINT = "checkpoint.json"
CHECKPOINT_BYTES_MAX = 64 << 20
STREAM_BY_KIND: dict[str, str] = {name: BY_KIND[kind].name for name, kind in KINDS.items()}
_LOOKED_INTO = {name for name, kind in KINDS.items() if kind in (BotStatusV1, StateSnapshotV1, DeadLetterV1, OrderV1)}
MADE_PREFIX = "made."


class Tally:
    def __init__(self) -> None:
        self.position = Position()
        self.n_events = 0
        self.n_duplicates = 0  # one place of a sequence twice in the files: must stay 0
        self.n_repeats = 0  # an event told again under another place; counted once
        self.n_unreadable = 0
        self.by_stream: Counter[str] = Counter()
        self.by_kind: Counter[str] = Counter()
        self.by_source: Counter[str] = Counter()
        self.seen: dict[SeqKey, SeqSet] = {}
        self.claims: dict[str, int] = {}  # SeqKey text -> how many events the source says it has made
        self.bot_claims: dict[str, dict[str, int]] = {}  # "bot1|<epoch>" -> its own counters
        self.fills_by_bot: Counter[str] = Counter()
        self.bot_fills_by_bot: Counter[str] = Counter()
        self.orders_by_bot: Counter[str] = Counter()  # journalled before the wire

    # ------------------------------------------------------------------------------------------------------ counting

    def add(self, envelope: Envelope, stream: str, raw: bytes) -> None:
        """Count one line that is in the files. ``stream`` is where it was published."""
        if not self.mark(SeqKey(stream, envelope.source, envelope.source_epoch), envelope.seq):
            self.n_duplicates += 1
        self.n_events += 1
        self.by_stream[stream] += 1
        self.by_kind[envelope.kind] += 1
        self.by_source[envelope.source] += 1
        if envelope.kind == "fill.v1":
            self.fills_by_bot[envelope.bot_id] += 1
        elif envelope.kind == "bot_fill.v1":
            self.bot_fills_by_bot[envelope.bot_id] += 1
        elif envelope.kind in _LOOKED_INTO:
            self._look_into(envelope, raw)

    def mark(self, key: SeqKey, seq: int) -> bool:
        """Fill a place. False when it was filled before."""
        seen = self.seen.get(key)
        if seen is None:
            seen = self.seen[key] = SeqSet()
        return seen.add(seq)

    def add_line(self, raw: bytes) -> None:
        """Count a line found in the files."""
        envelope = decode_envelope(raw)
        if isinstance(envelope, Unreadable):
            self.n_unreadable += 1
            return
        if envelope.kind == "duplicate.v1":
            event = decode(raw)
            if isinstance(event, DuplicateV1):
                self.add_repeat(SeqKey(event.stream, event.source, event.source_epoch), event.seq)
            return
        self.add(envelope, STREAM_BY_KIND.get(envelope.kind, "?"), raw)

    def add_repeat(self, key: SeqKey, seq: int) -> None:
        self.mark(key, seq)
        self.n_repeats += 1

    def read_on(self, run_dir: Path) -> "Tally":
        """Count what the files hold beyond our position."""
        for line, position in lines_since(events_dir(run_dir), self.position):
            self.add_line(line)
            self.position = position
        return self

    def forget_before(self, epoch_ms: int) -> None:
        """Drop the sequences of lives that began before and have no gap; their counts stay."""
        old = [key for key, seen in self.seen.items() if key.epoch < epoch_ms and not seen.ahead]
        for key in old:
            del self.seen[key]
            self.claims.pop(key.text(), None)

    @property
    def n_missing(self) -> int:
        return sum(seen.missing for seen in self.seen.values() if seen.ahead)

    def gaps(self) -> list[tuple[SeqKey, int, int]]:
        """Key, first and last missing place of every gap."""
        return [(key, *gap) for key, seen in sorted(self.seen.items()) if seen.ahead for gap in seen.gaps()]

    # ----------------------------------------------------------------------------------------------------- checkpoint

    def save(self, directory: Path) -> None:
        plain: dict[str, Any] = {
            name: dict(value) if isinstance(value, Counter) else value for name, value in vars(self).items()
        }
        plain["position"] = list(self.position)
        plain["seen"] = {key.text(): seen.text() for key, seen in self.seen.items()}
        write_state(directory / CHECKPOINT, plain, version=VERSION)

    @staticmethod
    def load(directory: Path) -> "Tally":
        """From the checkpoint; raises BadFile or FileNotFoundError, and then the files are counted from their start."""
        plain = read_state(directory / CHECKPOINT, version=VERSION, size_max=CHECKPOINT_BYTES_MAX)
        tally = Tally()
        for name, value in plain.items():
            is_counter = isinstance(getattr(tally, name), Counter)
            setattr(tally, name, Counter(value) if is_counter else value)
        tally.position = Position(*plain["position"])
        tally.seen = {SeqKey.parse(key): SeqSet.parse(text) for key, text in plain["seen"].items()}
        return tally

    # -------------------------------------------------------------------------------------------------------- private

    def _look_into(self, envelope: Envelope, raw: bytes) -> None:
        event = decode(raw)
        if isinstance(event, StateSnapshotV1):
            for name, count in event.counters.items():
                if name.startswith(MADE_PREFIX):
                    key = SeqKey(name.removeprefix(MADE_PREFIX), event.source, event.source_epoch).text()
                    self.claims[key] = max(count, self.claims.get(key, 0))
        elif isinstance(event, BotStatusV1):
            counters = {"submits": event.submits, "cancels": event.cancels, "fills": event.fills}
            self.bot_claims[f"{event.bot_id}|{event.source_epoch}"] = counters
        elif isinstance(event, OrderV1) and event.state == "SUBMITTING":
            self.orders_by_bot[event.bot_id] += 1
        elif isinstance(event, DeadLetterV1) and event.reader == "event_store":
            lost = decode_envelope(event.raw.encode())
            if not isinstance(lost, Unreadable):
                self.mark(SeqKey(event.stream, lost.source, lost.source_epoch), lost.seq)


def load_or_count(run_dir: Path, *, from_start: bool = False) -> Tally:
    """The tally of everything in the files: from the checkpoint on where there is a good one."""
    directory = events_dir(run_dir)
    tally = Tally()
    if not from_start:
        try:
            saved = Tally.load(directory)
        except (FileNotFoundError, BadFile, ValueError, KeyError, AttributeError, TypeError):
            saved = tally  # a checkpoint only saves time
        if _fits(directory, saved.position):
            tally = saved
    return tally.read_on(run_dir)


def _fits(directory: Path, position: Position) -> bool:
    """False when the files are not the ones the position was taken in: removed, or cut short."""
    if not position.day:
        return True
    path = day_path(directory, position.day)
    return path.exists() and path.stat().st_size >= position.offset
