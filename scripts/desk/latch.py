"""`desk latch`: the state of the gateway's scopes. Tightening is one person at once; loosening is said twice."""

import sys
from typing import Annotated, Any

import typer

from scripts.desk.options import DataDir, Json, RunDir
from scripts.desk.output import print_json
from scripts.desk.places import Places, places
from scripts.desk.running import ask, require_scope
from services.common.errors import ConfigError, DeskError, NotRunning

STATES = ("ACTIVE", "REDUCING", "HALTED")


def register(app: typer.Typer) -> None:
    latch = typer.Typer(no_args_is_help=True, help="State of the gateway's scopes: ACTIVE, REDUCING, HALTED.")
    latch.command("show")(show)
    latch.command("set")(set_state)
    latch.command("enrol")(enrol)
    app.add_typer(latch, name="latch")


def show(data_dir: DataDir = None, run_dir: RunDir = None, as_json: Json = False) -> int:
    """Show which scopes are latched, by whom and why. A scope that is not listed is ACTIVE.

    Example: desk latch show
    """
    latch = ask(places(data_dir, run_dir), "gateway", "/desk/latch")
    if as_json:
        print_json(latch)
        return 0
    if not latch["readable"]:
        print("the latch file cannot be read: every scope counts as HALTED")
    for scope, entry in latch["scopes"].items():
        print(f"{entry['state']:10} {scope:16} by {entry['actor']}: {entry['reason']}")
    for one in latch.get("announced", ()):
        print(f"-> {one['to']:7} {one['scope']:16} by {one['actor']} in {one['due_in_s']} s, if nothing changes it")
    if latch["readable"] and not latch["scopes"]:
        print("ACTIVE     every scope")
    return 0


def set_state(
    scope: Annotated[str, typer.Option("--scope", help="bot:<id>, account:<id>, venue:<id> or desk.")],
    state: Annotated[str, typer.Option("--state", help="ACTIVE, REDUCING (only reducing orders) or HALTED.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; goes into the latch and on the bus.")],
    actor: Annotated[str, typer.Option("--actor", help="Who asks: a person's name.")],
    approver: Annotated[
        list[str] | None, typer.Option("--approver", help="Who else agrees; loosening in live takes two persons.")
    ] = None,
    second_factor: Annotated[
        str,
        typer.Option("--second-factor", help="In live, instead of a second person: a code; it then takes ten minutes."),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only say what would be done.")] = False,
    data_dir: DataDir = None,
    run_dir: RunDir = None,
    as_json: Json = False,
) -> int:
    """Tighten or loosen a scope of the gateway. Tightening cancels what may not rest any more. A dry run without --yes.

    Who is alone loosens in live with a code of an enrolled device (desk latch enrol). It is announced, and carried out
    ten minutes later; any change of that scope meanwhile ends it.

    A gateway that does not answer is tightened by its latch file, which it reads before every order; loosening waits
    until it answers.

    Example: desk latch set --scope bot:bot0 --state HALTED --reason MANUAL --actor anna --yes
    """
    if state not in STATES:
        raise ConfigError(
            "STATE_INVALID", f"--state {state}: allowed are {', '.join(STATES)}", f"desk latch set --scope {scope}"
        )
    where = places(data_dir, run_dir)
    try:
        latched = ask(where, "gateway", "/desk/latch")["scopes"]
        require_scope(where, scope, also=latched)
        before = latched.get(scope, {}).get("state", "ACTIVE")
        report: dict[str, Any] = {"scope": scope, "before": before, "state": state, "done": yes}
        if yes:
            body = {"scope": scope, "state": state, "reason": reason, "actor": actor, "approvers": approver or []}
            if second_factor:
                body["second_factor"] = second_factor
            report |= ask(where, "gateway", "/desk/latch", body)
    except NotRunning:
        report = _tighten_by_file(where, scope, state, reason, actor, is_meant=yes)
        before = report["before"]
    if as_json:
        print_json(report)
    elif "due_in_s" in report:
        print(f"{scope}: stays {before} for {report['due_in_s']} s, then {state}, if nothing changes it")
    else:
        print(f"{scope}: {before} -> {state}" + ("" if yes else "  (dry run; add --yes)"))
    if report.get("on_disk") is False:
        print("it holds, and is not on disk yet: make room before the gateway is started again", file=sys.stderr)
    return 0


def enrol(
    actor: Annotated[str, typer.Option("--actor", help="Whose device it is: a person's name.")],
    data_dir: DataDir = None,
    run_dir: RunDir = None,
    as_json: Json = False,
) -> int:
    """Make the secret of a second factor, and show it once: type it into an authenticator app on another device.

    It stands in secrets/second_factor of the run directory. One that exists is never shown or replaced.

    Example: desk latch enrol --actor anna
    """
    from services.common.files import write_text
    from services.gateway.second_factor import FILE_NAME, new_secret, uri_of

    where = places(data_dir, run_dir)
    path = where.run_dir / "secrets" / FILE_NAME
    if path.exists():
        raise ConfigError("SECOND_FACTOR_EXISTS", f"path={path}", "move it away to enrol another device")
    secret = new_secret()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_text(path, secret + "\n", mode=0o600)
    report = {"path": str(path), "secret": secret, "uri": uri_of(secret, actor)}
    if as_json:
        print_json(report)
    else:
        print(f"secret  {secret}\nuri     {report['uri']}\nstored  {path}\nThis is shown once.")
    return 0


def _tighten_by_file(
    where: Places, scope: str, state: str, reason: str, actor: str, *, is_meant: bool
) -> dict[str, Any]:
    """Raises NotRunning where that would loosen, or no gateway has ever run."""
    from services.common.clock import SystemClock
    from services.gateway.latch_file import LatchFile
    from services.gateway.latches import is_looser
    from services.gateway.messages import LatchEntry

    file = LatchFile(where.run_dir / "gateway" / "latch.json")
    if not file.path.parent.is_dir():
        raise NotRunning("NOT_RUNNING", f"no gateway has run in {where.run_dir}", f"desk up{where.flag}")
    require_scope(where, scope)
    now_ms = SystemClock().now_ms()
    entries = file.read_or_halted(now_ms)
    before = entries[scope].state if scope in entries else "ACTIVE"
    if state == before or is_looser(state, before):  # type: ignore[arg-type]
        raise NotRunning(
            "NOT_RUNNING", f"the gateway does not answer; {scope} stays {before}", f"desk up{where.flag}, then again"
        )
    if is_meant and not file.set(scope, LatchEntry(state, reason, actor, now_ms)):  # type: ignore[arg-type]
        raise DeskError("LATCH_UNWRITTEN", f"path={file.path} cannot be written", "make room on the disk, then again")
    return {"scope": scope, "before": before, "state": state, "done": is_meant, "by": "file"}
