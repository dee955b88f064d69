"""`desk kill`: stop a scope now. Latched at the gateway, cancelled at the venue, zero proved and kept."""

from typing import Annotated, Any

import typer

from scripts.desk.options import DataDir, Json, RunDir
from scripts.desk.output import print_json
from scripts.desk.places import places
from scripts.desk.running import ask


def register(app: typer.Typer) -> None:
    kill = typer.Typer(no_args_is_help=True, help="Stop a scope now, and see what is stopped.")
    kill.command("now")(now)
    kill.command("status")(status)
    app.add_typer(kill, name="kill")


def now(
    scope: Annotated[str, typer.Option("--scope", help="bot:<id>, account:<id>, venue:<id> or desk.")] = "desk",
    reason: Annotated[str, typer.Option("--reason", help="Why; goes into the audit.")] = "MANUAL",
    actor: Annotated[str, typer.Option("--actor", help="Who asks: a person's name.")] = "desk_cli",
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only say what would be done.")] = False,
    data_dir: DataDir = None,
    run_dir: RunDir = None,
    as_json: Json = False,
) -> int:
    """Kill a scope: latch it, cancel every open order at the venue, keep it at zero until a person re-arms.

    Positions stay as they are. Re-arm with `desk latch set --scope … --state ACTIVE`. A dry run without --yes.

    Example: desk kill now --scope desk --reason MANUAL --actor anna --yes
    """
    where = places(data_dir, run_dir)
    report: dict[str, Any] = {"scope": scope, "done": yes}
    if yes:
        report |= ask(where, "kill_switch", "/kill", {"scope": scope, "reason": reason, "actor": actor})
    else:
        report["status"] = ask(where, "kill_switch", "/kill")
    if as_json:
        print_json(report)
    else:
        print(f"kill {scope}: " + ("asked for; see desk kill status" if yes else "dry run; add --yes"))
    return 0


def status(data_dir: DataDir = None, run_dir: RunDir = None, as_json: Json = False) -> int:
    """Show which scopes are killed and how far: latched, cancelled, zero proved.

    Example: desk kill status --json
    """
    told = ask(places(data_dir, run_dir), "kill_switch", "/kill")
    if as_json:
        print_json(told)
        return 0
    for key, value in told.items():
        print(f"{key:14} {value}")
    return 0
