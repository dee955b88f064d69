import pytest

from services.common.clock import ManualClock
from services.common.envelope import Source
from services.common.ids import SeededIds
from services.contracts import events as e


def make_source(clock: ManualClock) -> Source:
    return Source("gateway", clock=clock, ids=SeededIds(clock, 1), config_hash="abc")


def latch(source: Source, **over: object) -> e.LatchV1:
    return source.make(
        e.LatchV1, bot_id="desk", **{"scope": "desk", "state": "HALTED", "reason": "MANUAL", "actor": "me", **over}
    )


def test_the_envelope_is_filled() -> None:
    clock = ManualClock(1_700_000_000_000)
    event = latch(make_source(clock), cause_id="why")
    assert (event.source, event.source_epoch, event.seq, event.ts_ms, event.config_hash, event.cause_id) == (
        "gateway", 1_700_000_000_000, 1, 1_700_000_000_000, "abc", "why",
    )  # fmt: skip


def test_seq_counts_per_stream_without_gaps() -> None:
    source = make_source(ManualClock())
    seqs = [latch(source).seq, latch(source).seq]
    state = source.make(e.StateSnapshotV1, bot_id="desk", service="x", health="ready")
    assert (seqs, state.seq, latch(source).seq) == ([1, 2], 1, 3)
    assert source.counts() == {"hb.latch.v1": 3, "hb.state.v1": 1}


def test_an_event_that_cannot_be_made_leaves_no_gap() -> None:
    source = make_source(ManualClock())
    with pytest.raises(TypeError):
        source.make(e.LatchV1, bot_id="desk")
    assert latch(source).seq == 1


def test_what_is_told_again_keeps_its_id() -> None:
    assert latch(make_source(ManualClock()), event_id="019b0000").event_id == "019b0000"
