"""Admin questions: what the gateway sees, what rests at the venue. An answer or None, never an error."""

from typing import Any

import aiohttp

ADMIN_HEADER = "X-Hbot-Admin"


class Admin:
    def __init__(self, token: str) -> None:
        self._headers = {ADMIN_HEADER: token}
        self._session: aiohttp.ClientSession | None = None

    async def get(self, url: str, *, any_status: bool = False) -> Any | None:
        """The JSON of a 200; with ``any_status`` the pair (status, JSON)."""
        try:
            async with self._open().get(url) as answer:
                if any_status:
                    return answer.status, await answer.json(content_type=None)
                return await answer.json(content_type=None) if answer.status == 200 else None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return None

    async def post(self, url: str, body: dict[str, Any]) -> Any | None:
        """The JSON of a 200."""
        try:
            async with self._open().post(url, json=body) as answer:
                return await answer.json(content_type=None) if answer.status == 200 else None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(headers=self._headers, timeout=aiohttp.ClientTimeout(total=3))
        return self._session

    async def venue_status(self, venue_url: str) -> dict[str, Any] | None:
        return await self.get(f"{venue_url}/sim/status")

    async def gateway_status(self, gateway_url: str) -> dict[str, Any] | None:
        return await self.get(f"{gateway_url}/desk/status")

    async def open_orders(self, venue_url: str) -> int | None:
        """Open orders of all accounts at the simulated venue; None when it does not say."""
        status = await self.venue_status(venue_url)
        count = (status or {}).get("open_orders")
        return int(count) if count is not None else None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
