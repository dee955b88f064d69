"""Messages per second and minute, the venue's budget, the circuit of an operation."""

import pytest

from services.common import venue
from services.contracts import events as e
from tests.fakes.fake_venue import SYMBOL
from tests.fakes.gateway_desk import Fault
from tests.fakes.limits import desk_with
from tests.fakes.proofs import proves


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
