"""Asks the gateway and the simulated venue how they are, at their admin addresses. Answers are shown, never judged."""

from pathlib import Path

import httpx

from services.common.addresses import Addresses
from services.common.errors import DeskError
from services.common.secrets import read_admin_token
from services.desk_api.logic import Poll
from services.desk_api.readings import Now, Stamp

ADMIN_HEADER = "X-Hbot-Admin"
PATHS = {"gateway": "/desk/status", "venue_sim": "/sim/status"}
TIMEOUT_S = 2.0
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


class AdminPolls:
    """One client for the life of the page. Loopback addresses only: the token never leaves the machine."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False)

    async def ask(self, process: str, addresses: Addresses | None, before: Poll, now: Now) -> Poll:
        """The new answer; when there is none the old one stays, with its age, and says why."""
        url = addresses.url(process) if addresses else None
        if url is None:
            return before._replace(error=f"addresses.json has no {process}")
        if httpx.URL(url).host not in LOOPBACK_HOSTS:
            return before._replace(error=f"{process} is not on this machine: not asked")
        try:
            headers = {ADMIN_HEADER: read_admin_token(self._run_dir)}
            answer = await self._client.get(url + PATHS[process], headers=headers)
            if answer.status_code != 200:
                return before._replace(error=f"{PATHS[process]}: HTTP {answer.status_code}")
            return Poll(answer.json(), Stamp(now.wall_ms, now.mono_ms), "")
        except (httpx.HTTPError, ValueError, OSError, DeskError) as error:
            return before._replace(error=f"{PATHS[process]}: {type(error).__name__}")

    async def close(self) -> None:
        await self._client.aclose()
