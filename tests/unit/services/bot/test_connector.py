"""The connector type against a scripted gateway: what it asks, and what it makes of answers and of silence."""

import asyncio
from decimal import Decimal
from types import SimpleNamespace

import msgspec
import pytest
from bidict import bidict
from hummingbot.connector.derivative.bitget_perpetual import bitget_perpetual_constants as constants
from hummingbot.core.data_type.common import OrderType, PositionAction, TradeType
from hummingbot.core.data_type.in_flight_order import OrderState
from hummingbot.core.web_assistant.connections.data_types import RESTMethod, RESTRequest

from services.bot import registration
from services.bot.connector import CONNECTOR_NAME, BitgetPerpetualDeskDerivative
from services.bot.connector_polling import ORDERS_PENDING_ENDPOINT, TRADE_RATE_ENDPOINT
from services.bot.web import _ToGateway
from services.common.clock import ManualClock
from services.common.errors import ConfigError
from services.dialects.bitget.wire_market import contract_row
from tests.fakes.fake_venue import RULES

PAIR = "BTC-USDT"
NOT_FOUND = OSError('HTTP status is 400. Error: {"code":"40768","msg":"ORDER_NOT_FOUND: order=x","data":null}')
REFUSED = OSError('HTTP status is 400. Error: {"code":"45113","msg":"ORDER_VALUE_LIMIT: value=2, limit=1","data":null}')
OFF_TICK = OSError('HTTP status is 400. Error: {"code":"45115","msg":"PRICE_NOT_ON_TICK: tick=1","data":null}')


class Gateway:
    """Answers by path: a value, an exception, or a list of them, one per call."""

    def __init__(self):
        self.answers, self.asked = {}, []

    async def __call__(self, *, path_url, method=RESTMethod.GET, params=None, data=None, headers=None, **_):
        self.headers = headers
        self.asked.append((path_url, dict(params or data or {})))
        answer = self.answers.get(path_url)
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"code": "00000", "msg": "success", "data": answer}

    def asked_of(self, path):
        return [what for asked, what in self.asked if asked == path]


@pytest.fixture
def gateway():
    return Gateway()


@pytest.fixture
async def connector(gateway, monkeypatch):
    registration.register(CONNECTOR_NAME)
    monkeypatch.setattr(BitgetPerpetualDeskDerivative, "gateway_url", "http://127.0.0.1:9")
    made = BitgetPerpetualDeskDerivative(trading_pairs=[PAIR], trading_required=False)
    made._set_trading_pair_symbol_map(bidict({"BTCUSDT": PAIR}))
    made._trading_rules[PAIR] = SimpleNamespace(
        min_price_increment=Decimal("0.1"),
        min_base_amount_increment=Decimal("0.0001"),
        min_order_size=Decimal("0.0001"),
        min_notional_size=Decimal(0),
        buy_order_collateral_token="USDT",
    )
    made._api_request = gateway
    made._set_current_timestamp(1_700_000_000)
    clock = ManualClock()
    monkeypatch.setattr(BitgetPerpetualDeskDerivative, "clock", clock)

    async def sleep(delay):
        await clock.advance(int(delay * 1000))
        await asyncio.sleep(0)

    made._sleep = sleep
    return made


async def placed(connector, client_order_id="hb1-b0-x.1", **kwargs):
    connector.buy(
        PAIR,
        Decimal("0.01"),
        OrderType.LIMIT_MAKER,
        price=Decimal("60000.0"),
        client_order_id=client_order_id,
        **kwargs,
    )
    for _ in range(1_000):
        await asyncio.sleep(0)
    return connector._order_tracker.all_orders.get(client_order_id)


