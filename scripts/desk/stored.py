"""Reading the event store's files for a person: plain dictionaries, one line each."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripts.desk.places import Places, known_bots
from services.common.errors import NotFound

ENVELOPE = ("kind", "event_id", "source", "source_epoch", "seq", "bot_id", "ts_ms", "config_hash", "cause_id")


def require_events(where: Places) -> Path:
    """The directory of the event files. Nothing stored is no good news: usually the run directory is another one."""
    from services.common.event_files import days, events_dir

    directory = events_dir(where.run_dir)
    if not days(directory):
        is_there = "holds no events" if where.run_dir.is_dir() else "does not exist"
        raise NotFound("NO_EVENTS", f"{where.run_dir} {is_there}", f"desk up{where.flag}, or another --run-dir")
    return directory


def require_bot(where: Places, bot: str | None) -> None:
    """Asked where nothing is stored of it: of a bot that nobody has configured that is no news, but a mistyped name."""
    known = known_bots(where.data_dir)
    if bot not in (None, "desk", *known):
        text = f"nothing is stored of --bot {bot}, and no bot is called so; known: {', '.join(known)}"
        raise NotFound("BOT_UNKNOWN", text, f"desk events tail{where.flag}")


def stored_events(where: Places) -> Iterator[dict[str, Any]]:
    """Every stored event that can be read, oldest first; desk events integrity counts those that cannot."""
    from services.common.event_files import Position, lines_since

    for line, _ in lines_since(require_events(where), Position()):
        event = read_event(line)
        if event is not None:
            yield event


def read_event(line: bytes) -> dict[str, Any] | None:
    """None when the codec cannot read it: a line that was cut, or lacks what its kind has."""
    from services.contracts.codec import Unreadable, decode

    if isinstance(decode(line), Unreadable):
        return None
    event: dict[str, Any] = json.loads(line)
    return event


def event_line(event: dict[str, Any]) -> str:
    """Time, kind, bot, then what the event says."""
    from datetime import UTC, datetime

    when = datetime.fromtimestamp(event["ts_ms"] / 1000, tz=UTC).strftime("%H:%M:%S.%f")[:-3]
    rest = " ".join(f"{key}={value}" for key, value in event.items() if key not in ENVELOPE and value not in ("", None))
    return f"{when} {event['kind']:20} {event['bot_id']:8} {rest}"
