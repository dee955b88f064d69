from decimal import Decimal

from services.common import venue
from services.contracts import events as e
from services.gateway import messages as m
from tests.fakes.gateway_desk import Desk, Fault


def test_before_the_venue_was_read_the_door_is_shut_with_a_reason():
    desk = Desk()
    desk.start(until_open=False)
    refused = desk.refusal() if not desk.gateway.state.lanes["bot1"].is_door_open else None
    assert refused is not None
    assert refused.code == "DOOR_SHUT"


def test_settings_are_answered_from_policy_behind_a_shut_door_too():
    """Hummingbot sets its margin mode as it connects; a refusal there keeps it away for a minute."""
    desk = Desk()
    desk.start(until_open=False)
    request_id = desk.request(venue.SetMarginMode(symbol="BTC-USDT", margin_mode="isolated"))
    assert not desk.gateway.state.lanes["bot1"].is_door_open
    assert desk.replies[request_id].margin_mode == "crossed"


def test_the_door_opens_only_when_every_order_of_an_earlier_life_is_gone(desk):
    for level in range(4):
        desk.placed(level=f"b{level}")
    desk.restart(until_open=False)
    while not desk.gateway.state.lanes["bot1"].is_door_open:
        desk.run(10)
    assert desk.venue.open_orders() == []
    assert desk.gateway.state.orders.open_count() == 0


def test_nothing_is_ever_sent_from_a_row_of_an_earlier_life(desk):
    desk.fault = lambda request: Fault("hang") if isinstance(request, venue.PlaceOrder) else Fault()
    _, client_id = desk.place()
    desk.run(2)  # durable, and the question is on its way: the venue will get it after the crash
    desk.fault = lambda request: Fault()
    desk.restart()
    desk.run(20_000)
    assert desk.submits_at_venue().count(client_id) <= 1
    assert desk.venue.open_orders() == []


def test_a_submitting_row_that_never_reached_the_venue_is_unknown_then_gone(desk):
    desk.fault = lambda request: Fault("lose_request") if isinstance(request, venue.PlaceOrder) else Fault()
    _, client_id = desk.place()
    desk.run(3)
    desk.fault = lambda request: Fault()
    desk.restart()
    assert desk.row(client_id).state == "UNKNOWN"
    assert desk.refusal(level="b0").code == "UNKNOWN_OUTCOME"
    desk.run(14_000)
    assert desk.row(client_id).reason == "NOT_FOUND_FINAL"
    assert desk.placed(level="b0")


def test_an_order_that_was_not_durable_was_never_sent(desk):
    desk.journal_delay_ms = 50
    _, client_id = desk.place()
    desk.run(20)
    desk.restart()
    desk.run(5_000)
    assert client_id not in desk.submits_at_venue()
    assert desk.gateway.state.orders.by_client_id("bot1", client_id) is None


def test_fills_missed_while_it_was_down_are_imported_before_the_door_opens(desk):
    client_id = desk.placed()
    desk.crash()
    desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal("0.0006"))
    desk.venue.take_pushes()
    desk.mono_ms += 60_000
    desk.start()
    assert desk.gateway.state.position_base("bot1", "BTC-USDT") == Decimal("0.0006")
    row = desk.row(client_id)
    assert (row.state, row.filled) == ("CANCELLED", Decimal("0.0006"))
    assert [f["base_qty"] for f in desk.events(e.FillV1)] == [Decimal("0.0006")]


def test_a_fill_is_not_counted_again_by_the_next_life(desk):
    client_id = desk.placed()
    desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal("0.001"))
    desk.deliver_pushes()
    desk.run(100)
    desk.restart()
    desk.restart()
    assert len(desk.events(e.FillV1)) == 1
    assert desk.gateway.state.position_base("bot1", "BTC-USDT") == Decimal("0.001")


def test_the_virtual_account_survives(desk):
    client_id = desk.placed()
    desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal("0.001"))
    desk.deliver_pushes()
    desk.run(100)
    desk.run(6_000)  # the fill has been read by poll too
    before = desk.gateway.state.accounts["bot1"].record()
    desk.restart()
    assert desk.gateway.state.accounts["bot1"].record() == before


def test_gateway_ids_are_never_given_twice(desk):
    first = desk.row(desk.placed()).gateway_id
    desk.restart()
    assert int(desk.row(desk.placed()).gateway_id) > int(first)


def test_a_position_that_fills_do_not_explain_is_a_break_and_the_bot_may_only_reduce(desk):
    desk.crash()
    desk.venue.positions["bot1", "BTC-USDT"] = Decimal("0.5")
    desk.start()
    assert "position_mismatch" in [b["what"] for b in desk.events(e.BreakV1)]
    assert desk.refusal().code == "SCOPE_REDUCING"


