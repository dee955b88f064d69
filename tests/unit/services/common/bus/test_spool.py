import os
from pathlib import Path

import pytest

from services.common.bus.marks import SeqKey, SeqSet
from services.common.bus.spool import READY_MAX, Spool

KEY = SeqKey("hb.fill.v1", "gateway", 1_700_000_000_000)


def put(spool: Spool, first: int, last: int, key: SeqKey = KEY) -> None:
    for seq in range(first, last + 1):
        spool.append(key, seq, b'{"n":%d}' % seq)


def drain(spool: Spool, n_lines: int = 128) -> list[int]:
    found: list[int] = []
    while chunk := spool.next_chunk(n_lines):
        found += [line.seq for line in chunk]
        spool.advance(len(chunk))
    return found


def marks(contiguous: int, *ahead: int) -> dict[SeqKey, SeqSet]:
    seen = SeqSet(contiguous)
    for seq in ahead:
        seen.add(seq)
    return {KEY: seen}


def test_lines_come_out_in_order_and_again_until_advanced(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s")
    put(spool, 1, 5)
    assert [line.seq for line in spool.next_chunk(3)] == [1, 2, 3]
    assert [line.seq for line in spool.next_chunk(3)] == [1, 2, 3]
    spool.advance(2)
    assert drain(spool) == [3, 4, 5]
    assert spool.next_chunk(1) == []


def test_more_than_memory_holds_comes_back_from_disk_in_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", segment_bytes=20_000)
    n_lines = READY_MAX + 3_000
    put(spool, 1, n_lines)
    found = []
    for _ in range(5):  # new lines arrive while the old ones are sent
        chunk = spool.next_chunk(1_000)
        found += [line.seq for line in chunk]
        spool.advance(len(chunk))
        put(spool, n_lines + 1, n_lines + 10)
        n_lines += 10
    assert found + drain(spool) == list(range(1, n_lines + 1))


def test_a_rewind_sends_only_what_is_not_confirmed(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s")
    put(spool, 1, 10)
    assert len(drain(spool)) == 10
    spool.confirm(marks(4, 6, 7))
    spool.rewind()
    assert drain(spool) == [5, 8, 9, 10]


def test_the_next_life_sends_what_the_last_one_did_not_get_confirmed(tmp_path: Path) -> None:
    first = Spool(tmp_path / "s")
    put(first, 1, 10)
    drain(first)
    first.confirm(marks(7))
    first.close()
    second = Spool(tmp_path / "s")
    second.confirm(marks(7))
    put(second, 1, 2, SeqKey("hb.fill.v1", "gateway", 1_700_000_009_999))
    assert drain(second) == [8, 9, 10, 1, 2]


def test_a_line_cut_by_a_kill_is_left_out(tmp_path: Path) -> None:
    first = Spool(tmp_path / "s")
    put(first, 1, 3)
    first.close()
    path = next((tmp_path / "s").glob("*.seg"))
    path.write_bytes(path.read_bytes()[:-4])
    assert drain(Spool(tmp_path / "s")) == [1, 2]


def test_confirmed_segments_free_the_disk(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", segment_bytes=1_000)
    put(spool, 1, 500)
    drain(spool)
    full = spool.n_bytes
    spool.confirm(marks(250))
    assert spool.n_bytes < full * 0.6
    spool.confirm(marks(500))
    assert spool.n_bytes == 0
    assert spool.is_all_confirmed()
    spool.close()
    assert list((tmp_path / "s").glob("*.seg")) == []


def test_a_hole_that_is_not_ours_does_not_hold_the_disk_for_ever(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s")
    put(spool, 1, 3)
    put(spool, 5, 9)  # 4 was never published
    drain(spool)
    spool.confirm(marks(3, 5, 6, 7, 8, 9))
    assert spool.n_bytes == 0


def test_what_is_confirmed_while_it_waits_to_be_sent_again_is_not_lost_track_of(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", segment_bytes=200)
    put(spool, 1, 100)
    drain(spool)
    spool.rewind()
    spool.next_chunk(5)
    spool.confirm(marks(90))
    assert drain(spool)[-10:] == list(range(91, 101))


def test_two_processes_of_one_name_do_not_share_a_spool(tmp_path: Path) -> None:
    first, second = Spool(tmp_path / "s"), Spool(tmp_path / "s")
    assert first.directory != second.directory


@pytest.mark.parametrize("raw", [b'{"text":"tab \\t newline \\n"}', '{"text":"é\u2028"}'.encode()])
def test_any_json_line_survives(tmp_path: Path, raw: bytes) -> None:
    first = Spool(tmp_path / "s")
    first.append(KEY, 1, raw)
    first.close()
    assert Spool(tmp_path / "s").next_chunk(1)[0].raw == raw


def test_a_disk_that_fills_in_the_middle_of_a_line_leaves_every_line_whole(tmp_path: Path, monkeypatch) -> None:  # F34
    spool = Spool(tmp_path / "s")
    put(spool, 1, 3)
    write = os.write
    left = [20]

    def fills_up(fd: int, data: bytes) -> int:
        if not left[0]:
            raise OSError(28, "No space left on device")
        written = write(fd, bytes(data[: left[0]]))
        left[0] -= written
        return written

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", fills_up)
        for _ in range(2):
            with pytest.raises(OSError, match="space"):
                spool.write_out()
    put(spool, 4, 5)
    spool.write_out()
    spool.close()
    assert drain(Spool(tmp_path / "s")) == [1, 2, 3, 4, 5]


def test_a_disk_without_room_for_another_file_costs_nothing_but_time(tmp_path: Path, monkeypatch) -> None:
    """The old file stays open: its number must not become another file's while we still write to it."""
    spool = Spool(tmp_path / "s", segment_bytes=64)
    put(spool, 1, 2)

    def full(*_args: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", full)
        with pytest.raises(OSError, match="space"):
            put(spool, 3, 3)
    put(spool, 3, 5)
    assert drain(spool) == [1, 2, 3, 4, 5]
    spool.close()
    assert drain(Spool(tmp_path / "s")) == [1, 2, 3, 4, 5]
