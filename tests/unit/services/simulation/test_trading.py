from decimal import Decimal as D

import pytest

from services.common import venue


def test_a_post_only_bid_rests_and_is_listed(desk):
    placed = desk.place("buy", "0.01", "59999.0", "post_only", client_order_id="hb1-b0-1.1")
    (order,) = desk.ask(venue.GetOpenOrders(account_id="bot1"))
    assert (order.client_order_id, order.status, order.price) == ("hb1-b0-1.1", "live", D("59999.0"))
    assert placed.venue_order_id == order.venue_order_id


def test_an_order_without_a_client_id_gets_one(desk):
    placed = desk.place("buy", "0.01", "59999.0")
    assert placed.client_order_id
    assert desk.order(placed).client_order_id == placed.client_order_id


def pages(desk, kind, id_of, limit=100):
    """Every row, page after page, as a client reads it."""
    rows, below_id = [], None
    while page := desk.ask(kind(account_id="bot1", limit=limit, below_id=below_id)):
        rows += page
        below_id = int(id_of(page[-1]))
    return [id_of(row) for row in rows]


def test_a_long_history_comes_whole_page_by_page_whatever_ended_first(desk):
    placed = [desk.place("buy", "0.01", "59999.0").venue_order_id for _ in range(120)]
    filled = [desk.place("buy", "0.001", None).venue_order_id for _ in range(130)]
    for venue_order_id in reversed(placed):
        desk.ask(venue.CancelOrder(account_id="bot1", symbol="BTC-USDT", venue_order_id=venue_order_id))
    listed = pages(desk, venue.GetOrderHistory, lambda order: order.venue_order_id)
    assert listed == sorted(placed + filled, key=int, reverse=True)
    traded = pages(desk, venue.GetFills, lambda fill: fill.trade_id, limit=30)
    assert len(traded) == len(set(traded)) == len(desk.ask(venue.GetFills(account_id="bot1", limit=1_000))) >= 130


REFUSALS = [
    ("PRICE_NOT_ON_TICK", ("buy", "0.01", "59999.05")),
    ("QTY_NOT_ON_LOT", ("buy", "0.01005", "59999.0")),
    ("QTY_BELOW_MIN", ("buy", "0", "59999.0")),
    ("QTY_ABOVE_MAX", ("buy", "1201", "59999.0")),
    ("QTY_ABOVE_MAX", ("buy", "1e999999", None)),
    ("PRICE_NOT_ON_TICK", ("buy", "0.01", "1e40")),
    ("PRICE_OUT_OF_RANGE", ("buy", "0.01", "-1.0")),
    ("PRICE_OUT_OF_RANGE", ("buy", "0.01", "NaN")),
    ("NOTIONAL_BELOW_MIN", ("buy", "0.0001", "40000.0")),
    ("POST_ONLY_WOULD_CROSS", ("buy", "0.01", "60005.0", "post_only")),
    ("INSUFFICIENT_MARGIN", ("buy", "20", "59999.0")),
]


@pytest.mark.parametrize(("code", "order"), REFUSALS, ids=[f"{code} {order}" for code, order in REFUSALS])
def test_an_order_that_breaks_a_rule_is_refused_with_code_value_and_limit(desk, code, order):
    refused = desk.place(*order)
    assert isinstance(refused, venue.Refused)
    assert refused.code == code
    assert refused.text.startswith(f"{code}: ")
    assert desk.exchange.open_orders() == ()


def test_an_unknown_pair_and_an_unknown_account_are_refused(desk):
    request = venue.PlaceOrder(
        account_id="bot1", symbol="XYZ-USDT", client_order_id="", side="buy", order_type="limit",
        time_in_force="gtc", qty_base=D(1), price=D(1),
    )  # fmt: skip
    assert desk.ask(request).code == "UNKNOWN_SYMBOL"
    assert desk.ask(venue.GetOpenOrders(account_id="nobody")).code == "UNKNOWN_ACCOUNT"


