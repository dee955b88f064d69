"""Hummingbot's log, made readable: what repeats is told once in ten seconds, orders are not told line by line.

The gateway's journal and the bus have every order; three lines each in the log would bury what a person looks for. A
gateway in restart makes Hummingbot log the same traceback twice a second.
"""

import logging

from services.common.clock import SystemClock
from services.common.ports import Clock

_TOLD_ELSEWHERE = "hummingbot.connector.client_order_tracker"
_WINDOW_MS = 10_000
_HEAD = 60  # what two messages share when they say the same of different orders
_KEYS_MAX = 500


class RepeatFilter(logging.Filter):
    """Lets the first of a kind through, counts the others, and says the count with the next one."""

    def __init__(self, clock: Clock, window_ms: int = _WINDOW_MS) -> None:
        super().__init__()
        self._clock = clock
        self._window_ms = window_ms
        self._held: dict[tuple[str, int, str], tuple[int, int]] = {}  # told at, held back since

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(("hummingbot", "services.bot.connector")):
            return True
        key = (record.name, record.levelno, str(record.msg)[:_HEAD])
        now_ms = self._clock.monotonic_ms()
        told_ms, held = self._held.get(key, (-self._window_ms, 0))
        if now_ms - told_ms < self._window_ms:
            self._held[key] = (told_ms, held + 1)
            return False
        if len(self._held) >= _KEYS_MAX:
            self._held.clear()
        self._held[key] = (now_ms, 0)
        if held:
            record.msg = f"{record.msg} ({held} like it in the last {(now_ms - told_ms) // 1000} s)"
        return True


def quiet_logs() -> None:
    """On the handlers of the root logger, after the worker has set them up."""
    logging.getLogger(_TOLD_ELSEWHERE).setLevel(logging.WARNING)
    repeats = RepeatFilter(SystemClock())
    for handler in logging.getLogger().handlers:
        handler.addFilter(repeats)
