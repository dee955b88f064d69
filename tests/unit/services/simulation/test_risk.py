"""What the venue does by itself: liquidation, takeover, triggers."""

from decimal import Decimal as D

from services.common import venue


def leveraged(desk, leverage: int = 100, account: str = "bot1") -> None:
    desk.ask(venue.SetLeverage(account_id=account, symbol="BTC-USDT", leverage=leverage))


def test_an_account_at_maintenance_loses_its_orders_then_its_position(make_desk, mark_event):
    desk = make_desk(mark_event(1_000, "59450.0"), accounts={"bot1": D("400")})
    leveraged(desk)
    desk.place("buy", "0.5", None)
    resting = desk.place("buy", "0.0001", "55000.0")
    desk.wait(1_500)
    assert desk.order(resting).reason == "LIQUIDATION"
    assert desk.position() is None
    liquidation = desk.ask(venue.GetOrderHistory(account_id="bot1", limit=1))[0]
    assert liquidation.client_order_id.startswith("liquidation-")
    assert liquidation.reduce_only


def test_a_position_far_from_maintenance_is_left_alone(make_desk, mark_event):
    desk = make_desk(mark_event(1_000, "59000.0"))
    desk.place("buy", "0.5", None)
    desk.wait(5_000)
    assert desk.position().qty_base == D("0.5")


def test_a_large_position_is_only_reduced_to_the_bracket_below(make_desk, mark_event):
    desk = make_desk(mark_event(1_000, "59620.0"), accounts={"bot1": D("1900")})
    leveraged(desk, 125)
    desk.place("buy", "2.45", None)  # 147 000: inside the first bracket
    leveraged(desk, 100)
    desk.place("buy", "0.2", None)
    assert desk.position().qty_base == D("2.65")
    desk.wait(1_300)
    left = desk.position().qty_base
    assert D("2.5") < left <= D(150_000) / D("59620.0")


def test_what_the_book_does_not_take_is_taken_from_the_other_sides_winners(make_desk, mark_event, quote_event):
    desk = make_desk(
        *(quote_event(900, "buy", price, "0") for price in ("59995.0", "59990.0", "59900.0")),
        mark_event(1_000, "58850.0"),
        accounts={"bot1": D("700"), "bot2": D("10000"), "bot3": D("10000")},
    )
    leveraged(desk)
    leveraged(desk, 50, "bot3")  # wins as much for less margin: first in line
    desk.place("sell", "0.4", "60001.0", account="bot2")
    desk.place("sell", "0.2", "60001.0", account="bot3")
    desk.place("buy", "0.5", "60001.0")
    desk.place("buy", "0.1", "60001.0", account="bot2")
    desk.wait(1_500)
    assert desk.position("bot1") is None
    assert desk.position("bot3") is None
    assert desk.position("bot2") is None
    closing = desk.fills("bot3")[0]
    assert closing.realized_pnl_quote > 0
    assert closing.fee_quote == 0
    order = desk.ask(venue.GetOrderHistory(account_id="bot3", limit=1))[0]
    assert (order.reason, order.client_order_id.split("-")[0]) == ("ADL", "adl")
    assert desk.account("bot1").wallet_quote >= 0
    printed = desk.ask(venue.GetTrades(symbol="BTC-USDT"))
    assert sum(trade.qty_base for trade in printed if trade.price == closing.price) == D("0.5")


def test_the_insurance_fund_makes_a_negative_wallet_whole(make_desk, mark_event, quote_event):
    desk = make_desk(
        *(quote_event(900, "buy", price, "0") for price in ("59995.0", "59990.0", "59900.0")),
        mark_event(1_000, "58000.0"),
        accounts={"bot1": D("400")},
    )
    leveraged(desk)
    desk.place("buy", "0.5", None)
    desk.wait(1_500)
    assert desk.account("bot1").wallet_quote == 0
    kinds = {bill.kind for bill in desk.ask(venue.GetBills(account_id="bot1"))}
    assert "insurance" in kinds
    assert desk.exchange.risk.insurance_e8 > 0


def test_an_isolated_position_is_judged_by_its_own_margin(make_desk, mark_event):
    desk = make_desk(mark_event(1_000, "59450.0"))
    desk.ask(venue.SetMarginMode(account_id="bot1", symbol="BTC-USDT", margin_mode="isolated"))
    leveraged(desk)
    desk.place("buy", "0.5", None)  # margin 300, wallet 100 000
    desk.wait(1_500)
    assert desk.position() is None
    assert desk.account().wallet_quote > D(99_000)


