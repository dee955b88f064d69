"""What the page can do: set and end faults of the simulated exchange, and kill a bot. Nothing here can trade.

Every act is refused outside a simulated desk, is published as a command before it is done, and is logged.
"""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil

from services.common.addresses import Addresses
from services.common.errors import DeskError
from services.common.logs import Logger
from services.common.secrets import read_admin_token
from services.desk_api.facts import addresses_of
from services.desk_api.polls import ADMIN_HEADER, LOOPBACK_HOSTS
from services.desk_api.switches import NAMES

TIMEOUT_S = 3.0

Publish = Callable[[str, str, dict[str, str]], None]  # action, scope, arguments


class Said(NamedTuple):
    """What came of an act: HTTP status, a code, and words for the person who asked."""

    status: int
    code: str
    text: str


class Acts:
    """``why_not`` says why nothing may be broken now, "" when it may."""

    def __init__(self, run_dir: Path, why_not: Callable[[], str], publish: Publish, log: Logger) -> None:
        self._run_dir = run_dir
        self._why_not = why_not
        self._publish = publish
        self._log = log

    async def fault(self, switch: str, is_on: bool, for_ms: int | None) -> Said:
        """Set a preset of the simulated exchange, for so long (None: until it is ended), or end it."""
        if switch not in NAMES:
            return Said(404, "NOT_FOUND", f"switch={switch!r:.60}, allowed: {', '.join(sorted(NAMES))}")
        body: dict[str, object] = {"end": switch}
        if is_on:
            refused = self._refused()
            if refused is not None:
                return refused
            body = {"preset": switch, "add": True} | ({"for_ms": for_ms} if for_ms is not None else {})
        self._publish("set_fault" if is_on else "end_fault", "venue_sim", {"switch": switch, "for_ms": str(for_ms)})
        return await self._ask_venue(body, f"{switch} {'set' if is_on else 'ended'}")

    async def kill_bot(self, bot_id: str) -> Said:
        """SIGKILL to the bot's process; the supervisor starts it again."""
        refused = self._refused()
        if refused is not None:
            return refused
        addresses = addresses_of(self._run_dir)
        process = process_of(addresses, bot_id, self._run_dir)
        if process is None:
            return Said(404, "NOT_RUNNING", f"bot={bot_id!r:.60}: no process of this desk runs it")
        self._publish("kill_process", f"bot:{bot_id}", {"pid": str(process.pid)})
        self._log.warning("page.kill_bot", bot=bot_id, pid=process.pid)
        try:
            process.kill()
        except psutil.Error as error:
            return Said(409, "NOT_RUNNING", f"{bot_id} pid {process.pid}: {type(error).__name__}")
        return Said(200, "DONE", f"{bot_id} (pid {process.pid}) killed; the supervisor starts it again")

    def _refused(self) -> Said | None:
        why = self._why_not()
        return Said(409, "NOT_A_SIMULATION", why) if why else None

    async def _ask_venue(self, body: dict[str, object], done: str) -> Said:
        addresses = addresses_of(self._run_dir)
        url = addresses.url("venue_sim") if addresses else None
        if url is None or httpx.URL(url).host not in LOOPBACK_HOSTS:
            return Said(503, "VENUE_UNREACHABLE", "addresses.json has no simulated exchange on this machine")
        self._log.warning("page.fault", **{key: value for key, value in body.items() if key != "add"})
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
                headers = {ADMIN_HEADER: read_admin_token(self._run_dir)}
                answer = await client.post(f"{url}/sim/faults", json=body, headers=headers)
        except (httpx.HTTPError, OSError, DeskError) as error:
            return Said(503, "VENUE_UNREACHABLE", f"/sim/faults: {type(error).__name__}")
        if answer.status_code != 200:
            return Said(502, "VENUE_REFUSED", f"/sim/faults: HTTP {answer.status_code}: {answer.text[:200]}")
        return Said(200, "DONE", done)


def process_of(addresses: Addresses | None, bot_id: str, run_dir: Path) -> psutil.Process | None:
    """The bot's process, believed only when its own command line says so: a process id may have been given anew."""
    known = addresses.processes.get(f"bot.{bot_id}") if addresses else None
    if known is None or known.pid <= 1:
        return None
    try:
        process = psutil.Process(known.pid)
        words = process.cmdline()
    except psutil.Error:
        return None
    said = dict(pairwise(words))
    is_ours = "--run-dir" in said and Path(said["--run-dir"]).resolve() == run_dir.resolve()
    return process if is_ours and (said.get("-m"), said.get("--bot")) == ("services.bot", bot_id) else None
