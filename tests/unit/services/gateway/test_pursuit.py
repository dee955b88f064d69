from decimal import Decimal

from services.common import venue
from services.contracts import events as e
from tests.fakes.gateway_desk import Fault


def cancel_of(desk, client_id):
    return venue.CancelOrder(symbol="BTC-USDT", venue_order_id=desk.row(client_id).gateway_id)


def fails_cancels(times: int, kind: str = "refuse", code: str = "RATE_LIMITED"):
    left = [times]

    def fault(request: venue.Request) -> Fault:
        if isinstance(request, venue.CancelOrder) and left[0]:
            left[0] -= 1
            return Fault(kind, code=code)
        return Fault()

    return fault


def test_a_cancel_ends_the_order_and_the_bot_hears_it_on_the_stream(desk):
    client_id = desk.placed()
    answer = desk.ask(cancel_of(desk, client_id))
    assert isinstance(answer, venue.Cancelled)
    assert desk.row(client_id).state == "CANCELLED"
    last = [push for _, push in desk.pushed if isinstance(push, venue.OrderPush)][-1]
    assert last.order.status == "canceled"


def test_a_throttled_cancel_is_repeated_until_it_is_done(desk):  # what stock Hummingbot waits sixty seconds for
    client_id = desk.placed()
    desk.fault = fails_cancels(4)
    request_id = desk.request(cancel_of(desk, client_id))
    desk.run(6_000)
    assert desk.row(client_id).state == "CANCELLED"
    assert isinstance(desk.replies[request_id], venue.Cancelled)


def test_a_cancel_without_answer_is_accepted_after_three_seconds_and_pursued(desk):
    client_id = desk.placed()
    desk.fault = fails_cancels(1, "hang")
    request_id = desk.request(cancel_of(desk, client_id))
    desk.run(3_100)
    assert isinstance(desk.replies[request_id], venue.Cancelled)


def test_a_cancel_of_a_filled_order_says_so_and_counts_the_fill(desk):  # F04
    client_id = desk.placed()
    order = desk.venue.by_client(client_id)
    desk.venue.trade(order.venue_id, Decimal("0.001"), is_heard=False)
    desk.venue.take_pushes()
    request_id = desk.request(cancel_of(desk, client_id))
    desk.run(2_000)
    assert desk.row(client_id).state == "FILLED"
    assert request_id in desk.replies
    assert len(desk.events(e.FillV1)) == 1


def test_a_fill_that_comes_after_the_cancel_is_counted(desk):  # F05
    client_id = desk.placed()
    order = desk.venue.by_client(client_id)
    fill = desk.venue.trade(order.venue_id, Decimal("0.0004"), is_heard=False)
    desk.venue.end(order.venue_id, "canceled", "CANCELLED_BY_USER")
    desk.deliver_pushes()
    desk.run(2_000)
    row = desk.row(client_id)
    assert (row.state, row.filled) == ("CANCELLED", Decimal("0.0004"))
    assert [f["trade_id"] for f in desk.events(e.FillV1)] == [fill.trade_id]


def test_a_cancel_of_an_unknown_order_is_kept_until_the_order_is_known(desk):
    desk.fault = lambda request: (
        Fault("lose_answer") if isinstance(request, venue.PlaceOrder) else Fault("lose_request")
    )
    _, client_id = desk.place()
    desk.run(3_100)
    desk.request(cancel_of(desk, client_id))
    desk.run(500)
    assert desk.venue.by_client(client_id).is_open
    desk.fault = lambda request: Fault()
    desk.run(4_000)
    assert not desk.venue.by_client(client_id).is_open
    assert desk.row(client_id).state == "CANCELLED"


def test_a_cancel_before_the_row_is_durable_keeps_the_order_off_the_wire(desk):
    desk.journal_delay_ms = 30
    request_id, client_id = desk.place()
    desk.request(cancel_of(desk, client_id))
    desk.run(200)
    assert desk.submits_at_venue() == []
    assert desk.row(client_id).state == "REFUSED"
    assert isinstance(desk.replies[request_id], venue.Refused)


def test_cancel_all_reaches_every_order_of_the_bot_and_no_other(two_bots):
    mine = [two_bots.placed(level=f"b{i}") for i in range(3)]
    other = two_bots.placed(bot="bot2")
    answer = two_bots.ask(venue.CancelOrders(symbol="BTC-USDT"))
    two_bots.run(500)
    assert {client_id for client_id, _ in answer.done} == set(mine)
    assert [o.request.client_order_id for o in two_bots.venue.open_orders()] == [other]


