from collections.abc import Sequence

import pytest

from services.common.bus.marks import SeqKey
from services.common.clock import ManualClock
from services.common.envelope import Source
from services.common.ids import SeededIds
from services.common.ports import RawDelivery
from services.common.tally import Tally
from services.contracts import events as e
from services.contracts import streams
from services.contracts.codec import decode, encode
from services.event_store.logic import Batch, RecentEvents, take


class Store:
    """Tally and recent ids, as the service holds them."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.gateway = Source("gateway", clock=self.clock, ids=SeededIds(self.clock, 1))
        self.own = Source("event_store", clock=self.clock, ids=SeededIds(self.clock, 2))
        self.tally = Tally()
        self.recent = RecentEvents(1_000)

    def latch(self, event_id: str | None = None) -> e.LatchV1:
        return self.gateway.make(
            e.LatchV1, bot_id="desk", event_id=event_id, scope="desk", state="ACTIVE", reason="MANUAL", actor="t"
        )

    def take(self, raws: Sequence[bytes], stream: streams.Stream = streams.LATCH) -> Batch:
        deliveries = [RawDelivery(stream, str(n), raw) for n, raw in enumerate(raws)]
        return take(self.tally, self.recent, deliveries, self._bury)

    def _bury(self, delivery: RawDelivery, error: str) -> e.DeadLetterV1:
        return self.own.make(
            e.DeadLetterV1,
            bot_id="desk",
            stream=delivery.stream.name,
            entry_id=delivery.entry_id,
            reader="event_store",
            error=error,
            raw=delivery.raw.decode("utf-8", "backslashreplace"),
        )


@pytest.fixture
def store() -> Store:
    return Store()


def test_the_line_is_the_bytes_that_were_published(store: Store) -> None:
    raw = encode(store.latch()).replace(b'"kind"', b' "kind"')
    assert store.take([raw]).lines == [raw]
    assert store.tally.by_stream == {"hb.latch.v1": 1}


def test_a_place_told_again_is_left_out(store: Store) -> None:
    raws = [encode(store.latch()) for _ in range(3)]
    store.take(raws)
    batch = store.take([raws[1], raws[2], encode(store.latch())])
    assert (len(batch.lines), batch.n_suppressed) == (1, 2)
    assert store.tally.n_events == 4


def test_an_id_told_again_in_another_life_counts_once_and_leaves_no_gap(store: Store) -> None:
    told = store.latch(event_id="same")
    store.take([encode(told)])
    store.clock.step_wall(1_000)
    store.gateway = Source("gateway", clock=store.clock, ids=SeededIds(store.clock, 3))
    batch = store.take([encode(store.latch(event_id="same")), encode(store.latch())])
    duplicate = decode(batch.lines[0])
    assert isinstance(duplicate, e.DuplicateV1)
    assert (duplicate.stream, duplicate.seq, duplicate.event_id) == ("hb.latch.v1", 1, "same")
    assert (store.tally.n_events, store.tally.n_repeats, store.tally.n_missing) == (2, 1, 0)
    counted_again = Tally()
    for line in [encode(told), *batch.lines]:
        counted_again.add_line(line)
    assert counted_again.seen.keys() == store.tally.seen.keys()
    assert (counted_again.n_events, counted_again.n_repeats, counted_again.n_missing) == (2, 1, 0)


def test_a_missing_place_is_a_gap_until_it_comes(store: Store) -> None:
    first, second, third = (encode(store.latch()) for _ in range(3))
    store.take([first, third])
    assert [(first, last) for _, first, last in store.tally.gaps()] == [(2, 2)]
    store.take([second])
    assert store.tally.gaps() == []


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda raw: raw.replace(b"latch.v1", b"latch.v9"), "UNKNOWN_KIND"),
        (lambda raw: raw[:-5], "MALFORMED_EVENT"),
        (lambda raw: b"\xff\xfe", "MALFORMED_EVENT"),
        (lambda raw: raw.replace(b"latch.v1", b"fill.v1"), "MALFORMED_EVENT: kind=fill.v1 belongs on hb.fill.v1"),
        (lambda raw: raw.replace(b'"seq":1', b'"seq":0'), "MALFORMED_EVENT: seq=0"),
        (lambda raw: raw.replace(b",", b",\n", 1), "MALFORMED_EVENT: a newline"),
    ],
)
def test_what_cannot_be_stored_as_a_line_becomes_a_dead_letter_with_its_bytes(store: Store, spoil, error: str) -> None:
    raw = spoil(encode(store.latch()))
    batch = store.take([raw, encode(store.latch())])
    assert len(batch.lines) == 2
    assert batch.dead[0].error.startswith(error)
    assert batch.dead[0].raw == raw.decode("utf-8", "backslashreplace")
    assert decode(batch.lines[0]) == batch.dead[0]


def test_an_unknown_kind_fills_its_place_so_that_no_gap_is_seen(store: Store) -> None:
    unknown = encode(store.latch()).replace(b"latch.v1", b"latch.v9")
    batch = store.take([unknown, encode(store.latch())])
    assert store.tally.n_missing == 0
    assert SeqKey("hb.latch.v1", "gateway", store.gateway.source_epoch) in batch.changed
    assert store.take([unknown]).n_suppressed == 1  # delivered again after a crash


def test_recent_events_are_known_again_from_the_lines(store: Store) -> None:
    raw = encode(store.latch(event_id="same"))
    recent = RecentEvents(10)
    recent.load([raw, b"not json"])
    key = SeqKey("hb.latch.v1", "gateway", store.gateway.source_epoch)
    assert recent.first_place("same", (key, 99)) == (key, 1)
