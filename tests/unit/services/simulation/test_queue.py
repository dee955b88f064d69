"""Our orders stand in the queue behind what rests at their level."""

from decimal import Decimal as D

import pytest

from services.common import venue


@pytest.mark.parametrize(("traded", "filled"), [("0.9", "0"), ("1.0", "0"), ("1.25", "0.25"), ("1.5", "0.5")])
def test_a_resting_bid_fills_only_after_the_queue_ahead_is_consumed(make_desk, take_event, traded, filled):
    desk = make_desk(take_event(1_000, "sell", "59995.0", traded))
    placed = desk.place("buy", "0.5", "59995.0")
    desk.wait(1_000)
    assert desk.order(placed).filled_base == D(filled)


def test_what_came_later_to_the_level_stands_behind_us(make_desk, take_event, quote_event):
    desk = make_desk(quote_event(500, "buy", "59995.0", "5"), take_event(1_000, "sell", "59995.0", "1.5"))
    placed = desk.place("buy", "0.5", "59995.0")
    desk.wait(1_000)
    assert desk.order(placed).status == "filled"


def test_a_better_price_trades_first_and_an_equal_one_in_order_of_arrival(make_desk, take_event):
    desk = make_desk(take_event(1_000, "sell", "59995.0", "0.25"))
    first = desk.place("buy", "0.1", "59996.0")
    better = desk.place("buy", "0.1", "59997.0")
    second = desk.place("buy", "0.1", "59996.0", account="bot2")
    desk.wait(1_000)
    assert desk.order(better).status == "filled"
    assert desk.order(first).status == "filled"
    assert desk.order(second, "bot2").filled_base == D("0.05")
    assert [fill.price for fill in desk.fills()] == [D("59996.0"), D("59997.0")]  # newest first


def test_a_maker_fills_at_its_own_price_and_pays_the_maker_fee(make_desk, take_event):
    desk = make_desk(take_event(1_000, "sell", "59000.0", "0.1"))
    desk.place("buy", "0.1", "59999.0")
    desk.wait(1_000)
    (fill,) = desk.fills()
    assert (fill.price, fill.liquidity, fill.fee_quote) == (D("59999.0"), "maker", D("1.19998"))


def test_the_tape_shows_our_trades_with_the_takers_side(make_desk, take_event):
    desk = make_desk(take_event(1_000, "sell", "59995.0", "1.1"))
    desk.place("buy", "0.1", "59999.0")
    desk.wait(1_000)
    newest, oldest = desk.ask(venue.GetTrades(symbol="BTC-USDT"))
    assert (oldest.price, oldest.qty_base, oldest.taker_side) == (D("59999.0"), D("0.1"), "sell")
    assert (newest.price, newest.qty_base) == (D("59995.0"), D("1.0"))
    assert oldest.trade_id == int(desk.fills()[0].trade_id)


def test_what_the_market_withdraws_leaves_from_the_back_and_does_not_move_us_up(make_desk, take_event, quote_event):
    desk = make_desk(
        quote_event(500, "buy", "59995.0", "3"),  # two more behind us
        quote_event(600, "buy", "59995.0", "1"),  # and gone again
        take_event(1_000, "sell", "59995.0", "1.0"),
    )
    placed = desk.place("buy", "0.5", "59995.0")
    desk.wait(1_000)
    assert desk.order(placed).filled_base == 0
