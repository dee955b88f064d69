"""`desk report`: pages and files that say what was."""

import typer

from scripts.desk.options import DataDir, Json, RunDir
from scripts.desk.output import print_json
from scripts.desk.places import places


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Pages and files that say what was.")
    group.command("run")(run)
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
