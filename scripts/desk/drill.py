"""`desk drill`: faults against the real desk, on purpose. Reports say what was done to it and what was found."""

from pathlib import Path
from typing import Annotated, Any

import typer

from scripts.desk.options import DataDir, Json, RunDir
from scripts.desk.output import print_json
from scripts.desk.places import Places, places
from services.common.errors import ExitCode


def register(app: typer.Typer) -> None:
    drill = typer.Typer(no_args_is_help=True, help="Faults against the real desk, on purpose, with a report.")
    drill.command("crash")(crash)
    drill.command("all")(everything)
    app.add_typer(drill, name="drill")


def crash(
    kills: Annotated[int, typer.Option("--kills", min=1, help="How many times kill -9 strikes.")] = 30,
    seed: Annotated[int, typer.Option("--seed", help="Which process and when: the same seed, the same plan.")] = 7,
    of: Annotated[str, typer.Option("--of", help="Processes to strike, with commas.")] = "gateway,venue_sim,bot.bot1",
    data_dir: DataDir = None,
    run_dir: RunDir = None,
    as_json: Json = False,
) -> int:
    """Kill processes at random moments while orders flow; then compare journal, drop copy and venue.

    Runs a desk of its own, below <run-dir>/drills unless a run directory is given. Exit code 6 when a fill is lost or
    told twice, an order is unknown, or something rests after the stop.

    Example: desk drill crash --kills 30 --json
    """
    report = _crash(kills, seed, tuple(of.split(",")), _own_places(data_dir, run_dir, "crash"), not as_json)
    return _tell([report], as_json)


def everything(data_dir: DataDir = None, run_dir: RunDir = None, as_json: Json = False) -> int:
    """Every drill, one after another: about fifteen minutes.

    Example: desk drill all
    """
    trading = ("gateway", "venue_sim", "bot.bot1")
    around = ("event_store", "kill_switch", "desk_api", "gateway")
    reports = [
        _crash(30, 7, trading, _own_places(data_dir, run_dir, "crash"), not as_json),
        _crash(8, 8, around, _own_places(data_dir, run_dir, "crash-around"), not as_json),
    ]
    return _tell(reports, as_json)


def _own_places(data_dir: Path | None, run_dir: Path | None, name: str) -> Places:
    where = places(data_dir, run_dir)
    return where if run_dir is not None else Places(where.data_dir, where.run_dir / "drills" / name)


def _crash(kills: int, seed: int, names: tuple[str, ...], where: Places, aloud: bool) -> dict[str, Any]:
    import asyncio

    from scripts.desk.drill_crash import run

    return asyncio.run(run(kills=kills, seed=seed, names=names, where=where, say=print if aloud else _silent))


def _silent(_: str) -> None:
    pass


def _tell(reports: list[dict[str, Any]], as_json: bool) -> int:
    passed = all(report["passed"] for report in reports)
    if as_json:
        print_json(reports[0] if len(reports) == 1 else {"passed": passed, "drills": reports})
    else:
        for report in reports:
            for key, value in report.items():
                print(f"{key:24} {value}")
    return int(ExitCode.OK if passed else ExitCode.GATE_FAILED)
