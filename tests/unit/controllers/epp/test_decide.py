import json
from decimal import Decimal

import pytest

from controllers.core.values import Candle, OwnRefusal
from controllers.epp.decide import decide, force_hard_stop, from_dict, initial_state, seed_candles, to_dict
from controllers.epp.guard_step import mode_of_variant
from controllers.epp.params import EppParams
from controllers.epp.regime_table import REGIME_NAMES, Regime
from controllers.epp.state import RegimeState
from tests.fakes.epp_world import BTC, DEMO, START_MS, World, fill, intent, view

D = Decimal
BOTH = {"b0", "b1", "s0", "s1"}
MINUTE = 60_000


def calm_candles(count=60, end_ms=START_MS):
    """A market with a band of about 8 bps and next to no trend."""
    out = []
    for index in range(count):
        shift = D(10) if index % 2 else D(-10)
        ts_ms = end_ms - (count - index) * MINUTE
        out.append(Candle(ts_ms, D(50_000), D(50_020), D(49_980), D(50_000) + shift))
    return out


def warm(params=EppParams()):
    return World(params, seed_candles(initial_state(params), calm_candles(), params))


# ------------------------------------------------------------------------------------------------------- quoting


def test_the_demonstration_quotes_two_levels_about_two_basis_points_a_side_at_once():
    world = World(DEMO)
    plan = world.tick()
    assert plan.guard == "RUNNING"
    assert world.levels() == BOTH
    nearest = {place.level_id: place.price for place in plan.place}
    assert D(49_990) == nearest["b0"] and D(50_010) == nearest["s0"]
    assert "EDGE_GATE_OFF" in plan.reasons and "WARMUP_INSUFFICIENT" in plan.reasons


def test_a_gated_bot_widens_to_the_required_spread_and_opens_at_its_first_look():
    world = warm()
    plan = world.tick()
    assert plan.guard == "RUNNING"
    seen = world.processed
    assert seen.gate_is_open
    assert seen.spread_pct == max(seen.pick_spread_pct, seen.required_spread_pct)
    assert seen.net_edge_pct >= D("0.0006")
    assert seen.spread_floor_pct == max(
        seen.required_spread_pct, seen.volatility_floor_pct, seen.market_spread_pct + D("0.0002")
    )
    assert world.levels() == {"b0", "b1", "b2", "b3", "s0", "s1", "s2", "s3"}


def test_a_cold_start_is_neutral_says_warmup_and_assumes_the_worst_drift():
    world = World(EppParams())
    plan = world.tick()
    assert "WARMUP_INSUFFICIENT" in plan.reasons
    assert world.processed.regime == "neutral_low_vol"
    assert world.processed.drift_cost_pct > D("0.0007")
    assert world.processed.required_spread_pct < D("0.0045")
    assert plan.guard == "RUNNING"


def test_seeded_candles_end_the_warm_up():
    world = warm()
    assert "WARMUP_INSUFFICIENT" not in world.tick().reasons
    assert world.processed.is_warm


@pytest.mark.parametrize("regime", list(Regime), ids=lambda regime: REGIME_NAMES[regime])
def test_each_regime_sets_its_spread_range_levels_refresh_and_size(regime):
    params = EppParams(edge_gate_enabled=False)
    state = seed_candles(initial_state(params), calm_candles(), params)
    world = World(params, state._replace(regime=RegimeState(int(regime), int(regime), 0)))
    world.tick()
    spec, seen = params.regimes[regime], world.processed
    assert seen.regime == REGIME_NAMES[regime]
    assert spec.spread_min_pct <= seen.spread_pct <= spec.spread_max_pct
    assert seen.levels_count == spec.levels_max
    assert seen.refresh_s == spec.refresh_s
    size = seen.order_qty_base * world.mid / world.equity
    assert spec.size_min_pct * D("0.9") <= size <= spec.size_max_pct
    assert len(world.orders) == 2 * spec.levels_max


def test_a_regime_that_changes_requotes_at_once():
    world = warm()
    world.tick(3)
    held = world.state.regime
    world.state = world.state._replace(regime=held._replace(candidate=int(Regime.HIGH_VOL_SHOCK), samples=2))
    world.mid = D(51_000)
    world.tick(10)
    world.tick(3)
    assert world.processed.regime == "high_vol_shock"
    assert world.levels() == BOTH
    assert D(51_000) * (1 - D("0.0045")) < world.orders["b0"].price < D(51_000) * (1 - D("0.0035"))
    assert world.state.levels.buy_due_ms > world.ts_ms + 60_000, "the next refresh is far away"


