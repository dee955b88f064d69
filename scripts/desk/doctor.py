"""`desk doctor`: what is missing, wrong or busy on this machine, and the command that mends it."""

import typer

from scripts.desk.options import DataDir, Json, RunDir
from scripts.desk.output import print_json, wide_console
from scripts.desk.places import places


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)


def doctor(data_dir: DataDir = None, run_dir: RunDir = None, as_json: Json = False) -> int:
    """Check Python, compiler, disk, lock, ports, embedded servers, permissions, stale processes and bots' files.

    Exit code 1 when something keeps the desk from starting.

    Example: desk doctor --json
    """
    from scripts.desk.checkup import examine

    findings = examine(places(data_dir, run_dir))
    if as_json:
        print_json({"ok": not any(finding.is_bad for finding in findings), "findings": findings})
    else:
        console = wide_console()
        for finding in findings:
            style = {"ok": "green", "warn": "yellow", "bad": "red"}[finding.state]
            console.print(f"{finding.state:5}", style=style, end="")
            console.print(f"{finding.what}: {finding.seen}", markup=False, highlight=False)
            if finding.mend:
                console.print(f"     mend  {finding.mend}", markup=False, highlight=False)
    return 1 if any(finding.is_bad for finding in findings) else 0