def test_a_client_id_is_used_once_also_after_its_order_ended(desk):
    desk.place("buy", "0.01", "59999.0", client_order_id="a")
    desk.ask(venue.CancelOrder(account_id="bot1", symbol="BTC-USDT", client_order_id="a"))
    assert desk.place("buy", "0.01", "59998.0", client_order_id="a").code == "DUPLICATE_CLIENT_ORDER_ID"
    assert isinstance(desk.place("buy", "0.01", "59998.0", client_order_id="a", account="bot2"), venue.Placed)


def test_a_market_order_walks_the_book_and_pays_the_taker_fee(desk):
    order = desk.order(desk.place("buy", "1.5", None))
    assert (order.status, order.filled_base) == ("filled", D("1.5"))
    assert order.avg_price == D("60006.66666667")  # (60005 + 0.5 x 60010) / 1.5, half up at 1e-8
    first, second = sorted(desk.fills(), key=lambda fill: fill.price)
    assert (first.price, first.qty_base, first.liquidity) == (D("60005.0"), D("1.0000"), "taker")
    assert (second.price, second.qty_base) == (D("60010.0"), D("0.5000"))
    assert first.fee_quote == D("36.003")  # 60005 x 0.0006


def test_a_market_order_beyond_the_book_ends_with_no_liquidity(make_desk):
    desk = make_desk(accounts={"bot1": D(10_000_000)})
    order = desk.order(desk.place("buy", "60", None))
    assert (order.status, order.reason, order.filled_base) == ("canceled", "NO_LIQUIDITY", D("53"))


def test_ioc_takes_what_is_there_and_expires(desk):
    order = desk.order(desk.place("buy", "1.5", "60005.0", "ioc"))
    assert (order.status, order.reason, order.filled_base) == ("canceled", "IOC_EXPIRED", D("1.0"))
    assert desk.exchange.open_orders() == ()


@pytest.mark.parametrize(("qty", "status", "filled"), [("3", "filled", "3"), ("3.0001", "canceled", "0")])
def test_fok_fills_whole_or_not_at_all(desk, qty, status, filled):
    order = desk.order(desk.place("buy", qty, "60010.0", "fok"))
    assert (order.status, order.filled_base) == (status, D(filled))
    assert order.reason == ("" if status == "filled" else "FOK_NOT_FILLED")


@pytest.mark.parametrize("mode", ["cancel_taker", "cancel_both"])
def test_fok_is_not_cut_short_by_an_order_of_its_own(desk, mode):
    desk.place("sell", "1", "60007.0")  # between the first level and the second
    whole = desk.place("buy", "1", "60010.0", "fok", stp_mode=mode)
    assert desk.order(whole).status == "filled"
    cut = desk.place("buy", "1", "60010.0", "fok", stp_mode=mode)
    assert (desk.order(cut).status, desk.order(cut).filled_base) == ("canceled", 0)


def test_fok_counts_no_more_of_reduce_only_orders_than_they_may_give(desk):
    desk.place("buy", "0.5", None, account="bot2")
    for price in ("60001.0", "60002.0"):
        desk.place("sell", "0.4", price, account="bot2", reduce_only=True)
    too_much = desk.place("buy", "0.6", "60002.0", "fok")
    assert (desk.order(too_much).status, desk.order(too_much).filled_base) == ("canceled", 0)
    assert desk.order(desk.place("buy", "0.5", "60002.0", "fok")).status == "filled"


def test_a_gtc_order_that_crosses_rests_with_the_rest(desk):
    order = desk.order(desk.place("buy", "1.5", "60005.0"))
    assert (order.status, order.filled_base) == ("partially_filled", D("1.0"))
    book = desk.ask(venue.GetBook(symbol="BTC-USDT", depth=1))
    assert book.bids[0] == (D("60005.0"), D("0.5000"))
    assert book.asks[0] == (D("60010.0"), D("2.0000"))


def test_cancel_answers_the_ids_and_a_second_cancel_says_it_is_over(desk):
    placed = desk.place("buy", "0.01", "59999.0", client_order_id="a")
    cancel = venue.CancelOrder(account_id="bot1", symbol="BTC-USDT", venue_order_id=placed.venue_order_id)
    assert desk.ask(cancel).done == (("a", placed.venue_order_id),)
    assert desk.ask(cancel).code == "ORDER_NOT_OPEN"
    assert desk.order(placed).reason == "CANCELLED_BY_USER"
    unknown = venue.CancelOrder(account_id="bot1", symbol="BTC-USDT", venue_order_id="999")
    assert desk.ask(unknown).code == "ORDER_NOT_FOUND"


