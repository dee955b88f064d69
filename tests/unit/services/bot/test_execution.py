"""The binding between carrier and connector: commands out, events in, orders that fell between the two."""

import asyncio
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hummingbot.core.data_type.common import OrderType, TradeType

from controllers.core.values import CancelQuote, PlaceQuote, Plan
from services.bot.carrier import Carriers
from services.bot.execution import ConnectorExecution
from services.bot.past_fill import PastFill
from services.common.clock import ManualClock

PAIR = "BTC-USDT"
NOW = 1_700_000_000_000


class Connector:
    def __init__(self):
        self.calls, self.tracked, self.trade_scopes = [], set(), {"t1": "maker"}
        self.fate, self.missed = None, []

    def buy(self, pair, amount, order_type, **kwargs):
        self.calls.append(("buy", order_type, amount, kwargs))
        self.tracked.add(kwargs["client_order_id"])

    def sell(self, pair, amount, order_type, **kwargs):
        self.calls.append(("sell", order_type, amount, kwargs))
        self.tracked.add(kwargs["client_order_id"])

    def cancel(self, pair, client_order_id):
        self.calls.append(("cancel", client_order_id))

    def is_tracked(self, client_order_id):
        return client_order_id in self.tracked

    async def fate_of(self, pair, client_order_id):
        if isinstance(self.fate, Exception):
            raise self.fate
        return self.fate

    async def cancel_at_gateway(self, pair, exchange_order_id):
        self.calls.append(("cancel_at_gateway", exchange_order_id))

    async def fills_since(self, pair, since_ms):
        missed, self.missed = self.missed, []
        if isinstance(missed, Exception):
            raise missed
        return missed

    async def client_order_id_of(self, pair, exchange_order_id):
        return "hb1-s0-old.3"


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def connector():
    return Connector()


@pytest.fixture
def execution(connector, clock):
    return ConnectorExecution(Carriers("bot1", 1_700_000_000), connector, PAIR, clock)


def plan(*place, cancel=()):
    return Plan(place, tuple(cancel), (), "RUNNING", ())


def quote(order_type="limit_maker", side="buy", level="b0"):
    return PlaceQuote(level, side, order_type, Decimal("60000.0"), Decimal("0.01"), "quote")


def order_id(execution):
    return execution.orders()[0].client_order_id


@pytest.mark.parametrize(
    ("asked", "sent", "is_immediate"),
    [
        ("limit_maker", OrderType.LIMIT_MAKER, False),
        ("limit", OrderType.LIMIT, False),
        ("market", OrderType.LIMIT, True),
    ],
)
def test_a_taker_is_a_limit_at_the_worst_price_whose_rest_is_cancelled(execution, connector, asked, sent, is_immediate):
    execution.execute(plan(quote(asked, "sell", "d0")), NOW)
    [(side, order_type, amount, kwargs)] = connector.calls
    assert (side, order_type, amount) == ("sell", sent, Decimal("0.01"))
    assert kwargs == {
        "price": Decimal("60000.0"), "client_order_id": order_id(execution), "is_immediate": is_immediate,
        "view_ts_ms": NOW,
    }  # fmt: skip


def test_a_cancel_goes_to_the_connector_directly(execution, connector):
    execution.execute(plan(quote()), NOW)
    execution.execute(plan(cancel=[CancelQuote("b0", order_id(execution), "REFRESH")]), NOW)
    assert connector.calls[-1] == ("cancel", order_id(execution))


def test_a_fill_keeps_fee_and_scope(execution, connector):
    execution.execute(plan(quote()), NOW)
    fee = SimpleNamespace(flat_fees=[SimpleNamespace(token="USDT", amount=Decimal("0.12"))])
    event = SimpleNamespace(order_id=order_id(execution), exchange_trade_id="t1", trade_type=TradeType.BUY,
                            price=Decimal(60000), amount=Decimal("0.004"), trade_fee=fee)  # fmt: skip
    execution.did_fill(event)
    execution.did_fill(event)
    [fill] = execution.take_fills()
    assert (fill.fee_quote, fill.is_maker, fill.qty_base) == (Decimal("0.12"), True, Decimal("0.004"))


def test_a_fee_in_another_asset_is_said_to_be_unreadable(execution):
    execution.execute(plan(quote()), NOW)
    fee = SimpleNamespace(flat_fees=[SimpleNamespace(token="BGB", amount=Decimal(1))])
    execution.did_fill(
        SimpleNamespace(order_id=order_id(execution), exchange_trade_id="t2", trade_type=TradeType.SELL,
                        price=Decimal(60000), amount=Decimal("0.01"), trade_fee=fee)
    )  # fmt: skip
    [fill] = execution.take_fills()
    assert fill.fee_quote.is_nan()
    assert fill.is_maker is None


