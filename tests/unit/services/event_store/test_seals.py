"""Length and checksum of each day's file, kept by the one who writes it."""

import zlib

from services.common.event_files import day_path
from services.event_store import seals
from services.event_store.seals import Seal


def test_a_seal_grows_by_what_is_written():
    seal = seals.added(seals.added(seals.NOTHING, b"one\n"), b"two\n")
    assert seal == Seal(8, zlib.crc32(b"one\ntwo\n"))


def test_seals_are_read_back_as_they_were_saved(tmp_path):
    assert seals.load(tmp_path) == {}
    kept = {"20260130": Seal(3, 7), "20260131": Seal(0, 0)}
    seals.save(tmp_path, kept)
    assert seals.load(tmp_path) == kept


def test_days_before_the_first_asked_for_are_not_read(tmp_path):
    seals.save(tmp_path, {"20260130": Seal(3, 7), "20260131": Seal(3, 7)})
    assert len(seals.changes(tmp_path)) == 2
    (line,) = seals.changes(tmp_path, since_day="20260131")
    assert "events_20260131.jsonl is gone, 3 bytes were written" in line


def test_catching_up_covers_new_bytes_and_new_days_and_keeps_the_seal_of_a_file_that_was_cut(tmp_path):
    for day, data in (("20260130", b"cut"), ("20260131", b"grown"), ("20260201", b"new")):
        day_path(tmp_path, day).write_bytes(data)
    seals.save(tmp_path, {"20260130": Seal(9, 1), "20260131": Seal(2, zlib.crc32(b"gr"))})
    assert seals.caught_up(tmp_path) == {
        "20260130": Seal(9, 1),
        "20260131": Seal(5, zlib.crc32(b"grown")),
        "20260201": Seal(3, zlib.crc32(b"new")),
    }
