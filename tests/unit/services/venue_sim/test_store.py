"""The rows of the exchange on disk."""

import sqlite3

import pytest

from services.common.errors import DeskError
from services.simulation.exchange import Change
from services.venue_sim.store import Store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "venue" / "venue.sqlite"


def test_what_was_written_is_there_after_opening_again(path):
    store = Store(path)
    store.write([Change("order", "1", "a"), Change("fill", "1", "b"), Change("order", "2", "c")])
    store.write([Change("order", "1", "a2"), Change("order", "2", None)])
    store.close()
    again = Store(path)
    assert sorted(again.load(), key=lambda c: c.kind) == [Change("fill", "1", "b"), Change("order", "1", "a2")]
    again.close()


def test_a_write_that_fails_leaves_nothing_of_itself(path):
    store = Store(path)
    with pytest.raises(sqlite3.Error):
        store.write([Change("order", "1", "a"), Change("order", "2", object())])  # type: ignore[arg-type]
    assert store.load() == []
    store.write([Change("order", "1", "a")])
    assert store.load() == [Change("order", "1", "a")]
    store.close()


def test_every_commit_is_synced(path):
    store = Store(path)
    assert store._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()


def test_a_file_that_is_not_ours_is_refused_with_its_path(path):
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a database, but long enough to be read as one" * 50)
    with pytest.raises(DeskError, match="VENUE_STORE"):
        Store(path)
