"""Halting the scope at the gateway, by whichever way is open: HTTP, else the latch file, and always said on the bus.

The gateway looks at ``<run-dir>/gateway/latch.json`` before every submit, so the file holds even when it does not
answer.
"""

from pathlib import Path
from typing import Any

import aiohttp

from services.common.errors import DeskError
from services.common.files import read_state, turn, write_state

ACTOR = "kill_switch"
HEADER = "X-Hbot-Admin"
TIMEOUT_S = 1.0


class GatewayLatch:
    def __init__(self, gateway_url: str, admin_token: str, run_dir: Path) -> None:
        self._url = gateway_url
        self._token = admin_token
        self._path = run_dir / "gateway" / "latch.json"

    async def halt(self, scope: str, reason: str, now_ms: int) -> tuple[str, str]:
        """("http" | "file" | "", what was answered). "" means neither way worked: ask again."""
        problem = "no gateway url"
        if self._url:
            body = {"scope": scope, "state": "HALTED", "reason": reason, "actor": ACTOR}
            try:
                timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
                async with (
                    aiohttp.ClientSession(timeout=timeout) as session,
                    session.post(f"{self._url}/desk/latch", json=body, headers={HEADER: self._token}) as response,
                ):
                    if response.status == 200:
                        return "http", await response.text()
                    problem = f"status={response.status}: {await response.text()}"
            except (TimeoutError, aiohttp.ClientError) as error:
                problem = f"{type(error).__name__}: {error}"
        return self._halt_by_file(scope, reason, now_ms, problem)

    async def entry(self, scope: str) -> dict[str, str] | None:
        """State, reason and actor of the scope as the gateway has them; None when it does not say."""
        if not self._url:
            return None
        try:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(f"{self._url}/desk/latch", headers={HEADER: self._token}) as response,
            ):
                answer = await response.json()
                return {name: str(answer["scopes"][scope][name]) for name in ("state", "reason", "actor")}
        except (TimeoutError, aiohttp.ClientError, KeyError, TypeError, ValueError):
            return None

    def _halt_by_file(self, scope: str, reason: str, now_ms: int, problem: str) -> tuple[str, str]:
        entry = {"state": "HALTED", "reason": reason, "actor": ACTOR, "ts_ms": now_ms}
        if not self._path.parent.is_dir():
            return "", f"{problem}; no directory {self._path.parent}"
        try:
            with turn(self._path):  # the gateway writes it too
                write_state(self._path, {**self._entries(), scope: entry})
        except DeskError as error:
            return "file", f"{problem}; the latch is unreadable, which the gateway takes for HALTED: {error.code}"
        except OSError as error:
            return "", f"{problem}; {error}"
        return "file", problem

    def _entries(self) -> Any:
        try:
            return read_state(self._path)
        except FileNotFoundError:
            return {}
