"""One test per control of the pre-trade chain; its name says the control, ``proves`` names the limit."""

import copy
from decimal import Decimal

import pytest

from services.common import venue
from services.common.yaml_file import read_yaml
from services.contracts import events as e
from services.gateway import messages as m
from services.gateway.limits.policy import Policy, parse_policy
from tests.fakes.fake_venue import SYMBOL
from tests.fakes.gateway_desk import POLICY_PATH, Desk, Fault
from tests.fakes.proofs import proves

TREE = read_yaml(POLICY_PATH)


def policy(**limits: int) -> Policy:
    """The repository's policy with some figures of the scopes bot…desk changed: bot__open_orders_max=3."""
    tree = copy.deepcopy(TREE)
    for name, value in limits.items():
        scope, _, limit = name.partition("__")
        tree["limits"][scope][limit] = value
    return parse_policy(tree)


def desk_with(bots: tuple[str, ...] = ("bot1",), **limits: int) -> Desk:
    return Desk(bots=bots, policy=policy(**limits)).start()


def filled(desk: Desk, side: venue.Side, qty: str, bot: str = "bot1", level: str = "b9") -> str:
    client_id = desk.placed(side, None, qty, level, bot=bot)
    desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal(qty))
    desk.deliver_pushes()
    desk.run(20)
    return client_id


def in_every_scope(name: str, value: int) -> list:
    scopes = ("bot", "account", "venue", "desk")
    return [pytest.param({f"{scope}__{name}": value}, scope, id=scope) for scope in scopes]


# ------------------------------------------------------------------------------------------------ order by order


@proves("order_value_quote_max")
@pytest.mark.parametrize(("limits", "scope"), in_every_scope("order_value_quote_max", 100))
def test_rts6_15_1_b_an_order_above_the_value_of_any_scope_is_refused(limits, scope):
    refused = desk_with(**limits).refusal(qty="0.002")
    assert refused.code == "ORDER_VALUE_LIMIT"
    assert f"scope={scope}" in refused.text
    assert "value=119.980, limit=order_value_quote_max=100" in refused.text


@proves("order_value_quote_max")
def test_rts6_15_1_b_a_sell_is_valued_at_least_at_the_touch(desk):
    assert desk.refusal("sell", "59800", "0.0167").code == "ORDER_VALUE_LIMIT"


@proves("order quantity")
def test_rts6_15_1_c_a_quantity_above_the_pairs_maximum_is_refused(desk):
    assert desk.refusal(qty="0.11").code == "ORDER_QTY_LIMIT"


@proves("instrument allowlist")
def test_rts6_15_5_a_pair_outside_the_policy_is_refused(desk):
    refused = desk.refusal(symbol="DOGE-USDT")
    assert refused.code == "SYMBOL_NOT_ALLOWED"
    assert "BTC-USDT" in refused.text


@proves("instrument allowlist")
def test_rts6_15_5_a_bot_trades_only_the_pairs_it_was_given():
    tree = copy.deepcopy(TREE)
    tree["bots"] = {"bot2": {"instruments": ["ETH-USDT"]}}
    desk = Desk(bots=("bot1", "bot2"), policy=parse_policy(tree)).start()
    refused = desk.refusal(bot="bot2")
    assert refused.code == "SYMBOL_NOT_ALLOWED"
    assert "instruments=ETH-USDT" in refused.text
    assert desk.placed(bot="bot1")


@proves("collar_aggressive_bps")
@pytest.mark.parametrize(
    ("side", "price", "passes"),
    [("buy", "60301", True), ("buy", "60301.1", False), ("sell", "59700", True), ("sell", "59699.9", False)],
)
def test_rts6_15_1_a_a_price_at_most_fifty_bps_through_the_far_touch(desk, side, price, passes):
    request_id, _ = desk.place(side, price)
    desk.run(50)
    answer = desk.replies[request_id]
    assert isinstance(answer, venue.Placed) if passes else answer.code == "PRICE_COLLAR_AGGRESSIVE"


@proves("collar_passive_bps")
@pytest.mark.parametrize(
    ("side", "price", "passes"),
    [("buy", "57000", True), ("buy", "56999.9", False), ("sell", "63001.05", True), ("sell", "63001.1", False)],
)
def test_rts6_15_1_a_a_price_at_most_five_hundred_bps_behind_the_near_touch(desk, side, price, passes):
    request_id, _ = desk.place(side, price)
    desk.run(50)
    answer = desk.replies[request_id]
    assert isinstance(answer, venue.Placed) if passes else answer.code == "PRICE_COLLAR_PASSIVE"