def test_an_isolated_liquidation_does_not_meet_the_accounts_own_orders(make_desk, mark_event):
    desk = make_desk(mark_event(1_000, "59450.0"))
    desk.ask(venue.SetMarginMode(account_id="bot1", symbol="BTC-USDT", margin_mode="isolated"))
    leveraged(desk)
    desk.place("buy", "0.5", None)
    resting = desk.place("buy", "0.5", "59996.0")  # the best bid: the liquidation would sell to it
    desk.wait(1_500)
    assert desk.order(resting).reason == "LIQUIDATION"
    assert desk.position() is None


def test_an_isolated_position_costs_its_margin_and_no_more_also_after_a_gap(make_desk, mark_event, quote_event):
    desk = make_desk(
        *(quote_event(900, "buy", price, "0") for price in ("59995.0", "59990.0", "59900.0")),
        mark_event(1_000, "50000.0"),
    )
    desk.ask(venue.SetMarginMode(account_id="bot1", symbol="BTC-USDT", margin_mode="isolated"))
    desk.place("buy", "0.5", None)
    wallet, margin = desk.account().wallet_quote, desk.position().margin_quote
    desk.wait(1_500)
    assert desk.position() is None
    assert desk.account().wallet_quote == wallet - margin
    bills = desk.ask(venue.GetBills(account_id="bot1"))
    assert sum(bill.amount_quote for bill in bills) == desk.account().wallet_quote - D(100_000)
    assert desk.exchange.risk.insurance_e8 > 0


def test_a_trigger_waits_outside_the_book_and_fires_when_the_mark_gets_there(make_desk, mark_event):
    desk = make_desk(mark_event(1_000, "59500.0"))
    stop = desk.place("sell", "0.01", None, trigger_price=D("59500.0"))
    assert desk.account().frozen_quote == 0
    desk.wait(900)
    assert desk.order(stop).status == "live"
    desk.wait(600)
    assert desk.order(stop).status == "filled"


def test_a_limit_order_whose_trigger_has_fired_is_told_and_rests_again_after_a_restart(make_desk, mark_event):
    desk = make_desk(mark_event(1_000, "61000.0"))
    placed = desk.place("buy", "0.1", "59000.0", trigger_price=D("60500.0"))
    store = {(c.kind, c.key): c for c in desk.exchange.drain_changes()}
    desk.exchange.drain_pushes()
    desk.wait(1_500)
    told = [p.order for p in desk.exchange.drain_pushes() if isinstance(p, venue.OrderPush)]
    assert [(order.venue_order_id, order.trigger_price) for order in told] == [(placed.venue_order_id, None)]
    store |= {(c.kind, c.key): c for c in desk.exchange.drain_changes()}
    again = make_desk()
    again.exchange.restore(store.values())
    again.now_ms = desk.now_ms
    book = again.ask(venue.GetBook(symbol="BTC-USDT", depth=10))
    assert (D("59000.0"), D("0.1")) in book.bids


def test_a_trigger_that_another_ended_does_not_fire(make_desk, mark_event):
    desk = make_desk(mark_event(1_000, "61000.0"))
    desk.place("sell", "0.5", None)
    desk.place("buy", "1", None, trigger_price=D("60500.0"))  # turns the position round
    ended = desk.place("buy", "0.1", "60100.0", "post_only", reduce_only=True, trigger_price=D("60500.0"))
    desk.exchange.drain_pushes()
    desk.wait(1_500)
    told = [p.order for p in desk.exchange.drain_pushes() if isinstance(p, venue.OrderPush)]
    assert [o.reason for o in told if o.venue_order_id == ended.venue_order_id] == ["REDUCE_ONLY_REJECTED"]
    assert desk.order(ended).trigger_price == D("60500.0")


def test_a_trigger_that_cannot_be_carried_when_it_fires_is_cancelled(make_desk, mark_event):
    desk = make_desk(mark_event(1_000, "59500.0"), accounts={"bot1": D("400")})
    stop = desk.place("sell", "0.1", None, trigger_price=D("59500.0"))
    desk.wait(1_500)
    assert (desk.order(stop).status, desk.order(stop).reason) == ("canceled", "INSUFFICIENT_MARGIN")


def test_a_waiting_trigger_can_be_cancelled(desk):
    stop = desk.place("sell", "0.01", None, trigger_price=D("59000.0"))
    desk.ask(venue.CancelOrder(account_id="bot1", symbol="BTC-USDT", venue_order_id=stop.venue_order_id))
    assert desk.order(stop).status == "canceled"
