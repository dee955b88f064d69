"""`desk logs`: the end of what a process logged, readable."""

import json
import sys
from collections import deque
from typing import Annotated, Any

import typer

from scripts.desk.options import DataDir, Json, RunDir
from scripts.desk.output import print_json
from scripts.desk.places import places
from services.common.errors import ConfigError, NotFound

LEVELS = ("debug", "info", "warning", "error", "critical")
_SHOWN_FIRST = ("timestamp", "level", "event", "process", "logger")


def register(app: typer.Typer) -> None:
    app.command("logs")(logs)


def logs(
    process: Annotated[
        str, typer.Argument(help="gateway, venue_sim, kill_switch, event_store, desk_api, desk, or a bot (bot1).")
    ],
    count: Annotated[int, typer.Option("--count", min=1, help="How many lines, the newest last.")] = 30,
    level: Annotated[str, typer.Option("--level", help="This level and above: debug, info, warning, error.")] = "info",
    data_dir: DataDir = None,
    run_dir: RunDir = None,
    as_json: Json = False,
) -> int:
    """Print the newest log lines of one process.

    Example: desk logs bot0 --level warning --count 50
    """
    if level not in LEVELS:
        raise ConfigError("LEVEL_INVALID", f"--level {level}: allowed are {', '.join(LEVELS)}", "desk logs gateway")
    where = places(data_dir, run_dir)
    name = process if where.log_of(process).exists() else f"bot.{process}"
    path = where.log_of(name)
    if not path.exists():
        known = sorted(file.stem for file in where.logs.glob("*.log"))
        text = f"no log of {process} in {where.logs}; known: {', '.join(known) or 'none'}"
        raise NotFound("LOG_UNKNOWN", text, f"desk status{where.flag}")
    lowest = LEVELS.index(level)
    found: deque[dict[str, Any]] = deque(maxlen=count)
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                row = json.loads(line)
            except ValueError:
                continue  # a line that a kill cut short
            if not isinstance(row, dict):
                continue
            of_row = row.get("level")
            if of_row not in LEVELS or LEVELS.index(of_row) >= lowest:
                found.append(row)
    if as_json:
        print_json(list(found))
    else:
        for row in found:
            rest = " ".join(f"{key}={value}" for key, value in row.items() if key not in _SHOWN_FIRST)
            print(f"{str(row.get('timestamp', ''))[11:23]} {row.get('level', ''):8} {row.get('event', '')} {rest}")
        if not found:
            sys.stderr.write(f"no line of {name} at {level} or above\n")
    return 0
