"""A book that does not follow on what was heard before is noticed."""

import pytest

from services.dialects.bitget.book_stream import BookReader, Broken, checksum
from services.dialects.bitget.session_client import BookBroken, ClientSession
from services.dialects.bitget.text import NotReadable

SNAPSHOT = {"bids": [["100.0", "1"]], "asks": [["101.0", "1"]], "ts": "1", "seq": 5}


def update(**fields) -> dict:
    row = {"bids": [["100.0", "2"]], "asks": [], "ts": "2", "seq": 6, "pseq": 5}
    row["checksum"] = checksum([["100.0", "2"]], [["101.0", "1"]])
    return {**row, **fields}


def reader() -> BookReader:
    reader = BookReader("BTC-USDT")
    reader.read("snapshot", SNAPSHOT)
    return reader


def test_an_update_that_follows_changes_the_book():
    book = reader().read("update", update())
    assert [(str(p), str(q)) for p, q in book.bids] == [("100.0", "2")]
    assert book.seq == 6


@pytest.mark.parametrize("fields", [{"pseq": 4}, {"seq": 4, "pseq": None}, {"checksum": 12345}])
def test_an_update_that_does_not_follow_is_broken(fields):
    assert isinstance(reader().read("update", update(**fields)), Broken)


def test_the_same_sequence_again_is_a_quiet_book():
    book = reader().read("update", {"bids": [], "asks": [], "ts": "3", "seq": 5, "pseq": 5})
    assert (book.seq, book.ts_exch_ms) == (5, 3)


def test_an_update_before_any_snapshot_is_broken():
    assert isinstance(BookReader("BTC-USDT").read("update", update()), Broken)


@pytest.mark.parametrize("level", [["0", "1"], ["-1", "1"], ["100.0", "-1"], ["x", "1"], ["100.0"], ["NaN", "1"]])
def test_a_level_that_is_no_level_is_not_readable(level):
    with pytest.raises(NotReadable):
        BookReader("BTC-USDT").read("snapshot", {**SNAPSHOT, "bids": [level]})


def test_a_client_asks_for_a_broken_book_afresh_and_ignores_what_is_still_on_its_way():
    import json

    session = ClientSession(symbols=("BTC-USDT",))
    arg = {"instType": "USDT-FUTURES", "channel": "books", "instId": "BTCUSDT"}

    def hear(action: str, row: dict):
        return session.on_text(json.dumps({"action": action, "arg": arg, "data": [row], "ts": 1}), 1)

    hear("snapshot", SNAPSHOT)
    broken = hear("update", update(pseq=4))
    assert [type(event) for event in broken.events] == [BookBroken]
    assert [json.loads(text)["op"] for text in broken.send] == ["unsubscribe", "subscribe"]
    late = hear("update", update(seq=7, pseq=6))
    assert late == type(late)([], [], [])
    assert len(hear("snapshot", SNAPSHOT).pushes) == 1