def test_what_an_account_holds_at_the_first_connect_is_adopted():
    desk = Desk()
    desk.venue.positions["bot1", "BTC-USDT"] = Decimal("0.5")
    desk.start()
    assert desk.gateway.state.position_base("bot1", "BTC-USDT") == Decimal("0.5")
    assert desk.events(e.BreakV1) == []
    assert desk.placed()


def test_an_account_that_must_be_empty_at_the_first_connect_may_only_reduce():
    desk = Desk()
    desk.policy = desk.policy._replace(first_connect="refuse")
    desk.venue.positions["bot1", "BTC-USDT"] = Decimal("0.5")
    desk.start()
    assert desk.refusal().code == "SCOPE_REDUCING"


def test_while_the_venue_does_not_answer_the_door_stays_shut_and_opens_after():
    desk = Desk()
    desk.fault = lambda request: Fault("lose_request")
    desk.start(until_open=False)
    desk.run(5_000)
    assert not desk.gateway.state.lanes["bot1"].is_door_open
    desk.fault = lambda request: Fault()
    desk.run(2_000)
    assert desk.gateway.state.lanes["bot1"].is_door_open
    assert desk.placed(), "the clock was compared as soon as the venue answered, not ten seconds later"


def test_a_failed_query_of_positions_is_not_taken_as_flat(desk):  # F57
    client_id = desk.placed()
    desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal("0.001"))
    desk.deliver_pushes()
    desk.run(100)
    desk.fault = lambda request: Fault("lose_answer") if isinstance(request, venue.GetPositions) else Fault()
    desk.feed(m.UpstreamLink("bot1", False))
    desk.feed(m.UpstreamLink("bot1", True))
    desk.run(3_000)
    assert not desk.gateway.state.lanes["bot1"].is_synced
    assert desk.ask(venue.GetPositions())[0].qty_base == Decimal("0.001")


def test_at_the_door_the_gateway_sets_policy_at_the_venue_itself(desk):
    desk.run(50)
    sent = [r for r in desk.venue.asked if isinstance(r, venue.SetLeverage)]
    assert [r.leverage for r in sent] == [5]


def test_what_is_ignored_at_the_first_connect_stays_out_of_every_account(desk):
    other = Desk()
    other.policy = other.policy._replace(first_connect="ignore")
    other.venue.positions["bot1", "BTC-USDT"] = Decimal("0.5")
    other.start()
    assert other.ask(venue.GetPositions()) == ()
    client_id = other.placed()
    other.venue.trade(other.venue.by_client(client_id).venue_id, Decimal("0.001"))
    other.deliver_pushes()
    other.run(20)
    assert other.ask(venue.GetPositions())[0].qty_base == Decimal("0.001")
    other.restart()
    other.run(30_000)
    assert other.events(e.BreakV1) == []


def test_a_foreign_order_at_the_first_connect_is_refused_too():
    desk = Desk()
    desk.policy = desk.policy._replace(first_connect="refuse")
    desk.venue.place_by_hand("bot1", "web-1", Decimal("0.001"), Decimal("59000"))
    desk.start()
    assert desk.refusal().code == "SCOPE_REDUCING"


def test_what_was_traded_before_the_first_connect_is_not_the_desks():
    desk = Desk()
    earlier = desk.venue.place_by_hand("bot1", "web-1", Decimal("0.003"), Decimal("59000"))
    desk.venue.trade(earlier.venue_id, Decimal("0.003"))
    desk.venue.take_pushes()
    desk.start()
    desk.run(30_000)  # fills are polled with an overlap
    account = desk.gateway.state.accounts["bot1"]
    assert (account.suspense_quote, account.fees_quote) == (0, 0)
    assert account.holding("BTC-USDT").qty_base == Decimal("0.003"), "adopted with the position"
    assert desk.tightened == []
    desk.restart()
    desk.run(30_000)
    assert desk.tightened == []
    assert desk.placed()


def test_what_is_traded_by_another_hand_after_the_first_connect_is_suspense_as_ever(desk):
    stranger = desk.venue.place_by_hand("bot1", "web-1", Decimal("0.003"), Decimal("59000"))
    desk.venue.trade(stranger.venue_id, Decimal("0.003"), is_heard=False)
    desk.run(10_000)
    assert desk.gateway.state.accounts["bot1"].suspense_quote == Decimal("177")


def test_a_difference_of_positions_is_told_once_however_often_the_account_is_read_again():
    desk = Desk()
    desk.start()
    desk.crash()
    desk.venue.positions["bot1", "BTC-USDT"] = Decimal("0.5")
    desk.venue.key_rights = ("read", "trade", "withdraw")  # the door stays shut, and everything is read every 5 s
    desk.start(until_open=False)
    desk.run(60_000)
    assert len([b for b in desk.events(e.BreakV1) if b["what"] == "position_mismatch"]) == 1
