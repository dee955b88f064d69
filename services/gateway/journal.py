"""The gateway's memory: SQLite, durable before anything depends on it.

WAL with synchronous=FULL: a commit is on disk (fdatasync of the log) before its callback runs. One writer thread owns
the connection; whatever has been handed in while a commit ran goes into the next one, which starts at once when anybody
waits for it, else a few milliseconds later: group commit. A batch is never split over two commits.

Beside the rows stands an outbox: the events that go with them, in the same commit. What a crash kept from the bus is
published at the next start, with the same event ids.
"""

import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from services.common.clock import stopwatch_ns
from services.common.wal import Checkpointer, make_room
from services.gateway.journal_reading import Recovered, read
from services.gateway.records import (
    AccountRecord,
    BillRecord,
    FillRecord,
    OrderRecord,
    Record,
)

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS orders (
    gateway_order_id TEXT PRIMARY KEY, account_id TEXT NOT NULL, client_order_id TEXT NOT NULL,
    attempt INTEGER NOT NULL, venue_order_id TEXT NOT NULL,
    bot_id TEXT NOT NULL, symbol TEXT NOT NULL, level TEXT NOT NULL, side TEXT NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL, config_hash TEXT NOT NULL, approver TEXT NOT NULL,
    created_ts_ms INTEGER NOT NULL, updated_ts_ms INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS orders_by_time ON orders (updated_ts_ms);
CREATE INDEX IF NOT EXISTS orders_open ON orders (state) WHERE state NOT IN ('CANCELLED','FILLED','REFUSED');
CREATE TABLE IF NOT EXISTS order_steps (
    id INTEGER PRIMARY KEY, gateway_order_id TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
    detail TEXT NOT NULL, filled_base TEXT NOT NULL, ts_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS fills (
    account_id TEXT NOT NULL, trade_id TEXT NOT NULL, gateway_order_id TEXT NOT NULL, is_suspense INTEGER NOT NULL,
    source TEXT NOT NULL, ts_exch_ms INTEGER NOT NULL, ts_ms INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (account_id, trade_id)) WITHOUT ROWID;
DROP INDEX IF EXISTS fills_by_time;
CREATE INDEX IF NOT EXISTS fills_of_account ON fills (account_id, ts_ms);
CREATE TABLE IF NOT EXISTS bills (
    account_id TEXT NOT NULL, bill_id TEXT NOT NULL, ts_ms INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (account_id, bill_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS accounts (bot_id TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY, events BLOB NOT NULL);
"""

# An id that a client uses again after days is another order: it once replaced the row of the first.
_WITHOUT_UNIQUE = f"""
BEGIN;
ALTER TABLE orders RENAME TO orders_before;
DROP INDEX IF EXISTS orders_by_time;
DROP INDEX IF EXISTS orders_open;
{_SCHEMA}
INSERT INTO orders SELECT * FROM orders_before;
DROP TABLE orders_before;
COMMIT;
"""

_OUTBOX_KEPT = 1_000  # rows beyond what is known to be published
_MARK_EVERY = 20  # commits; what is published twice after a crash is known by its event ids

_CHECKPOINT_EVERY = 256  # commits: some 8 MB of log
_LINGER_NS = 5_000_000  # for more to come, after a batch that nobody waits for

_encode = msgspec.json.Encoder(decimal_format="string").encode


class Batch(NamedTuple):
    """One transaction's worth. ``events`` are encoded events for the outbox. ``tag`` comes back after the commit.

    Nobody waits for a batch that is not urgent: what it says can be asked of the venue again.
    """

    records: Sequence[Record]
    events: Sequence[bytes]
    tag: object
    is_urgent: bool = True


Committed = list[tuple[object, int]]  # per batch: its tag and the outbox row of its events, 0 when it has none


class JournalBroken(Exception):
    """The journal cannot be opened or written; the gateway takes no new risk."""


class Journal:
    """``open`` reads, then ``start`` takes batches until ``close``. Callbacks run in the writer thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.commits = 0
        self.batches = 0
        self._queue: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._on_committed: Callable[[Committed], None] = lambda _done: None
        self._on_failure: Callable[[str], None] = lambda _detail: None
        self._published_id = 0
        self._connection: sqlite3.Connection | None = None
        self._checkpointer = Checkpointer(path, _CHECKPOINT_EVERY)

    def open(self, now_ms: int) -> Recovered:
        """Create or open the file and read what a new life needs. Raises JournalBroken."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA wal_autocheckpoint=0")  # the checkpointer's work
            orders = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'orders'").fetchone()
            connection.executescript(_WITHOUT_UNIQUE if orders and "UNIQUE" in orders[0] else _SCHEMA)
            version = connection.execute("SELECT value FROM meta WHERE name='schema'").fetchone()
            if version is None:
                connection.execute("INSERT INTO meta VALUES ('schema', ?)", (str(SCHEMA_VERSION),))
            elif int(version[0]) > SCHEMA_VERSION:
                raise JournalBroken(f"JOURNAL_NEWER: path={self.path}, schema={version[0]}, ours={SCHEMA_VERSION}")
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")  # what an earlier life left in the log
            make_room(self.path)
            self._connection = connection
            recovered = read(connection, now_ms)
            self._published_id = recovered.published_id
            return recovered
        except (sqlite3.Error, msgspec.DecodeError) as error:
            raise JournalBroken(f"JOURNAL_UNREADABLE: path={self.path}, {error}") from error

    def start(self, on_committed: Callable[[Committed], None], on_failure: Callable[[str], None]) -> None:
        self._on_committed = on_committed
        self._on_failure = on_failure
        self._thread = threading.Thread(target=self._write_until_closed, name="gateway-journal", daemon=True)
        self._thread.start()
        self._checkpointer.start()

    def write(self, batch: Batch) -> None:
        self._queue.put(batch)

    def note_published(self, outbox_id: int) -> None:
        """Everything up to this id has reached the bus's own spool; written with some later commit."""
        self._published_id = outbox_id

    def close(self) -> None:
        """Write what is queued, then close. Blocks for as long as that takes."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(timeout=10)
            self._thread = None
            self._checkpointer.close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # ------------------------------------------------------------------------------------------------------- writing

    def _write_until_closed(self) -> None:
        connection = self._connection
        assert connection is not None
        is_closing = False
        while not is_closing:
            batches, is_closing = self._gather()
            if batches:
                try:
                    done = self._commit(connection, batches)
                except Exception as error:  # the thread's boundary: whatever it is, nothing will be durable any more
                    self._on_failure(f"{type(error).__name__}: {error}")
                    return
                self._on_committed(done)

    def _gather(self) -> tuple[list[Batch], bool]:
        """What goes into the next commit, and whether it is the last. Something urgent ends the waiting for more."""
        batches: list[Batch] = []
        item = self._queue.get()
        commit_at_ns = stopwatch_ns() + _LINGER_NS
        while item is not None:
            batches.append(item)
            if item.is_urgent:
                commit_at_ns = 0
            wait_ns = commit_at_ns - stopwatch_ns()
            try:
                item = self._queue.get(timeout=wait_ns / 1e9) if wait_ns > 0 else self._queue.get_nowait()
            except queue.Empty:
                return batches, False
        return batches, True

    def _commit(self, connection: sqlite3.Connection, batches: list[Batch]) -> Committed:
        """Few statements: each gives up the interpreter and has to win it back from the event loop."""
        rows = _Rows()
        for batch in batches:
            for record in batch.records:
                rows.add(record)
        events = [event for batch in batches for event in batch.events]
        connection.execute("BEGIN")
        for statement, values in rows.statements():
            connection.executemany(statement, values)
        outbox_id = 0
        if events:
            cursor = connection.execute("INSERT INTO outbox (events) VALUES (?)", (b"\n".join(events),))
            outbox_id = int(cursor.lastrowid or 0)
        if self.commits % _MARK_EVERY == 0:
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('published', ?)", (str(self._published_id),))
            connection.execute("DELETE FROM outbox WHERE id <= ?", (self._published_id - _OUTBOX_KEPT,))
        connection.execute("COMMIT")
        self.commits += 1
        self._checkpointer.committed()
        self.batches += len(batches)
        return [(batch.tag, outbox_id if batch.events else 0) for batch in batches]


class _Rows:
    """The rows of one transaction by table; of a row that was written several times only the last, but every step."""

    def __init__(self) -> None:
        self._orders: dict[str, tuple[object, ...]] = {}
        self._steps: list[tuple[object, ...]] = []
        self._fills: list[tuple[object, ...]] = []
        self._bills: list[tuple[object, ...]] = []
        self._accounts: dict[str, tuple[object, ...]] = {}

    def add(self, record: Record) -> None:
        match record:
            case OrderRecord():
                self._orders[record.gateway_order_id] = _order_row(record)
                step = (record.gateway_order_id, record.state, record.reason, record.detail, str(record.filled_base))
                self._steps.append((*step, record.updated_ts_ms))
            case FillRecord():
                self._fills.append(_fill_row(record))
            case BillRecord():
                self._bills.append((record.account_id, record.bill.bill_id, record.bill.ts_ms, _encode(record)))
            case AccountRecord():
                self._accounts[record.bot_id] = (record.bot_id, _encode(record))

    def statements(self) -> list[tuple[str, list[tuple[object, ...]]]]:
        """In an order that never matters: the transaction is one."""
        tables = (
            ("INSERT OR REPLACE INTO orders VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", list(self._orders.values())),
            (
                "INSERT INTO order_steps (gateway_order_id, state, reason, detail, filled_base, ts_ms)"
                " VALUES (?,?,?,?,?,?)",
                self._steps,
            ),
            ("INSERT OR IGNORE INTO fills VALUES (?,?,?,?,?,?,?,?)", self._fills),
            ("INSERT OR IGNORE INTO bills VALUES (?,?,?,?)", self._bills),
            ("INSERT OR REPLACE INTO accounts VALUES (?,?)", list(self._accounts.values())),
        )
        return [(statement, values) for statement, values in tables if values]


def _order_row(record: OrderRecord) -> tuple[object, ...]:
    return (
        record.gateway_order_id,
        record.account_id,
        record.client_order_id,
        record.attempt,
        record.venue_order_id,
        record.bot_id,
        record.symbol,
        record.level,
        record.side,
        record.state,
        record.reason,
        record.config_hash,
        record.approver,
        record.created_ts_ms,
        record.updated_ts_ms,
        _encode(record),
    )


def _fill_row(record: FillRecord) -> tuple[object, ...]:
    return (
        record.account_id,
        record.fill.trade_id,
        record.gateway_order_id,
        int(record.is_suspense),
        record.source,
        record.fill.ts_exch_ms,
        record.ts_ms,
        _encode(record),
    )
