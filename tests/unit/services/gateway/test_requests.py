from decimal import Decimal

import pytest

from services.common import venue
from services.contracts import events as e
from services.gateway import messages as m
from services.gateway.public_cache import Kept
from tests.fakes.gateway_desk import Fault


def asked(desk, kind):
    return [request for request in desk.venue.asked if isinstance(request, kind)]


def test_a_slow_public_answer_is_asked_for_once_for_all_who_wait_and_kept(two_bots):
    before = len(asked(two_bots, venue.GetCoins))
    ids = [two_bots.request(venue.GetCoins(), bot) for bot in ("bot1", "bot2", "bot1")]
    two_bots.run(50)
    two_bots.ask(venue.GetCoins())
    assert len(asked(two_bots, venue.GetCoins)) == before + 1
    assert len({str(two_bots.replies[i]) for i in ids}) == 1


def test_a_public_question_without_answer_is_a_refusal_and_is_not_kept(desk):
    desk.fault = lambda r: Fault("lose_request")
    assert desk.ask(venue.GetCoins()).code == "VENUE_UNREACHABLE"
    desk.fault = lambda r: Fault()
    assert not isinstance(desk.ask(venue.GetCoins()), venue.Refused)


def test_a_book_comes_from_the_feed_that_the_collar_judges_by(desk):
    before = len(asked(desk, venue.GetBook))
    book = desk.ask(venue.GetBook(symbol="BTC-USDT", depth=1))
    assert book.bids[0][0] == desk.venue.bid
    assert len(asked(desk, venue.GetBook)) == before


def test_a_book_is_asked_for_when_the_feed_is_silent(desk):
    desk.is_hearing_market = False
    desk.run(3_000)
    before = len(asked(desk, venue.GetBook))
    desk.ask(venue.GetBook(symbol="BTC-USDT"))
    assert len(asked(desk, venue.GetBook)) == before + 1


def test_a_fee_rate_is_asked_for_with_the_bots_own_account(desk):
    desk.ask(venue.GetFeeRate(symbol="BTC-USDT"))
    assert asked(desk, venue.GetFeeRate)[-1].account_id == "bot1"


def test_the_account_a_bot_sees_is_its_virtual_account_with_margin_held_for_what_rests(desk):
    before = desk.ask(venue.GetAccount())
    assert (before.equity_quote, before.available_quote) == (100_000, 100_000)
    desk.placed(qty="0.01")
    after = desk.ask(venue.GetAccount())
    assert after.equity_quote == 100_000
    assert 100_000 - after.available_quote == after.frozen_quote == desk.row_sum() / 5


def test_an_amendment_is_refused_with_what_to_do_instead(desk):
    client_id = desk.placed()
    gateway_id = desk.row(client_id).gateway_id
    answer = desk.ask(venue.ModifyOrder(symbol="BTC-USDT", venue_order_id=gateway_id))
    assert answer.code == "ORDER_TYPE_NOT_ALLOWED"
    assert "cancel, then place" in answer.text


ORDER = venue.PlaceOrder(
    symbol="BTC-USDT",
    client_order_id="hb1-b0-1.1",
    side="buy",
    order_type="limit",
    time_in_force="gtc",
    qty_base=Decimal("0.01"),
    price=Decimal(50_000),
)
STOP = venue.PlaceStop(
    symbol="BTC-USDT", client_order_id="", kind="stop_loss", is_long=True, trigger_price=Decimal(1), qty_base=None
)


@pytest.mark.parametrize(
    "request_",
    [
        venue.PlaceOrders(symbol="BTC-USDT", orders=(ORDER, ORDER)),
        venue.PlaceProtected(order=ORDER, stop_loss_price=Decimal(49_000)),
        STOP,
        venue.ClosePosition(symbol="BTC-USDT"),
    ],
    ids=lambda request: type(request).__name__,
)
def test_what_would_pass_the_limits_by_is_refused_and_never_reaches_the_venue(desk, request_):
    answer = desk.ask(request_)
    assert (answer.code, "one by one" in answer.text) == ("ORDER_TYPE_NOT_ALLOWED", True)
    assert asked(desk, type(request_)) == asked(desk, venue.PlaceOrder) == []


def test_a_bot_nobody_knows_is_refused(desk):
    assert desk.ask(venue.GetOpenOrders(), bot="bot9").code == "AUTH_FAILED"


def test_order_history_shows_what_ended_newest_first(desk):
    first, second = desk.placed(level="b0"), desk.placed(level="b1")
    for client_id in (first, second):
        desk.ask(venue.CancelOrder(symbol="BTC-USDT", venue_order_id=desk.row(client_id).gateway_id))
    history = desk.ask(venue.GetOrderHistory(symbol="BTC-USDT"))
    assert [order.client_order_id for order in history] == [second, first]
    assert {order.status for order in history} == {"canceled"}


@pytest.mark.parametrize(
    "request_",
    [
        venue.ModifyOrder(symbol="BTC-USDT", venue_order_id="1", new_price=Decimal(1)),
        venue.ClosePosition(symbol="BTC-USDT"),
        venue.PlaceOrders(symbol="BTC-USDT", orders=()),
    ],
    ids=lambda one: type(one).__name__,
)
def test_other_ways_to_an_order_are_refused_counted_and_said_on_the_bus(desk, request_):
    refused = desk.ask(request_)
    assert refused.code == "ORDER_TYPE_NOT_ALLOWED"
    assert f"value={type(request_).__name__}" in refused.text
    (told,) = [d for d in desk.events(e.RiskDecisionV1) if d["reason"] == "ORDER_TYPE_NOT_ALLOWED"]
    assert told["decision"] == "refused"
    assert asked(desk, type(request_)) == []


def test_tickers_are_asked_for_when_the_feed_is_silent(desk):
    """A mark of minutes ago must not look like one of now."""
    desk.feed(m.UpstreamPush(venue.TickerPush(ticker=ticker(desk.wall_ms))))
    assert desk.ask(venue.GetTicker(symbol="BTC-USDT"))[0].mark_price == 60_000
    desk.is_hearing_market = False
    desk.run(3_000)
    asked = len(desk.venue.asked)
    desk.ask(venue.GetTicker(symbol="BTC-USDT"))
    assert [r for r in desk.venue.asked[asked:] if isinstance(r, venue.GetTicker)]


def ticker(ts_ms: int) -> venue.Ticker:
    names = ("bid_price", "bid_qty_base", "ask_price", "ask_qty_base", "last_price", "mark_price", "index_price")
    day = ("high_24h", "low_24h", "open_24h", "base_volume_24h", "quote_volume_24h")
    figures = dict.fromkeys((*names, *day), Decimal(60_000))
    return venue.Ticker(
        symbol="BTC-USDT", funding_rate_pct=Decimal(0), next_funding_ts_ms=0, ts_exch_ms=ts_ms, **figures
    )


def test_answers_that_are_out_of_date_make_room_for_new_ones(desk):
    for number in range(1_000):
        desk.gateway.state.public.kept[venue.GetFeeRate(symbol=f"P{number}-USDT", account_id="bot1")] = Kept((), 1)
    desk.ask(venue.GetFeeRate(symbol="BTC-USDT"))
    asked = len(desk.venue.asked)
    desk.ask(venue.GetFeeRate(symbol="BTC-USDT"))
    assert len([r for r in desk.venue.asked[asked:] if isinstance(r, venue.GetFeeRate)]) == 0