def test_unreachable_edge_shuts_the_gate_and_it_opens_again_after_the_hold():
    world = warm()
    world.tick(2)
    plan = world.tick(3, maker_fee_pct=D("0.0020"))
    assert plan.guard == "SOFT_PAUSE"
    assert plan.reasons[0] == "EDGE_UNREACHABLE"
    assert world.orders == {}
    assert world.processed.soft_pause_edge and not world.processed.gate_is_open
    world.tick(30)
    world.tick(30)
    assert world.processed.guard == "SOFT_PAUSE"
    world.tick(40)
    assert world.processed.guard == "RUNNING"


def test_turnover_widens_thins_and_then_costs():
    world = warm(EppParams(turnover_x_max=D(100)))
    world.tick()
    daily = world.state.daily._replace(traded_notional_quote=D(320_000))
    world.state = world.state._replace(daily=daily)
    world.tick()
    seen = world.processed
    assert seen.turnover_penalty_pct == D("0.0002")
    assert seen.levels_count == 2
    assert seen.pick_spread_pct == D("0.0045")


def test_funding_is_a_cost_of_the_edge():
    cheap, dear = warm(), warm()
    cheap.tick(funding_rate_pct=D(0))
    dear.tick(funding_rate_pct=D("-0.01"))
    assert dear.processed.net_edge_pct < cheap.processed.net_edge_pct or (
        dear.processed.required_spread_pct > cheap.processed.required_spread_pct
    )
    assert dear.processed.funding_cost_est_pct == D("0.01") * 90 / 28_800


def test_the_size_comes_from_the_configured_capital_where_there_is_one():
    world = World(DEMO._replace(total_amount_quote=D(50_000)))
    world.tick()
    assert world.processed.order_qty_base == D("0.0010")


def test_a_size_below_the_largest_order_allowed_is_not_quoted():
    world = World(DEMO._replace(max_order_quote=D(4)))
    plan = world.tick()
    assert plan.place == ()
    assert "EXEC_QTY_BELOW_MIN_QTY" in plan.reasons


def test_quotes_never_add_beyond_the_inventory_limit():
    world = World(DEMO)
    world.position = D("1.139")
    world.cash = D(100_000) - world.position * world.mid
    plan = world.tick()
    assert "INVENTORY_FULL" in plan.reasons
    assert world.levels() == {"s0", "s1"}


def test_spot_never_offers_what_it_does_not_hold():
    world = World(DEMO)
    world.tick(instrument=BTC._replace(is_perpetual=False))
    assert world.levels() == {"b0", "b1"}


