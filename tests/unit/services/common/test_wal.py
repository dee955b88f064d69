"""The log has its room beforehand, is copied back apart from commits, and loses nothing by either."""

import os
import sqlite3
import subprocess
import sys
import time

import pytest

from services.common.wal import Checkpointer, make_room

ROOM = 256 << 10


def opened(path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA wal_autocheckpoint = 0")
    db.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY, body TEXT)")
    return db


def log_of(path):
    return path.with_name(path.name + "-wal")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.sqlite"


def test_commits_do_not_extend_a_log_that_has_its_room(path):
    db = opened(path)
    make_room(path, ROOM)
    assert log_of(path).stat().st_size == ROOM
    for n in range(20):
        db.execute("INSERT INTO t VALUES (?, 'x')", (n,))
    assert log_of(path).stat().st_size == ROOM
    db.close()


def test_a_log_that_is_longer_already_is_left_alone(path):
    db = opened(path)
    make_room(path, ROOM)
    make_room(path, ROOM // 2)
    assert log_of(path).stat().st_size == ROOM
    db.close()


def test_a_full_disk_leaves_the_log_as_it_was(path, monkeypatch):
    db = opened(path)
    before = log_of(path).read_bytes()
    write = os.pwrite

    def half(fd: int, block: bytes, at: int) -> int:
        if at > len(before):
            raise OSError(28, "No space left on device")
        return write(fd, block[: ROOM // 2], at)

    monkeypatch.setattr(os, "pwrite", half)
    make_room(path, ROOM)
    assert log_of(path).read_bytes() == before
    db.execute("INSERT INTO t VALUES (1, 'x')")
    db.close()


def test_no_log_no_room(path):
    make_room(path, ROOM)
    assert not log_of(path).exists()


def test_what_was_committed_into_the_room_survives_kill_9(path):
    code = (
        "import os, pathlib, sys; sys.path.insert(0, '.')\n"
        "from tests.unit.services.common.test_wal import ROOM, opened\n"
        "from services.common.wal import make_room\n"
        f"path = pathlib.Path({str(path)!r})\n"
        "db = opened(path); make_room(path, ROOM)\n"
        "for n in range(30): db.execute('INSERT INTO t VALUES (?, ?)', (n, 'x' * 100))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == -9
    db = opened(path)
    assert db.execute("SELECT count(*), max(n) FROM t").fetchone() == (30, 29)
    db.close()


def test_the_log_begins_again_once_it_was_copied(path):
    db = opened(path)
    checkpointer = Checkpointer(path, every_commits=10)
    checkpointer.start()
    for n in range(200):
        db.execute("INSERT INTO t VALUES (?, ?)", (n, "x" * 500))
        checkpointer.committed()
        if n % 10 == 9:
            _until(lambda: checkpointer.rounds >= 1)
            checkpointer.rounds = 0
    pages = log_of(path).stat().st_size // 4096
    assert pages < 100, f"{pages} pages for 200 commits: the log was never begun again"
    checkpointer.close()
    db.close()


def test_a_checkpoint_that_fails_is_told_and_ends_no_commit(path):
    db = opened(path)
    checkpointer = Checkpointer(path.parent / "no" / "such.sqlite", every_commits=1)
    checkpointer.start()
    checkpointer.committed()
    _until(lambda: checkpointer.failure)
    assert "unable to open" in checkpointer.failure
    db.execute("INSERT INTO t VALUES (1, 'x')")
    checkpointer.close()
    db.close()


def _until(holds) -> None:
    for _ in range(2_000):
        if holds():
            return
        time.sleep(0.002)
    raise AssertionError("did not happen within 4 s")
