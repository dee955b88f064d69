"""Conditions under which nobody takes new risk."""

import copy

import pytest

from services.common import venue
from services.contracts import events as e
from services.gateway import messages as m
from services.gateway.limits.policy import parse_policy
from tests.fakes.fake_venue import SYMBOL
from tests.fakes.gateway_desk import Desk, Fault
from tests.fakes.limits import TREE, filled
from tests.fakes.proofs import proves


@proves("bus")
def test_rts6_14_nobody_takes_new_risk_that_nobody_else_can_see_and_reducing_goes_on(desk):
    filled(desk, "buy", "0.005")
    desk.feed(m.BusBlind(15_000))
    assert desk.placed(level="b1")
    desk.feed(m.BusBlind(15_001))
    refused = desk.refusal(level="b2")
    assert (refused.code, "bus_blind_soft_ms=15000" in refused.text) == ("BUS_BLIND", True)
    assert desk.placed("sell", "60010", "0.005", level="d0", reduce_only=True)


@proves("bus")
def test_rts6_14_an_order_that_was_under_way_when_the_bus_went_does_not_leave(desk):
    desk.journal_delay_ms = 100
    request_id, client_id = desk.place(level="b1")
    desk.feed(m.BusBlind(16_000))
    desk.run(500)
    assert desk.replies[request_id].code == "BUS_BLIND"
    assert client_id not in desk.submits_at_venue()


@proves("bus")
def test_rts6_14_once_nothing_may_rest_only_what_reduces_at_once_passes(desk):
    filled(desk, "buy", "0.005")
    desk.feed(m.BusBlind(120_001))
    desk.run(500)
    refused = desk.refusal("sell", "60010", "0.005", level="d0", reduce_only=True)
    assert (refused.code, "bus_blind_hard_ms=120000" in refused.text) == ("BUS_BLIND", True)
    assert desk.placed("sell", "", "0.005", level="d0", order_type="market", reduce_only=True)


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


@proves("clock_skew_ms_max")
def test_f14_a_slow_answer_proves_less_about_the_clock(desk):
    desk.fault = lambda r: Fault(delay_ms=1_400) if isinstance(r, venue.GetTime) else Fault()
    desk.venue.clock_offset_ms = 1_300
    desk.run(25_000)
    desk.ask(venue.GetOpenOrders())
    assert desk.placed(), "2.8 s under way: 1.3 s may all be the way"


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
