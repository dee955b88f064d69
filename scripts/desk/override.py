"""`desk override`: one order of one bot passes one limit once. Two persons, expiring, audited."""

from typing import Annotated, Any

import typer

from scripts.desk.options import DataDir, Json, RunDir
from scripts.desk.output import print_json
from scripts.desk.places import Places, places
from scripts.desk.running import ask, running_desk
from services.common.errors import DeskError, ExitCode, NotFound

TTL_S_MAX = 600  # the gateway's


def register(app: typer.Typer) -> None:
    app.command("override")(override)


def override(
    bot: Annotated[str, typer.Option("--bot", help="The bot whose next order may pass.")],
    limit: Annotated[str, typer.Option("--limit", help="The limit that order may pass, as the refusal names it.")],
    approver: Annotated[list[str], typer.Option("--approver", help="A person who agrees; two different ones.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; goes into the audit.")],
    ttl_s: Annotated[
        int,
        typer.Option("--ttl-s", min=1, max=TTL_S_MAX, help=f"It expires after so many seconds, at most {TTL_S_MAX}."),
    ] = 60,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only say what would be done.")] = False,
    data_dir: DataDir = None,
    run_dir: RunDir = None,
    as_json: Json = False,
) -> int:
    """Let one order of one bot pass one limit, once, within a short time. A dry run without --yes.

    Exit code 7 when the approvers are not two different persons. Every other limit still holds for that order. Used or
    not, who agreed to what and why stays in the audit chain.

    Example: desk override --bot bot1 --limit order_value_quote_max --approver anna --approver ben --reason hedge --yes
    """
    body = {"bot": bot, "limit": limit, "approvers": approver, "reason": reason, "ttl_s": ttl_s}
    report: dict[str, Any] = {**body, "done": yes}
    where = places(data_dir, run_dir)
    _refuse_what_would_be(where, bot, limit, approver)
    if yes:
        report |= ask(where, "gateway", "/desk/override", body)
    if as_json:
        print_json(report)
    else:
        what = f"{bot}: one order may pass {limit} within {ttl_s} s, by {' and '.join(approver)}"
        print(what + ("" if yes else "  (dry run; add --yes)"))
    return 0


def _refuse_what_would_be(where: Places, bot: str, limit: str, approvers: list[str]) -> None:
    """A dry run says no where the gateway would."""
    from services.gateway.admin import OVERRIDABLE

    bots = running_desk(where).desk.bots
    if bot not in bots:
        raise NotFound("BOT_UNKNOWN", f"{bot} does not run; running: {', '.join(bots)}", f"desk status{where.flag}")
    if limit not in OVERRIDABLE:
        raise NotFound("LIMIT_UNKNOWN", f"--limit {limit}; known: {', '.join(OVERRIDABLE)}", "desk override --help")
    if len({name.strip().casefold() for name in approvers}) < 2:
        text = f"--approver {', '.join(approvers)}: two different persons are needed"
        raise DeskError("APPROVAL_MISSING", text, "desk override --help", exit_code=ExitCode.APPROVAL_NEEDED)
