from decimal import Decimal
from itertools import pairwise

import pytest

from controllers.epp.decide import decide
from controllers.epp.levels import level_price, levels_within
from controllers.epp.params import EppParams
from controllers.epp.regime_table import OneSided, flat_table
from tests.fakes.epp_world import DEMO, World

D = Decimal
EPS = D("0.000001")
# 30 bps, two levels, thought over every 60 s, no gate: slow enough to watch a single order.
SLOW = DEMO._replace(regimes=flat_table(D("0.0030"), D("0.0030"), 2, 60, D("0.001")), order_ttl_s=0, fill_cooldown_s=10)
BOTH = {"b0", "b1", "s0", "s1"}


def test_prices_are_on_the_tick_and_rounded_away_from_the_market():
    assert level_price("buy", D(50_000), D("0.0010007"), 0, D("0.4"), D("0.1"), EPS) == D("49949.9")
    assert level_price("sell", D(50_000), D("0.0010007"), 0, D("0.4"), D("0.1"), EPS) == D("50050.1")
    assert level_price("sell", D(50_000), D("0.0010"), 1, D("0.4"), D("0.1"), EPS) == D("50070")


@pytest.mark.parametrize("room, levels", [("0", 0), ("0.9", 0), ("1", 1), ("1.9", 1), ("2", 2), ("9", 2), ("-1", 0)])
def test_levels_that_would_pass_the_inventory_limit_are_not_quoted(room, levels):
    assert levels_within(D(room), D(1), 2) == levels
    assert levels_within(D(room), D(0), 2) == 0


def test_both_sides_are_quoted_at_once_at_the_start():
    world = World(SLOW)
    world.tick()
    assert world.levels() == BOTH
    assert [place.price for place in world.placed] == [D(49925), D(49895), D(50075), D(50105)]
    assert {place.order_type for place in world.placed} == {"limit_maker"}


def test_nothing_is_touched_between_refreshes_however_the_market_moves():
    world = World(SLOW)
    world.tick()
    world.mid = D(50_010)
    world.tick(59)
    assert world.cancelled == []
    assert set(world.plan.keep) == BOTH


def test_a_refresh_replaces_one_side_at_a_time_cancel_first():
    world = World(SLOW)
    world.tick()
    world.mid = D(50_050)
    plan = world.tick(60)
    assert {cancel.level_id for cancel in plan.cancel} == {"b0", "b1"}
    assert plan.place == ()
    plan = world.tick()
    assert {place.level_id for place in plan.place} == {"b0", "b1"}
    assert {cancel.level_id for cancel in plan.cancel} == {"s0", "s1"}
    plan = world.tick()
    assert {place.level_id for place in plan.place} == {"s0", "s1"}
    assert world.levels() == BOTH


def test_a_price_within_the_tolerance_stays():
    world = World(SLOW)
    world.tick()
    world.mid = D(50_004)  # 0.8 bps
    world.tick(60)
    assert world.cancelled == []


def test_a_quote_is_replaced_when_its_time_to_live_is_over():
    world = World(SLOW)
    world.tick()
    world.tick(119)
    assert world.cancelled == []
    world.tick(2)
    assert {cancel.reason for cancel in world.cancelled} == {"ORDER_TTL"}


def test_a_level_whose_cancel_is_not_terminal_stays_occupied():
    world = World(SLOW)
    world.tick()
    world.are_cancels_slow = True
    world.mid = D(50_050)
    world.tick(60)
    for _ in range(5):
        plan = world.tick()
        assert not [place for place in plan.place if place.side == "buy"]
    world.orders = {level: order for level, order in world.orders.items() if order.state != "cancelling"}
    plan = world.tick()
    assert {place.level_id for place in plan.place} >= {"b0", "b1"}


def test_an_order_that_still_looks_open_after_our_cancel_is_still_to_be_replaced():
    world = World(SLOW)
    world.tick()
    world.mid = D(50_050)
    before = dict(world.orders)
    world.tick(60)
    world.orders = before  # the connector has not taken notice yet
    world.tick()
    del world.orders["b0"], world.orders["b1"]
    assert {place.level_id for place in world.tick().place} >= {"b0", "b1"}


