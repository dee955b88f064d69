"""The exchange behind the dialect on a port: answers wait for the disk, faults strike, snapshots come first."""

import asyncio
from decimal import Decimal

import pytest

from services.common import venue
from services.common.clock import ManualClock
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.common.secrets import KeyTriple
from services.dialects.bitget.rate_limits import Ban, RateLimits
from services.dialects.bitget.server import CallContext, DialectServer, ServerSettings
from services.dialects.bitget.session_client import BookBroken
from services.dialects.bitget.signing import Credentials
from services.simulation.exchange import Exchange
from services.venue_sim.backend import SimBackend
from services.venue_sim.faults import FaultPlan, Rule
from services.venue_sim.group_commit import GroupCommit
from services.venue_sim.keys import Keys
from services.venue_sim.metrics import VenueSimMetrics
from tests.unit.services.dialects.bitget.shell import eventually
from tests.unit.services.venue_sim.venue import BOT1, BOT2, BTC, KEYS, MARKET_BUY, resting, running


async def test_an_order_is_on_disk_before_its_answer():
    async with running() as v:
        answer = await v.upstream.ask(resting(), BOT1)
        assert isinstance(answer, venue.Placed)
        assert any(c.kind == "order" and c.key == answer.venue_order_id for commit in v.written for c in commit)


async def test_pushes_of_an_order_come_to_its_account_with_a_balance_after_them():
    async with running() as v:
        v.upstream.open_private("bot1", BOT1)
        v.upstream.open_private("bot2", BOT2)
        await eventually(lambda: v.upstream.is_connected("bot1") and v.upstream.is_connected("bot2"))
        v.listener.log.clear()
        await v.upstream.ask(MARKET_BUY, BOT1)
        await eventually(lambda: isinstance((v.listener.pushes("bot1") or [None])[-1], venue.AccountPush))
        kinds = [type(push).__name__ for push in v.listener.pushes("bot1")]
        assert kinds[0] == "OrderPush" and kinds[-2:] == ["PositionsPush", "AccountPush"], kinds
        filled = [p for p in v.listener.pushes("bot1") if isinstance(p, venue.OrderPush) and p.fill]
        assert sum(p.fill.qty_base for p in filled) == Decimal("0.01")
        assert v.listener.pushes("bot2") == []


async def test_a_new_session_is_told_everything_as_it_stands():
    async with running() as v:
        await v.upstream.ask(resting("t-1"), BOT1)
        await v.upstream.ask(MARKET_BUY, BOT1)
        v.upstream.open_private("bot1", BOT1)
        await eventually(lambda: len(v.listener.pushes("bot1")) >= 3)
        by_kind = {type(push): push for push in v.listener.pushes("bot1")}
        assert by_kind[venue.OrderPush].order.client_order_id == "t-1"
        assert by_kind[venue.PositionsPush].positions[0].qty_base == Decimal("0.01")
        assert by_kind[venue.AccountPush].account.equity_quote > 99_000


async def test_a_key_made_later_is_found_and_gets_an_account():
    async with running() as v:
        KEYS["bot9"] = KeyTriple("k9", "s9", "p9")
        try:
            v.backend._keys._read_at_ms = None
            answer = await v.upstream.ask(venue.GetAccount(), Credentials(*KEYS["bot9"]))
            assert answer.equity_quote == 100_000
        finally:
            del KEYS["bot9"]


async def test_a_lost_ack_leaves_the_order_live_and_the_asker_in_doubt():
    async with running() as v:
        v.strike(Rule(fault="drop_reply", endpoint="mix/order/place-order", count_max=1))
        assert isinstance(await v.upstream.ask(resting(), BOT1), venue.Unknown)
        order = await v.upstream.ask(venue.GetOrder(symbol="BTC-USDT", client_order_id="t-1"), BOT1)
        assert order.status == "live"


