"""`desk override`: one order of one bot passes one limit once. Two persons, expiring, audited."""

from typing import Annotated, Any

import typer

from scripts.desk.options import DataDir, Json, RunDir
from scripts.desk.output import print_json
from scripts.desk.places import places
from scripts.desk.running import ask


def register(app: typer.Typer) -> None:
    app.command("override")(override)


def override(
    bot: Annotated[str, typer.Option("--bot", help="The bot whose next order may pass.")],
    limit: Annotated[str, typer.Option("--limit", help="The limit that order may pass, as the refusal names it.")],
    approver: Annotated[list[str], typer.Option("--approver", help="A person who agrees; two different ones.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; goes into the audit.")],
    ttl_s: Annotated[int, typer.Option("--ttl-s", help="It expires after so many seconds, at most 600.")] = 60,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, only say what would be done.")] = False,
    data_dir: DataDir = None,
    run_dir: RunDir = None,
    as_json: Json = False,
) -> int:
    """Let one order of one bot pass one limit, once, within a short time. A dry run without --yes.

    Every other limit still holds for that order. Used or not, who agreed to what and why stays in the audit chain.

    Example: desk override --bot bot1 --limit order_value_quote_max --approver anna --approver ben --reason hedge --yes
    """
    body = {"bot": bot, "limit": limit, "approvers": approver, "reason": reason, "ttl_s": ttl_s}
    report: dict[str, Any] = {**body, "done": yes}
    if yes:
        report |= ask(places(data_dir, run_dir), "gateway", "/desk/override", body)
    if as_json:
        print_json(report)
    else:
        what = f"{bot}: one order may pass {limit} within {ttl_s} s, by {' and '.join(approver)}"
        print(what + ("" if yes else "  (dry run; add --yes)"))
    return 0