@proves("collar_reducing_bps")
def test_rts6_15_1_a_a_reducing_order_has_a_wider_collar_and_has_one(desk):
    filled(desk, "buy", "0.01")
    assert desk.placed("sell", "58250", "0.001", "d0", time_in_force="ioc")
    assert desk.refusal("sell", "58190", "0.001", "d1").code == "PRICE_COLLAR_AGGRESSIVE"


@proves("collar_drift_bps", "collar_drift_window_ms")
def test_rts6_15_1_a_over_a_period_no_new_risk_while_the_reference_runs(desk):
    for _ in range(30):  # 1.5 bps a step would pass order by order
        desk.venue.bid += 70
        desk.venue.ask += 70
        desk.run(1_000)
    refused = desk.refusal(price=str(desk.venue.bid - 10))
    assert refused.code == "PRICE_COLLAR_DRIFT"
    for _ in range(310):
        desk.run(1_000)
        desk.ask(venue.GetOpenOrders())
    assert desk.placed(price=str(desk.venue.bid - 10)), "once the window has passed"


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


# ------------------------------------------------------------------------------------------- all counted at once


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


# ------------------------------------------------------------------------------------------------------ messages


@proves("submits_per_second_max")
def test_rts6_15_1_d_at_most_so_many_submits_in_any_second(desk):
    ids = [desk.place(level=f"b{i}", price=str(59_900 + i))[0] for i in range(12)]
    assert [desk.replies[i].code for i in ids[10:]] == ["SUBMIT_RATE_LIMIT"] * 2
    desk.run(1_001)
    assert desk.placed(level="b11", price="59950")


@proves("submits_per_minute_max")
def test_rts6_15_1_d_at_most_so_many_submits_in_any_minute():
    desk = desk_with(bot__submits_per_minute_max=5)
    for index in range(5):
        desk.placed(level=f"b{index}")
        desk.run(2_000)
    assert desk.refusal(level="b6").code == "SUBMIT_RATE_LIMIT"
    desk.run(51_000)
    assert desk.placed(level="b6")


def messages_in_every_scope() -> list:
    names = ("submits_per_second_max", "submits_per_minute_max", "cancels_per_minute_max", "messages_per_minute_max")
    scopes = ("bot", "account", "venue", "desk")
    return [pytest.param(name, scope, id=f"{name}-{scope}") for name in names for scope in scopes]


@proves("submits_per_second_max", "submits_per_minute_max", "cancels_per_minute_max", "messages_per_minute_max")
@pytest.mark.parametrize(("name", "scope"), messages_in_every_scope())
def test_rts6_15_1_d_15_5_messages_are_counted_in_every_scope_and_shared_where_it_is_shared(name, scope):
    desk = desk_with(("bot1", "bot2"), **{f"{scope}__{name}": 2})
    for level in ("b0", "b1"):
        client_id = desk.placed(level=level)
        if name == "cancels_per_minute_max":
            desk.ask(venue.CancelOrder(symbol=SYMBOL, venue_order_id=desk.row(client_id).gateway_id))
    if name == "cancels_per_minute_max":
        client_id = desk.placed(level="b2")
        desk.ask(venue.CancelOrder(symbol=SYMBOL, venue_order_id=desk.row(client_id).gateway_id))
    refused = desk.refusal(level="b3")
    assert f"limit={name}=2, scope={scope}" in refused.text
    other, _ = desk.place(bot="bot2")
    desk.run(50)
    is_shared = scope in ("venue", "desk")
    assert isinstance(desk.replies[other], venue.Refused) == is_shared


@proves("cancels_per_minute_max")
def test_rts6_15_1_d_a_storm_of_cancels_stops_new_risk_and_never_a_cancel():
    desk = desk_with(bot__cancels_per_minute_max=3)
    client_ids = [desk.placed(level=f"b{i}") for i in range(6)]
    for client_id in client_ids:
        answer = desk.ask(venue.CancelOrder(symbol=SYMBOL, venue_order_id=desk.row(client_id).gateway_id))
        assert isinstance(answer, venue.Cancelled)
    assert desk.refusal(level="b7").code == "CANCEL_RATE_LIMIT"