async def test_the_order_carries_the_carriers_id_and_rests_as_post_only(connector, gateway):
    gateway.answers[constants.PLACE_ORDER_ENDPOINT] = {"orderId": "7000000000000000001"}
    order = await placed(connector)
    assert order.exchange_order_id == "7000000000000000001"
    [sent] = gateway.asked_of(constants.PLACE_ORDER_ENDPOINT)
    assert (sent["clientOid"], sent["force"], sent["size"], sent["price"]) == (
        "hb1-b0-x.1", "post_only", "0.0100", "60000.0",
    )  # fmt: skip
    assert "tradeSide" not in sent


async def test_the_order_states_its_view_and_its_configuration(connector, gateway, monkeypatch):
    monkeypatch.setattr(BitgetPerpetualDeskDerivative, "config_hash", "89ea6f33")
    monkeypatch.setattr(BitgetPerpetualDeskDerivative, "code_hash", "c0de")
    gateway.answers[constants.PLACE_ORDER_ENDPOINT] = {"orderId": "1"}
    await placed(connector, view_ts_ms=1_700_000_000_123)
    assert gateway.headers["X-Hbot-View-Ms"] == "1700000000123"
    assert gateway.headers["X-Hbot-Config-Hash"] == "89ea6f33"
    assert gateway.headers["X-Hbot-Code-Hash"] == "c0de"
    assert gateway.headers["X-CHANNEL-API-CODE"]


async def test_an_immediate_order_is_sent_as_immediate_or_cancel(connector, gateway):
    gateway.answers[constants.PLACE_ORDER_ENDPOINT] = {"orderId": "1"}
    await placed(connector, is_immediate=True)
    assert gateway.asked_of(constants.PLACE_ORDER_ENDPOINT)[0]["force"] == "ioc"


async def test_a_refused_order_fails_at_once_and_is_not_looked_up(connector, gateway):
    gateway.answers[constants.PLACE_ORDER_ENDPOINT] = REFUSED
    order = await placed(connector)
    assert order.current_state == OrderState.FAILED
    assert gateway.asked_of(constants.ORDER_DETAIL_ENDPOINT) == []


async def test_a_submit_without_answer_is_looked_up_by_client_id_and_never_sent_again(connector, gateway):
    gateway.answers[constants.PLACE_ORDER_ENDPOINT] = TimeoutError()
    gateway.answers[constants.ORDER_DETAIL_ENDPOINT] = [OSError("Server disconnected"), NOT_FOUND, {"orderId": "42"}]
    order = await placed(connector)
    assert (order.exchange_order_id, order.current_state) == ("42", OrderState.OPEN)
    assert len(gateway.asked_of(constants.PLACE_ORDER_ENDPOINT)) == 1
    assert {asked["clientOid"] for asked in gateway.asked_of(constants.ORDER_DETAIL_ENDPOINT)} == {"hb1-b0-x.1"}


async def test_a_submit_without_answer_is_lost_only_after_ten_seconds_of_not_found(connector, gateway):
    gateway.answers[constants.PLACE_ORDER_ENDPOINT] = OSError("HTTP status is 502. Error: bad gateway")
    gateway.answers[constants.ORDER_DETAIL_ENDPOINT] = NOT_FOUND
    order = await placed(connector)
    assert order.current_state == OrderState.FAILED
    assert len(gateway.asked_of(constants.ORDER_DETAIL_ENDPOINT)) == 11


async def test_a_cancel_before_the_gateways_id_is_known_goes_by_client_id(connector, gateway):
    connector.start_tracking_order(
        order_id="hb1-b0-x.1", exchange_order_id=None, trading_pair=PAIR, trade_type=TradeType.BUY,
        price=Decimal(1), amount=Decimal(1), order_type=OrderType.LIMIT, position_action=PositionAction.OPEN,
    )  # fmt: skip
    await connector._execute_cancel(PAIR, "hb1-b0-x.1")
    [sent] = gateway.asked_of(constants.CANCEL_ORDER_ENDPOINT)
    assert sent == {
        "symbol": "BTCUSDT", "productType": "USDT-FUTURES", "marginCoin": "USDT", "clientOid": "hb1-b0-x.1",
    }  # fmt: skip


