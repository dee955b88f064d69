import copy
from decimal import Decimal

import pytest

from services.common import venue
from services.contracts import events as e
from services.gateway.limits.policy import parse_policy
from tests.fakes.fake_venue import SYMBOL
from tests.fakes.gateway_desk import Desk, Fault
from tests.fakes.limits import TREE, filled
from tests.fakes.proofs import proves


def places(request: venue.Request, kind: str, **fields: object) -> Fault:
    return Fault(kind, **fields) if isinstance(request, venue.PlaceOrder) else Fault()


def test_an_order_is_durable_before_the_venue_sees_it(desk):
    desk.journal_delay_ms = 40
    _, client_id = desk.place()
    desk.run(39)
    assert desk.submits_at_venue() == []
    desk.run(50)
    assert desk.submits_at_venue() == [client_id]


def test_the_bot_is_answered_with_the_gateways_own_order_id(desk):
    request_id, client_id = desk.place()
    desk.run(50)
    answer = desk.replies[request_id]
    assert isinstance(answer, venue.Placed)
    assert answer.client_order_id == client_id
    assert answer.venue_order_id.startswith("7000000000000000")
    assert answer.venue_order_id != desk.row(client_id).venue_id


def test_a_refusal_of_the_venue_reaches_the_bot_whole_and_frees_the_count(desk):
    desk.fault = lambda request: places(request, "refuse", code="INSUFFICIENT_MARGIN")
    assert desk.refusal().text == "INSUFFICIENT_MARGIN: by the test"
    assert desk.gateway.state.orders.open_count() == 0


def test_a_bot_that_was_refused_in_the_reply_is_not_told_by_the_stream_too(desk):
    """There it would read as cancelled, and if it came first, the level would be quoted again at once."""
    desk.fault = lambda request: places(request, "refuse", code="RATE_LIMITED")
    assert desk.refusal().code == "RATE_LIMITED"
    assert [push for _, push in desk.pushed if isinstance(push, venue.OrderPush)] == []


def test_a_refusal_that_comes_after_the_provisional_answer_is_told_by_the_stream(desk):
    desk.fault = lambda request: places(request, "refuse", code="RATE_LIMITED", delay_ms=2_000)  # and as long back
    request_id, _ = desk.place()
    desk.run(5_000)
    assert isinstance(desk.replies[request_id], venue.Placed)
    (push,) = (push for _, push in desk.pushed if isinstance(push, venue.OrderPush))
    assert (push.order.status, push.order.reason) == ("rejected", "RATE_LIMITED")
    ended = desk.events(e.OrderV1)[-1]
    assert (ended["state"], ended["reason"]) == ("REFUSED", "RATE_LIMITED"), (
        "bus and page hear why; the wire says canceled"
    )
    assert "by the test" in ended["detail"]


def test_a_lost_answer_is_asked_for_and_the_bot_hears_accepted_with_a_final_id(desk):
    desk.fault = lambda request: places(request, "lose_answer")
    request_id, client_id = desk.place()
    desk.run(100)
    desk.fault = lambda request: Fault()
    desk.run(900)
    answer = desk.replies[request_id]
    assert isinstance(answer, venue.Placed)
    assert answer.venue_order_id == desk.row(client_id).gateway_id
    assert desk.submits_at_venue() == [client_id], "asked for, never sent again"


def test_the_reply_is_held_three_seconds_then_says_accepted_under_an_id_that_stays(desk):
    desk.fault = lambda request: Fault("lose_request")
    request_id, client_id = desk.place()
    desk.run(2_990)
    assert request_id not in desk.replies
    desk.run(50)
    answer = desk.replies[request_id]
    assert isinstance(answer, venue.Placed)
    assert answer.venue_order_id == desk.row(client_id).gateway_id
    assert desk.row(client_id).state == "UNKNOWN"


def test_while_an_order_is_unknown_its_level_takes_no_new_risk_but_other_levels_do(desk):
    desk.fault = lambda request: (
        Fault("lose_request") if getattr(request, "client_order_id", "").endswith(".1") else Fault()
    )
    desk.place(level="b0")
    desk.run(500)
    refused = desk.refusal(level="b0")
    assert refused.code == "UNKNOWN_OUTCOME"
    assert desk.placed(level="b1")
    assert desk.placed("sell", "60010", level="s0")


def test_not_found_is_believed_only_after_ten_seconds_and_several_polls(desk):
    desk.fault = lambda request: places(request, "lose_request")
    _, client_id = desk.place()
    desk.run(9_500)
    assert desk.row(client_id).state == "UNKNOWN"
    desk.run(4_000)
    row = desk.row(client_id)
    assert (row.state, row.reason, row.is_tombstone) == ("CANCELLED", "NOT_FOUND_FINAL", True)
    polls = [r for r in desk.venue.asked if isinstance(r, venue.GetOrder)]
    assert len(polls) >= 5
    desk.fault = lambda request: Fault()
    assert desk.placed(level="b0"), "the level is free again"


def test_not_found_is_never_final_while_the_submit_itself_is_under_way(desk):
    desk.fault = lambda request: places(request, "none", delay_ms=15_000)
    _, client_id = desk.place()
    desk.run(14_500)
    assert desk.row(client_id).state == "UNKNOWN"
    desk.run(5_000)
    assert desk.row(client_id).state == "ACCEPTED"
    assert desk.venue.by_client(client_id).is_open


def test_a_fill_that_arrives_before_the_answer_answers_the_bot(desk):  # F03
    desk.fault = lambda request: places(request, "lose_answer")
    request_id, client_id = desk.place("buy", "60001", time_in_force="gtc")
    desk.run(30)
    assert isinstance(desk.replies[request_id], venue.Placed)
    assert desk.row(client_id).state == "FILLED"


