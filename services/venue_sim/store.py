"""The durable rows of the exchange in SQLite: what was answered is on disk, whatever happens next.

WAL with synchronous=FULL: a commit returns when the log is on disk. The log has its room before it is needed and is
copied back apart from commits (services/common/wal.py). One thread uses a Store at a time, and one process (the
worker's claim on the run directory).
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from services.common.errors import DeskError
from services.common.wal import Checkpointer, make_room
from services.simulation.exchange import Change

CHECKPOINT_EVERY = 512  # commits

_TABLE = (
    "CREATE TABLE IF NOT EXISTS rows (kind TEXT, key TEXT, value TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID"
)
_UPSERT = "INSERT INTO rows VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value"
_DELETE = "DELETE FROM rows WHERE kind = ? AND key = ?"


class Store:
    """Opens or makes the file. Raises DeskError (VENUE_STORE) when it is not one of ours, or is written by another."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2.0)
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA wal_autocheckpoint = 0")
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute(_TABLE)
            self._db.execute("COMMIT")
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")  # what an earlier life left in the log
            make_room(path)
        except sqlite3.Error as error:
            self._db.close()
            raise DeskError(
                "VENUE_STORE",
                f"path={path}, {error}",
                "stop the other venue_sim of this run directory, or move it away",
            ) from error
        self._checkpointer = Checkpointer(path, CHECKPOINT_EVERY)
        self._checkpointer.start()

    def load(self) -> list[Change]:
        """Every row as it was last committed."""
        rows: list[tuple[Any, str, str]] = self._db.execute("SELECT kind, key, value FROM rows").fetchall()
        return [Change(cast(Any, kind), key, value) for kind, key, value in rows]

    def write(self, changes: Iterable[Change]) -> None:
        """One transaction. Raises sqlite3.Error, and then nothing of it is stored."""
        upserts = [(change.kind, change.key, change.value) for change in changes if change.value is not None]
        deletes = [(change.kind, change.key) for change in changes if change.value is None]
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany(_DELETE, deletes)
            self._db.executemany(_UPSERT, upserts)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._checkpointer.committed()

    def close(self) -> None:
        self._checkpointer.close()
        self._db.close()