def test_the_other_side_waits_for_a_slow_cancel_only_so_long():
    world = World(SLOW)
    world.tick()
    world.are_cancels_slow = True
    world.mid = D(50_050)
    world.tick(60)
    world.tick(3)
    assert {cancel.level_id for cancel in world.cancelled} == {"b0", "b1"}
    world.tick(5)
    assert {cancel.level_id for cancel in world.cancelled} == BOTH


def test_a_cancel_that_is_not_terminal_is_asked_again_after_ten_seconds():
    world = World(SLOW)
    world.tick()
    world.are_cancels_slow = True
    world.mid = D(50_050)
    world.tick(60)
    asked = len(world.cancelled)
    world.tick(9)
    assert len([cancel for cancel in world.cancelled if cancel.level_id == "b0"]) == 1
    world.tick(2)
    again = [cancel for cancel in world.cancelled[asked:] if cancel.level_id == "b0"]
    assert [cancel.reason for cancel in again] == ["CANCEL_RETRY"]


def test_a_level_cancelled_by_somebody_else_stays_empty_until_its_side_is_thought_over():
    world = World(SLOW)
    world.tick()
    del world.orders["b0"]
    world.tick(58)
    assert "b0" not in world.levels()
    world.tick(2)
    assert "b0" in world.levels()


def test_a_level_that_traded_waits_for_its_cool_down():
    world = World(SLOW._replace(regimes=flat_table(D("0.0030"), D("0.0030"), 2, 1, D("0.001"))))
    world.tick()
    world.trade("b0")
    world.tick(9)
    assert "b0" not in world.levels()
    world.tick(2)
    assert "b0" in world.levels()


def test_at_most_one_refused_submit_per_level_in_ten_seconds_and_ever_fewer():
    world = World(DEMO)
    world.refuse_with = "STALE_MARKET"
    times: dict[str, list[int]] = {}
    for _ in range(400):
        for place in world.tick().place:
            times.setdefault(place.level_id, []).append(world.ts_ms)
    assert set(times) == BOTH
    for stamps in times.values():
        gaps = [later - earlier for earlier, later in pairwise(stamps)]
        assert min(gaps) >= 10_000
        assert gaps == sorted(gaps)
        assert gaps[-1] >= 80_000


def test_refused_levels_come_back_at_different_times():
    world = World(DEMO)
    world.refuse_with = "STALE_MARKET"
    world.tick(2)
    blocked = {level: memory.blocked_until_ms for level, memory in world.state.levels.levels.items()}
    assert len(set(blocked.values())) == 4


def test_an_accepted_order_forgets_the_refusals_before_it():
    world = World(DEMO)
    world.refuse_with = "STALE_MARKET"
    world.tick(30)
    world.refuse_with = None
    world.tick(60)
    assert world.levels() == BOTH
    assert all(memory.refusals == 0 for memory in world.state.levels.levels.values())


def test_an_order_without_a_venue_id_is_cancelled_after_thirty_seconds_and_its_level_waits():
    world = World(SLOW)
    world.tick()
    world.orders["b0"] = world.orders["b0"]._replace(state="placing")
    world.are_cancels_slow = True
    world.tick(29)
    assert world.cancelled == []
    world.tick()
    assert [(cancel.level_id, cancel.reason) for cancel in world.cancelled] == [("b0", "ACK_TIMEOUT")]
    assert any(notice.code == "ACK_TIMEOUT" for notice in world.processed.notices)


def test_an_order_of_unknown_fate_occupies_its_level():
    world = World(SLOW)
    world.tick()
    world.orders["b0"] = world.orders["b0"]._replace(state="unknown")
    plan = world.tick(28)
    assert not plan.place and not plan.cancel


