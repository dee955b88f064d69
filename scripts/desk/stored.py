"""Reading the event store's files for a person: plain dictionaries, one line each."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ENVELOPE = ("kind", "event_id", "source", "source_epoch", "seq", "bot_id", "ts_ms", "config_hash", "cause_id")


def stored_events(run_dir: Path) -> Iterator[dict[str, Any]]:
    """Every stored event, oldest first."""
    from services.common.event_files import Position, events_dir, lines_since

    for line, _ in lines_since(events_dir(run_dir), Position()):
        yield json.loads(line)


def event_line(event: dict[str, Any]) -> str:
    """Time, kind, bot, then what the event says."""
    from datetime import UTC, datetime

    when = datetime.fromtimestamp(event["ts_ms"] / 1000, tz=UTC).strftime("%H:%M:%S.%f")[:-3]
    rest = " ".join(f"{key}={value}" for key, value in event.items() if key not in ENVELOPE and value not in ("", None))
    return f"{when} {event['kind']:20} {event['bot_id']:8} {rest}"
