"""What a new life needs of the journal: accounts, living and recent orders, the trades and bills that would be read
again, and events that never reached the bus."""

import contextlib
import sqlite3
from pathlib import Path
from typing import NamedTuple

import msgspec

from services.gateway.records import TERMINAL, AccountRecord, BillRecord, FillRecord, OrderRecord, Record

_RECENT_MS = 24 * 3_600_000  # terminal rows younger than this come back into memory
_RECENT_ROWS_MAX = 5_000
_OF_ACCOUNT_MIN = 2_000  # trades and bills of each account, however old: what is read again must be known again


class Recovered(NamedTuple):
    records: list[Record]  # accounts, orders, trades, bills
    unpublished: list[tuple[int, list[bytes]]]  # (outbox row, encoded events), oldest first
    published_id: int  # the last outbox row that is known to be on the bus


def read(connection: sqlite3.Connection, now_ms: int) -> Recovered:
    """Raises sqlite3.Error and msgspec.DecodeError."""
    records: list[Record] = []
    for (body,) in connection.execute("SELECT body FROM accounts ORDER BY bot_id"):
        records.append(msgspec.json.decode(body, type=AccountRecord))
    terminal = ",".join(f"'{state}'" for state in sorted(TERMINAL))
    rows = connection.execute(
        f"SELECT body FROM (SELECT gateway_order_id, body FROM orders WHERE state NOT IN ({terminal})"
        " UNION SELECT gateway_order_id, body FROM (SELECT * FROM orders WHERE updated_ts_ms >= ?"
        " ORDER BY updated_ts_ms DESC LIMIT ?) UNION SELECT gateway_order_id, body FROM"
        " (SELECT * FROM orders ORDER BY gateway_order_id DESC LIMIT 1)) ORDER BY gateway_order_id",
        (now_ms - _RECENT_MS, _RECENT_ROWS_MAX),
    )
    records.extend(msgspec.json.decode(body, type=OrderRecord) for (body,) in rows)
    for account_id in [record.bot_id for record in records if isinstance(record, AccountRecord)]:
        records.extend(_trades_of(connection, account_id, now_ms - _RECENT_MS))
        records.extend(_bills_of(connection, account_id))
    published = connection.execute("SELECT value FROM meta WHERE name='published'").fetchone()
    published_id = int(published[0]) if published else 0
    unpublished = connection.execute(
        "SELECT id, events FROM outbox WHERE id > ? ORDER BY id", (published_id,)
    ).fetchall()
    events = [(int(row_id), bytes(encoded).split(b"\n")) for row_id, encoded in unpublished]
    return Recovered(records, events, published_id)


def bots_with_open_orders(path: Path) -> tuple[str, ...]:
    """Whose orders the journal at ``path`` knows as not over; none where there is no journal, or it cannot be read
    (``Journal.open`` says why)."""
    if not path.exists():
        return ()
    terminal = ",".join(f"'{state}'" for state in sorted(TERMINAL))
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            rows = connection.execute(
                f"SELECT DISTINCT bot_id FROM orders WHERE state NOT IN ({terminal}) ORDER BY bot_id"
            )
            return tuple(str(bot_id) for (bot_id,) in rows)
    except sqlite3.Error:
        return ()


def _trades_of(connection: sqlite3.Connection, account_id: str, recent_ms: int) -> list[FillRecord]:
    """Oldest first."""
    rows = connection.execute(
        "SELECT body FROM (SELECT ts_exch_ms, trade_id, body FROM fills WHERE account_id = :account"
        " AND ts_ms >= :recent UNION SELECT ts_exch_ms, trade_id, body FROM"
        " (SELECT * FROM fills WHERE account_id = :account ORDER BY ts_ms DESC LIMIT :least))"
        " ORDER BY ts_exch_ms, trade_id",
        {"account": account_id, "recent": recent_ms, "least": _OF_ACCOUNT_MIN},
    )
    return [msgspec.json.decode(body, type=FillRecord) for (body,) in rows]


def _bills_of(connection: sqlite3.Connection, account_id: str) -> list[BillRecord]:
    """Oldest first."""
    rows = connection.execute(
        "SELECT body FROM bills WHERE account_id = ? ORDER BY ts_ms DESC LIMIT ?", (account_id, _OF_ACCOUNT_MIN)
    ).fetchall()
    return [msgspec.json.decode(body, type=BillRecord) for (body,) in reversed(rows)]
