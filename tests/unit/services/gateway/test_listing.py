from decimal import Decimal

import msgspec

from services.common import venue
from services.contracts import events as e
from tests.fakes.fake_venue import RULES
from tests.fakes.gateway_desk import NO_FAULT, Fault

COARSER = msgspec.structs.replace(RULES, tick_size=Decimal(1))


def refusing(code):
    return lambda request: Fault("refuse", code) if isinstance(request, venue.PlaceOrder) else NO_FAULT


def listings_asked(desk):
    return sum(isinstance(request, venue.GetInstruments) for request in desk.venue.asked)


def told(desk, reason):
    return [d for d in desk.events(e.RiskDecisionV1) if d["reason"] == reason]


def tick_size(desk):
    (rules,) = desk.ask(venue.GetInstruments())
    return rules.tick_size


def test_f15_rules_that_change_are_read_anew_within_a_minute_and_told_once(desk):
    desk.venue.rules = (COARSER,)
    desk.run(61_000)
    assert tick_size(desk) == 1
    desk.run(120_000)
    (said,) = told(desk, "RULES_CHANGED")
    assert (said["value"], said["limit"]) == ("tick_size 0.1 -> 1", "the venue's list")
    assert (said["scope"], said["symbol"]) == ("instrument:BTC-USDT", "BTC-USDT")


def test_f15_after_a_refusal_by_the_rules_a_bot_that_asks_gets_the_new_ones_at_once(desk):
    assert tick_size(desk) == Decimal("0.1")
    desk.venue.rules = (COARSER,)
    desk.fault = refusing("PRICE_NOT_ON_TICK")
    request_id, _ = desk.place()
    while request_id not in desk.replies:
        desk.run(1)
    assert tick_size(desk) == 1


def test_f15_a_storm_of_such_refusals_asks_the_venue_once_in_two_seconds(desk):
    before = listings_asked(desk)
    desk.fault = refusing("QTY_BELOW_MIN")
    for level in range(12):
        desk.refusal(level=f"b{level}")
    desk.run(2_000)
    assert listings_asked(desk) - before == 1


def test_f55_a_halted_pair_waits_for_every_bot_and_is_tried_again_after_half_a_minute(two_bots):
    two_bots.fault = refusing("SYMBOL_HALTED")
    assert two_bots.refusal().code == "SYMBOL_HALTED"
    sent = len(two_bots.submits_at_venue())
    for _ in range(26):
        two_bots.run(1_000)
        assert two_bots.refusal(bot="bot1").code == "QUARANTINED"
        assert two_bots.refusal(bot="bot2").code == "QUARANTINED"
    assert len(two_bots.submits_at_venue()) == sent
    two_bots.fault = lambda _request: NO_FAULT
    two_bots.run(5_000)
    assert two_bots.placed(bot="bot2")


def test_f55_a_delisted_pair_takes_no_new_risk_and_its_orders_are_cancelled_as_the_venue_says(desk):
    client_id = desk.placed()
    desk.venue.rules = (msgspec.structs.replace(RULES, symbol="ETH-USDT"),)
    desk.venue.end(desk.venue.by_client(client_id).venue_id, "canceled", "DELISTED")
    desk.deliver_pushes()
    desk.run(61_000)
    assert desk.row(client_id).state == "CANCELLED"
    assert desk.refusal().code == "UNKNOWN_SYMBOL"
    assert next(d["decision"] for d in told(desk, "UNKNOWN_SYMBOL")) == "tightened"
    desk.venue.rules = (RULES,)
    desk.run(61_000)
    assert desk.placed()


def test_a_list_that_comes_empty_is_not_a_venue_without_pairs(desk):
    desk.venue.rules = ()
    desk.run(61_000)
    assert tick_size(desk) == Decimal("0.1")
    assert desk.placed()
