from pathlib import Path

import pytest

from services.common.errors import DeskError
from services.common.event_files import Position, days, events_dir, last_lines, lines_since
from services.event_store.writer import EventWriter

DAY_MS = 86_400_000
NOON_MS = 1_767_268_800_000  # 2026-01-01T12:00:00Z


def test_lines_go_to_the_file_of_the_day(tmp_path: Path) -> None:
    writer = EventWriter(events_dir(tmp_path))
    writer.append([b"a", b"b"], NOON_MS)
    writer.append([b"c"], NOON_MS + DAY_MS)
    assert days(events_dir(tmp_path)) == ["20260101", "20260102"]
    assert [line for line, _ in lines_since(events_dir(tmp_path), Position())] == [b"a", b"b", b"c"]
    assert writer.position == Position("20260102", 2)


def test_a_clock_stepped_back_over_midnight_does_not_reopen_yesterday(tmp_path: Path) -> None:
    writer = EventWriter(events_dir(tmp_path))
    writer.append([b"a"], NOON_MS + DAY_MS)
    writer.append([b"b"], NOON_MS)
    assert days(events_dir(tmp_path)) == ["20260102"]


def test_a_torn_line_is_cut_and_kept_as_evidence(tmp_path: Path) -> None:
    writer = EventWriter(events_dir(tmp_path))
    writer.append([b"whole"], NOON_MS)
    writer.close()
    path = events_dir(tmp_path) / "events_20260101.jsonl"
    with path.open("ab") as file:
        file.write(b'{"half')
    again = EventWriter(events_dir(tmp_path))
    assert again.n_torn_bytes == 6
    again.append([b"next"], NOON_MS)
    assert path.read_bytes() == b"whole\nnext\n"
    assert [p.read_bytes() for p in (events_dir(tmp_path) / "torn").iterdir()] == [b'{"half']


def test_a_file_that_is_nothing_but_a_torn_line_becomes_empty(tmp_path: Path) -> None:
    directory = events_dir(tmp_path)
    directory.mkdir()
    (directory / "events_20260101.jsonl").write_bytes(b"x" * 3_000_000)
    assert EventWriter(directory).n_torn_bytes == 3_000_000


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    writer = EventWriter(events_dir(tmp_path))
    with pytest.raises(DeskError, match="STORE_LOCKED"):
        EventWriter(events_dir(tmp_path))
    writer.close()


def test_reading_goes_on_from_a_position_over_days(tmp_path: Path) -> None:
    writer = EventWriter(events_dir(tmp_path))
    writer.append([b"a", b"b"], NOON_MS)
    writer.append([b"c", b"d"], NOON_MS + DAY_MS)
    read = list(lines_since(events_dir(tmp_path), Position("20260101", 2)))
    assert [line for line, _ in read] == [b"b", b"c", b"d"]
    assert list(lines_since(events_dir(tmp_path), read[-1][1])) == []


def test_last_lines_reads_from_the_ends_about_as_many_as_asked(tmp_path: Path) -> None:
    writer = EventWriter(events_dir(tmp_path))
    writer.append([b"%05d" % n + b"x" * 494 for n in range(300)], NOON_MS)
    writer.append([b"%05d" % n + b"x" * 494 for n in range(300, 310)], NOON_MS + DAY_MS)
    numbers = [int(line[:5]) for line in last_lines(events_dir(tmp_path), 50)]
    assert numbers == list(range(numbers[0], 310))
    assert 48 <= len(numbers) <= 50
    assert len(list(last_lines(events_dir(tmp_path), 100_000))) == 310


def test_last_lines_of_nothing_is_nothing(tmp_path: Path) -> None:
    assert list(last_lines(events_dir(tmp_path), 10)) == []