async def test_silence_of_the_gateway_never_loses_an_order_and_its_word_does(connector, gateway):
    gateway.answers[constants.PLACE_ORDER_ENDPOINT] = {"orderId": "1"}
    order = await placed(connector)
    for _ in range(10):
        await connector._handle_update_error_for_active_order(order, OSError("Server disconnected"))
    assert order.current_state == OrderState.OPEN
    for _ in range(4):
        await connector._handle_update_error_for_active_order(order, NOT_FOUND)
    assert order.current_state == OrderState.FAILED


async def test_one_listing_answers_for_all_orders_and_only_missing_ones_are_asked_for(connector, gateway):
    gateway.answers[constants.PLACE_ORDER_ENDPOINT] = [{"orderId": "1"}, {"orderId": "2"}]
    gateway.answers[ORDERS_PENDING_ENDPOINT] = {"entrustedList": [{"clientOid": "hb1-b0-x.1", "orderId": "1"}]}
    gateway.answers[constants.ORDER_DETAIL_ENDPOINT] = {
        "clientOid": "hb1-b1-x.2", "orderId": "2", "state": "canceled",
    }  # fmt: skip
    first, second = await placed(connector), await placed(connector, "hb1-b1-x.2")
    connector._set_current_timestamp(1_700_000_010)
    await connector._update_orders()
    await asyncio.sleep(0)
    assert (first.current_state, second.current_state) == (OrderState.OPEN, OrderState.CANCELED)
    assert [asked["orderId"] for asked in gateway.asked_of(constants.ORDER_DETAIL_ENDPOINT)] == ["2"]


async def test_an_order_nobody_carries_is_cancelled_once_two_listings_have_shown_it(connector, gateway):
    gateway.answers[ORDERS_PENDING_ENDPOINT] = {"entrustedList": [{"clientOid": "hb1-b0-old.9", "orderId": "9"}]}
    await connector._update_orders()
    assert gateway.asked_of(constants.CANCEL_ORDER_ENDPOINT) == []
    await connector.clock.advance(3_000)
    await connector._update_orders()
    assert [sent["orderId"] for sent in gateway.asked_of(constants.CANCEL_ORDER_ENDPOINT)] == ["9"]
    assert connector.foreign_cancels == 1


async def test_a_position_missing_from_the_listing_is_closed(connector, gateway):
    row = {"symbol": "BTCUSDT", "holdSide": "short", "openPriceAvg": "60000", "total": "0.5", "leverage": "5",
           "unrealizedPL": "0"}  # fmt: skip
    gateway.answers[constants.ALL_POSITIONS_ENDPOINT] = [[row], []]
    await connector._update_positions()
    assert [position.amount for position in connector.account_positions.values()] == [Decimal("-0.5")]
    await connector._update_positions()
    assert connector.account_positions == {}


@pytest.mark.parametrize(("on_the_wire", "paid"), [("-0.12", Decimal("0.12")), ("0.03", Decimal("-0.03"))])
async def test_a_rebate_keeps_its_sign_and_the_scope_is_remembered(connector, gateway, on_the_wire, paid):
    gateway.answers[constants.PLACE_ORDER_ENDPOINT] = {"orderId": "1"}
    order = await placed(connector)
    update = connector._parse_trade_update(
        {
            "tradeId": "t1", "orderId": "1", "price": "60000", "baseVolume": "0.01", "cTime": "1700000000000",
            "tradeScope": "maker", "feeDetail": [{"feeCoin": "USDT", "totalFee": on_the_wire}],
        },
        order,
    )  # fmt: skip
    assert update.fee.flat_fees[0].amount == paid
    assert connector.trade_scopes == {"t1": "maker"}


