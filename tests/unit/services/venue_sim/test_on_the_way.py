"""How long things travel to and from the venue's process: drawn, waited for, and never out of order."""

import asyncio
import time
from decimal import Decimal

import pytest

from services.common import venue
from services.dialects.bitget.session_client import BookBroken
from services.simulation.latency import Delay, LatencySettings, paper_latency
from services.venue_sim.faults import Rule
from services.venue_sim.on_the_way import OnTheWay
from services.venue_sim.settings import VenueSimSettings
from tests.unit.services.dialects.bitget.shell import eventually
from tests.unit.services.venue_sim.venue import BOT1, resting, running

CANCEL = venue.CancelOrder(symbol="BTC-USDT", client_order_id="t-1")


async def took_ms(asking) -> float:
    started = time.monotonic()
    await asking
    return (time.monotonic() - started) * 1000


async def test_submits_cancels_and_queries_travel_each_by_its_own_time():
    latency = LatencySettings(submit=Delay(base_ms=120), cancel=Delay(base_ms=60), answer=Delay(base_ms=30))
    async with running(latency=latency) as v:
        assert await took_ms(v.upstream.ask(resting(), BOT1)) >= 150
        assert await took_ms(v.upstream.ask(CANCEL, BOT1)) >= 90
        assert await took_ms(v.upstream.ask(venue.GetOpenOrders(), BOT1)) >= 30


async def test_a_cancel_that_is_faster_than_its_order_finds_none():
    async with running(latency=LatencySettings(submit=Delay(base_ms=200))) as v:
        placing = asyncio.create_task(v.upstream.ask(resting(), BOT1))
        await asyncio.sleep(0.02)
        assert (await v.upstream.ask(CANCEL, BOT1)).code == "ORDER_NOT_FOUND"
        assert isinstance(await placing, venue.Placed)
        assert len(v.backend.exchange.open_orders()) == 1


async def test_private_pushes_come_late_and_in_the_order_things_happened():
    latency = LatencySettings(private=Delay(base_ms=60, spread_ms=80, shape="uniform"))
    async with running(latency=latency) as v:
        v.upstream.open_private("bot1", BOT1)
        await eventually(lambda: v.upstream.is_connected("bot1"))
        await asyncio.sleep(0.25)
        v.listener.log.clear()
        for number in range(5):
            await v.upstream.ask(resting(f"t-{number}"), BOT1)
        assert len([p for p in v.listener.pushes("bot1") if isinstance(p, venue.OrderPush)]) < 5

        def told() -> list[str]:
            return [p.order.client_order_id for p in v.listener.pushes("bot1") if isinstance(p, venue.OrderPush)]

        await eventually(lambda: len(told()) == 5)
        assert told() == [f"t-{number}" for number in range(5)]


async def test_a_book_kept_up_by_differences_survives_late_and_lost_messages():
    latency = LatencySettings(public=Delay(base_ms=10, spread_ms=60, shape="exponential"))
    async with running(latency=latency) as v:
        v.upstream.open_public(("BTC-USDT",))
        await eventually(lambda: sum(isinstance(p, venue.BookPush) for p in v.listener.pushes("")) > 10, 10)
        assert not any(isinstance(entry[-1], BookBroken) for entry in v.listener.log)
        v.strike(
            Rule(fault="gap_public", count_max=20)
        )  # a quiet book that is lost leaves no gap: some of these are new
        await eventually(lambda: any(isinstance(entry[-1], BookBroken) for entry in v.listener.log), 10)


def book(number: int) -> venue.BookPush:
    level = ((Decimal(number + 1), Decimal(1)),)
    return venue.BookPush(book=venue.Book(symbol="BTC-USDT", bids=level, asks=(), ts_exch_ms=number, seq=number))


@pytest.mark.parametrize("seed", range(5))
async def test_nothing_overtakes_what_was_said_before_it(seed):
    way, arrived = OnTheWay(LatencySettings(public=Delay(spread_ms=20, shape="exponential")), seed), []
    for number in range(200):
        way.send(book(number), lambda push: arrived.append(push.book.seq))
    await eventually(lambda: len(arrived) == 200)
    assert arrived == sorted(arrived)


async def test_without_a_latency_a_push_is_delivered_at_once():
    arrived = []
    OnTheWay(LatencySettings(), 7).send(book(1), arrived.append)
    assert arrived == [book(1)]


# ------------------------------------------------------------------------------------------------------- the settings


def test_each_way_is_set_as_a_distribution():
    settings = VenueSimSettings(latency_submit="exponential 40+10 spike 1% 500", latency_cancel=15)
    assert settings.latency.submit == Delay(base_ms=40, spread_ms=10, shape="exponential", spike_pct=0.01, spike_ms=500)
    assert settings.latency.cancel == Delay(base_ms=15)
    assert settings.latency.public == Delay()


@pytest.mark.parametrize("text", ["fast", "exponential 40", "40+10", "normal 4+-2", "40 spike 200% 5", "-1"])
def test_a_delay_that_is_none_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="example"):
        VenueSimSettings(latency_public=text)


def test_the_paper_engine_spreads_its_one_figure_over_every_way():
    assert VenueSimSettings().latency == LatencySettings(), "a seeded market has no latency of its own"
    paper = VenueSimSettings(paper_engine="on", paper_latency_ms=80, latency_public="5")
    assert paper.latency.submit == paper_latency(80).submit
    assert paper.latency.public == Delay(base_ms=5)
