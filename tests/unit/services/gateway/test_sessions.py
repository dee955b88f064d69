from services.common import venue
from services.contracts import events as e
from services.gateway import messages as m
from tests.fakes.gateway_desk import Fault
from tests.fakes.proofs import proves


def session(desk, what, bot="bot1"):
    desk.feed(m.BotSession(bot, what))


def test_a_closed_session_cancels_the_bots_orders_within_five_seconds(desk):
    session(desk, "opened")
    desk.placed(level="b0")
    desk.placed("sell", "60010", level="s0")
    session(desk, "closed")
    desk.run(5_000)
    assert desk.venue.open_orders() == []


def test_they_are_gone_within_five_seconds_even_when_two_cancels_are_refused(desk):
    session(desk, "opened")
    desk.placed()
    left = [2]

    def fault(request):
        if isinstance(request, venue.CancelOrder) and left[0]:
            left[0] -= 1
            return Fault("refuse", code="RATE_LIMITED")
        return Fault()

    desk.fault = fault
    session(desk, "closed")
    desk.run(5_000)
    assert desk.venue.open_orders() == []


def test_a_bot_that_reconnects_at_once_keeps_its_orders(desk):
    session(desk, "opened")
    desk.placed()
    session(desk, "closed")
    desk.run(1_000)
    session(desk, "opened")
    desk.run(6_000)
    assert len(desk.venue.open_orders()) == 1


def test_a_second_session_keeps_the_orders_when_the_first_one_closes(desk):
    session(desk, "opened")
    session(desk, "opened")
    desk.placed()
    session(desk, "closed")
    desk.run(6_000)
    assert len(desk.venue.open_orders()) == 1


def test_a_silent_session_cancels_and_is_forgiven_once_it_is_heard(desk):
    session(desk, "opened")
    desk.placed()
    session(desk, "silent")
    desk.run(500)
    assert desk.venue.open_orders() == []
    assert desk.refusal().code == "SESSION_CLOSED"
    session(desk, "heard")
    assert desk.placed(level="b1")


def test_without_its_session_a_bot_takes_no_new_risk_and_may_cancel(desk):
    session(desk, "opened")
    client_id = desk.placed()
    session(desk, "closed")
    desk.run(1_600)
    assert desk.refusal(level="b2").code == "SESSION_CLOSED"
    answer = desk.ask(venue.CancelOrder(symbol="BTC-USDT", venue_order_id=desk.row(client_id).gateway_id))
    assert isinstance(answer, venue.Cancelled | venue.Refused)


def test_the_guard_says_on_the_bus_what_it_did(desk):
    session(desk, "opened")
    desk.placed()
    session(desk, "closed")
    desk.run(2_000)
    decision = desk.events(e.RiskDecisionV1)[-1]
    assert (decision["decision"], decision["reason"]) == ("tightened", "SESSION_CLOSED")
    assert "1 orders cancelled" in decision["value"]


def test_a_bot_without_any_session_lives_by_its_signed_requests(desk):
    desk.placed()
    for _ in range(5):
        desk.run(20_000)
        desk.ask(venue.GetOpenOrders())
    assert len(desk.venue.open_orders()) == 1
    desk.run(33_000)
    assert desk.venue.open_orders() == []


def test_one_bots_lost_session_leaves_the_others_orders_alone(two_bots):
    two_bots.feed(m.BotSession("bot1", "opened"))
    two_bots.feed(m.BotSession("bot2", "opened"))
    two_bots.placed()
    other = two_bots.placed(bot="bot2")
    two_bots.feed(m.BotSession("bot1", "closed"))
    two_bots.run(3_000)
    assert [o.request.client_order_id for o in two_bots.venue.open_orders()] == [other]


@proves("heartbeat guard")
def test_rts6_12_1_a_bot_that_is_gone_has_nothing_resting(desk):
    desk.feed(m.BotSession("bot1", "opened"))
    desk.placed()
    desk.feed(m.BotSession("bot1", "closed"))
    desk.run(5_000)
    assert desk.venue.open_orders() == []