def test_the_same_order_again_gets_the_same_answer_and_is_not_sent_again(desk):
    first, client_id = desk.place()
    desk.run(50)
    second, _ = desk.place(client_id=client_id)
    desk.run(50)
    assert desk.replies[first] == desk.replies[second]
    assert desk.submits_at_venue() == [client_id]
    assert desk.gateway.state.tallies["idempotency_hits"] == 1


def test_the_same_id_with_other_terms_is_refused(desk):  # F09
    client_id = desk.placed()
    assert desk.refusal(price="59000", client_id=client_id).code == "DUPLICATE_CLIENT_ORDER_ID"
    assert desk.gateway.state.tallies["idempotency_conflicts"] == 1


def test_the_same_id_while_the_first_is_under_way_is_refused(desk):
    _, client_id = desk.place()
    request_id, _ = desk.place(client_id=client_id)
    assert desk.replies[request_id].code == "DUPLICATE_CLIENT_ORDER_ID"
    desk.run(100)
    assert desk.submits_at_venue() == [client_id]


def test_an_order_refused_by_the_venue_may_be_tried_again_under_its_id(desk):
    desk.fault = lambda request: places(request, "refuse", code="POST_ONLY_WOULD_CROSS")
    _, client_id = desk.place()
    desk.run(50)
    desk.fault = lambda request: Fault()
    desk.place(client_id=client_id)
    desk.run(50)
    assert desk.row(client_id).state == "ACCEPTED"
    assert desk.row(client_id).attempt == 2


@pytest.mark.parametrize(("side", "worst"), [("buy", "60301.0"), ("sell", "59700.0")])
def test_a_market_order_leaves_with_the_collar_as_its_limit(desk, side, worst):
    _, client_id = desk.place(side, "", order_type="market")
    desk.run(50)
    sent = next(r for r in desk.venue.asked if isinstance(r, venue.PlaceOrder))
    assert (sent.order_type, sent.time_in_force, sent.price) == ("limit", "ioc", Decimal(worst))
    assert desk.row(client_id).order_type == "market"


def test_the_collar_of_a_market_sell_is_rounded_into_the_market(desk):
    desk.venue.bid = Decimal("59994.4")
    desk.run(600)
    desk.place("sell", "", order_type="market")
    desk.run(50)
    sent = next(r for r in desk.venue.asked if isinstance(r, venue.PlaceOrder))
    assert sent.price == Decimal("59694.5"), "up to the tick: never further through than the collar"


def test_a_caller_that_gives_no_id_gets_one_of_the_desks_shape(desk):
    request_id = desk.request(
        venue.PlaceOrder(
            symbol=SYMBOL,
            client_order_id="",
            side="buy",
            order_type="limit",
            time_in_force="gtc",
            qty_base=Decimal("0.001"),
            price=Decimal("59990"),
        )
    )
    desk.run(50)
    answer = desk.replies[request_id]
    assert answer.client_order_id.startswith("hb1-x-")
    assert len(answer.client_order_id) <= 32


def test_every_step_is_published_with_both_ids(desk):
    client_id = desk.placed()
    steps = [f for f in desk.events(e.OrderV1) if f["client_order_id"] == client_id]
    assert [f["state"] for f in steps] == ["SUBMITTING", "ACCEPTED"]
    assert steps[1]["venue_order_id"] == desk.row(client_id).venue_id
    assert steps[1]["gateway_order_id"] == desk.row(client_id).gateway_id


def test_a_refused_submit_is_a_risk_decision_on_the_bus(desk):
    refused = desk.refusal(qty="0.02")
    (decision,) = desk.events(e.RiskDecisionV1)[-1:]
    assert decision["decision"] == "refused"
    assert decision["reason"] == refused.code == "ORDER_VALUE_LIMIT"
    assert decision["limit"] == "order_value_quote_max=1000"
    assert decision["next_step"]


def test_margin_mode_leverage_and_position_mode_are_answered_from_policy_and_never_forwarded(desk):
    asked_before = len(desk.venue.asked)
    leverage = desk.ask(venue.SetLeverage(symbol=SYMBOL, leverage=100))
    mode = desk.ask(venue.SetPositionMode(position_mode="hedge_mode"))
    margin = desk.ask(venue.SetMarginMode(symbol=SYMBOL, margin_mode="isolated"))
    assert leverage.leverage == 5
    assert mode.position_mode == "one_way_mode"
    assert margin.margin_mode == "crossed"
    forwarded = [
        r
        for r in desk.venue.asked[asked_before:]
        if isinstance(r, venue.SetLeverage | venue.SetPositionMode | venue.SetMarginMode)
    ]
    assert forwarded == []


@proves("order type")
def test_an_order_that_waits_for_a_trigger_is_refused_and_not_placed_at_once(desk):
    """The gateway keeps no triggers; without its trigger a stop would trade the moment it is placed."""
    refused = desk.refusal("sell", "59900", trigger_price=Decimal("59000"))
    assert refused.code == "ORDER_TYPE_NOT_ALLOWED"
    assert "59000" in refused.text
    assert desk.submits_at_venue() == []


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


@proves("client order id")
def test_rts6_12_3_a_client_order_id_names_one_order_for_ever(desk):
    client_id = desk.placed()
    desk.restart()
    refused = desk.refusal(price="59000", client_id=client_id)
    assert refused.code == "DUPLICATE_CLIENT_ORDER_ID"
    assert desk.submits_at_venue() == [client_id], "refused here, not by the venue"
    told = [d for d in desk.events(e.RiskDecisionV1) if d["reason"] == "DUPLICATE_CLIENT_ORDER_ID"]
    assert told[0]["client_order_id"] == client_id
