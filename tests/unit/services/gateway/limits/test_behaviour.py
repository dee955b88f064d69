"""Orders beside each other: the same twice, one level, our own on the other side, one that nobody can account for."""

from services.common import venue
from tests.fakes.fake_venue import SYMBOL
from tests.fakes.gateway_desk import Fault
from tests.fakes.proofs import proves


@proves("duplicate_orders_max")
def test_15c3_5_a_third_identical_order_is_refused(desk):
    for level in ("b0", "b1"):
        desk.placed(price="59990", level=level)
    assert desk.refusal(price="59990", level="b2").code == "DUPLICATE_ORDER"
    assert desk.placed(price="59991", level="b2")


@proves("level_orders_max")
def test_k3_a_level_is_occupied_until_its_order_is_terminal(desk):
    client_id = desk.placed(level="b0")
    refused = desk.refusal(price="59980", level="b0")
    assert refused.code == "DUPLICATE_ORDER"
    assert client_id in refused.text
    desk.ask(venue.CancelOrder(symbol=SYMBOL, venue_order_id=desk.row(client_id).gateway_id))
    assert desk.placed(price="59980", level="b0")


@proves("own orders")
def test_rts6_13_1_an_order_that_would_trade_with_another_bot_of_the_desk_is_refused(two_bots):
    two_bots.placed("sell", "60005", level="s0", bot="bot2")
    refused = two_bots.refusal("buy", "60005", level="b0", bot="bot1")
    assert refused.code == "SELF_TRADE"
    assert two_bots.placed("buy", "60004", level="b0", bot="bot1")


@proves("unknown outcome")
def test_i1_nothing_new_on_a_level_whose_order_nobody_can_account_for(desk):
    desk.fault = lambda r: Fault("lose_request")
    desk.place()
    desk.run(100)
    assert desk.refusal().code == "UNKNOWN_OUTCOME"
