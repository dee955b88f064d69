"""Room in SQLite's write-ahead log before it is needed, and checkpoints apart from commits.

A commit that extends its file makes the disk write the file's new length too, a second round that costs as much as the
first. And a checkpoint inside a commit holds up whoever waits for that commit. ``make_room`` and ``Checkpointer`` take
both off the way of a commit; what is durable, and when, stays as it was.
"""

import os
import sqlite3
import threading
from pathlib import Path

ROOM_BYTES = 16 << 20
_CHUNK = bytes(1 << 20)
_ROUNDS_MAX = 5  # a commit in between leaves something for another round


def make_room(database: Path, n_bytes: int = ROOM_BYTES) -> None:
    """Extend the log of an open database with zeros, on disk. Call after its first commit, which makes the log.

    SQLite overwrites a log from its beginning after each complete checkpoint and never shortens it; at recovery it ends
    at the first frame that is none, and zeros are none. No log, one that is longer already, or no room on the disk:
    it stays as it is, and commits say themselves what they cannot write.
    """
    path = database.with_name(database.name + "-wal")
    try:
        fd = os.open(path, os.O_WRONLY)
    except FileNotFoundError:
        return
    before = length = os.fstat(fd).st_size
    try:
        while length < n_bytes:
            length += os.pwrite(fd, _CHUNK[: n_bytes - length], length)
        os.fsync(fd)
    except OSError:  # what room there is belongs to the commits
        os.ftruncate(fd, before)
    finally:
        os.close(fd)


class Checkpointer:
    """Copies the log into the database from a connection and a thread of its own, while commits go on.

    The writer sets ``wal_autocheckpoint`` to 0 and calls ``committed`` after each commit. What cannot be copied now is
    copied the next time: nothing depends on it but the length of the log.
    """

    def __init__(self, database: Path, every_commits: int) -> None:
        self.rounds = 0
        self.failure = ""
        self._database = database
        self._every_commits = every_commits
        self._commits = 0
        self._due = threading.Event()
        self._is_closing = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="checkpointer", daemon=True)
        self._thread.start()

    def committed(self) -> None:
        self._commits += 1
        if self._commits % self._every_commits == 0:
            self._due.set()

    def close(self) -> None:
        """Ends with the round under way."""
        self._is_closing = True
        self._due.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
            self._thread = None

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        try:
            connection = sqlite3.connect(self._database, isolation_level=None)
            while True:
                self._due.wait()
                self._due.clear()
                if self._is_closing:
                    return
                self._copy(connection)
        except sqlite3.Error as error:  # the log goes on growing, and the next life begins with a checkpoint
            self.failure = f"{type(error).__name__}: {error}"
        finally:
            if connection is not None:
                connection.close()

    def _copy(self, connection: sqlite3.Connection) -> None:
        """Until everything is copied, so that the log begins again; never waits for the writer."""
        for _ in range(_ROUNDS_MAX):
            _, in_log, copied = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            self.rounds += 1
            if copied >= in_log or self._is_closing:
                return
