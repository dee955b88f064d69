"""`desk kill`: stop a scope now. Latched at the gateway, cancelled at the venue, zero proved and kept."""

import time
from typing import Annotated, Any

import typer

from scripts.desk.options import DataDir, Json, RunDir
from scripts.desk.output import print_json
from scripts.desk.places import Places, places
from scripts.desk.running import ask, rearm_command, require_scope
from scripts.desk.stamp import utc
from services.common.errors import ExitCode, NotRunning

ZERO = "ZERO"
WAIT_S = 10.0
LOOK_EVERY_S = 0.1


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

    Waits until zero is proved, ten seconds at most (exit code 5; the kill goes on). Positions stay as they are. Re-arm
    with `desk latch set --scope … --state ACTIVE`. A dry run without --yes.

    Example: desk kill now --scope desk --reason MANUAL --actor anna --yes
    """
    where = places(data_dir, run_dir)
    require_scope(where, scope)
    report: dict[str, Any] = {"scope": scope, "done": yes}
    if not yes:
        told = ask(where, "kill_switch", "/kill")
        report["status"] = told
    else:
        report |= _ask_for_it(where, {"scope": scope, "reason": reason, "actor": actor})
        told = _until_zero(where, scope)
        report["kills"] = told["kills"]
    if as_json:
        print_json(report)
    elif not yes:
        print(f"kill {scope}: dry run; add --yes. Now:\n" + "\n".join(kill_lines(told, where)))
    else:
        print("\n".join(kill_lines(told, where)))
    is_zero = not yes or told["dry_run"] or told["kills"].get(scope, {}).get("phase") == ZERO
    return int(ExitCode.OK if is_zero else ExitCode.TIMEOUT)


def _ask_for_it(where: Places, body: dict[str, str]) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = ask(where, "kill_switch", "/kill", body)
    except NotRunning as error:
        if error.code != "NO_ANSWER":
            raise
        by_gateway = f"desk latch set --scope {body['scope']} --state HALTED --reason MANUAL --actor <you> --yes"
        next_step = f"{by_gateway}{where.flag}, which cancels by the gateway; or desk down{where.flag}"
        raise NotRunning(error.code, f"the kill switch does not answer: {error.text}", next_step) from error
    return answer


def _until_zero(where: Places, scope: str) -> dict[str, Any]:
    """What the kill switch says once zero is proved, or after a while; it goes on by itself in either case."""
    for _ in range(int(WAIT_S / LOOK_EVERY_S)):
        told: dict[str, Any] = ask(where, "kill_switch", "/kill")
        if told["dry_run"] or told["kills"].get(scope, {}).get("phase") == ZERO:
            break
        time.sleep(LOOK_EVERY_S)
    return told


def kill_lines(told: dict[str, Any], where: Places) -> list[str]:
    """One scope a line: how far it is, who asked when, and how one gets back."""
    lines = ["the kill switch is set to dry_run: it cancels nothing"] if told["dry_run"] else []
    for kill in told["kills"].values():
        asked = f"asked by {kill['actor']} at {utc(kill['asked_ts_ms'])}: {kill['reason']}"
        if kill["phase"] == ZERO:
            took_s = (kill["zero_ts_ms"] - kill["asked_ts_ms"]) / 1000
            how_far = f"no order rests at the venue, proved after {took_s:.1f} s; kept so until a person re-arms"
        else:
            how_far = "NOT YET ZERO: latching and cancelling, again and again until the venue shows nothing"
        scope = kill["scope"]
        lines += [f"KILLED  {scope}: {how_far}", f"        {asked}", f"        back with {rearm_command(where, scope)}"]
    return lines or ["no scope is killed"]


def status(data_dir: DataDir = None, run_dir: RunDir = None, as_json: Json = False) -> int:
    """Show which scopes are killed and how far: latched, cancelled, zero proved.

    Example: desk kill status --json
    """
    where = places(data_dir, run_dir)
    told = ask(where, "kill_switch", "/kill")
    if as_json:
        print_json(told)
        return 0
    print("\n".join(kill_lines(told, where)))
    return 0
