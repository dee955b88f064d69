"""The desk that runs in a run directory, for commands that ask it something."""

import asyncio
from collections.abc import Iterable
from typing import Any

from scripts.desk.places import Places
from services.common.addresses import Addresses, read_addresses
from services.common.errors import DeskError, ExitCode, NotFound, NotRunning

DESK = "desk"
VENUE = "bitget"


def running_desk(where: Places) -> Addresses:
    """Its addresses; raises NotRunning, which says where desks do run."""
    from scripts.desk.supervisor.lock import holder_pid

    if holder_pid(where.lock_file) is None:
        raise not_running(where)
    try:
        addresses = read_addresses(where.run_dir)
    except ValueError as error:
        text = f"{where.run_dir}/addresses.json does not say where the processes are: {error}"
        raise NotRunning("ADDRESSES_UNREADABLE", text, f"desk down{where.flag}, then desk up{where.flag}") from error
    if addresses is None:
        raise not_running(where)
    return addresses


def require_scope(where: Places, scope: str, also: Iterable[str] = ()) -> None:
    """A mistyped scope would be stopped, and nothing with it. Raises NotFound with those there are.

    ``also``: scopes of earlier bots that are latched and may be loosened. Where nobody says which there are, any is
    taken: who stops in an emergency is not asked to mend a file first.
    """
    try:
        addresses = read_addresses(where.run_dir)
    except ValueError:
        addresses = None
    bots = addresses.desk.bots if addresses else ()
    known = [DESK, f"venue:{VENUE}", *(f"{kind}:{bot}" for kind in ("bot", "account") for bot in bots)]
    if bots and scope not in known and scope not in also:
        raise NotFound(
            "SCOPE_UNKNOWN",
            f"--scope {scope} is none of this desk; known: {', '.join(known)}",
            f"desk status{where.flag}",
        )


def rearm_command(where: Places, scope: str) -> str:
    """By which a person loosens a scope again, to paste."""
    return f"desk latch set --scope {scope} --state ACTIVE --reason MANUAL --actor <you> --yes{where.flag}"


def not_running(where: Places) -> NotRunning:
    """A mistyped run directory is the usual reason, and in an emergency a costly one."""
    from scripts.desk.supervisor.leftovers import run_dirs_of_desks

    others = run_dirs_of_desks() - {where.run_dir}
    elsewhere = f"; desks run in {', '.join(map(str, sorted(others)))}" if others else ""
    missing = "" if where.run_dir.is_dir() else ", which does not exist"
    return NotRunning("NOT_RUNNING", f"no desk runs in {where.run_dir}{missing}{elsewhere}", f"desk up{where.flag}")


def ask(where: Places, process: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """An admin question to a process of the running desk. A refusal comes back as DeskError with its own code."""
    url = running_desk(where).url(process)
    if url is None:
        raise NotRunning("NOT_RUNNING", f"this desk has no process {process}", f"desk status{where.flag}")
    return asyncio.run(_ask(where, f"{url}{path}", body))


async def _ask(where: Places, url: str, body: dict[str, Any] | None) -> Any:
    import aiohttp

    from scripts.desk.supervisor.admin import ADMIN_HEADER
    from services.common.secrets import read_admin_token

    headers = {ADMIN_HEADER: read_admin_token(where.run_dir)}
    try:
        async with (
            aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=5)) as session,
            session.request("GET" if body is None else "POST", url, json=body) as answer,
        ):
            content = await answer.json(content_type=None)
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        text = f"{url}: {str(error) or type(error).__name__}"
        raise NotRunning("NO_ANSWER", text, f"desk status{where.flag}") from error
    if status >= 400:
        told = content if isinstance(content, dict) else {}
        text = str(told.get("text", content)).removeprefix(f"{told.get('error')}: ")
        code = str(told.get("error", f"HTTP_{status}"))
        exit_code = ExitCode.APPROVAL_NEEDED if code == "APPROVAL_MISSING" else None
        raise DeskError(code, text, str(told.get("next", "desk status")), exit_code=exit_code)
    return content