def test_a_second_order_on_a_level_and_an_order_of_no_level_are_cancelled():
    world = World(SLOW)
    world.tick()
    twin = world.orders["b0"]._replace(client_order_id="twin")
    stray = world.orders["b0"]._replace(client_order_id="stray", level_id="x9")
    world.orders["x9"] = stray
    seen = world.view()._replace(orders=(*world.orders.values(), twin))
    world.state, plan, processed = decide(world.state, seen._replace(ts_ms=world.ts_ms + 1000), world.params)
    assert {cancel.client_order_id for cancel in plan.cancel} == {"twin", "stray"}
    assert {cancel.reason for cancel in plan.cancel} == {"ORPHAN_ORDER"}
    assert len(processed.notices) == 2
    # asked once, and forgotten when they are gone
    world.state, plan, _ = decide(world.state, seen._replace(ts_ms=world.ts_ms + 2000), world.params)
    assert plan.cancel == ()
    del world.orders["x9"]
    world.ts_ms += 3000
    world.tick()
    assert not [key for key in world.state.levels.levels if key.startswith("#")]


def test_a_side_taken_away_by_the_regime_is_pulled_at_once_not_at_the_refresh():
    world = World(SLOW)
    world.tick()
    one_sided = tuple(spec._replace(one_sided=int(OneSided.BUY_ONLY)) for spec in SLOW.regimes)
    world.params = SLOW._replace(regimes=one_sided)
    plan = world.tick()
    assert {cancel.level_id for cancel in plan.cancel} == {"s0", "s1"}
    assert {cancel.reason for cancel in plan.cancel} == {"REGIME_CHANGED"}
    world.params = SLOW._replace(
        regimes=tuple(spec._replace(one_sided=int(OneSided.SELL_ONLY)) for spec in SLOW.regimes)
    )
    world.tick()
    assert world.levels() == {"s0", "s1"}


def test_our_own_orders_never_cross():
    world = World(SLOW)
    world.tick()
    world.are_cancels_slow = True
    world.mid = D(50_200)  # the new bids would lie above our old offers
    for _ in range(70):
        plan = world.tick()
        asks = [order.price for order in world.orders.values() if order.side == "sell"]
        assert all(place.price < min(asks) for place in plan.place if place.side == "buy")


def test_no_more_live_orders_than_carriers():
    params = SLOW._replace(regimes=flat_table(D("0.0030"), D("0.0030"), 4, 60, D("0.001")), max_active_executors=5)
    world = World(params)
    world.tick(3)
    assert len(world.orders) == 5


def test_submits_stay_within_the_budget_of_a_minute():
    world = World(DEMO._replace(submit_budget_per_min=40, replace_tolerance_bps=D(0)))
    stamps = []
    for second in range(300):
        world.mid += D(10) if second % 2 else D(-10)
        stamps += [world.ts_ms] * len(world.tick().place)
    for start in range(0, 300_000, 1000):
        window = [stamp for stamp in stamps if start < stamp - stamps[0] <= start + 60_000]
        assert len(window) <= 52  # the budget, and a burst of what had been saved


def test_better_prices_leave_a_part_of_the_cancel_budget_for_safety():
    world = World(DEMO._replace(cancel_budget_per_min=50, replace_tolerance_bps=D(0)))
    world.tick(cancels_last_minute=0)
    world.mid += 20
    assert world.tick(3, cancels_last_minute=40).cancel == ()
    assert world.cancelled == []


def test_on_old_data_nothing_is_placed_or_replaced_and_what_rests_stays():
    world = World(SLOW)
    world.tick()
    world.mid = D(50_050)
    world.tick(59)
    heard = world.ts_ms - 3000
    world.tick(6, book_heard_ts_ms=heard, book_changed_ts_ms=heard)
    assert world.cancelled == []
    assert world.plan.guard == "RUNNING"


@pytest.mark.parametrize("price", ["0.05"])
def test_a_price_that_rounds_to_nothing_is_not_placed(price):
    params = SLOW._replace(regimes=flat_table(D("0.2"), D("0.2"), 10, 60, D("0.001")), max_active_executors=20)
    world = World(params._replace(spread_step_multiplier=D(2)))
    world.tick()
    assert all(place.price > 0 for place in world.placed)


def test_the_default_time_to_live_is_twice_the_refresh():
    assert EppParams().order_ttl_s == 0
