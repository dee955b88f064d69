"""Asking again, on tenacity: exponential waits with a cap and a jitter that repeats.

Never for orders: what became of those is looked up.
"""

import random
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt

from services.common.ports import Clock

T = TypeVar("T")


class RetryPolicy(NamedTuple):
    attempts_max: int = 3
    first_delay_ms: int = 100
    delay_ms_max: int = 5_000
    multiplier: float = 2.0
    jitter_pct: float = 0.1  # fraction of the delay, either way


def delay_ms(policy: RetryPolicy, attempt: int, seed: str) -> int:
    """The wait after the given failed attempt (1, 2, …); the same seed gives the same waits."""
    plain = min(policy.first_delay_ms * policy.multiplier ** (attempt - 1), policy.delay_ms_max)
    spread = random.Random(f"{seed}:{attempt}").uniform(-policy.jitter_pct, policy.jitter_pct)
    return max(0, round(plain * (1 + spread)))


async def with_retry(
    operation: Callable[[], Awaitable[T]],
    *,
    policy: RetryPolicy,
    on: tuple[type[BaseException], ...],
    clock: Clock,
    seed: str = "",
) -> T:
    """Runs the operation until it succeeds; the last exception comes through when the attempts are used up."""

    def wait_s(state: RetryCallState) -> float:
        return delay_ms(policy, state.attempt_number, seed) / 1000

    async def sleep(seconds: float) -> None:
        await clock.sleep_until(clock.monotonic_ms() + round(seconds * 1000))

    retrying = AsyncRetrying(
        stop=stop_after_attempt(policy.attempts_max),
        wait=wait_s,
        retry=retry_if_exception_type(on),
        sleep=sleep,
        reraise=True,
    )
    return await retrying(operation)
