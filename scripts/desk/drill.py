"""`desk drill`: faults against the real desk, on purpose. Reports say what was done to it and what was found."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from scripts.desk.options import DataDir, Json, RunDir
from scripts.desk.output import print_json, wide_console
from scripts.desk.places import Places, places
from services.common.errors import ExitCode


def register(app: typer.Typer) -> None:
    drill = typer.Typer(no_args_is_help=True, help="Faults against the real desk, on purpose, with a report.")
    drill.command("crash")(crash)
    drill.command("host")(host)
    drill.command("all")(everything)
    app.add_typer(drill, name="drill")


def crash(
    kills: Annotated[int, typer.Option("--kills", min=1, help="How many times kill -9 strikes.")] = 30,
    seed: Annotated[int, typer.Option("--seed", help="Which process and when: the same seed, the same plan.")] = 7,
    of: Annotated[str, typer.Option("--of", help="Processes to strike, with commas.")] = "gateway,venue_sim,bot.bot0",
    virtual: Annotated[
        bool, typer.Option("--virtual", help="In one process in virtual time: 1000 kills a minute.")
    ] = False,
    data_dir: DataDir = None,
    run_dir: RunDir = None,
    as_json: Json = False,
) -> int:
    """Kill processes at random moments while orders flow; then compare journal, drop copy and venue.

    Runs a desk of its own, below <run-dir>/drills unless a run directory is given. Exit code 6 when a fill is lost or
    told twice, an order is unknown, or something rests after the stop. With --virtual gateway, venue and bot are killed
    in virtual time, seed after seed from --seed on, and <run-dir>/reports/drills/crash_virtual.json is written.

    Example: desk drill crash --kills 1000 --virtual --json
    """
    if virtual:
        return _tell([_crash_virtually(kills, seed, places(data_dir, run_dir), not as_json)], as_json)
    report = _crash(kills, seed, tuple(of.split(",")), _own_places(data_dir, run_dir, "crash"), not as_json)
    return _tell([report], as_json)


def host(
    rows: Annotated[str, typer.Option("--rows", help="Rows by name, with commas; default all.")] = "",
    data_dir: DataDir = None,
    run_dir: RunDir = None,
    as_json: Json = False,
) -> int:
    """Repeat the faults at which a stock Hummingbot goes wrong, with the gateway in the path, and judge from outside.

    Runs a desk of its own, below <run-dir>/drills unless a run directory is given, and writes reports/drills/host.json
    there. Exit code 6 when an order is unknown for ten seconds, a cancel is not retried, or a row does not recover.

    Example: desk drill host --rows bot_killed,cancel_429 --json
    """
    return _tell([_host(rows, _own_places(data_dir, run_dir, "host"), not as_json)], as_json)


def everything(data_dir: DataDir = None, run_dir: RunDir = None, as_json: Json = False) -> int:
    """Every drill, one after another: about half an hour. Each has a desk of its own below <run-dir>/drills.

    Leaves reports/drills/all.json and all.html in the run directory, written anew after each: a drill that broke or has
    not been run yet is in them as failed. Exit code 6 when one of them failed.

    Example: desk drill all
    """
    from scripts.desk.drill_report import broken, keep_all, not_run
    from services.common.clock import SystemClock

    where = places(data_dir, run_dir)
    say = _silent if as_json else print
    drills = _drills(where, not as_json)
    reports = [not_run(name) for name in drills]
    page = keep_all(reports, where.run_dir, SystemClock().now_ms())
    for number, (name, act) in enumerate(drills.items()):
        say(f"drill {number + 1} of {len(drills)}: {name}")
        try:
            reports[number] = act()
        except Exception as error:  # it is told as failed, and the drills after it are still wanted
            reports[number] = broken(name, error)
            say(f"    FAILED: {reports[number]['problems'][0]}")
        page = keep_all(reports, where.run_dir, SystemClock().now_ms())
    code = _tell(reports, as_json)
    if not as_json:
        print(page)
    return code


def _drills(where: Places, aloud: bool) -> dict[str, Callable[[], dict[str, Any]]]:
    """What `desk drill all` runs, in this order."""
    trading = ("gateway", "venue_sim", "bot.bot0")
    around = ("event_store", "kill_switch", "desk_api", "gateway")
    return {
        "crash in virtual time": lambda: _crash_virtually(1_000, 1, where, aloud),
        "crash of what trades": lambda: _crash(30, 7, trading, _below(where, "crash"), aloud),
        "crash of what is around": lambda: _crash(8, 8, around, _below(where, "crash-around"), aloud),
        "host": lambda: _host("", _below(where, "host"), aloud),
    }


def _own_places(data_dir: Path | None, run_dir: Path | None, name: str) -> Places:
    where = places(data_dir, run_dir)
    return where if run_dir is not None else _below(where, name)


def _below(where: Places, name: str) -> Places:
    return Places(where.data_dir, where.run_dir / "drills" / name)


def _crash(kills: int, seed: int, names: tuple[str, ...], where: Places, aloud: bool) -> dict[str, Any]:
    import asyncio

    from scripts.desk.drill_crash import run

    drill = run(kills=kills, seed=seed, names=names, where=where, say=print if aloud else _silent)
    return _kept(lambda: asyncio.run(drill), where)


def _crash_virtually(kills: int, seed: int, where: Places, aloud: bool) -> dict[str, Any]:
    import os

    from scripts.simulate.crash import report, strikes

    def run_all() -> dict[str, Any]:
        results = []
        for result in strikes(kills, seed, os.cpu_count() or 1):
            results.append(result)
            if aloud:
                run = result.run
                struck, found = sum(run.faults_injected.values()), len(run.violations)
                print(f"seed {run.seed}  {run.market}  {struck} kills  {run.orders} orders  {found or 'no'} violations")
        return report(results, seed)

    return _kept(run_all, where)


def _host(rows: str, where: Places, aloud: bool) -> dict[str, Any]:
    import asyncio

    from scripts.desk.drill_host import chosen, run

    drill = run(rows=chosen(rows), where=where, say=print if aloud else _silent)
    return _kept(lambda: asyncio.run(drill), where)


def _kept(run: Callable[[], dict[str, Any]], where: Places) -> dict[str, Any]:
    """The report of a drill with its date and the commit it was begun on, written below the run directory."""
    from scripts.desk.drill_report import keep
    from scripts.desk.stamp import commit, utc
    from services.common.clock import SystemClock

    stamp = {"date": utc(SystemClock().now_ms()), "commit": commit()}
    report = {**run(), **stamp}
    keep(report, where.run_dir)
    return report


def _silent(_: str) -> None:
    pass


def _tell(reports: list[dict[str, Any]], as_json: bool) -> int:
    passed = all(report["passed"] for report in reports)
    if as_json:
        print_json(reports[0] if len(reports) == 1 else {"passed": passed, "drills": reports})
    else:
        for report in reports:
            for key, value in report.items():
                if key != "rows":
                    print(f"{key:24} {value}")
            _print_rows(report.get("rows", []))
    return int(ExitCode.OK if passed else ExitCode.GATE_FAILED)


def _print_rows(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    from rich.table import Table

    table = Table("row", "fault", "unknown", "cancels", "recovered", "", "seen", box=None)
    for row in rows:
        recovered = "–" if row["recovered_s"] is None else f"{row['recovered_s']:.1f} s"
        verdict = "passed" if row["passed"] else "FAILED"
        counts = (str(row["unknown_after_10s"]), str(row["cancels_not_retried"]))
        table.add_row(row["row"], row["fault_id"], *counts, recovered, verdict, row["seen"])
    wide_console().print(table)
