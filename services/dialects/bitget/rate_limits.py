"""The venue's documented limits: so many requests a second per endpoint and account (per address on public ones). Pure.

A sliding window of one second. A caller that goes on regardless is banned for a while, as the venue does.
"""

from collections import deque
from typing import NamedTuple

from services.dialects.bitget.endpoints import BY_NAME

WINDOW_MS = 1_000


class Ban(NamedTuple):
    """``refusals`` within ``within_ms`` lock the caller out for ``for_ms``."""

    refusals: int = 50
    within_ms: int = 10_000
    for_ms: int = 10_000


class RateLimits:
    """``who`` is an account id, or an address where nobody is logged in."""

    def __init__(self, ban: Ban | None = None) -> None:
        self._ban = ban
        self._taken: dict[tuple[str, str], deque[int]] = {}
        self._refused: dict[str, deque[int]] = {}
        self._banned_until: dict[str, int] = {}

    def take(self, who: str, endpoint: str, now_ms: int) -> int | None:
        """Count one request. None when it is within the limit, else the milliseconds to wait."""
        banned_ms = self._banned_until.get(who, 0) - now_ms
        if banned_ms > 0:
            return banned_ms
        window = self._taken.setdefault((who, endpoint), deque())
        while window and window[0] <= now_ms - WINDOW_MS:
            window.popleft()
        if len(window) < BY_NAME[endpoint].per_second:
            window.append(now_ms)
            return None
        self._count_refusal(who, now_ms)
        return max(1, window[0] + WINDOW_MS - now_ms)

    def _count_refusal(self, who: str, now_ms: int) -> None:
        if self._ban is None:
            return
        refused = self._refused.setdefault(who, deque())
        refused.append(now_ms)
        while refused and refused[0] <= now_ms - self._ban.within_ms:
            refused.popleft()
        if len(refused) >= self._ban.refusals:
            self._banned_until[who] = now_ms + self._ban.for_ms
            refused.clear()
