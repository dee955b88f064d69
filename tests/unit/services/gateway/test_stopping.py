from services.common import venue
from services.contracts import events as e
from services.gateway import messages as m
from tests.fakes.gateway_desk import Fault


def test_draining_refuses_new_risk_cancels_everything_and_reads_zero(two_bots):
    two_bots.placed()
    two_bots.placed(bot="bot2")
    two_bots.feed(m.Drain())
    assert two_bots.refusal(level="b3").code == "DOOR_SHUT"
    two_bots.run(3_000)
    assert two_bots.drained == [0]
    assert two_bots.venue.open_orders() == []


def test_draining_gives_up_in_time_when_the_venue_is_away_and_says_what_it_knows(desk):
    desk.placed()
    desk.fault = lambda request: Fault("lose_request")
    desk.feed(m.Drain())
    desk.run(7_000)
    assert desk.drained == [None]
    assert desk.gateway.state.orders.open_count() == 1


def test_halting_a_scope_cancels_its_orders_and_refuses_new_ones(two_bots):
    two_bots.placed()
    other = two_bots.placed(bot="bot2")
    two_bots.set_latch("bot:bot1", "HALTED")
    two_bots.run(100)
    assert [o.request.client_order_id for o in two_bots.venue.open_orders()] == [other]
    assert two_bots.refusal().code == "SCOPE_HALTED"
    assert two_bots.placed(bot="bot2", level="b4")


def test_a_latch_of_the_kill_switch_is_called_so(desk):
    desk.set_latch("desk", "HALTED", actor="kill_switch")
    refused = desk.refusal()
    assert refused.code == "KILL_SWITCH_ACTIVE"
    assert "kill_switch" in refused.text


def test_an_unreadable_latch_halts_every_bot_and_cancels(two_bots):
    two_bots.placed()
    two_bots.placed(bot="bot2")
    two_bots.feed(m.LatchChange(None))
    two_bots.run(200)
    assert two_bots.venue.open_orders() == []
    assert two_bots.refusal(bot="bot2").code == "SCOPE_HALTED"


def test_an_order_caught_by_a_latch_between_journal_and_wire_is_not_sent(desk):
    desk.journal_delay_ms = 30
    request_id, _ = desk.place()
    desk.set_latch("bot:bot1", "HALTED")
    desk.run(200)
    assert desk.submits_at_venue() == []
    assert isinstance(desk.replies[request_id], venue.Refused)


def test_after_a_kill_the_venue_is_empty_and_stays_empty_until_a_person_rearms(desk):  # I6
    for level in range(3):
        desk.placed(level=f"b{level}")
    desk.set_latch("desk", "HALTED", actor="kill_switch")
    desk.run(500)
    assert desk.venue.open_orders() == []
    for level in range(3):
        desk.place(level=f"b{level}")
    desk.restart()
    desk.place()
    desk.run(5_000)
    assert desk.venue.open_orders() == []
    desk.set_latch("desk", "ACTIVE")
    assert desk.placed()


def test_a_journal_that_cannot_be_written_stops_new_risk_and_leaves_nothing_resting(desk):  # F34, F35
    client_id = desk.placed()
    desk.journal_delay_ms = 1_000_000
    request_id, unsent = desk.place(level="b1")
    desk.feed(m.JournalFailed("disk full"))
    desk.run(500)
    assert desk.replies[request_id].code == "JOURNAL_FAILED"
    assert desk.submits_at_venue() == [client_id], "what is not durable is not sent"
    assert desk.venue.open_orders() == []
    assert unsent not in desk.submits_at_venue()


def test_a_bus_that_is_gone_stops_new_risk_after_fifteen_seconds_and_empties_the_book_after_two_minutes(desk):
    desk.placed()
    desk.feed(m.BusBlind(16_000))
    assert desk.refusal(level="b1").code == "BUS_BLIND"
    assert len(desk.venue.open_orders()) == 1
    desk.feed(m.BusBlind(121_000))
    desk.run(500)
    assert desk.venue.open_orders() == []
    desk.feed(m.BusBlind(0))
    assert desk.placed(level="b2")


def test_a_tightening_is_on_the_bus_with_who_and_why(desk):
    from decimal import Decimal

    stranger = desk.venue.place_by_hand("bot1", "web-1", Decimal("0.001"), Decimal("59000"))
    desk.venue.trade(stranger.venue_id, Decimal("0.001"))
    desk.deliver_pushes()
    desk.run(100)
    (latch,) = desk.events(e.LatchV1)
    assert (latch["scope"], latch["state"], latch["actor"]) == ("bot:bot1", "REDUCING", "gateway")


def test_an_order_that_the_disk_holds_up_is_refused_and_never_sent(desk):  # F35
    desk.journal_delay_ms = 8_000
    request_id, client_id = desk.place()
    cancel_id = desk.request(venue.CancelOrder(symbol="BTC-USDT", venue_order_id=desk.row(client_id).gateway_id))
    desk.run(3_100)
    assert desk.replies[request_id].code == "JOURNAL_FAILED"
    assert cancel_id in desk.replies
    desk.journal_delay_ms = 1
    desk.run(20_000)
    assert desk.submits_at_venue() == []
    assert desk.placed()