@proves("messages_per_minute_max")
def test_rts6_15_1_d_submits_and_cancels_count_together():
    desk = desk_with(bot__messages_per_minute_max=6)
    for index in range(3):
        client_id = desk.placed(level=f"b{index}")
        desk.ask(venue.CancelOrder(symbol=SYMBOL, venue_order_id=desk.row(client_id).gateway_id))
    refused = desk.refusal(level="b9")
    assert refused.code == "SUBMIT_RATE_LIMIT"
    assert "messages_per_minute_max=6" in refused.text


@proves("venue budget")
def test_ord_04_submits_leave_the_reserve_of_cancels_untouched():
    limits = {f"{scope}__submits_per_second_max": 100 for scope in ("bot", "account", "venue", "desk")}
    desk = desk_with(**limits)
    ids = [desk.place(level=f"b{i}", price=str(59_900 + i))[0] for i in range(18)]
    codes = [desk.replies[i].code for i in ids if i in desk.replies]
    desk.run(20)
    assert codes == ["RATE_LIMIT_EXCEEDED"] * 4, "14 of 20 go, six are kept for cancels"
    for row in desk.gateway.state.orders.open_of("bot1"):
        desk.request(venue.CancelOrder(symbol=SYMBOL, venue_order_id=row.gateway_id))
    desk.run(100)
    assert desk.venue.open_orders() == [], "cancels go whatever the budget says"


@proves("venue budget")
def test_ord_04_after_too_many_requests_submits_stand_back_and_cancels_do_not(desk):
    client_id = desk.placed(level="b5")
    desk.fault = lambda r: Fault("refuse", code="RATE_LIMITED") if isinstance(r, venue.PlaceOrder) else Fault()
    assert desk.refusal().code == "RATE_LIMITED"
    desk.fault = lambda r: Fault()
    assert desk.refusal(level="b1").code == "RATE_LIMIT_EXCEEDED"
    answer = desk.ask(venue.CancelOrder(symbol=SYMBOL, venue_order_id=desk.row(client_id).gateway_id))
    assert isinstance(answer, venue.Cancelled)
    desk.run(200)
    assert desk.placed(level="b1")


def test_ord_04_a_budget_that_stays_below_half_is_warned_of_once(desk):
    def warnings() -> list[dict]:
        decisions = desk.events(e.RiskDecisionV1)
        return [d for d in decisions if (d["decision"], d["reason"]) == ("warned", "RATE_LIMIT_EXCEEDED")]

    for _ in range(12):  # one burst
        desk.gateway.state.governor.sent("bot1", is_order=True, mono_ms=desk.mono_ms)
    desk.run(5_000)
    assert warnings() == []
    for _ in range(700):
        desk.gateway.state.governor.sent("bot1", is_order=True, mono_ms=desk.mono_ms)
        desk.run(10)
    assert len(warnings()) == 1


@proves("circuit")
def test_ord_08_an_operation_that_keeps_failing_is_left_alone_then_probed(desk):
    desk.fault = lambda r: Fault("refuse", code="VENUE_UNREACHABLE") if isinstance(r, venue.PlaceOrder) else Fault()
    for index in range(12):
        desk.place(level=f"b{index}")
        desk.run(300)
    sent = len(desk.submits_at_venue())
    assert desk.refusal(level="b0").code == "CIRCUIT_OPEN"
    assert len(desk.submits_at_venue()) == sent
    desk.fault = lambda r: Fault()
    desk.run(30_000)
    assert desk.placed(level="b0"), "a probe"


# ----------------------------------------------------------------------------------------------------- behaviour


@proves("repeated_executions_max")
def test_rts6_15_3_repeated_executions_on_one_side_stop_the_bot_until_a_person_re_arms():
    desk = desk_with(bot__repeated_executions_max=3)
    for index in range(4):
        filled(desk, "buy", "0.001", level=f"b{index}")
    assert desk.tightened[-1].entry.state == "REDUCING"
    assert "REPEATED_EXECUTION" in desk.tightened[-1].entry.reason
    desk.run(200_000)
    desk.restart()
    assert desk.refusal(level="b7").code == "SCOPE_REDUCING", "no timer and no restart re-arms"
    desk.set_latch("bot:bot1", "ACTIVE")
    assert desk.placed(level="b7")


