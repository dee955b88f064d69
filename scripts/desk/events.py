"""`desk events`: look at what was stored, play it through, and ask whether anything is missing."""

import sys
from collections import deque
from typing import Annotated, Any

import typer

from scripts.desk.options import DataDir, Json, RunDir
from scripts.desk.output import print_json
from scripts.desk.places import places
from scripts.desk.stored import event_line, read_event, require_bot, require_events, stored_events
from services.common.errors import ExitCode, NotFound


def register(app: typer.Typer) -> None:
    events = typer.Typer(no_args_is_help=True, help="Stored events: look at them, judge them.")
    events.command("tail")(tail)
    events.command("integrity")(integrity)
    events.command("replay")(replay)
    app.add_typer(events, name="events")


def tail(
    count: Annotated[int, typer.Option("--count", min=1, help="How many, the newest last.")] = 20,
    kind: Annotated[str | None, typer.Option("--kind", help="Only this kind, for example fill.v1.")] = None,
    bot: Annotated[str | None, typer.Option("--bot", help="Only events of this bot.")] = None,
    data_dir: DataDir = None,
    run_dir: RunDir = None,
    as_json: Json = False,
) -> int:
    """Print the newest stored events, one line each.

    Example: desk events tail --kind fill.v1 --bot bot0 --count 10
    """
    from services.common.event_files import day_path, days, whole_lines
    from services.contracts.codec import KINDS

    if kind is not None and kind not in KINDS:
        raise NotFound("KIND_UNKNOWN", f"{kind}; known: {', '.join(sorted(KINDS))}", "desk events tail --kind fill.v1")
    where = places(data_dir, run_dir)
    directory = require_events(where)
    found: deque[dict[str, Any]] = deque(maxlen=count)
    for day in reversed(days(directory)):
        of_day: deque[dict[str, Any]] = deque(maxlen=count - len(found))
        for line, _ in whole_lines(day_path(directory, day)):
            event = read_event(line)
            if event is not None and kind in (None, event["kind"]) and bot in (None, event["bot_id"]):
                of_day.append(event)
        found.extendleft(reversed(of_day))
        if len(found) == count:
            break
    if not found:
        require_bot(where, bot)
    if as_json:
        print_json(list(found))
    else:
        for event in found:
            print(event_line(event))
        if not found:
            sys.stderr.write(f"no stored event of kind {kind or 'any'} and bot {bot or 'any'}\n")
    return 0


def integrity(
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Read every line again, trust no checkpoint.")
    ] = False,
    data_dir: DataDir = None,
    run_dir: RunDir = None,
    as_json: Json = False,
) -> int:
    """Judge the stored events: gaps, duplicates, counts against the sources. Exit code 6 when it is not PASS.

    Every file is held against the length and checksum the store has kept of it. While the desk runs, the newest events
    may still be on their way.

    Example: desk events integrity --json
    """
    from services.common.clock import SystemClock
    from services.event_store.integrity import integrity as judge

    where = places(data_dir, run_dir)
    require_events(where)
    report = judge(where.run_dir, now_ms=SystemClock().now_ms(), from_start=from_start)
    if as_json:
        print_json(report)
    else:
        counts = report.events
        print(f"{report.status}  events {counts.count}, gaps {counts.gaps}, duplicates {counts.duplicates}")
        for name, count in report.by_kind.items():
            print(f"      {count:8}  {name}")
        for gap in report.gaps:
            print(f"GAP   {gap.stream} {gap.source} epoch {gap.source_epoch}: {gap.first_seq}..{gap.last_seq}")
        for check in report.checks:
            print(f"{'ok' if check.is_ok else check.severity:4}  {check.text}")
        for reason in report.reasons:
            print(f"why   {reason}")
    return int(ExitCode.OK if report.status == "PASS" else ExitCode.GATE_FAILED)


def replay(
    bot: Annotated[str | None, typer.Option("--bot", help="Only executions of this bot.")] = None,
    data_dir: DataDir = None,
    run_dir: RunDir = None,
    as_json: Json = False,
) -> int:
    """Play the stored orders, fills and rejects through once and print what they add up to, per pair and position.

    Example: desk events replay --bot bot0 --json
    """
    from scripts.desk import executions
    from services.common.clock import stopwatch_ns

    began_ns = stopwatch_ns()
    where = places(data_dir, run_dir)
    done = executions.replay(event for event in stored_events(where) if bot in (None, event["bot_id"]))
    if not done.events_total:
        require_bot(where, bot)
    duration_ms = (stopwatch_ns() - began_ns) // 1_000_000
    if as_json:
        print_json({**done.plain(), "replay_duration_ms": duration_ms})
        return 0
    print(f"events {done.events_total}: orders {done.orders}, fills {done.fills}, rejects {done.rejects}")
    for symbol, of_symbol in sorted(done.by_symbol.items()):
        print(
            f"{symbol:10} orders {of_symbol.orders}, fills {of_symbol.fills}, rejects {of_symbol.rejects},"
            f" traded {of_symbol.notional_quote} quote, fees {of_symbol.fees_quote}"
        )
    for bot_id, held in sorted(done.position_base.items()):
        print(f"{bot_id:10} " + ", ".join(f"{qty} {symbol}" for symbol, qty in sorted(held.items())))
    return 0
