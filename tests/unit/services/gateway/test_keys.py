from services.common import venue
from services.contracts import events as e
from services.gateway import messages as m
from services.gateway.status import status
from tests.fakes.gateway_desk import NO_FAULT, Desk, Fault


def revoked(request):
    return Fault("refuse", "AUTH_FAILED") if request.account_id == "bot1" else NO_FAULT


def asked_with_the_key(desk):
    return sum(request.account_id == "bot1" for request in desk.venue.asked)


def taken_back(desk):
    desk.fault = lambda _request: NO_FAULT


def door(desk, bot="bot1"):
    return status(desk.gateway.state)["door"][bot]


def test_f46_a_revoked_key_shuts_the_door_by_its_name_and_is_asked_for_every_ten_seconds(two_bots):
    two_bots.fault = revoked
    assert two_bots.refusal().code == "AUTH_FAILED"
    two_bots.run(1_000)
    assert not door(two_bots)["open"]
    assert door(two_bots)["detail"] == "AUTH_FAILED: by the test"
    assert two_bots.refusal().code == "AUTH_FAILED"
    asked = asked_with_the_key(two_bots)
    two_bots.run(60_000)
    assert asked_with_the_key(two_bots) - asked <= 7
    assert two_bots.placed(bot="bot2"), "another bot's key is its own"


def test_f46_it_is_told_once_and_its_end_too(desk):
    desk.fault = revoked
    desk.run(60_000)
    taken_back(desk)
    desk.run(11_000)
    assert desk.placed()
    told = [d for d in desk.events(e.RiskDecisionV1) if d["limit"] == "a key that the venue takes"]
    told = [(d["decision"], d["reason"]) for d in told if d["decision"] != "refused"]
    assert told == [("tightened", "AUTH_FAILED"), ("loosened", "NORMAL_STATE")]


def test_f46_a_cancel_is_tried_all_the_while_and_done_once_the_key_is_taken_again(desk):
    client_id = desk.placed()
    desk.fault = revoked
    desk.request(venue.CancelOrder(symbol="BTC-USDT", venue_order_id=desk.row(client_id).gateway_id))
    desk.run(30_000)
    assert desk.venue.by_client(client_id).is_open
    taken_back(desk)
    desk.run(2_500)
    assert not desk.venue.by_client(client_id).is_open


def test_f46_a_login_that_is_refused_at_the_start_is_why_the_door_is_shut():
    desk = Desk()
    desk.start(until_open=False)
    desk.feed(m.UpstreamLink("bot1", False, "refused: Apikey does not exist"))
    desk.run(5_000)
    assert door(desk) == {"open": False, "detail": "refused: Apikey does not exist"}
    assert "Apikey does not exist" in desk.refusal().text
    desk.feed(m.UpstreamLink("bot1", True))
    desk.run(5_000)
    assert door(desk) == {"open": True, "detail": ""}