async def test_a_lost_request_leaves_nothing_behind():
    async with running() as v:
        v.strike(Rule(fault="drop_request", endpoint="mix/order/place-order", count_max=1))
        assert isinstance(await v.upstream.ask(resting(), BOT1), venue.Unknown)
        answer = await v.upstream.ask(venue.GetOrder(symbol="BTC-USDT", client_order_id="t-1"), BOT1)
        assert answer.code == "ORDER_NOT_FOUND"


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (Rule(fault="rate_limited"), "RATE_LIMITED"),
        (Rule(fault="maintenance"), "MAINTENANCE"),
        (Rule(fault="refuse", code="INSUFFICIENT_MARGIN"), "INSUFFICIENT_MARGIN"),
        (Rule(fault="key_revoked"), "AUTH_FAILED"),
        (Rule(fault="clock_skew", skew_ms=60_000), "CLOCK_SKEW"),
    ],
)
async def test_a_refusal_by_fault_is_definite(rule, code):
    async with running() as v:
        v.strike(rule)
        assert (await v.upstream.ask(resting(), BOT1)).code == code
        assert v.backend.exchange.open_orders() == ()


async def test_an_error_after_acting_leaves_a_ghost_and_one_before_does_not():
    async with running() as v:
        v.strike(Rule(fault="error_after", nth=1))
        assert isinstance(await v.upstream.ask(resting("ghost"), BOT1), venue.Unknown)
        v.strike(Rule(fault="error_before", nth=1))
        assert isinstance(await v.upstream.ask(resting("none"), BOT1), venue.Unknown)
        assert [o.client_order_id for _, o in v.backend.exchange.open_orders()] == ["ghost"]


async def test_a_gap_in_the_book_is_noticed_and_mended_with_a_snapshot():
    async with running() as v:
        v.upstream.open_public(("BTC-USDT",))
        await eventually(lambda: v.listener.pushes(""))
        v.strike(Rule(fault="gap_public", count_max=1))
        await eventually(lambda: any(isinstance(e[-1], BookBroken) for e in v.listener.log), 10)
        told = len(v.listener.pushes(""))
        await eventually(lambda: any(isinstance(p, venue.BookPush) for p in v.listener.pushes("")[told:]), 10)


async def test_a_frozen_feed_tells_a_new_subscriber_nothing_either():
    async with running() as v:
        v.strike(Rule(fault="freeze_public"))
        v.upstream.open_public(("BTC-USDT",))
        await eventually(lambda: v.upstream.is_connected(""))
        await asyncio.sleep(0.2)
        assert v.listener.pushes("") == []


async def test_a_closed_private_session_comes_back():
    async with running() as v:
        v.upstream.open_private("bot1", BOT1)
        await eventually(lambda: v.upstream.is_connected("bot1"))
        v.strike(Rule(fault="close_private", account="bot1"))
        await eventually(lambda: v.listener.log.count(("connected", "bot1")) == 2)


async def test_more_requests_than_the_venue_allows_are_a_429_with_when_to_come_back():
    async with running(RateLimits()) as v:
        answers = [await v.upstream.ask(venue.GetPositions(), BOT1) for _ in range(6)]
        assert [isinstance(a, tuple) for a in answers] == [True] * 5 + [False]
        assert answers[5].code == "RATE_LIMITED" and answers[5].retry_after_ms > 0


async def test_before_it_is_open_it_says_so():
    async with running() as v:
        v.backend.is_open = False
        assert (await v.upstream.ask(venue.GetTime())).code == "MAINTENANCE"


async def test_a_clock_that_is_set_back_locks_nobody_out():
    clock = ManualClock()
    exchange = Exchange([BTC], {}, "calm", 7, clock.now_ms())
    limits = RateLimits(Ban(refusals=1))
    keys, commits = Keys(lambda: KEYS, lambda account: None, clock.monotonic_ms), GroupCommit(lambda changes: None)
    backend = SimBackend(
        exchange, commits, keys, clock, VenueSimMetrics(Metrics()), get_logger("test"), FaultPlan(7), limits
    )
    backend.server = DialectServer(backend, ServerSettings())
    backend.is_open = True
    context = CallContext("", "", "public/time", 0, "127.0.0.1", {})
    answers = [await backend.handle(venue.GetTime(), context) for _ in range(40)]
    assert isinstance(answers[-1], venue.Refused)
    clock.step_wall(-3_600_000)
    await clock.advance(11_000)
    assert isinstance(await backend.handle(venue.GetTime(), context), venue.ServerTime)
    await commits.close()
