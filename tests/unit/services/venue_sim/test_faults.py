"""The fault plan: when a rule is in effect, whom it hits, how often, and the same for the same seed."""

import msgspec
import pytest

from services.venue_sim.faults import CATALOGUE, PRESETS, PRIVATE, PUBLIC, REST, VENUE, FaultPlan, Rule

NOW_MS = 1_763_640_000_000
PLACE = "mix/order/place-order"


def plan(*rules: Rule, seed: int = 7) -> FaultPlan:
    faults = FaultPlan(seed)
    faults.put(rules, NOW_MS)
    return faults


def test_a_rule_is_in_effect_from_its_time_for_its_time():
    faults = plan(Rule(fault="drop_reply", after_ms=1_000, for_ms=500))
    hits = [bool(faults.rest("bot1", PLACE, NOW_MS + at)) for at in (0, 999, 1_000, 1_499, 1_500)]
    assert hits == [False, False, True, True, False]


@pytest.mark.parametrize(
    ("rule", "account", "endpoint", "hit"),
    [
        (Rule(fault="drop_reply"), "bot1", PLACE, True),
        (Rule(fault="drop_reply", account="bot2"), "bot1", PLACE, False),
        (Rule(fault="drop_reply", endpoint="mix/order"), "bot1", PLACE, True),
        (Rule(fault="drop_reply", endpoint="mix/account"), "bot1", PLACE, False),
    ],
)
def test_a_rule_hits_the_account_and_the_endpoints_it_names(rule, account, endpoint, hit):
    assert bool(plan(rule).rest(account, endpoint, NOW_MS)) is hit


def test_only_the_nth_message_is_hit():
    faults = plan(Rule(fault="drop_reply", nth=3))
    assert [bool(faults.rest("", PLACE, NOW_MS)) for _ in range(5)] == [False, False, True, False, False]


def test_no_more_than_the_count_are_hit():
    faults = plan(Rule(fault="drop_reply", count_max=2))
    assert sum(bool(faults.rest("", PLACE, NOW_MS)) for _ in range(5)) == 2


def test_chances_come_from_the_seed_and_repeat():
    def hits(seed: int) -> list[bool]:
        faults = plan(Rule(fault="drop_reply", probability=0.3), seed=seed)
        return [bool(faults.rest("", PLACE, NOW_MS)) for _ in range(200)]

    assert hits(7) == hits(7)
    assert hits(7) != hits(8)
    assert 30 < sum(hits(7)) < 90


def test_an_empty_plan_hits_nothing_and_a_new_plan_replaces_the_old():
    faults = plan(Rule(fault="freeze_public"))
    assert faults.public("BTC-USDT", NOW_MS)
    faults.put((), NOW_MS)
    assert faults.public("BTC-USDT", NOW_MS) == []


def test_sessions_are_closed_once_when_the_rule_comes_into_effect():
    faults = plan(Rule(fault="close_private", after_ms=100))
    assert [len(faults.closings(NOW_MS + at)) for at in (0, 100, 200)] == [0, 1, 0]


def test_a_skewed_clock_is_ahead_while_it_lasts():
    faults = plan(Rule(fault="clock_skew", skew_ms=10_000, for_ms=1_000))
    assert (faults.skew_ms(NOW_MS), faults.skew_ms(NOW_MS + 1_000)) == (10_000, 0)


def test_the_report_says_what_is_on_and_how_often_it_struck():
    faults = plan(Rule(fault="drop_reply"), Rule(fault="freeze_public", after_ms=5_000))
    faults.rest("", PLACE, NOW_MS)
    on, off = faults.report(NOW_MS)
    assert (on["is_on"], on["struck"], on["catalogue"]) == (True, 1, "F01 F03")
    assert (off["is_on"], off["struck"]) == (False, 0)


def test_every_fault_names_its_place_in_the_catalogue():
    assert set(CATALOGUE) == REST | PRIVATE | PUBLIC | VENUE | {"clock_skew"}


def test_an_unknown_fault_or_field_is_refused():
    for wrong in ({"fault": "rain"}, {"fault": "drop_reply", "acount": "bot1"}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, Rule)


def test_every_preset_is_a_plan():
    assert {"freeze_feed", "lose_ack", "429_storm"} <= set(PRESETS)
    for rules in PRESETS.values():
        FaultPlan(1).put(rules, NOW_MS)
