"""Funding paid today, read from the account's bills, so that it is right again after a restart."""

import logging
from decimal import Decimal
from typing import Any

from services.bot.refusal import REQUEST_ERRORS
from services.common.ports import Clock

_log = logging.getLogger(__name__)

_DAY_MS = 86_400_000


class FundingToday:
    """Positive is paid. The day is UTC."""

    def __init__(self, clock: Clock, every_ms: int = 30_000) -> None:
        self._clock = clock
        self._every_ms = every_ms
        self._next_ms = 0
        self._day = -1
        self._paid_quote = Decimal(0)

    @property
    def paid_quote(self) -> Decimal:
        return self._paid_quote if self._day == self._clock.now_ms() // _DAY_MS else Decimal(0)

    async def refresh(self, connector: Any) -> None:
        """Asks at most every ``every_ms``. A gateway that does not answer leaves the last figure standing."""
        if self._clock.monotonic_ms() < self._next_ms:
            return
        self._next_ms = self._clock.monotonic_ms() + self._every_ms
        day = self._clock.now_ms() // _DAY_MS
        try:
            bills = await connector.funding_bills(day * _DAY_MS)
        except REQUEST_ERRORS as error:
            _log.warning("funding bills could not be read: %r", error)
            return
        self._day, self._paid_quote = day, -sum((amount for _, amount in bills), Decimal(0))
