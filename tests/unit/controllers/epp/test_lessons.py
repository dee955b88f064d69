"""What running this strategy taught, each as a regression test."""

import json
from decimal import Decimal

from controllers.epp import spread
from controllers.epp.decide import from_dict, to_dict
from controllers.epp.derisk import reducing_side
from controllers.epp.params import EppParams
from controllers.epp.regime_table import PERP_REGIMES, OneSided, flat_table
from tests.fakes.epp_world import DEMO, START_MS, World

D = Decimal


def test_lesson_1_more_trading_meant_more_loss_so_the_gap_between_model_and_fills_shuts_the_gate():
    """Every fill loses 5 bps net while the model promises more than that: on by default it stops after 50 fills."""
    assert EppParams().edge_gap_enabled
    world = World(EppParams(regimes=flat_table(D("0.0030"), D("0.0030"), 2, 1, D("0.001")), fill_cooldown_s=1))
    world.changes = {"maker_fee_pct": D("-0.0002")}
    fills = 0
    for _ in range(4000):
        world.tick()
        if world.plan.guard == "SOFT_PAUSE" and fills > 40:
            break
        for level in ("b0", "s0"):
            if level in world.orders:
                world.trade(level, fee_pct=D("0.0020"))  # charged far more than the model believes
                fills += 1
    seen = world.processed
    assert world.plan.reasons[0] == "EDGE_GAP"
    assert seen.modelled_edge_bps > 5 > seen.realised_edge_bps
    assert seen.edge_samples >= 50
    assert world.orders == {}


def test_lesson_2_on_perpetuals_every_regime_is_two_sided_around_zero_unless_the_bundle_says_otherwise():
    assert all(spec.one_sided == OneSided.OFF and spec.target_base_pct == 0 for spec in PERP_REGIMES)
    assert EppParams().regimes == PERP_REGIMES
    one_sided = tuple(spec._replace(one_sided=int(OneSided.BUY_ONLY)) for spec in PERP_REGIMES)
    world = World(EppParams(regimes=one_sided, edge_gate_enabled=False))
    world.tick()
    assert {level[0] for level in world.levels()} == {"b"}, "it can be overridden"


def test_lesson_3_derisking_a_short_buys():
    assert reducing_side(D(-1)) == "buy"
    world = World(DEMO)
    world.position = D("-1.4")
    world.cash = D(100_000) - world.position * world.mid
    world.tick(150)
    assert {place.side for place in world.placed} == {"buy"}


def test_lesson_4_derisk_orders_have_their_own_spread_and_a_bound_on_how_long_they_may_try():
    params = EppParams()
    assert (params.derisk_spread_bps, params.derisk_taker_after_s, params.derisk_slippage_bps) == (3, 120, 10)
    world = World(params)
    world.position = D("1.4")
    world.cash = D(100_000) - world.position * world.mid
    for _ in range(122):
        world.tick()
        world.mid -= 2  # a trend in which nothing that rests above mid ever fills
    resting = [place for place in world.placed if place.reason == "derisk"]
    assert resting and all(place.order_type == "limit_maker" for place in resting)
    world.tick(3)
    taking = [place for place in world.placed if place.reason == "derisk_taker"]
    assert taking and taking[0].price >= world.mid * (1 - D("0.0010")) - D("0.1")


def test_lesson_5_the_position_limit_is_sixty_percent_and_quotes_stop_adding_before_it():
    assert EppParams().max_base_pct == D("0.60")
    world = World(DEMO)
    world.cash = D(1_000)
    for _ in range(600):
        world.tick()
        for level in ("b0", "b1"):  # everybody sells to us
            if level in world.orders:
                world.trade(level)
        assert abs(world.position * world.mid / world.equity) < D("0.60")
    assert "INVENTORY_FULL" in world.plan.reasons


def test_lesson_6_a_restart_does_not_hide_the_daily_loss():
    world = World(DEMO)
    world.tick()
    world.cash = D(98_500)
    world.tick()
    again = World(DEMO, from_dict(json.loads(json.dumps(to_dict(world.state))), DEMO), world.ts_ms)
    again.cash = D(98_500)
    again.tick()
    assert again.processed.daily_loss_pct == D("0.015")
    again.cash = D(97_999)
    assert again.tick().reasons[0] == "DAILY_LOSS_LIMIT"


def test_lesson_7_an_unchanged_book_is_not_stale_until_its_limit_on_a_living_connection():
    world = World(DEMO)
    world.tick()
    changed = world.ts_ms
    world.tick(30, book_changed_ts_ms=changed)
    assert world.plan.guard == "RUNNING"
    world.tick(1, book_changed_ts_ms=changed)
    assert world.plan.reasons[0] == "ORDER_BOOK_STALE"
    assert world.processed.order_book_stale
    world.tick(1, book_changed_ts_ms=changed, is_connected=False)
    assert world.plan.reasons[0] == "NOT_CONNECTED", "a dead connection is not a stale book"
    assert not world.processed.order_book_stale


def test_lesson_8_a_smoke_test_runs_on_500_with_the_gate_off_because_10_cannot_place_an_order():
    smoke = DEMO._replace(total_amount_quote=D(500))
    world = World(smoke)
    world.cash = D(500)
    world.tick()
    assert world.levels() == {"b0", "b1", "s0", "s1"}
    assert all(order.price * order.qty_base >= 5 for order in world.orders.values())
    assert "EDGE_GATE_OFF" in world.plan.reasons, "it proves structure, not profit, and says so"
    tiny = World(DEMO)
    tiny.cash = D(5)
    tiny.tick()
    assert tiny.orders == {}


def test_lesson_9_a_turnover_stop_does_not_flap_when_somebody_resets_the_counter():
    world = World(DEMO)
    world.tick()
    daily = world.state.daily
    world.state = world.state._replace(daily=daily._replace(traded_notional_quote=D(600_000)))
    assert world.tick().guard == "HARD_STOP"
    world.state = world.state._replace(daily=daily)
    guards = {world.tick().guard for _ in range(100)}
    again = World(DEMO, from_dict(to_dict(world.state), DEMO), world.ts_ms)
    guards |= {again.tick().guard for _ in range(100)}
    tomorrow = World(DEMO, from_dict(to_dict(world.state), DEMO), START_MS + 86_400_000)
    guards |= {tomorrow.tick().guard for _ in range(100)}
    assert guards == {"HARD_STOP"}


def test_lesson_10_long_inventory_bids_further_away_and_offers_nearer():
    flat = spread.skew(D("0.5"), D("0.0030"), D(0), D("0.002"))
    long = spread.skew(D("0.5"), D("0.0030"), D("0.5"), D("0.002"))
    buy_flat, sell_flat = spread.side_distances(D("0.0030"), flat, D("0.0003"), D(0), D("0.0001"))
    buy_long, sell_long = spread.side_distances(D("0.0030"), long, D("0.0003"), D(0), D("0.0001"))
    assert buy_long > buy_flat and sell_long < sell_flat
    world = World(DEMO)
    world.position = D("0.6")
    world.cash = D(100_000) - world.position * world.mid
    world.tick()
    assert world.mid - world.orders["b0"].price > world.orders["s0"].price - world.mid
