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
    hours: Annotated[float, typer.Option("--hours", min=0.05, help="Virtual hours of each seed.")] = 0.5,
    bots: Annotated[int | None, typer.Option("--bots", min=1, max=5, help="Bots on the desk; default by seed.")] = None,
    market: Annotated[str | None, typer.Option("--market", help="One market for all seeds; default by seed.")] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, help="Processes; default one per core.")] = None,
    run_dir: RunDir = None,
    as_json: Json = False,
) -> int:
    """Search for a violated invariant: many seeds of the whole desk in virtual time, with faults. Exit 1 when found.

    Example: desk simulate --seeds 200 --faults all --hours 2 --json
    """
    from scripts.desk.places import DEFAULT_DATA_DIR
    from scripts.simulate.campaign import Job, Stopwatch, report, results
    from scripts.simulate.desk import MARKETS
    from scripts.simulate.faults import names

    try:
        wanted = names(faults)
    except ValueError as error:
        raise ConfigError("FAULT_UNKNOWN", str(error), _EXAMPLE_FIX) from error
    if market is not None and market not in MARKETS:
        raise ConfigError("MARKET_UNKNOWN", f"{market}; known: {', '.join(MARKETS)}", _EXAMPLE_FIX)
    chosen = [seed] if seed is not None else list(range(first, first + seeds))
    length_ms = int(hours * 3_600_000)
    todo = [Job(number, wanted, length_ms, bots, market) for number in chosen]
    watch = Stopwatch()
    runs = []
    console = wide_console()
    for run in results(todo, min(jobs or os.cpu_count() or 1, len(todo))):
        runs.append(run)
        if not as_json and (run.violations or len(runs) % 10 == 0 or len(todo) <= 10):
            said = f"{len(run.violations)} violations" if run.violations else "no violation"
            console.print(f"{len(runs)}/{len(todo)}  seed {run.seed}  {run.market}  {run.orders} orders  {said}")
    summary = report(runs, wanted, watch.elapsed_s)
    path = _keep(summary, run_dir or DEFAULT_DATA_DIR / "run")
    if as_json:
        print_json(summary)
    else:
        _print(console, summary, path, hours, faults)
    return int(ExitCode.OK if not summary["violations"] else ExitCode.ERROR)


def _keep(summary: dict[str, Any], run_dir: Path) -> Path:
    from services.common.files import write_json

    path = run_dir / "reports" / "simulate" / "latest.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, summary)
    return path


def _print(console: Any, summary: dict[str, Any], path: Path, hours: float, faults: str) -> None:
    for failure in summary["failures"]:
        console.print(f"[bold]seed {failure['seed']}[/bold] ({failure['market']})")
        for line in failure["violations"][:5]:
            console.print(f"  {line}")
        console.print(f"  again: desk simulate --seed {failure['seed']} --faults {faults} --hours {hours}")
    injected = sum(summary["faults_injected"].values())
    console.print(
        f"{summary['seeds']} seeds, {summary['virtual_hours']} virtual hours, {summary['orders']} orders, "
        f"{summary['fills']} fills, {injected} faults: {summary['violations']} violations"
    )
    speed = f"{summary['speedup']}x real time for one bot on one core, {summary['speedup_cpu']}x by its CPU time"
    console.print(f"{speed}; digest {summary['digest'][:16]}, {summary['commit']}")
    console.print(f"report {path}")
