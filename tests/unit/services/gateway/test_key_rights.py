"""SEC-03: a venue key that may do more than read and trade opens no door."""

import pytest

from services.common import venue
from services.contracts import events as e
from services.gateway import messages as m
from tests.fakes.gateway_desk import Desk, Fault
from tests.fakes.proofs import proves

READ_AND_TRADE = ("read", "trade")


def held_by(*rights: str) -> Desk:
    desk = Desk()
    desk.venue.key_rights = rights
    desk.start(until_open=False)
    desk.run(3_000)
    return desk


@proves("key rights")
@pytest.mark.parametrize("beyond", ["withdraw", "transfer", "sub_account", "p2p", "loan", "a_word_nobody_knows"])
def test_sec_03_a_key_that_may_do_more_than_trade_keeps_the_door_shut(beyond):
    desk = held_by(*READ_AND_TRADE, beyond)
    refused = desk.refusal()
    assert refused.code == "DOOR_SHUT"
    assert f"KEY_RIGHTS: the venue key may {beyond}" in refused.text
    assert desk.submits_at_venue() == []
    (told,) = [b for b in desk.events(e.BreakV1) if b["what"] == "key_rights"]
    assert (told["severity"], told["theirs"]) == ("critical", f"it may {beyond}")
    desk.run(60_000)
    assert len([b for b in desk.events(e.BreakV1) if b["what"] == "key_rights"]) == 1, "told once"


@proves("key rights")
@pytest.mark.parametrize("code", ["NOT_IN_DIALECT", "UNSUPPORTED", "AUTH_FAILED"])
def test_sec_03_a_venue_that_does_not_say_what_the_key_may_do_keeps_the_door_shut(code):
    desk = Desk()
    desk.fault = lambda r: Fault("refuse", code=code) if isinstance(r, venue.GetKeyRights) else Fault()
    desk.start(until_open=False)
    desk.run(3_000)
    assert not desk.gateway.state.lanes["bot1"].is_door_open
    desk.fault = lambda _request: Fault()
    desk.run(20_000)
    assert desk.gateway.state.lanes["bot1"].is_door_open


def test_the_venue_is_not_asked_more_than_once_a_second_what_a_key_may_do():
    desk = held_by(*READ_AND_TRADE, "withdraw")
    asked = len([r for r in desk.venue.asked if isinstance(r, venue.GetKeyRights)])
    assert asked == 1, "its limit is one a second for all of an account's keys"


def test_what_earlier_lives_left_is_cancelled_behind_the_shut_door(desk):
    desk.placed()
    desk.crash()
    desk.venue.key_rights = (*READ_AND_TRADE, "withdraw")
    desk.start(until_open=False)
    desk.run(3_000)
    assert desk.venue.open_orders() == []


def test_a_right_that_is_added_while_the_desk_runs_shuts_the_door_within_the_hour(desk):
    desk.placed()
    desk.venue.key_rights = (*READ_AND_TRADE, "withdraw")
    desk.run(3_601_000)
    assert desk.venue.open_orders() == []
    assert desk.refusal(level="b1").code == "DOOR_SHUT"
    desk.venue.key_rights = READ_AND_TRADE
    desk.feed(m.UpstreamLink("bot1", False))
    desk.feed(m.UpstreamLink("bot1", True))
    desk.run(3_000)
    assert desk.gateway.state.lanes["bot1"].is_door_open, "asked again with the next session"


def test_a_bot_that_asks_what_its_own_key_may_do_is_told_by_the_gateway(desk):
    before = len([r for r in desk.venue.asked if isinstance(r, venue.GetKeyRights)])
    assert desk.ask(venue.GetKeyRights()) == venue.KeyRights(rights=READ_AND_TRADE)
    assert len([r for r in desk.venue.asked if isinstance(r, venue.GetKeyRights)]) == before


def test_a_door_that_a_right_has_shut_opens_by_itself_once_the_right_is_gone_and_its_lane_is_looked_after(desk):
    client_id = desk.placed()
    desk.venue.key_rights = (*READ_AND_TRADE, "withdraw")
    desk.run(3_601_000)
    desk.venue.place_by_hand("bot1", "hb1-b0-zzz.9", desk.venue.by_client(client_id).request.qty_base, desk.venue.bid)
    desk.run(20_000)
    assert desk.venue.open_orders() == [], "ghosts are hunted behind the shut door too"
    desk.venue.key_rights = READ_AND_TRADE
    desk.run(10_000)
    assert desk.gateway.state.lanes["bot1"].is_door_open
    assert len([b for b in desk.events(e.BreakV1) if b["what"] == "key_rights"]) == 1, "told once"
