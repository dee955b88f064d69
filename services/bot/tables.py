"""Hummingbot's own database, emptied at launch: start-up time must not grow with age, the past is kept elsewhere.

It holds executors (the desk uses none), position-hold sets that never shrink, and in-flight orders of the last life.
Those orders are gone by the time the bot is back: the gateway cancels what a closed session leaves behind within 5 s.
Restored, they would come back as phantoms. Fills that happened in between are read from the gateway.
"""

import logging
import sqlite3
from pathlib import Path

_log = logging.getLogger(__name__)

_REMOVED_ABOVE_BYTES = 4 << 20
_TRIMMED = ("Executors", "Position", "Controllers", "MarketState", "OrderStatus", "TradeFill", "Order")


def trim_tables(database: Path) -> int:
    """Rows deleted. A file that cannot be read is put aside, not repaired."""
    if not database.exists():
        return 0
    if database.stat().st_size > _REMOVED_ABOVE_BYTES:  # deleting rows one by one would take as long as reading them
        database.unlink()
        return 0
    try:
        with sqlite3.connect(database) as connection:
            present = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            deleted = sum(
                connection.execute(f'DELETE FROM "{table}"').rowcount for table in _TRIMMED if table in present
            )
    except sqlite3.DatabaseError as error:
        aside = database.with_suffix(".sqlite.unreadable")
        database.replace(aside)
        _log.warning("TABLES_UNREADABLE: %s: %s; put aside as %s", database, error, aside.name)
        return 0
    return deleted