async def test_fills_of_the_time_before_come_oldest_first_with_their_fee(connector, gateway):
    def fill(trade_id, ts_ms, coin="USDT"):
        fee = {"feeCoin": coin, "totalFee": "-0.36"}
        return {
            "tradeId": trade_id, "orderId": "1", "side": "sell", "price": "60000", "baseVolume": "0.01",
            "cTime": str(ts_ms), "tradeScope": "taker", "feeDetail": [fee],
        }  # fmt: skip

    listed = [fill("t3", 30, "BGB"), fill("t2", 20), fill("t1", 5)]
    gateway.answers[constants.ORDER_FILLS_ENDPOINT] = {"fillList": listed}
    fills = await connector.fills_since(PAIR, 10)
    assert [past.trade_id for past in fills] == ["t2", "t3"]
    assert (fills[0].fee_quote, fills[0].is_maker, fills[0].side) == (Decimal("0.36"), False, "sell")
    assert fills[1].fee_quote.is_nan()


async def test_an_instance_made_without_keys_is_possible(connector):
    assert connector.authenticator is not None
    assert connector.name == "bitget_perpetual_desk"


async def test_every_request_ends_at_the_gateway_with_its_path_and_query():
    request = RESTRequest(method=RESTMethod.GET, url="https://api.bitget.com/api/v2/mix/order/detail?orderId=7")
    changed = await _ToGateway("http://127.0.0.1:8123").pre_process(request)
    assert changed.url == "http://127.0.0.1:8123/api/v2/mix/order/detail?orderId=7"


async def test_a_gateway_on_another_machine_is_refused_before_anything_is_sent(monkeypatch):
    monkeypatch.setattr(BitgetPerpetualDeskDerivative, "gateway_url", "http://10.1.2.3:80")
    with pytest.raises(ConfigError, match="GATEWAY_NOT_LOOPBACK"):
        BitgetPerpetualDeskDerivative(trading_pairs=[PAIR], trading_required=False)


async def test_f58_the_fees_are_the_accounts_own_and_stay_while_they_cannot_be_read(connector, gateway):
    for rates in (("0.0002", "0.0006"), ("0.0004", "0.0012")):
        gateway.answers[TRADE_RATE_ENDPOINT] = {"makerFeeRate": rates[0], "takerFeeRate": rates[1]}
        await connector._update_trading_fees()
        assert connector.fee_rates(PAIR) == (Decimal(rates[0]), Decimal(rates[1]))
    gateway.answers[TRADE_RATE_ENDPOINT] = OSError("HTTP status is 503")
    await connector._update_trading_fees()
    assert connector.fee_rates(PAIR) == (Decimal("0.0004"), Decimal("0.0012"))
    assert connector.TRADING_FEES_INTERVAL <= 60


async def test_f15_an_order_refused_by_the_rules_makes_them_be_read_at_once(connector, gateway):
    def readings():
        return len(gateway.asked_of(constants.PUBLIC_CONTRACTS_ENDPOINT))

    gateway.answers[constants.PUBLIC_CONTRACTS_ENDPOINT] = []
    gateway.answers[constants.PLACE_ORDER_ENDPOINT] = REFUSED
    await placed(connector)
    assert readings() == 0, "another refusal says nothing about the rules"
    gateway.answers[constants.PLACE_ORDER_ENDPOINT] = OFF_TICK
    await placed(connector, "hb1-b0-x.2")
    assert readings() > 0
    assert connector.TRADING_RULES_INTERVAL <= 60


@pytest.mark.parametrize(("step", "tick"), [("1", "0.1"), ("5", "0.5")])
async def test_a_tick_that_is_no_power_of_ten_is_read_whole(connector, step, tick):
    row = contract_row(msgspec.structs.replace(RULES, tick_size=Decimal(tick)))
    assert row["priceEndStep"] == step
    (rule,) = await connector._format_trading_rules([row])
    assert rule.min_price_increment == Decimal(tick)


async def test_a_start_of_networking_that_failed_is_tried_again_within_seconds(connector):
    """The gateway is back and its door still shut: the stock wait after that is a minute without quotes."""
    assert connector.network_error_wait_time <= 2
    assert connector.check_network_interval <= 2
