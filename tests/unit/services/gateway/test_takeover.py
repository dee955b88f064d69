"""I4: two of the same bot, of which one has lost its lease."""

from decimal import Decimal

from services.gateway import messages as m
from tests.fakes.fake_venue import SYMBOL
from tests.fakes.gateway_desk import Desk


def test_a_token_counts_as_seen_also_when_its_order_was_refused(desk):
    """The new leader's first order meets a limit; the old one must not slip in behind it."""
    assert desk.refusal(price="70000", claims=m.Claims(fence=8)).code == "PRICE_COLLAR_AGGRESSIVE"
    assert desk.refusal(level="b1", claims=m.Claims(fence=7)).code == "NOT_LEADER"
    desk.restart()
    assert desk.refusal(level="b1", claims=m.Claims(fence=7)).code == "NOT_LEADER"


def test_an_order_that_waits_for_the_disk_while_the_lease_goes_is_not_sent(desk):
    desk.journal_delay_ms = 20
    old, client_id = desk.place(claims=m.Claims(fence=7))
    desk.run(10)
    desk.place(level="b1", claims=m.Claims(fence=8))
    desk.run(100)
    assert desk.replies[old].code == "NOT_LEADER"
    assert client_id not in desk.submits_at_venue()


def test_an_id_of_an_order_of_a_bot_that_is_not_served_any_more_is_never_given_again(two_bots):
    """The journal knows an order by it: given twice, the second would be written over the first."""
    mine = two_bots.placed(bot="bot1")
    theirs = two_bots.placed(bot="bot2")
    taken = {two_bots.row(mine).gateway_id, two_bots.row(theirs, "bot2").gateway_id}
    two_bots.crash()
    alone = Desk(bots=("bot1",))
    alone.durable, alone.venue, alone.mono_ms = two_bots.durable, two_bots.venue, two_bots.mono_ms
    alone.venue.now_ms = lambda: alone.wall_ms
    alone.start()
    again = alone.placed(level="b1", client_id="hb1-b1-later.1")
    assert alone.row(again).gateway_id not in taken


def test_a_bot_may_close_what_it_met_and_was_told_to_ignore():
    """One-way: venue and bot share one position. One long that is nobody's and one short of the bot read as flat."""
    desk = Desk()
    desk.policy = desk.policy._replace(first_connect="ignore")
    desk.venue.positions["bot1", SYMBOL] = Decimal("0.001")
    desk.start()
    assert desk.gateway.state.lanes["bot1"].positions == {}
    client_id = desk.placed("sell", "60010", "0.001", "a0")
    desk.venue.trade(desk.row(client_id).venue_id, Decimal("0.001"))
    desk.deliver_pushes()
    desk.run(30_000)
    assert desk.gateway.state.position_base("bot1", SYMBOL) == Decimal("-0.001")
    assert desk.gateway.state.lanes["bot1"].positions[SYMBOL].qty_base == Decimal("-0.001")
    assert desk.tightened == []
