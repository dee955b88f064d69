"""Order by order: value, quantity, price, and the price over a period."""

import pytest

from services.common import venue
from tests.fakes.limits import desk_with, filled, in_every_scope
from tests.fakes.proofs import proves


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