# ----------------------------------------------------------------------------------------- reasons that pause


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"equity_quote": D("NaN")}, "BALANCE_READ_FAILED"),
        ({"position_base": D("NaN")}, "BALANCE_READ_FAILED"),
        ({"is_connected": False}, "NOT_CONNECTED"),
        ({"book_heard_ts_ms": START_MS - 10_000}, "DATA_AGE"),
        ({"book_changed_ts_ms": START_MS - 30_000}, "ORDER_BOOK_STALE"),
        ({"bid_price": D("NaN")}, "BOOK_NOT_FINITE"),
        ({"bid_price": D(0)}, "BOOK_EMPTY"),
        ({"bid_price": D(60_000)}, "BOOK_CROSSED"),
        ({"bus_blind_ms": 15_000}, "BUS_BLIND"),
        ({"margin_ratio_pct": D("0.19")}, "MARGIN_LOW"),
        ({"cancels_last_minute": 201}, "CANCEL_BUDGET"),
        ({"is_fee_resolved": False}, "FEE_UNRESOLVED"),
        ({"maker_fee_pct": D("NaN")}, "FEE_UNRESOLVED"),
        ({"ask_price": D(50_300)}, "SPREAD_SPIKE"),
        ({"bid_price": D(54_999), "ask_price": D(55_000)}, "PRICE_IMPACT_HIGH"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_doubt_pauses_within_one_tick_pulls_the_quotes_and_clears_by_itself(changes, reason):
    world = World(DEMO)
    world.tick(3)
    assert world.levels() == BOTH
    plan = world.tick(**changes)
    assert plan.guard == "SOFT_PAUSE"
    assert plan.reasons[0] == reason
    assert world.orders == {}
    assert plan.place == ()
    world.tick(130)
    assert world.processed.guard == "RUNNING"
    assert world.levels() == BOTH


@pytest.mark.parametrize("reason", ["BALANCE_READ_FAILED", "BOOK_READ_FAILED", "CONNECTOR_NOT_READY"])
def test_without_a_view_the_bot_stands_down_within_one_tick(reason):
    world = World(DEMO)
    world.tick(3)
    plan = world.tick_blind(reason)
    assert (plan.guard, plan.reasons[0]) == ("SOFT_PAUSE", reason)
    assert {cancel.level_id for cancel in plan.cancel} == BOTH
    assert world.processed.mid_price is None
    world.tick(2)
    assert world.levels() == BOTH


def test_a_connector_that_stays_away_is_asked_to_cancel_again():
    world = World(DEMO)
    world.tick(3)
    world.are_cancels_slow = True
    world.tick_blind()
    asked = len(world.cancelled)
    for _ in range(9):
        world.tick_blind()
    assert len(world.cancelled) == asked
    for _ in range(2):
        world.tick_blind()
    assert len(world.cancelled) == 2 * asked


def test_several_reasons_are_told_most_severe_first():
    world = World(EppParams())
    world.tick()
    plan = world.tick(equity_quote=D("NaN"), is_connected=False, bus_blind_ms=20_000)
    assert plan.reasons[:3] == ("BALANCE_READ_FAILED", "NOT_CONNECTED", "BUS_BLIND")


def test_an_account_with_nothing_left_pauses_and_its_loss_stops_it():
    world = World(DEMO)
    world.tick()
    plan = world.tick(equity_quote=D(0))
    assert plan.guard == "HARD_STOP"
    assert plan.reasons[:2] == ("DAILY_LOSS_LIMIT", "EQUITY_NOT_POSITIVE")


def test_a_clock_that_goes_back_pauses_and_time_never_does():
    world = World(DEMO)
    world.tick(5)
    before = world.state.last_ts_ms
    state, plan, processed = decide(world.state, world.view()._replace(ts_ms=before - 5_000), DEMO)
    assert plan.reasons[0] == "CLOCK_SKEW"
    assert state.last_ts_ms == before == processed.ts_ms
    _, plan, _ = decide(world.state, world.view()._replace(ts_ms=before - 500), DEMO)
    assert plan.guard == "RUNNING"


def test_a_spike_is_not_sampled():
    world = World(DEMO)
    world.tick(9)
    world.tick(11, bid_price=D(50_000_000), ask_price=D(50_000_010))
    assert world.state.indicators.ema < D(51_000)


def test_an_external_pause_holds_until_resume():
    world = World(DEMO)
    world.tick(2)
    world.intents = [intent("soft_pause")]
    plan = world.tick()
    assert (plan.guard, plan.reasons[0]) == ("SOFT_PAUSE", "INTENT_SOFT_PAUSE")
    assert world.orders == {}
    assert [audit.outcome for audit in world.processed.audits] == ["applied"]
    assert world.processed.is_persist_due
    world.tick(5000)
    assert world.processed.guard == "SOFT_PAUSE"
    world.intents = [intent("resume", "i2", expires_at_ms=world.ts_ms + 60_000)]
    world.tick(2)
    assert world.processed.guard == "RUNNING"


def test_a_target_from_outside_moves_the_inventory_that_quotes_lean_to():
    world = World(DEMO)
    world.intents = [intent("set_target_base_pct", target_base_pct=D("0.2"), expires_at_ms=START_MS + 60_000)]
    world.tick()
    assert world.processed.target_base_pct == D("0.2")
    assert world.processed.skew_pct < 0
    world.tick(60)
    assert world.processed.target_base_pct == 0


def test_intents_are_heard_without_a_view_too():
    world = World(DEMO)
    world.tick()
    world.intents = [intent("kill_switch")]
    assert world.tick_blind().guard == "HARD_STOP"


# ----------------------------------------------------------------------------------------------------- hard stops


HARD = [
    ({"equity_quote": D(98_000)}, "DAILY_LOSS_LIMIT", True),
    ({"margin_ratio_pct": D("0.09")}, "MARGIN_CRITICAL", False),
    ({"margin_ratio_pct": D("NaN")}, "MARGIN_CRITICAL", False),
    ({"bus_blind_ms": 120_000}, "BUS_BLIND_STOP", False),
    ({"intents": (intent("kill_switch"),)}, "INTENT_KILL", False),
]


@pytest.mark.parametrize("changes, reason, is_kill", HARD, ids=lambda value: value if isinstance(value, str) else "")
def test_each_hard_limit_stops_cancels_everything_and_stays_through_a_restart(changes, reason, is_kill):
    world = World(DEMO)
    world.tick(3)
    plan = world.tick(**changes)
    assert (plan.guard, plan.reasons[0]) == ("HARD_STOP", reason)
    assert plan.kill_intent == (reason if is_kill else None)
    assert world.orders == {}
    kills = 1 if plan.kill_intent else 0
    for _ in range(30):
        kills += world.tick().kill_intent is not None
    assert kills == (1 if is_kill else 0), "the kill intent goes out once"
    again = World(DEMO, from_dict(json.loads(json.dumps(to_dict(world.state))), DEMO), world.ts_ms)
    for _ in range(30):
        plan = again.tick()
        assert (plan.guard, plan.place, plan.kill_intent) == ("HARD_STOP", (), None)


def test_drawdown_from_the_days_peak_stops():
    world = World(DEMO)
    world.tick()
    world.tick(equity_quote=D(104_000))
    plan = world.tick(equity_quote=D(100_300))
    assert plan.reasons[0] == "DRAWDOWN_LIMIT"
    assert plan.kill_intent == "DRAWDOWN_LIMIT"


def test_turnover_of_the_day_stops():
    world = World(DEMO)
    world.tick()
    daily = world.state.daily._replace(traded_notional_quote=D(600_000))
    world.state = world.state._replace(daily=daily)
    plan = world.tick()
    assert (plan.reasons[0], plan.kill_intent) == ("TURNOVER_LIMIT", "TURNOVER_LIMIT")


def test_three_cancel_budget_pauses_in_a_row_stop():
    world = World(DEMO)
    world.tick()
    for breach in range(1, 4):
        plan = world.tick(cancels_last_minute=201)
        assert world.processed.cancel_breach_count == breach
        assert plan.guard == ("SOFT_PAUSE" if breach < 3 else "HARD_STOP")
        world.tick(125)
    assert world.plan.reasons[0] == "CANCEL_BUDGET_REPEATED"


def test_resume_does_not_lift_a_hard_stop_and_a_new_token_does():
    world = World(DEMO)
    world.tick()
    world.tick(margin_ratio_pct=D("0.01"))
    world.intents = [intent("resume")]
    assert world.tick().guard == "HARD_STOP"
    assert world.processed.audits[0].outcome == "refused"
    rearmed = DEMO._replace(rearm_token="2024-01-02 looked at it")
    again = World(rearmed, from_dict(to_dict(world.state), rearmed), world.ts_ms)
    again.tick(2)
    assert again.processed.guard == "RUNNING"


def test_rearming_does_not_forget_the_loss_that_stopped_it():
    world = World(DEMO)
    world.tick()
    world.cash = D(97_000)
    world.tick()
    rearmed = DEMO._replace(rearm_token="again")
    again = World(rearmed, from_dict(to_dict(world.state), rearmed), world.ts_ms)
    again.cash = D(97_000)
    assert again.tick().reasons[0] == "DAILY_LOSS_LIMIT"


def test_the_host_can_latch_a_hard_stop_itself():
    world = World(DEMO)
    world.tick()
    world.state = force_hard_stop(world.state, world.ts_ms, "INTERNAL_ERROR", DEMO)
    plan = world.tick()
    assert (plan.guard, plan.reasons[0]) == ("HARD_STOP", "INTERNAL_ERROR")
    assert world.orders == {}


# ------------------------------------------------------------------------------------------------ variants, start


@pytest.mark.parametrize(
    "mode, desk, trades",
    [
        ("live", "sim", True),
        ("live", "live", True),
        ("paper_only", "sim", True),
        ("paper_only", "paper", True),
        ("paper_only", "live", False),
        ("paper_only", "testnet", False),
        ("disabled", "sim", False),
        ("no_trade", "sim", False),
    ],
)
def test_variants_that_place_nothing_place_nothing(mode, desk, trades):
    world = World(DEMO._replace(variant_mode=mode, desk_mode=desk))
    world.position = D("1.5")  # even with inventory to bring back
    world.cash = D(100_000) - world.position * world.mid
    world.tick(150)
    assert bool(world.placed) is trades
    assert ("NO_TRADE_VARIANT" in world.plan.reasons) is not trades
    assert world.processed.spread_pct is not None, "it still thinks"


def test_orders_of_an_earlier_life_are_cancelled_and_said_before_anything_is_placed():
    world = World(DEMO)
    world.tick(2)
    again = World(DEMO, from_dict(to_dict(world.state), DEMO), world.ts_ms)
    again.orders = dict(world.orders)
    again.are_cancels_slow = True
    plan = again.tick()
    assert {cancel.level_id for cancel in plan.cancel} == BOTH
    assert "STARTUP_CANCEL" in plan.reasons
    assert len([notice for notice in again.processed.notices if notice.code == "STARTUP_CANCEL"]) == 4
    plan = again.tick()
    assert plan.place == ()
    assert not [notice for notice in again.processed.notices if notice.code == "STARTUP_CANCEL"]
    again.orders = {}
    again.are_cancels_slow = False
    again.tick()
    assert again.levels() == BOTH


def test_a_position_that_differs_from_the_saved_one_is_taken_over_and_said():
    world = World(DEMO)
    world.tick()
    world.trade("b0")
    world.tick()
    again = World(DEMO, from_dict(to_dict(world.state), DEMO), world.ts_ms)
    again.position = D("0.5")
    again.tick()
    assert any(notice.code == "POSITION_REBASED" for notice in again.processed.notices)
    assert again.processed.own_position_base == D("0.5")


# -------------------------------------------------------------------------------------------------- fills and days


def test_a_fill_is_booked_once_with_its_result_and_reference():
    world = World(DEMO)
    world.tick()
    bought = world.trade("b0")
    world.fills.append(bought)  # told twice
    world.tick()
    (report,) = world.processed.fills
    assert (report.trade_id, report.is_maker, report.level_id) == (bought.trade_id, True, "b0")
    assert report.realized_pnl_quote == -report.fee_quote
    assert report.expected_spread_pct == D("0.0004")
    assert report.mid_ref_price == world.mid
    assert report.pnl_vs_mid_pct > 0
    assert world.processed.fills_today == 1
    assert world.processed.own_position_base == world.position
    world.fills = [bought]
    world.tick()
    assert world.processed.fills == ()
    assert world.processed.fills_today == 1


def test_fills_heard_without_a_view_are_booked_too():
    world = World(DEMO)
    world.tick()
    world.trade("s0")
    world.tick_blind()
    assert len(world.processed.fills) == 1
    assert world.processed.fills_today == 1


def test_a_round_trip_realises_the_move_less_its_fees():
    world = World(DEMO)
    world.tick()
    world.trade("b0")
    world.tick()
    world.trade("s0")
    world.tick()
    sold = world.processed.fills[0]
    assert sold.realized_pnl_quote == (D(50_010) - D(49_990)) * sold.qty_base - sold.fee_quote


def test_a_fill_far_from_its_orders_price_is_a_warning():
    world = World(DEMO)
    world.tick()
    world.fills = [fill(order_price=D(49_000))]
    world.tick()
    assert [notice.code for notice in world.processed.notices] == ["PRICE_DEVIATION"]


def test_a_fee_that_cannot_be_read_is_estimated_and_said():
    world = World(DEMO)
    world.tick()
    world.fills = [fill(fee_quote=D("NaN"))]
    world.tick()
    assert world.processed.fills[0].is_fee_estimated
    assert world.processed.fills[0].fee_quote == D("0.3")
    assert [notice.code for notice in world.processed.notices] == ["FEE_UNREADABLE"]


@pytest.mark.parametrize(
    "part, spread, action", [("0.4", "0.1", "keep"), ("0.4", "100", "cancel_remainder"), ("0.7", "100", "keep")]
)
def test_the_rest_of_a_partly_filled_order_goes_only_when_little_is_done_and_the_market_is_wide(part, spread, action):
    world = World(DEMO._replace(replace_tolerance_bps=D(1000)))
    world.tick()
    order = world.orders["b0"]
    world.trade("b0", order.qty_base * D(part))
    world.half_spread = D(spread)
    plan = world.tick()
    (notice,) = [notice for notice in world.processed.notices if notice.code == "PARTIAL_FILL"]
    assert f"action={action}" in notice.detail
    assert ("PARTIAL_FILL" in {cancel.reason for cancel in plan.cancel}) is (action == "cancel_remainder")


def test_losing_round_trips_in_a_row_are_said_and_pause_only_where_asked():
    for asked in (False, True):
        world = World(DEMO._replace(losing_trips_pause=asked, losing_trips_max=2))
        world.tick()
        for index in range(2):
            world.fills = [
                fill("buy", "50000", trade_id=f"b{index}"),
                fill("sell", "49000", trade_id=f"s{index}", order_price=D(49_000)),
            ]
            world.tick()
        assert any(notice.code == "LOSING_STREAK" for notice in world.processed.notices)
        assert world.processed.guard == ("SOFT_PAUSE" if asked else "RUNNING")
        world.intents = [intent("resume")]
        world.tick(2)
        assert world.processed.guard == "RUNNING"


def test_a_new_day_reports_the_old_one_and_resets_its_counters():
    world = World(DEMO, ts_ms=START_MS + 86_395_000)
    world.tick(2)
    world.trade("b0")
    world.tick()
    assert world.processed.daily is None
    days = []
    for _ in range(10):
        world.tick()
        if world.processed.daily is not None:
            days.append(world.processed.daily)
    (day,) = days
    assert (day.day, day.fills_count) == (START_MS // 86_400_000, 1)
    assert world.processed.fills_today == 0
    assert world.processed.equity_open_quote == world.equity


def test_a_restart_in_mid_day_keeps_the_daily_loss():
    world = World(DEMO)
    world.tick()
    world.trade("b0")
    world.cash -= 1_000
    world.tick()
    again = World(DEMO, from_dict(json.loads(json.dumps(to_dict(world.state))), DEMO), world.ts_ms)
    again.cash, again.position = world.cash, world.position
    again.tick()
    seen = again.processed
    assert seen.daily_loss_pct > D("0.0099")
    assert (seen.fills_today, seen.equity_open_quote) == (1, D(100_000))
    assert seen.traded_notional_today_quote > 0


def test_expected_funding_is_reckoned_at_each_funding_time():
    world = World(DEMO, ts_ms=START_MS + 8 * 3_600_000 - 3_000)
    world.position = D(1)
    world.tick(6, funding_rate_pct=D("0.0001"), funding_paid_today_quote=D(5))
    assert world.processed.funding_expected_today_quote == D("5.0000")
    assert world.processed.funding_cost_today_quote == D(5)


def test_the_minute_row_is_due_once_a_minute_and_then_the_state_is_saved():
    world = World(DEMO)
    due = []
    for _ in range(180):
        world.tick()
        if world.processed.minute_due_ms is not None:
            due.append(world.processed.minute_due_ms)
            assert world.processed.is_persist_due
    assert due == [START_MS, START_MS + MINUTE, START_MS + 2 * MINUTE]


def test_position_that_drifts_from_our_fills_warns_pauses_and_is_lifted_by_resume():
    world = World(DEMO._replace(position_check_s=10, position_recheck_s=2))
    world.tick(3)
    world.position += D("0.03")
    world.tick(12)
    assert "POSITION_DRIFT_WARN" in world.plan.reasons and world.plan.guard == "RUNNING"
    world.position += D("0.1")
    world.tick(3)
    assert (world.plan.guard, world.plan.reasons[0]) == ("SOFT_PAUSE", "POSITION_DRIFT")
    world.intents = [intent("resume")]
    world.tick(3)
    assert world.plan.guard == "RUNNING"
    assert world.processed.own_position_base == world.position


def test_markouts_and_the_edge_comparison_start_with_the_first_fill():
    world = World(DEMO)
    world.tick()
    world.trade("b0")
    seen = []
    for _ in range(63):
        world.tick()
        seen += [(report.horizon_s, report.trade_id) for report in world.processed.markouts]
    assert [horizon for horizon, _ in seen] == [5, 30, 60]
    assert world.processed.edge_samples == 1
    assert world.processed.realised_edge_bps is not None
    assert world.processed.edge_gap_bps == world.processed.modelled_edge_bps - world.processed.realised_edge_bps


def test_the_gap_between_model_and_fills_shuts_the_gate_says_so_and_resume_opens_it():
    params = DEMO._replace(edge_gap_enabled=True, edge_gap_min_fills=5, edge_gap_bps_max=D("0.1"))
    params = params._replace(fill_factor=D("0.5"), drift_cost_weight=D(0))
    world = World(params)
    world.changes = {"maker_fee_pct": D("-0.0002")}  # a rebate that the fills then do not get
    shut = []
    for _ in range(400):
        world.tick()
        shut += [notice for notice in world.processed.notices if notice.code == "EDGE_GAP"]
        if "b0" in world.orders and not shut:
            world.trade("b0")
        if world.plan.guard == "SOFT_PAUSE":
            break
    assert len(shut) == 1
    assert "modelled_bps" in shut[0].detail and "realised_bps" in shut[0].detail
    assert world.plan.reasons[0] == "EDGE_GAP"
    assert world.processed.soft_pause_edge and not world.processed.gate_is_open
    world.intents = [intent("resume", expires_at_ms=world.ts_ms + 60_000)]
    world.tick(2)
    assert world.plan.guard == "RUNNING"


def test_refusals_are_heard_without_a_view():
    world = World(DEMO)
    world.tick()
    del world.orders["b0"]
    world.refusals = [OwnRefusal("b0", "X", "", world.ts_ms)]
    world.tick_blind()
    assert world.state.levels.levels["b0"].refusals == 1


def test_equal_inputs_give_equal_outputs_and_inputs_are_never_changed():
    state = initial_state(DEMO)
    frozen = json.dumps(to_dict(state))
    first = decide(state, view(START_MS), DEMO)
    second = decide(state, view(START_MS), DEMO)
    assert first == second
    assert json.dumps(to_dict(state)) == frozen


def test_the_digits_of_a_decision_do_not_depend_on_the_hosts_decimal_context():
    from decimal import localcontext

    expected = decide(initial_state(DEMO), view(START_MS), DEMO)
    with localcontext() as context:
        context.prec = 9
        assert decide(initial_state(DEMO), view(START_MS), DEMO) == expected


@pytest.mark.parametrize(
    "letter, mode", [("a", "live"), ("b", "disabled"), ("c", "disabled"), ("d", "no_trade"), ("x", "disabled")]
)
def test_a_variant_letter_stands_for_a_mode_and_an_unknown_one_trades_nothing(letter, mode):
    assert mode_of_variant(letter) == mode


def test_a_limit_of_the_day_is_told_before_a_blind_bus():
    world = World(DEMO)
    world.tick()
    plan = world.tick(equity_quote=D(97_000), bus_blind_ms=130_000)
    assert (plan.reasons[0], plan.kill_intent) == ("DAILY_LOSS_LIMIT", "DAILY_LOSS_LIMIT")


def test_a_new_day_starts_the_means_of_its_markouts_anew():
    world = World(DEMO, ts_ms=START_MS + 86_400_000 - 20_000)
    world.tick()
    world.trade("b0")
    world.tick(10)
    assert world.processed.markout_5s_bps is not None
    world.tick(10)
    assert world.processed.markout_5s_bps is None


def test_fills_of_the_derisk_level_are_not_held_against_the_model():
    world = World(DEMO)
    world.tick()
    world.fills = [fill(level_id="d0", ts_ms=world.ts_ms)]
    world.tick(65)
    assert world.processed.markout_60s_bps is not None
    assert world.processed.edge_samples == 0


def test_without_a_required_spread_the_floor_is_what_market_and_volatility_ask():
    world = World(DEMO._replace(vol_penalty_multiplier=D(2)), seed_candles(initial_state(DEMO), calm_candles(), DEMO))
    world.tick()
    assert world.processed.spread_floor_pct == world.processed.volatility_floor_pct > D("0.0004")