def test_a_refusal_brings_the_gateways_code_and_text(execution):
    execution.execute(plan(quote()), NOW)
    text = 'HTTP status is 400. Error: {"code":"40808","msg":"STALE_MARKET: value=7000, limit=5000"}'
    execution.did_fail(SimpleNamespace(order_id=order_id(execution), error_message=text))
    [refusal] = execution.take_refusals()
    assert (refusal.level_id, refusal.code, refusal.text) == ("b0", "STALE_MARKET", "value=7000, limit=5000")
    assert execution.orders() == ()


def test_an_order_the_tracker_lost_blocks_its_level_until_its_fate_is_known(execution, connector, clock):
    execution.execute(plan(quote()), NOW)
    execution.did_fail(SimpleNamespace(order_id=order_id(execution), error_message=None))
    assert execution.orders()[0].state == "unknown"
    connector.tracked.clear()
    connector.fate = ("77", "canceled")

    async def later():
        await clock.advance(5_000)
        execution.tick()
        await clock.advance(0)

    asyncio.run(later())
    assert execution.orders() == ()


def test_an_order_only_the_gateway_still_knows_is_cancelled_there(execution, connector, clock):
    execution.execute(plan(quote()), NOW)
    connector.tracked.clear()
    connector.fate = ("77", "live")

    async def later():
        await clock.advance(5_000)
        execution.tick()
        await clock.advance(0)

    asyncio.run(later())
    assert ("cancel_at_gateway", "77") in connector.calls
    assert len(execution.orders()) == 1


def test_an_order_nobody_knows_frees_its_level_after_ten_seconds_of_asking(execution, connector, clock):
    execution.execute(plan(quote()), NOW)
    connector.tracked.clear()

    async def seconds(count):
        for _ in range(count):
            await clock.advance(1_000)
            execution.tick()
            await clock.advance(0)

    asyncio.run(seconds(14))
    assert len(execution.orders()) == 1
    asyncio.run(seconds(2))
    assert execution.orders() == ()


def test_a_gateway_that_cannot_be_asked_keeps_the_level_blocked(execution, connector, clock):
    execution.execute(plan(quote()), NOW)
    connector.tracked.clear()
    connector.fate = OSError("Cannot connect")

    async def seconds(count):
        for _ in range(count):
            await clock.advance(1_000)
            execution.tick()
            await clock.advance(0)

    asyncio.run(seconds(30))
    assert len(execution.orders()) == 1


def test_the_first_acknowledgement_is_told_once(execution):
    told = []
    execution.on_first_order = lambda: told.append(1)
    execution.execute(plan(quote(), quote(side="sell", level="s0")), NOW)
    for order in execution.orders():
        execution.did_create(SimpleNamespace(order_id=order.client_order_id))
    assert told == [1]


def test_a_stop_cancels_and_waits_for_the_confirmations(execution, connector, clock):
    execution.execute(plan(quote()), NOW)
    name = order_id(execution)

    async def confirm():
        stopping = asyncio.create_task(execution.stop(6))
        await clock.advance(300)
        execution.did_end(SimpleNamespace(order_id=name))
        await clock.advance(200)
        return await stopping

    assert asyncio.run(confirm()) == 0
    assert ("cancel", name) in connector.calls


def test_a_stop_says_how_many_orders_were_not_confirmed(execution, clock):
    execution.execute(plan(quote()), NOW)

    async def nobody_answers():
        stopping = asyncio.create_task(execution.stop(6))
        await clock.advance(7_000)
        return await stopping

    assert asyncio.run(nobody_answers()) == 1


def past(trade_id):
    return PastFill(trade_id, "9", "sell", Decimal(60000), Decimal("0.01"), Decimal("0.36"), False, 1)


def test_fills_of_the_time_before_are_reported_once_with_their_level(execution, connector):
    connector.missed = [past("t7"), past("t8")]
    assert not execution.is_caught_up()
    asyncio.run(execution.catch_up(0))
    assert execution.is_caught_up()
    assert [(fill.trade_id, fill.level_id) for fill in execution.take_fills()] == [("t7", "s0"), ("t8", "s0")]


def test_a_first_life_has_nothing_to_catch_up(execution, connector):
    connector.missed = [past("t7")]
    asyncio.run(execution.catch_up(None))
    assert execution.is_caught_up()
    assert execution.take_fills() == ()


def test_catching_up_ends_even_when_the_gateway_does_not_answer(execution, connector, clock):
    connector.missed = OSError("Cannot connect")

    async def later():
        task = asyncio.create_task(execution.catch_up(0))
        await clock.advance(4_000)
        await task

    asyncio.run(later())
    assert execution.is_caught_up()


def test_a_change_wakes_whoever_waits_for_one(execution):
    async def wait():
        execution.execute(plan(quote()), NOW)
        execution.did_end(SimpleNamespace(order_id=order_id(execution)))
        await asyncio.wait_for(execution.wait_for_change(60), 1)

    asyncio.run(wait())
