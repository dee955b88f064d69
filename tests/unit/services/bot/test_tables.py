"""Hummingbot's database is emptied at launch, whatever its size or state."""

import sqlite3

import pytest

from services.bot.tables import trim_tables


def database(path, rows=3):
    with sqlite3.connect(path) as connection:
        for table in ("Executors", "Order", "MarketState"):
            connection.execute(f'CREATE TABLE "{table}" (id INTEGER, saved TEXT)')
            connection.executemany(f'INSERT INTO "{table}" VALUES (?, ?)', [(i, "x" * 200) for i in range(rows)])
        connection.execute("CREATE TABLE Metadata (key TEXT)")
        connection.execute("INSERT INTO Metadata VALUES ('local_db_version')")
    return path


def test_no_database_is_nothing_to_do(tmp_path):
    assert trim_tables(tmp_path / "bot1.sqlite") == 0


def test_orders_and_executors_of_the_last_life_are_gone_and_the_schema_stays(tmp_path):
    path = database(tmp_path / "bot1.sqlite")
    assert trim_tables(path) == 9
    with sqlite3.connect(path) as connection:
        assert connection.execute('SELECT count(*) FROM "Order"').fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM Metadata").fetchone() == (1,)


def test_a_large_database_is_removed_because_deleting_its_rows_takes_too_long(tmp_path):
    path = database(tmp_path / "bot1.sqlite", rows=12_000)
    trim_tables(path)
    assert not path.exists()


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be read as one" * 20])
def test_an_unreadable_database_is_put_aside_and_kept(tmp_path, content):
    path = tmp_path / "bot1.sqlite"
    path.write_bytes(content)
    assert trim_tables(path) == 0
    assert (tmp_path / "bot1.sqlite.unreadable").read_bytes() == content
