from decimal import Decimal

from services.common import venue
from services.contracts import events as e
from services.gateway import messages as m
from tests.fakes.gateway_desk import Fault


def test_a_ghost_is_cancelled_and_reported_within_ten_seconds(desk):
    """Taken as never placed after all that asking, and then it is alive."""

    desk.fault = lambda request: Fault("lose_request") if isinstance(request, venue.PlaceOrder) else Fault()
    _, client_id = desk.place()
    desk.run(15_000)
    assert desk.row(client_id).is_tombstone
    desk.venue.place_by_hand("bot1", client_id, Decimal("0.001"), Decimal("59990"))
    desk.run(10_000)
    assert desk.venue.open_orders() == []
    assert [b["what"] for b in desk.events(e.BreakV1)] == ["ghost_order"]
    assert "GHOST" in [o["state"] for o in desk.events(e.OrderV1)]


def test_an_order_with_our_prefix_and_no_row_is_cancelled_and_reported(desk):
    desk.venue.place_by_hand("bot1", "hb1-b0-zzz.9", Decimal("0.001"), Decimal("59990"))
    desk.run(10_000)
    assert desk.venue.open_orders() == []
    assert [b["what"] for b in desk.events(e.BreakV1)] == ["orphan_order"]


def test_an_order_that_is_not_ours_is_reported_once_and_left_alone(desk):
    desk.venue.place_by_hand("bot1", "web-77", Decimal("0.001"), Decimal("59990"))
    desk.run(30_000)
    assert len(desk.venue.open_orders()) == 1
    assert [b["what"] for b in desk.events(e.BreakV1)] == ["foreign_order"]


def test_a_ghost_whose_cancel_is_refused_is_hunted_on(desk):

    left = [3]

    def fault(request):
        if isinstance(request, venue.CancelOrder) and left[0]:
            left[0] -= 1
            return Fault("refuse", code="RATE_LIMITED")
        return Fault()

    desk.fault = fault
    desk.venue.place_by_hand("bot1", "hb1-b0-zzz.9", Decimal("0.001"), Decimal("59990"))
    desk.run(10_000)
    assert desk.venue.open_orders() == []
    assert len(desk.events(e.BreakV1)) == 1


def test_an_order_that_ended_while_the_list_was_on_its_way_is_no_ghost(desk):

    client_id = desk.placed()
    desk.fault = lambda request: Fault(delay_ms=60) if isinstance(request, venue.GetOpenOrders) else Fault()
    while not any(isinstance(r, venue.GetOpenOrders) for r in desk.venue.asked[-1:]):
        desk.run(1)
    desk.venue.end(desk.venue.by_client(client_id).venue_id, "canceled", "MANUAL")
    desk.deliver_pushes()
    desk.run(1_000)
    assert desk.events(e.BreakV1) == []


def test_while_the_private_stream_is_down_what_arrives_late_is_hunted_all_the_same(desk):
    desk.feed(m.UpstreamLink("bot1", False))
    desk.run(1_000)
    desk.venue.place_by_hand("bot1", "hb1-b0-zzz.9", Decimal("0.001"), Decimal("59990"))
    desk.run(10_000)
    assert desk.venue.open_orders() == []
    assert [b["what"] for b in desk.events(e.BreakV1)] == ["orphan_order"]


def test_after_every_reconnect_the_open_orders_are_listed_before_new_risk(desk):
    desk.feed(m.UpstreamLink("bot1", False))
    desk.venue.place_by_hand("bot1", "hb1-b0-zzz.9", Decimal("0.001"), Decimal("59990"))
    asked = len(desk.venue.asked)
    desk.feed(m.UpstreamLink("bot1", True))
    assert desk.refusal().code == "VENUE_UNREACHABLE"
    desk.run(200)
    assert isinstance(desk.venue.asked[asked], venue.GetOpenOrders)
    assert desk.venue.open_orders() == []


def test_a_ghost_that_cannot_be_cancelled_is_tried_twice_a_second_and_not_ever_more_often(desk):
    """Every list finds it anew; a chain of cancels for each would eat the budget that other cancels need."""
    tried = []

    def fault(request):
        if not isinstance(request, venue.CancelOrder):
            return Fault()
        tried.append(desk.mono_ms)
        return Fault("refuse", code="VENUE_UNREACHABLE")

    desk.fault = fault
    desk.venue.place_by_hand("bot1", "hb1-b0-zzz.9", Decimal("0.001"), Decimal("59990"))
    desk.run(120_000)
    tried.clear()
    desk.run(60_000)
    assert 100 <= len(tried) <= 125
    desk.fault = lambda _request: Fault()
    desk.run(6_000)
    assert desk.venue.open_orders() == []
    asked = len(desk.venue.asked)
    desk.run(2_000)
    assert not [r for r in desk.venue.asked[asked:] if isinstance(r, venue.CancelOrder)], "and then no more"
