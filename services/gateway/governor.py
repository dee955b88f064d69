"""The venue's rate budget, shared by all bots: cancels first, a share for the kill switch, submits from the rest.

Token buckets, one per sub-account for orders and one for the whole address. A submit passes only while what is kept for
cancels would stay untouched; it is refused, never queued, because a quote that waits is a wrong quote. Cancels are sent
whatever the buckets say. When the venue says "too many", submits of that account stand back, longer each time.
"""

import zlib
from typing import NamedTuple

BACKOFF_MS_MIN = 100
BACKOFF_MS_MAX = 5_000
JITTER_PCT = 10
_JITTER_PERIOD_MS = 5_000


class Budget(NamedTuple):
    """What the venue grants, per second, and what is kept back. ``_pct`` are fractions."""

    orders_per_second: int = 20  # submits and cancels of one sub-account
    requests_per_second: int = 100  # everything from our address
    cancel_reserve_pct: float = 0.3
    kill_reserve_pct: float = 0.1  # of the address: the kill switch has its own path and needs room


class Barred(NamedTuple):
    limit: str
    value: str


class Bucket:
    """Refills by time up to its capacity. Times must not go back."""

    def __init__(self, per_second: float) -> None:
        self.capacity = per_second
        self._tokens = per_second
        self._at_ms: int | None = None

    def left(self, mono_ms: int) -> float:
        if self._at_ms is not None:
            self._tokens = min(self.capacity, self._tokens + max(0, mono_ms - self._at_ms) * self.capacity / 1000)
        self._at_ms = mono_ms
        return self._tokens

    def take(self, mono_ms: int) -> None:
        self._tokens = max(-self.capacity, self.left(mono_ms) - 1)


class Governor:
    def __init__(self, budget: Budget = Budget()) -> None:
        self.budget = budget
        self._address = Bucket(budget.requests_per_second * (1 - budget.kill_reserve_pct))
        self._accounts: dict[str, Bucket] = {}
        self._backoff_ms: dict[str, int] = {}
        self._barred_until_ms: dict[str, int] = {}

    def submit_barred(self, account_id: str, mono_ms: int) -> Barred | None:
        """Why a submit of this account may not go now, or None."""
        until_ms = self._barred_until_ms.get(account_id, 0)
        if mono_ms < until_ms:
            return Barred("the venue's back-off", f"{until_ms - mono_ms} ms left")
        reserve = self.budget.cancel_reserve_pct
        for name, bucket in (("orders_per_second", self._of(account_id)), ("requests_per_second", self._address)):
            left = bucket.left(mono_ms)
            if left - 1 < bucket.capacity * reserve:
                return Barred(f"{name}={bucket.capacity:g}, {reserve:.0%} kept for cancels", f"{left:.1f} left")
        return None

    def sent(self, account_id: str, *, is_order: bool, mono_ms: int) -> None:
        """Count a request; ``is_order`` for submits and cancels."""
        self._address.take(mono_ms)
        if is_order:
            self._of(account_id).take(mono_ms)

    def throttled(self, account_id: str, retry_after_ms: int | None, mono_ms: int) -> None:
        """The venue refused for too many requests."""
        backoff_ms = min(BACKOFF_MS_MAX, max(BACKOFF_MS_MIN, self._backoff_ms.get(account_id, 0) * 2))
        self._backoff_ms[account_id] = backoff_ms
        wait_ms = max(backoff_ms + jitter_ms(account_id, mono_ms, backoff_ms), retry_after_ms or 0)
        self._barred_until_ms[account_id] = max(self._barred_until_ms.get(account_id, 0), mono_ms + wait_ms)

    def answered(self, account_id: str) -> None:
        """The venue took an order request: the next back-off starts small again."""
        self._backoff_ms.pop(account_id, None)

    def headroom_pct(self, mono_ms: int) -> float:
        """The smallest share of any bucket that is left, 0 to 1; a warning below one half."""
        buckets = (self._address, *self._accounts.values())
        return max(0.0, min(bucket.left(mono_ms) / bucket.capacity for bucket in buckets))

    def _of(self, account_id: str) -> Bucket:
        bucket = self._accounts.get(account_id)
        if bucket is None:
            bucket = self._accounts[account_id] = Bucket(self.budget.orders_per_second)
        return bucket


def jitter_ms(key: str, mono_ms: int, of_ms: int) -> int:
    """Up to ten per cent either way, the same for the same key within five seconds: no randomness, no stampede."""
    digest = zlib.crc32(f"{key}|{mono_ms // _JITTER_PERIOD_MS}".encode())
    span = of_ms * JITTER_PCT // 100
    return digest % (2 * span + 1) - span if span else 0
