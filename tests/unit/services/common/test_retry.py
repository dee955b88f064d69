import asyncio

import pytest

from services.common.clock import ManualClock
from services.common.retry import RetryPolicy, delay_ms, with_retry

POLICY = RetryPolicy(attempts_max=4, first_delay_ms=100, delay_ms_max=300, jitter_pct=0.1)


def test_waits_grow_to_the_cap_and_repeat_from_the_seed() -> None:
    waits = [delay_ms(POLICY, attempt, "a") for attempt in (1, 2, 3, 4)]
    for wait, plain in zip(waits, (100, 200, 300, 300), strict=True):
        assert abs(wait - plain) <= plain * 0.1
    assert waits == [delay_ms(POLICY, attempt, "a") for attempt in (1, 2, 3, 4)]
    assert waits != [delay_ms(POLICY, attempt, "b") for attempt in (1, 2, 3, 4)]


@pytest.mark.parametrize(("n_failures", "n_calls", "outcome"), [(0, 1, "done"), (3, 4, "done"), (4, 4, "raised")])
async def test_it_asks_until_it_succeeds_or_the_attempts_are_used_up(
    n_failures: int, n_calls: int, outcome: str
) -> None:
    clock = ManualClock()
    calls = 0

    async def operation() -> str:
        nonlocal calls
        calls += 1
        if calls <= n_failures:
            raise ConnectionError(f"failure {calls}")
        return "done"

    task = asyncio.create_task(with_retry(operation, policy=POLICY, on=(ConnectionError,), clock=clock))
    await clock.advance(5_000)
    result = "raised" if task.exception() else task.result()
    assert (result, calls) == (outcome, n_calls)


async def test_another_exception_is_not_asked_again() -> None:
    async def operation() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await with_retry(operation, policy=POLICY, on=(ConnectionError,), clock=ManualClock())