def test_an_order_cancelled_by_hand_at_the_venue_is_heard_even_if_the_push_is_lost(desk):
    client_id = desk.placed()
    order = desk.venue.by_client(client_id)
    desk.venue.end(order.venue_id, "canceled", "MANUAL", is_heard=False)
    desk.run(6_000)
    assert desk.row(client_id).state == "CANCELLED"


def test_a_bot_sees_and_cancels_only_its_own_orders(two_bots):
    other = two_bots.placed(bot="bot2")
    gateway_id = two_bots.row(other, "bot2").gateway_id
    answer = two_bots.ask(venue.CancelOrder(symbol="BTC-USDT", venue_order_id=gateway_id))
    assert answer.code == "ORDER_NOT_FOUND"
    assert two_bots.ask(venue.GetOpenOrders()) == ()
    assert two_bots.ask(venue.GetOrder(symbol="BTC-USDT", venue_order_id=gateway_id)).code == "ORDER_NOT_FOUND"


def test_a_not_found_answer_carries_no_digits(desk):
    answer = desk.ask(venue.CancelOrder(symbol="BTC-USDT", venue_order_id="43001"))
    assert not any(c.isdigit() for c in answer.text)


def test_fills_that_the_venue_does_not_list_are_asked_for_once_at_a_time(desk):
    client_id = desk.placed()
    desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal("0.001"), is_heard=False)
    asked = []

    def fault(request):
        if not isinstance(request, venue.GetFills):
            return Fault()
        if request.venue_order_id:
            asked.append(desk.mono_ms)
        return Fault("refuse", code="MAINTENANCE")

    desk.fault = fault
    desk.run(60_000)
    last_second = [at_ms for at_ms in asked if at_ms > desk.mono_ms - 1_000]
    assert 1 <= len(last_second) <= 2
    desk.fault = lambda _request: Fault()
    desk.run(1_000)
    assert desk.row(client_id).state == "FILLED"
    assert len(desk.events(e.FillV1)) == 1


def test_not_found_is_not_believed_before_ten_seconds_of_asking(desk):
    desk.fault = lambda request: Fault("lose_request") if isinstance(request, venue.PlaceOrder) else Fault()
    _, client_id = desk.place()
    desk.run(9_900)
    assert desk.row(client_id).state == "UNKNOWN"
    assert not desk.row(client_id).is_tombstone
    desk.run(6_000)
    assert desk.row(client_id).is_tombstone


def test_an_order_that_the_venue_has_forgotten_ends_although_every_list_asks_again(desk):
    client_id = desk.placed()
    del desk.venue.orders[desk.row(client_id).venue_id]
    desk.run(40_000)
    assert (desk.row(client_id).state, desk.row(client_id).reason) == ("CANCELLED", "NOT_FOUND_FINAL")


def test_an_order_that_the_venue_has_forgotten_ends_although_the_bot_cancels_it_every_second(desk):
    client_id = desk.placed()
    del desk.venue.orders[desk.row(client_id).venue_id]
    for _ in range(25):
        desk.request(cancel_of(desk, client_id))
        desk.run(1_000)
    assert desk.row(client_id).reason == "NOT_FOUND_FINAL"


def test_not_found_counts_anew_each_time_the_truth_is_asked_for(desk):
    """Four times not found, then alive after all: much later one more "not found" must not be the fifth."""
    desk.fault = lambda r: Fault("late", late_ms=5_000) if isinstance(r, venue.PlaceOrder) else Fault()
    _, client_id = desk.place()
    desk.run(4_500)
    row = desk.row(client_id)
    assert row.not_found >= 3
    desk.fault = lambda _request: Fault()
    desk.run(2_000)
    assert row.state == "ACCEPTED"
    order = desk.venue.by_client(client_id)
    desk.venue.trade(order.venue_id, Decimal("0.0004"))
    desk.deliver_pushes()
    desk.run(20_000)
    assert row.state == "PARTIALLY_FILLED"
    del desk.venue.orders[order.venue_id]
    desk.request(cancel_of(desk, client_id))
    desk.run(8_000)
    assert row.state == "PARTIALLY_FILLED", "asked for eight seconds only"
