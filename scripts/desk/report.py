"""`desk report`: pages and files that say what was."""

from typing import Any

import typer

from scripts.desk.options import DataDir, Json, RunDir
from scripts.desk.output import print_json, wide_console
from scripts.desk.places import places
from services.common.errors import ExitCode


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Pages and files that say what was.")
    group.command("run")(run)
    group.command("faults")(faults)
    app.add_typer(group, name="report")


def run(data_dir: DataDir = None, run_dir: RunDir = None, as_json: Json = False) -> int:
    """Write one self-contained HTML page about the newest run: summary, charts, edge, events, integrity.

    It can be asked while the desk runs and after it has stopped. Exit code 2 when the run directory holds no events.

    Example: desk report run --run-dir data/run
    """
    from scripts.analysis.run_report import render

    where = places(data_dir, run_dir)
    path = render(where.run_dir, where.data_dir)
    if as_json:
        print_json({"path": str(path), "bytes": path.stat().st_size})
    else:
        print(path)
    return 0


def faults(data_dir: DataDir = None, run_dir: RunDir = None, as_json: Json = False) -> int:
    """Every fault of the catalogue: what proves that the desk stands it, and how that ended when it was last run here.

    Results are those of `make test`, `make drills` and `desk simulate` on this machine; the page is written to
    <run-dir>/reports/faults.html. Exit code 6 when the last run of a proof failed.

    Example: desk report faults --json
    """
    from scripts.desk.fault_results import fault_page, fault_report
    from scripts.desk.stamp import commit, utc
    from services.common.clock import SystemClock
    from services.common.files import write_text

    where = places(data_dir, run_dir)
    report = fault_report(where.run_dir, utc(SystemClock().now_ms()), commit())
    path = where.run_dir / "reports" / "faults.html"
    write_text(path, fault_page(report))
    if as_json:
        print_json({**report, "path": str(path)})
    else:
        _print_faults(report)
        print(path)
    return int(ExitCode.GATE_FAILED if report["failed"] else ExitCode.OK)


def _print_faults(report: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table("fault", "tier", "bound", "proof", "last", box=None)
    for row in report["rows"]:
        table.add_row(
            row["fault"], row["tier"], row["bound"], row["proof"].rpartition("/")[2], row["last"] or "not run"
        )
    wide_console().print(table)
    for fault_id, part in report["no_such_part"].items():
        print(f"{fault_id}  no such part in this desk: {part}")
    print(f"{report['passed']} passed, {len(report['failed'])} failed, {report['not_run']} not run or skipped")
