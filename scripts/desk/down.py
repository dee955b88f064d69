"""`desk down`: ask the running desk to stop in order, or clean up what a dead one left."""

import json
import os
import signal
from pathlib import Path
from typing import Annotated, Any

import typer

from scripts.desk.options import DataDir, Json, RunDir
from scripts.desk.output import print_json
from scripts.desk.places import Places, places
from scripts.desk.running import not_running
from scripts.desk.supervisor.leftovers import leftovers, stop_leftovers
from scripts.desk.supervisor.lock import holder_pid
from services.common.addresses import read_addresses
from services.common.errors import ExitCode, TimedOut

LONGEST_S = 120


def register(app: typer.Typer) -> None:
    app.command("down")(down)


def down(
    wait: Annotated[int, typer.Option("--wait", min=1, help="Seconds to wait for the orderly stop.")] = LONGEST_S,
    data_dir: DataDir = None,
    run_dir: RunDir = None,
    as_json: Json = False,
) -> int:
    """Stop the desk of a run directory in order: quotes first. Also stops what a killed desk left running.

    Says what is left: orders at the venue, positions, integrity. Exit code 1 when an order is left, integrity is not
    PASS, or the desk had started processes and left no word of it.

    Example: desk down --run-dir data/run
    """
    where = places(data_dir, run_dir)
    pid = holder_pid(where.lock_file)
    lines: list[str] = []
    summary: dict[str, Any] = {}
    if pid is not None:
        import psutil

        try:
            os.kill(pid, signal.SIGTERM)
            psutil.Process(pid).wait(wait)
        except (psutil.NoSuchProcess, ProcessLookupError):  # it has just gone by itself
            pass
        except psutil.TimeoutExpired as error:
            raise TimedOut(
                "STOP_SLOW",
                f"the desk with pid {pid} has not stopped within {wait} s",
                f"less {where.logs}/gateway.log",
            ) from error
        lines.append(f"the desk with pid {pid} has stopped")
        summary = _summary_of(where, pid)
        if not summary and _had_started(where, pid):
            text = "STOP_UNTOLD: it left no summary: whether orders rest at the venue is not known"
            summary = {"problems": [f"{text}; desk up --for 20{where.flag} reads and cancels them"]}
            lines += summary["problems"]
        else:
            lines += _what_is_left(summary)
    elif not leftovers(where.run_dir) and not _servers_left(where.run_dir):
        raise not_running(where)
    lines += stop_leftovers(where.run_dir)
    lines += _stop_servers(where.run_dir)
    if as_json:
        print_json({"stopped": lines, "problems": summary.get("problems", [])})
    else:
        for line in lines:
            print(line)
    return int(ExitCode.ERROR if summary.get("problems") else ExitCode.OK)


def _summary_of(where: Places, pid: int) -> dict[str, Any]:
    """Of the run that has just ended; empty when that one never came to run."""
    try:
        summary: dict[str, Any] = json.loads(where.last_run.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return summary if summary.get("pid") == pid else {}


def _had_started(where: Places, pid: int) -> bool:
    """The first process it starts is written down with its own pid; what cannot be read may have been."""
    try:
        addresses = read_addresses(where.run_dir)
    except ValueError:
        return True
    return addresses is not None and addresses.desk.pid == pid


def _what_is_left(summary: dict[str, Any]) -> list[str]:
    if not summary:
        return ["it left no summary: it had not come to run"]
    resting = summary["venue"]["open_orders"]
    held = [f"{bot['id']} {bot['position']:+}" for bot in summary["bots"] if bot["position"]]
    return [
        f"open orders at the venue: {'unknown' if resting is None else resting}",
        f"positions left open: {', '.join(held) or 'none'}",
        f"integrity: {summary['integrity']['status']}",
        *summary["problems"],
    ]


def _servers_left(run_dir: Path) -> list[str]:
    from scripts.desk.supervisor.servers import running_servers

    return running_servers(run_dir)


def _stop_servers(run_dir: Path) -> list[str]:
    from scripts.desk.supervisor.servers import stop_servers

    return stop_servers(run_dir)