def test_nobody_cancels_anothers_order(desk):
    placed = desk.place("buy", "0.01", "59999.0")
    stranger = venue.CancelOrder(account_id="bot2", symbol="BTC-USDT", venue_order_id=placed.venue_order_id)
    assert desk.ask(stranger).code == "ORDER_NOT_FOUND"
    assert desk.ask(venue.CancelOrders(account_id="bot2")).done == ()
    assert len(desk.exchange.open_orders()) == 1


def test_cancel_all_and_cancel_listed_say_which_failed(desk):
    ids = [desk.place("buy", "0.01", f"5999{i}.0").venue_order_id for i in range(3)]
    answer = desk.ask(venue.CancelOrders(account_id="bot1", symbol="BTC-USDT", venue_order_ids=(ids[0], "404")))
    assert [venue_id for _, venue_id in answer.done] == [ids[0]]
    assert answer.failed == (("", "404", "ORDER_NOT_FOUND"),)
    assert len(desk.ask(venue.CancelOrders(account_id="bot1")).done) == 2
    assert desk.exchange.open_orders() == ()


def test_modify_is_cancel_and_place_anew_at_the_back_of_the_queue(desk):
    first = desk.place("buy", "0.01", "59999.0", client_order_id="a")
    second = desk.place("buy", "0.01", "59999.0", client_order_id="b")
    answer = desk.ask(
        venue.ModifyOrder(account_id="bot1", symbol="BTC-USDT", client_order_id="a", new_client_order_id="c",
                          new_qty_base=D("0.02"))
    )  # fmt: skip
    assert answer.client_order_id == "c"
    assert desk.order(first).reason == "REPLACED"
    assert [o.client_order_id for _, o in desk.exchange.open_orders()] == ["b", "c"]
    assert desk.order(second).status == "live"


def test_a_modify_that_would_be_refused_leaves_the_old_order(desk):
    placed = desk.place("buy", "0.01", "59999.0")
    for change in ({"new_price": D("59999.05")}, {"new_qty_base": D("100")}):
        answer = desk.ask(
            venue.ModifyOrder(account_id="bot1", symbol="BTC-USDT", venue_order_id=placed.venue_order_id, **change)
        )
        assert isinstance(answer, venue.Refused)
    assert desk.order(placed).status == "live"


def test_reduce_only_needs_a_position_on_the_other_side(desk):
    assert desk.place("sell", "0.01", "60020.0", reduce_only=True).code == "REDUCE_ONLY_REJECTED"
    desk.place("buy", "0.01", None)
    assert isinstance(desk.place("sell", "0.01", "60020.0", reduce_only=True), venue.Placed)
    assert desk.place("buy", "0.01", "59000.0", reduce_only=True).code == "REDUCE_ONLY_REJECTED"


def test_a_reduce_only_order_never_passes_flat(desk):
    desk.place("buy", "0.01", None)
    order = desk.order(desk.place("sell", "0.05", None, reduce_only=True))
    assert (order.filled_base, order.status, order.reason) == (D("0.01"), "canceled", "REDUCE_ONLY_REJECTED")
    assert desk.position() is None


def test_resting_reduce_only_orders_go_when_the_position_goes(desk):
    desk.place("buy", "0.01", None)
    resting = desk.place("sell", "0.01", "60050.0", reduce_only=True)
    desk.place("sell", "0.01", None)
    assert desk.order(resting).status == "canceled"


def test_one_sweep_through_two_reduce_only_orders_stops_at_flat(make_desk, take_event):
    desk = make_desk(take_event(1_000, "buy", "60003.0", "1"))
    desk.place("buy", "0.01", None)
    near = desk.place("sell", "0.01", "60001.0", reduce_only=True)
    far = desk.place("sell", "0.01", "60002.0", reduce_only=True)
    desk.wait(1_000)
    assert (desk.order(near).status, desk.order(far).status) == ("filled", "canceled")
    assert desk.position() is None


