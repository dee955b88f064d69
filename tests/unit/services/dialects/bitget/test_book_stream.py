"""A book that does not follow on what was heard before is noticed."""

import json

import pytest

from services.dialects.bitget.book_stream import BookReader, Broken, checksum
from services.dialects.bitget.session_client import BookBroken, ClientSession, Incoming
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


class Hearing:
    """A client session of one pair, told of its book."""

    def __init__(self) -> None:
        self._session = ClientSession(symbols=("BTC-USDT",))
        self.now_ms = 1

    def hear(self, action: str, row: dict) -> Incoming:
        arg = {"instType": "USDT-FUTURES", "channel": "books", "instId": "BTCUSDT"}
        text = json.dumps({"action": action, "arg": arg, "data": [row], "ts": 1})
        return self._session.on_text(text, self.now_ms)


def asked(incoming: Incoming) -> list[str]:
    return [json.loads(text)["op"] for text in incoming.send]


def test_a_client_asks_for_a_broken_book_afresh_and_ignores_what_is_still_on_its_way():
    client = Hearing()
    client.hear("snapshot", SNAPSHOT)
    broken = client.hear("update", update(pseq=4))
    assert [type(event) for event in broken.events] == [BookBroken]
    assert asked(broken) == ["unsubscribe", "subscribe"]
    late = client.hear("update", update(seq=7, pseq=6))
    assert late == Incoming([], [], [])
    assert len(client.hear("snapshot", SNAPSHOT).pushes) == 1


def test_a_snapshot_that_was_lost_is_asked_for_again_every_two_seconds_until_it_comes():
    client = Hearing()
    client.hear("snapshot", SNAPSHOT)
    client.hear("update", update(pseq=4))
    times_asked = 0
    for client.now_ms in range(100, 7_000, 100):
        times_asked += asked(client.hear("update", update(seq=7, pseq=6))) == ["unsubscribe", "subscribe"]
    assert times_asked == 3
    assert len(client.hear("snapshot", SNAPSHOT).pushes) == 1
    assert len(client.hear("update", update()).pushes) == 1


def test_a_first_snapshot_that_never_came_is_asked_for_too():
    client = Hearing()
    assert asked(client.hear("update", update())) == []
    client.now_ms += 2_000
    assert asked(client.hear("update", update())) == ["unsubscribe", "subscribe"]


@pytest.mark.parametrize("level", [["0", "1"], ["NaN", "1"], ["100.0", "-1"]])
def test_f27_a_book_with_a_level_that_is_none_is_a_broken_book_of_its_pair(level):
    client = Hearing()
    client.hear("snapshot", SNAPSHOT)
    broken = client.hear("update", {**update(), "bids": [level]})
    assert [(type(event), event.symbol) for event in broken.events] == [(BookBroken, "BTC-USDT")]
    assert (broken.pushes, asked(broken)) == ([], ["unsubscribe", "subscribe"])


def test_a_snapshot_that_cannot_be_read_is_not_asked_for_again_at_once():
    client = Hearing()
    wrong = {**SNAPSHOT, "bids": [["0", "1"]]}
    for client.now_ms in range(0, 2_000, 500):
        broken = client.hear("snapshot", wrong)
        assert ([type(event) for event in broken.events], asked(broken)) == ([BookBroken], [])
    assert asked(client.hear("update", update())) == []
    client.now_ms += 2_000
    assert asked(client.hear("update", update())) == ["unsubscribe", "subscribe"]
    assert len(client.hear("snapshot", SNAPSHOT).pushes) == 1
