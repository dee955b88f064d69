from decimal import Decimal

import pytest

from services.common import venue


def long_position(desk, qty="0.005"):
    client_id = desk.placed("buy", "59999", qty, level="b9")
    desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal(qty))
    desk.deliver_pushes()
    desk.run(50)


def sent(desk, client_id):
    return next(r for r in desk.venue.asked if isinstance(r, venue.PlaceOrder) and r.client_order_id == client_id)


def test_a_normal_quote_on_the_reducing_side_stays_a_normal_order(desk):
    long_position(desk)
    assert not sent(desk, desk.placed("sell", "60010", "0.002", level="s0")).reduce_only


def test_a_derisk_order_within_the_position_goes_out_reduce_only(desk):
    long_position(desk)
    assert sent(desk, desk.placed("sell", "60010", "0.005", level="d0")).reduce_only


def test_a_derisk_order_larger_than_the_position_goes_out_as_a_normal_order(desk):
    long_position(desk)
    assert not sent(desk, desk.placed("sell", "60010", "0.006", level="d0")).reduce_only


def test_two_derisk_orders_do_not_reduce_the_same_position_twice(desk):
    long_position(desk)
    assert sent(desk, desk.placed("sell", "60010", "0.004", level="d0")).reduce_only
    assert not sent(desk, desk.placed("sell", "60011", "0.004", level="d1")).reduce_only


def test_an_order_that_asks_for_reduce_only_and_would_flip_is_refused_with_what_fits(desk):
    long_position(desk)
    refused = desk.refusal("sell", "60010", "0.006", level="d0", reduce_only=True)
    assert refused.code == "WOULD_FLIP"
    assert "reducible_base=0.005" in refused.text


def test_a_reducing_order_skips_the_value_limit(desk):
    for _ in range(4):
        long_position(desk)
    assert desk.placed("sell", "60010", "0.020", level="d0"), "1200 quote, above the limit of 1000"


@pytest.mark.parametrize("level", ["s0", "d0"])
def test_reducing_lets_any_order_pass_that_ends_at_flat_or_before(desk, level):
    long_position(desk)
    desk.set_latch("bot:bot1", "REDUCING")
    assert sent(desk, desk.placed("sell", "60010", "0.005", level=level)).reduce_only
    assert desk.refusal("sell", "60011", "0.001", level="s1").code == "SCOPE_REDUCING"
    assert desk.refusal("buy", "59990", "0.001", level="b1").code == "SCOPE_REDUCING"


def test_entering_reducing_cancels_what_could_open(desk):
    long_position(desk)
    desk.placed("buy", "59990", level="b0")
    derisk = desk.placed("sell", "60010", "0.005", level="d0")
    desk.set_latch("bot:bot1", "REDUCING")
    desk.run(100)
    assert [o.request.client_order_id for o in desk.venue.open_orders()] == [derisk]


def test_halted_lets_only_an_immediate_reduce_only_order_pass(desk):
    long_position(desk)
    desk.set_latch("bot:bot1", "HALTED")
    assert desk.refusal("sell", "60010", "0.005", level="d0").code == "SCOPE_HALTED"
    assert desk.refusal("sell", "60010", "0.005", level="d0", reduce_only=True).code == "SCOPE_HALTED"
    client_id = desk.placed("sell", "", "0.005", level="d0", order_type="market", reduce_only=True)
    assert sent(desk, client_id).reduce_only


def test_when_our_count_and_the_venues_position_differ_the_smaller_one_counts(desk):
    long_position(desk)
    desk.venue.positions["bot1", "BTC-USDT"] = Decimal("0.003")
    desk.venue.push_positions("bot1")
    desk.deliver_pushes()
    desk.run(20)
    desk.set_latch("bot:bot1", "REDUCING")
    assert desk.refusal("sell", "60010", "0.004", level="s0").code == "SCOPE_REDUCING"
    assert desk.placed("sell", "60010", "0.003", level="s0")