@proves("repeated_executions_max")
def test_rts6_15_3_parts_of_one_order_are_one_execution():
    desk = desk_with(bot__repeated_executions_max=3)
    client_id = desk.placed(qty="0.010")
    for _ in range(10):
        desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal("0.001"))
    desk.deliver_pushes()
    desk.run(50)
    assert desk.tightened == []


@proves("unexplained_orders_per_minute_max")
def test_k3_orders_that_no_decision_announced_stop_the_bot_within_five_seconds(desk):
    desk.feed(m.BotQuoted("bot1", 2, "abc"))
    for index in range(9):
        desk.placed(level=f"b{index}")
    desk.run(5_000 - 9 * 50)
    assert desk.tightened, "within five seconds of the first"
    assert "ORDERS_UNEXPLAINED" in desk.tightened[0].entry.reason
    assert desk.venue.open_orders() == []


@proves("unexplained_orders_per_minute_max")
def test_k3_announced_orders_are_let_through_even_when_the_news_is_late(desk):
    desk.feed(m.BotQuoted("bot1", 1, "abc"))
    for index in range(9):
        desk.placed(level=f"b{index}")
    desk.run(1_500)
    desk.feed(m.BotQuoted("bot1", 8, "abc"))
    desk.run(10_000)
    assert desk.tightened == []


@proves("unexplained_orders_per_minute_max")
def test_k3_a_released_bot_that_never_announces_anything_is_stopped_too(desk):
    """The old image on one of eight hosts: it sends orders, and none of the decisions that explain them."""
    desk.feed(m.ReleaseChange({"bot1": m.Released("good", "anna")}))
    for index in range(9):
        desk.placed(level=f"b{index}", claims=m.Claims(config_hash="good"))
    desk.run(5_000 - 9 * 50)
    assert "ORDERS_UNEXPLAINED" in desk.tightened[0].entry.reason
    assert desk.venue.open_orders() == []


@proves("attempts_per_minute_max")
def test_rts6_15_3_a_loop_of_refused_submits_stops_the_bot():
    desk = desk_with(bot__attempts_per_minute_max=50)
    for _ in range(51):
        desk.place(qty="0.5")
    assert "RUNAWAY" in desk.tightened[0].entry.reason


@proves("venue_rejects_per_minute_max", "quarantine")
def test_f10_a_storm_of_venue_refusals_quarantines_the_pair_for_that_bot():
    desk = desk_with(("bot1", "bot2"), bot__venue_rejects_per_minute_max=4)
    desk.fault = lambda r: Fault("refuse", code="POST_ONLY_WOULD_CROSS") if isinstance(r, venue.PlaceOrder) else Fault()
    for _ in range(5):
        assert desk.refusal().code == "POST_ONLY_WOULD_CROSS"
        desk.run(200)
    desk.fault = lambda r: Fault()
    assert desk.refusal().code == "QUARANTINED"
    assert desk.placed(bot="bot2")
    desk.run(30_000)
    assert desk.placed()


@proves("quarantine", "unknown_outcomes_per_minute_max")
def test_a_route_whose_outcomes_get_lost_is_quarantined(desk):
    desk.fault = lambda r: Fault("lose_answer") if isinstance(r, venue.PlaceOrder) else Fault()
    for index in range(6):
        desk.place(level=f"b{index}")
    desk.run(1_000)
    desk.fault = lambda r: Fault()
    assert desk.refusal(level="b8").code == "QUARANTINED"


@proves("suspense_quote_max")
def test_k5_unknown_fills_have_a_limit_of_their_own():
    desk = desk_with(bot__suspense_quote_max=100)
    stranger = desk.venue.place_by_hand("bot1", "web-1", Decimal("0.003"), Decimal("59000"))
    desk.venue.trade(stranger.venue_id, Decimal("0.001"))
    desk.deliver_pushes()
    desk.run(50)
    assert desk.tightened == []
    desk.venue.trade(stranger.venue_id, Decimal("0.001"))
    desk.deliver_pushes()
    desk.run(50)
    assert "SUSPENSE_LIMIT" in desk.tightened[0].entry.reason


# ---------------------------------------------------------------------------------------------------- conditions


