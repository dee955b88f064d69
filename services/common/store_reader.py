"""Reading what the event store remembers: events by day, kind and time; and SQL over the files.

For services that rebuild their state, for reports and for people. Needs no running desk. An event told twice under two
ids of place stands once in the files already; what this release cannot read is skipped here and counted by integrity.
"""

from collections.abc import Collection, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import msgspec

from services.common.event_files import Position, day_path, days, events_dir, lines_since, whole_lines
from services.contracts.codec import KINDS, Unreadable, decode, kind_of
from services.contracts.events import AnyEvent, Event

_DAY_MS = 86_400_000


def read_events(
    run_dir: Path,
    *,
    kinds: Collection[type[Event]] | None = None,
    day: str | None = None,
    from_ms: int | None = None,
    until_ms: int | None = None,
    bot_id: str | None = None,
) -> Iterator[AnyEvent]:
    """Events in the order in which they were stored.

    ``day`` is the file's, "20260131"; times are compared with ``ts_ms``, from inclusive, until exclusive.
    """
    tags = None if kinds is None else tuple(b'"kind":"%s"' % kind_of(kind).encode() for kind in kinds)
    directory = events_dir(run_dir)
    for file_day in days(directory) if day is None else [day]:
        path = day_path(directory, file_day)
        if not path.exists() or (from_ms is not None and _ends_before(file_day, from_ms)):
            continue
        for line, _ in whole_lines(path):
            if tags is not None and not any(tag in line for tag in tags):
                continue
            event = decode(line)
            if isinstance(event, Unreadable) or (kinds is not None and type(event) not in kinds):
                continue
            if (from_ms is not None and event.ts_ms < from_ms) or (until_ms is not None and event.ts_ms >= until_ms):
                continue
            if bot_id is None or event.bot_id == bot_id:
                yield event


def follow(run_dir: Path, position: Position) -> Iterator[tuple[AnyEvent, Position]]:
    """What was stored after ``position``, each with the position behind it; keep the last one and call again."""
    for line, behind in lines_since(events_dir(run_dir), position):
        event = decode(line)
        if not isinstance(event, Unreadable):
            yield event, behind


def analytics(run_dir: Path) -> Any:
    """A DuckDB connection with the view ``events`` (envelope columns) and one typed view per kind (``fill_v1`` …).

    Close it after use. DuckDB is imported here: nobody else pays for it.
    """
    import duckdb

    connection = duckdb.connect(":memory:")
    files = [str(day_path(events_dir(run_dir), day)) for day in days(events_dir(run_dir))]
    connection.execute(_view("events", Event, files, None))
    for name, kind in sorted(KINDS.items()):
        connection.execute(_view(name.replace(".", "_"), kind, files, name))
    return connection


def _ends_before(file_day: str, ts_ms: int) -> bool:
    """True when nothing made at ts_ms or later can stand in the day's file."""
    from datetime import UTC, datetime

    start = datetime.strptime(file_day, "%Y%m%d").replace(tzinfo=UTC)
    return int(start.timestamp() * 1000) + _DAY_MS <= ts_ms


def _view(name: str, kind: type[Event], files: list[str], tag: str | None) -> str:
    fields = {"kind": "VARCHAR"} | {field.encode_name: _sql_type(field.type) for field in msgspec.structs.fields(kind)}
    if not files:
        columns = ", ".join(f'CAST(NULL AS {sql_type}) AS "{column}"' for column, sql_type in fields.items())
        return f"CREATE VIEW {name} AS SELECT {columns} WHERE false"
    listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    columns = ", ".join(f"'{column}': '{sql_type}'" for column, sql_type in fields.items())
    where = f" WHERE kind = '{tag}'" if tag else ""
    return (
        f"CREATE VIEW {name} AS SELECT * FROM read_json([{listed}], format='newline_delimited', "
        f"columns={{{columns}}}){where}"
    )


def _sql_type(annotation: Any) -> str:
    plain = [part for part in get_args(annotation) if part is not type(None)] or [annotation]
    first = plain[0]
    if first is Decimal:
        return "DECIMAL(38,12)"
    if first is bool:
        return "BOOLEAN"
    if first is int:
        return "BIGINT"
    return "VARCHAR" if first is str or isinstance(first, str) else "JSON"
