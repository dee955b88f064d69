"""What is counted at once, in every scope, before the trade."""

import pytest

from services.common import venue
from tests.fakes.gateway_desk import Desk
from tests.fakes.limits import desk_with, filled, in_every_scope, policy
from tests.fakes.proofs import proves


@proves("open_orders_max")
@pytest.mark.parametrize(("limits", "scope"), in_every_scope("open_orders_max", 3))
def test_rts6_15_2_orders_count_from_the_moment_they_are_checked_in_every_scope(limits, scope):
    desk = Desk(bots=("bot1", "bot2"), policy=policy(**limits)).start()
    desk.journal_delay_ms = 500  # none of them is even durable
    ids = [desk.place(level=f"b{i}")[0] for i in range(6)]
    refused = [i for i in ids if i in desk.replies]
    assert len(refused) == 3
    assert all(desk.replies[i].code == "OPEN_ORDERS_LIMIT" for i in refused)
    desk.run(2_000)
    assert len(desk.venue.open_orders()) == 3
    other, _ = desk.place(bot="bot2")
    desk.run(600)
    is_shared = scope in ("venue", "desk")
    assert isinstance(desk.replies[other], venue.Refused) == is_shared


@proves("position_long_quote_max")
def test_rts6_17_4_the_long_position_with_every_resting_buy_filled_stays_below_its_limit():
    desk = desk_with(bot__position_long_quote_max=1_500)
    filled(desk, "buy", "0.016")
    assert desk.placed("buy", None, "0.008", "b1")
    refused = desk.refusal("buy", None, "0.008", "b2")
    assert refused.code == "POSITION_LIMIT"
    assert desk.placed("sell", None, "0.016", "s0"), "the other direction is free"


@proves("position_short_quote_max")
def test_rts6_17_4_the_short_position_likewise():
    desk = desk_with(bot__position_short_quote_max=1_500)
    filled(desk, "sell", "0.016", level="s9")
    assert desk.placed("sell", None, "0.008", "s1")
    assert desk.refusal("sell", None, "0.008", "s2").code == "POSITION_LIMIT"


@proves("gross_notional_quote_max")
@pytest.mark.parametrize(("limits", "scope"), in_every_scope("gross_notional_quote_max", 2_000))
def test_k8_the_capital_threshold_is_checked_before_the_trade_over_many_small_orders(limits, scope):
    desk = desk_with(**limits)
    accepted = 0
    for index in range(10):
        request_id, _ = desk.place(qty="0.005", level=f"b{index}")
        desk.run(1_100)
        accepted += isinstance(desk.replies[request_id], venue.Placed)
    assert accepted == 6  # 6 x 300 quote; the seventh would pass 2000
    assert desk.replies[request_id].code == "NOTIONAL_LIMIT"
    assert f"scope={scope}" in desk.replies[request_id].text


@proves("gross_notional_quote_max")
def test_k8_the_threshold_of_the_desk_adds_up_all_bots():
    desk = desk_with(("bot1", "bot2"), desk__gross_notional_quote_max=1_000)
    filled(desk, "buy", "0.008", bot="bot1")
    filled(desk, "buy", "0.006", bot="bot2")
    assert desk.refusal("buy", None, "0.005", "b1", bot="bot1").code == "NOTIONAL_LIMIT"


@proves("net_notional_quote_max")
@pytest.mark.parametrize(("limits", "scope"), in_every_scope("net_notional_quote_max", 700))
def test_rts6_17_4_the_net_of_every_scope_holds_before_the_trade(limits, scope):
    desk = desk_with(**limits)
    assert desk.placed("buy", None, "0.006", "b0")
    refused = desk.refusal("buy", None, "0.006", "b1")
    assert refused.code == "NOTIONAL_LIMIT"
    assert f"scope={scope}" in refused.text
    assert desk.placed("sell", None, "0.006", "s0"), "the other direction is free"


@proves("net_notional_quote_max")
def test_rts6_17_4_opposite_positions_offset_in_the_net_and_not_in_the_gross():
    desk = desk_with(("bot1", "bot2"), desk__net_notional_quote_max=700)
    filled(desk, "buy", "0.008", bot="bot1")
    filled(desk, "sell", "0.008", bot="bot2", level="s9")
    assert desk.placed("buy", None, "0.008", "b1", bot="bot1")
    assert desk.refusal("buy", None, "0.008", "b2", bot="bot1").code == "NOTIONAL_LIMIT"


@proves("gross_notional_quote_max")
def test_k8_one_bots_short_makes_no_room_for_anothers_long():
    desk = desk_with(("bot1", "bot2"), desk__gross_notional_quote_max=1_000)
    filled(desk, "buy", "0.008", bot="bot1")
    filled(desk, "sell", "0.006", bot="bot2", level="s9")
    assert desk.refusal("buy", None, "0.005", "b1", bot="bot1").code == "NOTIONAL_LIMIT"
