from hypothesis import given
from hypothesis import strategies as st

from services.common.bus.marks import SeqKey, SeqSet, StallWatch

KEY = SeqKey("hb.fill.v1", "gateway", 1)


@given(st.lists(st.integers(1, 60), max_size=120))
def test_a_seq_set_is_the_set_of_what_was_added_in_any_order(seqs: list[int]) -> None:
    seen = SeqSet()
    for index, seq in enumerate(seqs):
        assert seen.add(seq) == (seq not in seqs[:index])
    assert {seq for seq in range(1, 70) if seq in seen} == set(seqs)
    highest = max(seqs, default=0)
    assert seen.highest == highest
    missing = set(range(1, highest)) - set(seqs)
    assert seen.missing == len(missing)
    assert {seq for first, last in seen.gaps() for seq in range(first, last + 1)} == missing


@given(st.lists(st.integers(1, 60), max_size=60))
def test_its_text_is_read_back_to_the_same_set(seqs: list[int]) -> None:
    seen = SeqSet()
    for seq in seqs:
        seen.add(seq)
    read = SeqSet.parse(seen.text())
    assert (read.contiguous, read.ahead) == (seen.contiguous, seen.ahead)


def test_text_lists_runs() -> None:
    seen = SeqSet(10)
    for seq in (12, 13, 20):
        seen.add(seq)
    assert seen.text() == "10,12-13,20-20"


def test_a_key_is_read_back_from_its_text() -> None:
    assert SeqKey.parse(KEY.text()) == KEY


def stalled(watch: StallWatch, now_ms: int, mark: int, *, store_ts: bytes | None, sent: int = 10) -> bool:
    return watch.is_stalled(now_ms, store_ts, {KEY: mark}, {KEY: sent})


def test_a_living_store_that_stays_silent_about_us_is_a_stall_and_patience_grows() -> None:
    watch = StallWatch()
    stalls = [t for t in range(0, 100_000, 1_000) if stalled(watch, t, 3, store_ts=b"%d" % t)]
    assert stalls == [10_000, 31_000, 72_000]  # after 10 s, then 20 s, then 40 s of waiting anew


def test_a_mark_that_moves_is_no_stall() -> None:
    watch = StallWatch()
    assert not any(stalled(watch, t * 1_000, t, store_ts=b"%d" % t, sent=10_000) for t in range(60))


def test_a_dead_store_is_no_stall() -> None:
    watch = StallWatch()
    assert not any(stalled(watch, t * 1_000, 3, store_ts=b"same") for t in range(60))
    assert not any(stalled(watch, t * 1_000, 3, store_ts=None) for t in range(60))