@proves("data_age_ms_max")
def test_i5_no_new_risk_on_data_older_than_five_seconds_and_cancels_pass(desk):
    client_id = desk.placed()
    desk.is_hearing_market = False
    desk.run(5_600)
    assert desk.refusal(level="b1").code == "STALE_MARKET"
    answer = desk.ask(venue.CancelOrder(symbol=SYMBOL, venue_order_id=desk.row(client_id).gateway_id))
    assert isinstance(answer, venue.Cancelled)


@proves("data_age_ms_max")
def test_i5_age_counts_from_the_last_sign_of_life_not_from_the_last_change_of_price(desk):
    desk.is_hearing_market = False
    for _ in range(8):
        desk.run(1_000)
        desk.feed(m.UpstreamHeard(""))
    assert desk.placed()


@proves("book_silent_ms_max")
def test_f20_a_stream_that_answers_pings_and_sends_nothing_goes_stale(desk):
    desk.is_hearing_market = False
    desk.fault = lambda r: Fault("lose_answer") if isinstance(r, venue.GetBook) else Fault()
    for _ in range(32):
        desk.run(1_000)
        desk.feed(m.UpstreamHeard(""))
    assert desk.refusal().code == "STALE_MARKET"


@proves("book_silent_ms_max")
def test_f20_a_quiet_market_is_confirmed_by_rest_and_stays_open(desk):
    desk.is_hearing_market = False
    for _ in range(60):
        desk.run(1_000)
        desk.feed(m.UpstreamHeard(""))
        desk.ask(venue.GetOpenOrders())
    assert desk.placed()


def test_f20_a_frozen_stream_is_not_confirmed(desk):
    desk.is_hearing_market = False
    desk.run(600)
    desk.venue.bid -= 50
    for _ in range(6):
        desk.run(1_000)
        desk.feed(m.UpstreamHeard(""))
    assert "BOOK_FROZEN" in desk.refusal().text
    desk.is_hearing_market = True
    desk.run(1_000)
    assert desk.placed()


@proves("clock_skew_ms_max")
@pytest.mark.parametrize(("skew_ms", "passes"), [(900, True), (-900, True), (1_100, False), (-10_000, False)])
def test_f14_no_new_risk_when_the_clocks_differ_by_more_than_a_second(desk, skew_ms, passes):
    desk.venue.clock_offset_ms = skew_ms
    desk.run(10_500)
    request_id, _ = desk.place()
    desk.run(50)
    answer = desk.replies[request_id]
    assert isinstance(answer, venue.Placed) if passes else answer.code == "CLOCK_SKEW"


@proves("view_age_ms_max")
@pytest.mark.parametrize(
    ("age_ms", "tif", "passes"), [(2_900, "post_only", True), (3_100, "post_only", False), (9_000, "gtc", True)]
)
def test_a_post_only_order_from_an_old_view_is_refused_where_the_bot_states_it(desk, age_ms, tif, passes):
    request_id, _ = desk.place(time_in_force=tif, claims=m.Claims(view_ts_ms=desk.wall_ms - age_ms))
    desk.run(50)
    answer = desk.replies[request_id]
    assert isinstance(answer, venue.Placed) if passes else answer.code == "VIEW_TOO_OLD"


def desk_with_maintenance(begins_in_ms: int, lasts_ms: int = 20_000) -> Desk:
    tree = copy.deepcopy(TREE)
    start_ms = Desk().wall_ms + begins_in_ms
    tree["maintenance"] = [{"start_ms": start_ms, "end_ms": start_ms + lasts_ms, "note": "upgrade"}]
    return Desk(policy=parse_policy(tree)).start()


@proves("maintenance calendar")
def test_fee_04_no_new_risk_from_a_minute_before_announced_maintenance_to_its_end():
    desk = desk_with_maintenance(70_000)
    assert desk.placed()
    desk.run(10_000)
    assert desk.refusal(level="b1").code == "MAINTENANCE"
    desk.run(81_000)
    assert desk.placed(level="b1")


@proves("maintenance calendar")
def test_fee_04_f56_nothing_that_could_open_rests_when_the_venue_stops():
    desk = desk_with_maintenance(70_000)
    filled(desk, "buy", "0.002")
    desk.placed(level="b1")
    desk.placed("sell", None, "0.002", "d0", reduce_only=True)
    desk.run(12_000)
    assert [order.request.reduce_only for order in desk.venue.open_orders()] == [True]


