"""What a bot does over a minute: repeated executions, orders nobody announced, attempts, fills of nobody."""

from decimal import Decimal

from services.gateway import messages as m
from tests.fakes.limits import desk_with, filled
from tests.fakes.proofs import proves


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


@proves("unexplained_orders_per_minute_max")
def test_k3_a_slow_bus_is_not_taken_for_a_mad_bot(desk):
    desk.feed(m.BotQuoted("bot1", 1, "abc", late_ms=4_000))
    for index in range(9):
        desk.placed(level=f"b{index}")
    desk.run(10_000)
    assert desk.tightened == []