def test_close_position_is_a_reduce_only_market_order(desk):
    desk.place("sell", "0.02", None)
    placed = desk.ask(venue.ClosePosition(account_id="bot1", symbol="BTC-USDT"))
    assert desk.order(placed).reduce_only
    assert desk.position() is None
    assert desk.ask(venue.ClosePosition(account_id="bot1", symbol="BTC-USDT")).code == "REDUCE_ONLY_REJECTED"


@pytest.mark.parametrize(
    ("mode", "taker", "maker"),
    [
        ("none", "filled", "filled"),
        ("cancel_taker", "canceled", "live"),
        ("cancel_maker", "live", "canceled"),
        ("cancel_both", "canceled", "canceled"),
    ],
)
def test_self_trade_prevention_ends_what_its_mode_says(desk, mode, taker, maker):
    resting = desk.place("sell", "0.01", "60001.0")
    crossing = desk.place("buy", "0.01", "60001.0", stp_mode=mode)
    assert (desk.order(crossing).status, desk.order(resting).status) == (taker, maker)
    assert len(desk.fills()) == (2 if mode == "none" else 0)


def test_two_bots_trade_with_each_other_under_different_trade_ids(desk):
    desk.place("sell", "0.01", "60001.0")
    desk.place("buy", "0.01", "60001.0", account="bot2")
    (maker,), (taker,) = desk.fills("bot1"), desk.fills("bot2")
    assert (maker.liquidity, taker.liquidity) == ("maker", "taker")
    assert maker.trade_id != taker.trade_id
    assert maker.fee_quote == D("0.12000200")  # 600.01 x 0.0002
    assert desk.position("bot1").qty_base == -desk.position("bot2").qty_base == D("-0.01")


def test_hedge_mode_is_refused_and_one_way_is_answered(desk):
    assert desk.ask(venue.SetPositionMode(account_id="bot1", position_mode="hedge_mode")).code == "UNSUPPORTED"
    answer = desk.ask(venue.SetPositionMode(account_id="bot1", position_mode="one_way_mode"))
    assert answer.position_mode == "one_way_mode"


def test_leverage_is_kept_per_pair_and_bounded(desk):
    assert desk.ask(venue.SetLeverage(account_id="bot1", symbol="BTC-USDT", leverage=126)).code == "LEVERAGE_TOO_HIGH"
    assert desk.ask(venue.SetLeverage(account_id="bot1", symbol="BTC-USDT", leverage=20)).leverage == 20
    settings = desk.ask(venue.GetAccount(account_id="bot1", symbol="BTC-USDT"))
    assert (settings.leverage, settings.margin_mode) == (20, "crossed")


def test_a_bracket_bounds_leverage_by_notional(make_desk):
    desk = make_desk(accounts={"bot1": D(10_000_000)})
    desk.ask(venue.SetLeverage(account_id="bot1", symbol="BTC-USDT", leverage=125))
    assert isinstance(desk.place("buy", "2", "59000.0"), venue.Placed)  # 118 000 is inside the first bracket
    assert desk.place("buy", "2", "59000.0").code == "LEVERAGE_TOO_HIGH"


def test_an_order_that_says_isolated_is_isolated_or_refused_but_never_crossed(desk):
    placed = desk.place("buy", "0.1", "60005.0", margin_mode="isolated")
    assert desk.order(placed).margin_mode == "isolated"
    assert desk.position().margin_mode == "isolated"
    assert desk.position().margin_quote == D("600.05")
    desk.place("buy", "0.1", "59000.0", account="bot2")
    refused = desk.place("buy", "0.1", "59000.0", account="bot2", margin_mode="isolated")
    assert (refused.code, len(desk.exchange.open_orders())) == ("POSITION_MODE_LOCKED", 1)


def test_margin_mode_is_locked_while_orders_rest(desk):
    desk.place("buy", "0.01", "59000.0")
    change = venue.SetMarginMode(account_id="bot1", symbol="BTC-USDT", margin_mode="isolated")
    assert desk.ask(change).code == "POSITION_MODE_LOCKED"
    desk.ask(venue.CancelOrders(account_id="bot1"))
    assert desk.ask(change).margin_mode == "isolated"