@proves("maintenance calendar")
def test_fee_04_maintenance_is_said_a_day_and_an_hour_ahead_once_each():
    def said(desk: Desk) -> list[str]:
        decisions = desk.events(e.RiskDecisionV1)
        return [d["value"].partition(";")[0] for d in decisions if d["reason"] == "MAINTENANCE"]

    hour_ms = 3_600_000
    desk = desk_with_maintenance(24 * hour_ms + 30_000)
    assert said(desk) == []
    desk.run(60_000)
    assert said(desk) == ["begins in 1440 min"]
    late = desk_with_maintenance(hour_ms + 30_000)
    late.run(120_000)
    assert said(late) == ["begins in 60 min"] * 2, "what a late start missed at once, then the hour"
    last = desk_with_maintenance(hour_ms // 2)
    last.run(120_000)
    assert said(last) == ["begins in 29 min"]


@proves("release")
def test_k1_a_bot_whose_settings_are_not_the_released_ones_does_not_quote(desk):
    desk.feed(m.ReleaseChange({"bot1": m.Released("good", "anna")}))
    assert desk.refusal(claims=m.Claims(config_hash="old")).code == "RELEASE_MISMATCH"
    assert desk.refusal().code == "RELEASE_MISMATCH", "saying nothing is not a match"
    client_id = desk.placed(claims=m.Claims(config_hash="good"))
    assert (desk.row(client_id).config_hash, desk.row(client_id).approver) == ("good", "anna")


@proves("release")
@pytest.mark.parametrize(
    ("of_bot", "of_gateway", "passes"),
    [("new", "new", True), ("old", "new", False), ("", "new", False), ("new", "old", False)],
)
def test_k1_code_of_bot_and_gateway_must_be_the_released_one(desk, of_bot, of_gateway, passes):
    desk.feed(m.ReleaseChange({"bot1": m.Released("good", "anna", "new")}))
    desk.gateway.state.code_hash = of_gateway
    request_id, _ = desk.place(claims=m.Claims(config_hash="good", code_hash=of_bot))
    desk.run(50)
    answer = desk.replies[request_id]
    assert isinstance(answer, venue.Placed) if passes else answer.code == "RELEASE_MISMATCH"


@proves("fencing")
def test_i4_an_order_with_an_older_token_is_refused_also_after_a_restart(desk):
    assert desk.placed(claims=m.Claims(fence=7))
    assert desk.refusal(level="b1", claims=m.Claims(fence=6)).code == "NOT_LEADER"
    desk.restart()
    assert desk.refusal(level="b1", claims=m.Claims(fence=6)).code == "NOT_LEADER"
    assert desk.placed(level="b1", claims=m.Claims(fence=8))


# ------------------------------------------------------------------------------------------ states and overrides


@proves("door")
def test_rts6_14_the_door_is_shut_until_the_venue_was_read():
    desk = Desk()
    desk.fault = lambda r: Fault("lose_request") if isinstance(r, venue.GetPositions) else Fault()
    desk.start(until_open=False)
    desk.run(2_000)
    assert desk.refusal().code == "DOOR_SHUT"


@proves("latch")
@pytest.mark.parametrize("scope", ["bot:bot1", "account:bot1", "venue:bitget", "desk"])
def test_rts6_12_1_any_scope_can_be_halted_at_once(desk, scope):
    desk.placed()
    desk.set_latch(scope, "HALTED")
    desk.run(100)
    assert desk.venue.open_orders() == []
    assert desk.refusal(level="b1").code == "SCOPE_HALTED"


@proves("reducing")
def test_rts6_17_1_in_reducing_only_what_ends_at_flat_passes(desk):
    filled(desk, "buy", "0.005")
    desk.set_latch("desk", "REDUCING")
    assert desk.refusal("buy", level="b1").code == "SCOPE_REDUCING"
    assert desk.placed("sell", None, "0.005", "s0")


@proves("reduce-only")
def test_rts6_17_1_a_reduce_only_order_never_passes_flat(desk):
    filled(desk, "buy", "0.005")
    assert desk.refusal("sell", None, "0.006", "d0", reduce_only=True).code == "WOULD_FLIP"


@proves("heartbeat guard")
def test_rts6_12_1_a_bot_that_is_gone_has_nothing_resting(desk):
    desk.feed(m.BotSession("bot1", "opened"))
    desk.placed()
    desk.feed(m.BotSession("bot1", "closed"))
    desk.run(5_000)
    assert desk.venue.open_orders() == []


@proves("unknown outcome")
def test_i1_nothing_new_on_a_level_whose_order_nobody_can_account_for(desk):
    desk.fault = lambda r: Fault("lose_request")
    desk.place()
    desk.run(100)
    assert desk.refusal().code == "UNKNOWN_OUTCOME"


@proves("client order id")
def test_rts6_12_3_a_client_order_id_names_one_order_for_ever(desk):
    client_id = desk.placed()
    desk.restart()
    refused = desk.refusal(price="59000", client_id=client_id)
    assert refused.code == "DUPLICATE_CLIENT_ORDER_ID"
    assert desk.submits_at_venue() == [client_id], "refused here, not by the venue"
    told = [d for d in desk.events(e.RiskDecisionV1) if d["reason"] == "DUPLICATE_CLIENT_ORDER_ID"]
    assert told[0]["client_order_id"] == client_id


@proves("override")
def test_rts6_15_6_an_override_lets_one_order_pass_one_limit_once(desk):
    expires_ms = desk.wall_ms + 60_000
    desk.feed(m.Override("o1", "bot1", "order_value_quote_max", expires_ms, ("anna", "ben")))
    assert desk.placed(qty="0.02")
    used = [d for d in desk.events(e.RiskDecisionV1) if d["reason"] == "OVERRIDE_USED"]
    assert "anna and ben" in used[0]["value"]
    assert desk.refusal(qty="0.02", level="b1").code == "ORDER_VALUE_LIMIT"


@proves("override")
def test_rts6_15_6_an_override_expires_and_is_for_its_bot_and_limit_only(two_bots):
    expires_ms = two_bots.wall_ms + 1_000
    two_bots.feed(m.Override("o1", "bot1", "order_value_quote_max", expires_ms, ("anna", "ben")))
    assert two_bots.refusal(qty="0.02", bot="bot2").code == "ORDER_VALUE_LIMIT"
    assert two_bots.refusal(qty="0.11", bot="bot1").code == "ORDER_QTY_LIMIT"
    two_bots.run(1_000)
    assert two_bots.refusal(qty="0.02", bot="bot1").code == "ORDER_VALUE_LIMIT"


@proves("clock_skew_ms_max")
def test_f14_a_slow_answer_proves_less_about_the_clock(desk):
    desk.fault = lambda r: Fault(delay_ms=1_400) if isinstance(r, venue.GetTime) else Fault()
    desk.venue.clock_offset_ms = 1_300
    desk.run(25_000)
    desk.ask(venue.GetOpenOrders())
    assert desk.placed(), "2.8 s under way: 1.3 s may all be the way"


@proves("unexplained_orders_per_minute_max")
def test_k3_a_slow_bus_is_not_taken_for_a_mad_bot(desk):
    desk.feed(m.BotQuoted("bot1", 1, "abc", late_ms=4_000))
    for index in range(9):
        desk.placed(level=f"b{index}")
    desk.run(10_000)
    assert desk.tightened == []


@proves("override")
def test_rts6_15_6_an_override_of_one_limit_leaves_its_neighbours_in_force():
    desk = desk_with(bot__gross_notional_quote_max=100, bot__net_notional_quote_max=100)
    expires_ms = desk.wall_ms + 60_000
    desk.feed(m.Override("o1", "bot1", "gross_notional_quote_max", expires_ms, ("anna", "ben")))
    refused = desk.refusal(qty="0.002")
    assert "net_notional_quote_max=100" in refused.text, "both are looked at in one check"
    desk.feed(m.Override("o2", "bot1", "net_notional_quote_max", expires_ms, ("anna", "ben")))
    assert desk.placed(qty="0.002"), "the first was not used up by the order that was refused"
    assert desk.gateway.state.overrides == []


@proves("clock_skew_ms_max")
def test_f14_a_clock_that_was_not_compared_lately_is_not_known_and_takes_no_new_risk(desk):
    desk.fault = lambda r: Fault("lose_answer") if isinstance(r, venue.GetTime) else Fault()
    desk.run(75_000)
    desk.ask(venue.GetOpenOrders())
    refused = desk.refusal()
    assert refused.code == "CLOCK_SKEW"
    assert "last measured" in refused.text
    never = Desk()
    never.fault = desk.fault
    assert "never measured" in never.start().refusal().text
