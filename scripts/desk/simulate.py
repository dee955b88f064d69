"""`desk simulate`: decisions, gateway and venue in one process in virtual time, under faults drawn from a seed."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from scripts.desk.options import Json, RunDir
from scripts.desk.output import print_json, wide_console
from services.common.errors import ConfigError, ExitCode

_EXAMPLE_FIX = "desk simulate --seeds 5 --faults all --hours 0.5"


def register(app: typer.Typer) -> None:
    app.command("simulate")(simulate)


def simulate(
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="How many seeds, counted from --first.")] = 20,
    first: Annotated[int, typer.Option("--first", min=0, help="The first seed.")] = 1,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Only this seed: repeats it bit for bit.")] = None,
    faults: Annotated[str, typer.Option("--faults", help="all, none, or names with commas.")] = "all",
    hours: Annotated[float, typer.Option("--hours", min=0.05, max=744, help="Virtual hours of each seed.")] = 0.5,
    bots: Annotated[int | None, typer.Option("--bots", min=1, max=5, help="Bots on the desk; default by seed.")] = None,
    market: Annotated[str | None, typer.Option("--market", help="One market for all seeds; default by seed.")] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, help="Processes; default one per core.")] = None,
    run_dir: RunDir = None,
    as_json: Json = False,
) -> int:
    """Search for a violated invariant: many seeds of the whole desk in virtual time, with faults. Exit 1 when found.

    Example: desk simulate --seeds 200 --faults all --hours 2 --json
    """
    from scripts.desk.places import places
    from scripts.desk.stamp import utc
    from scripts.simulate.campaign import Job, Stopwatch, report, results
    from scripts.simulate.desk import MARKETS
    from scripts.simulate.faults import names
    from services.common.clock import SystemClock

    path = places(None, run_dir).run_dir / "reports" / "simulate" / "latest.json"
    try:
        wanted = names(faults)
    except ValueError as error:
        raise ConfigError("FAULT_UNKNOWN", str(error), _EXAMPLE_FIX) from error
    if market is not None and market not in MARKETS:
        raise ConfigError("MARKET_UNKNOWN", f"{market}; known: {', '.join(MARKETS)}", _EXAMPLE_FIX)
    chosen = [seed] if seed is not None else list(range(first, first + seeds))
    length_ms = int(hours * 3_600_000)
    todo = [Job(number, wanted, length_ms, bots, market) for number in chosen]
    watch, date = Stopwatch(), utc(SystemClock().now_ms())
    runs = []
    console = wide_console()
    for run in results(todo, min(jobs or os.cpu_count() or 1, len(todo))):
        runs.append(run)
        if not as_json and (run.violations or len(runs) % 10 == 0 or len(todo) <= 10):
            said = f"{len(run.violations)} violations" if run.violations else "no violation"
            console.print(f"{len(runs)}/{len(todo)}  seed {run.seed}  {run.market}  {run.orders} orders  {said}")
    summary = {**report(runs, wanted, watch.elapsed_s), "date": date, "hours": hours}
    for failed in summary["failures"]:
        failed["again"] = _again(failed["seed"], faults, hours, bots, market)
    _keep(summary, path)
    if as_json:
        print_json(summary)
    else:
        _print(console, summary, path)
    return int(ExitCode.OK if not summary["violations"] else ExitCode.ERROR)


def _again(seed: int, faults: str, hours: float, bots: int | None, market: str | None) -> str:
    """The command that repeats the seed bit for bit: with every flag by which a run differs."""
    chosen = (f" --bots {bots}" if bots else "") + (f" --market {market}" if market else "")
    return f"desk simulate --seed {seed} --faults {faults} --hours {hours}{chosen}"


def _keep(summary: dict[str, Any], path: Path) -> None:
    from services.common.files import write_json

    write_json(path, summary)


def _print(console: Any, summary: dict[str, Any], path: Path) -> None:
    for failure in summary["failures"]:
        console.print(f"[bold]seed {failure['seed']}[/bold] ({failure['market']})")
        for line in failure["violations"][:5]:
            console.print(f"  {line}")
        console.print(f"  again: {failure['again']}")
    injected = sum(summary["faults_injected"].values())
    console.print(
        f"{summary['seeds']} seeds, {summary['virtual_hours']} virtual hours, {summary['orders']} orders, "
        f"{summary['fills']} fills, {injected} faults: {summary['violations']} violations"
    )
    speed = f"{summary['speedup']}x real time for one bot on one core, {summary['speedup_cpu']}x by its CPU time"
    console.print(f"{speed}; digest {summary['digest'][:16]}, {summary['commit']}, {summary['date']}")
    console.print(f"report {path}")
