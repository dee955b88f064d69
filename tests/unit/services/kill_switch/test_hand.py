import asyncio

import pytest

from services.common import venue
from services.common.clock import ManualClock, settle
from services.kill_switch.hand import AccountResult, Pace, bring_to_zero
from tests.fakes.resting_venue import RestingVenue


class Kill:
    def __init__(self, resting: RestingVenue, *, latched: bool = True, dry_run: bool = False) -> None:
        self.clock = ManualClock()
        self.latched = latched
        self.notes: list[tuple[str, str, str]] = []
        self.task: asyncio.Task[AccountResult] = asyncio.create_task(
            bring_to_zero(
                resting.ask,
                "bot1",
                clock=self.clock,
                pace=Pace(300, 2_000),
                latched=lambda: self.latched,
                note=lambda *step: self.notes.append(step),
                dry_run=dry_run,
            )
        )

    async def result(self, within_ms: int = 60_000) -> AccountResult:
        await self.clock.advance(within_ms)
        assert self.task.done(), "not at zero in time"
        return self.task.result()


async def test_everything_is_cancelled_before_anything_is_read() -> None:
    resting = RestingVenue(bot1=["a", "b"])
    await Kill(resting).result()
    assert isinstance(resting.asked[0], venue.CancelOrders)
    assert resting.orders["bot1"] == []


async def test_an_accepted_cancel_is_not_a_zero() -> None:
    resting = RestingVenue(bot1=["a", "b", "c"])
    resting.sticky = {"b"}
    result = await Kill(resting).result()
    assert resting.orders["bot1"] == []
    assert result.cancelled == 3


async def test_a_venue_that_refuses_cancel_all_is_asked_order_by_order() -> None:
    resting = RestingVenue(bot1=["a", "b"])
    resting.cancel_all_works = False
    result = await Kill(resting).result()
    assert (result.cancelled, resting.orders["bot1"]) == (2, [])


async def test_zero_takes_two_empty_lists_of_which_one_was_read_after_the_latch_held() -> None:
    kill = Kill(RestingVenue(bot1=[]), latched=False)
    await kill.clock.advance(30_000)
    assert not kill.task.done()
    kill.latched = True
    await kill.result(2_000)


async def test_while_the_venue_does_not_answer_it_asks_on_ever_more_slowly_up_to_a_limit() -> None:
    resting = RestingVenue(bot1=["a"])
    resting.unreachable = True
    kill = Kill(resting)
    await kill.clock.advance(30_000)
    assert not kill.task.done()
    assert 14 <= kill.clock.monotonic_ms() / 2_000 <= resting.n_cancels <= 25
    resting.unreachable = False
    await kill.result(5_000)
    assert resting.orders["bot1"] == []


async def test_an_order_that_appears_between_two_looks_is_cancelled_too() -> None:
    resting = RestingVenue(bot1=["a"])
    kill = Kill(resting)
    await settle()
    resting.orders["bot1"].append("late")
    result = await kill.result()
    assert resting.orders["bot1"] == []
    assert result.cancelled == 2


async def test_a_dry_run_lists_and_touches_nothing() -> None:
    resting = RestingVenue(bot1=["b", "a"])
    result = await Kill(resting, dry_run=True).result()
    assert (result.would_cancel, result.cancelled, resting.n_cancels) == (("a", "b"), 0, 0)
    assert resting.orders["bot1"] == ["b", "a"]


@pytest.mark.parametrize("n_orders", [0, 1, 7])
async def test_the_result_counts_and_names_the_position(n_orders: int) -> None:
    from decimal import Decimal

    resting = RestingVenue(bot1=[str(n) for n in range(n_orders)])
    resting.cancel_all_works = False
    resting.positions["bot1"] = Decimal("-0.25")
    result = await Kill(resting).result()
    assert (result.cancelled, result.positions) == (n_orders, {"BTC-USDT": "-0.25"})
