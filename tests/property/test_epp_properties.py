"""What a quoting strategy must never break.

1. The spread is never below the required spread (gate on, reachable) nor below any floor.
2. A long inventory never bids nearer nor offers further than a flat one; more inventory never raises a quote.
3. Quotes never cross: each other, the market, our own orders.
4. Net edge increases with the spread.
5. The two distances add up to the spread unless a minimum holds a side; the skew stays within its cap.
6. Whatever a venue and a person do, decide does not raise, keeps its budgets and never holds two orders on a level.
"""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from controllers.epp import edge, spread
from controllers.epp.ledger import LedgerState, apply_fill
from controllers.epp.params import EppParams
from controllers.epp.quote_kernel import level_ticks, quote
from controllers.epp.quotes import prepare
from tests.fakes.epp_world import DEMO, World, fill, intent

D = Decimal
MANY = settings(max_examples=300, deadline=None)
PARAMS = EppParams()
ROWS = prepare(PARAMS)
OPEN_ROWS = prepare(PARAMS._replace(edge_gate_enabled=False))


def fractions(low: str, high: str, places: int = 6) -> st.SearchStrategy[Decimal]:
    return st.decimals(D(low), D(high), places=places, allow_nan=False, allow_infinity=False)


INVENTORIES = fractions("-1.5", "1.5", 4)
MARKET = st.fixed_dictionaries(
    {
        "turnover_x": fractions("0", "7", 3),
        "band_pct": fractions("0", "0.03"),
        "drift_ewma_pct": fractions("0", "0.01"),
        "market_spread_pct": fractions("0.000001", "0.005"),
        "funding_rate_pct": fractions("-0.005", "0.005"),
        "maker_fee_pct": fractions("-0.0002", "0.0010"),
    }
)


def signals(row, base_pct, market, held=D(0)):
    return quote(
        1_000,
        held,
        0,
        base_pct,
        D(0),
        market["turnover_x"],
        market["band_pct"],
        market["drift_ewma_pct"],
        market["market_spread_pct"],
        market["funding_rate_pct"],
        market["maker_fee_pct"],
        row,
    )


@MANY
@given(row=st.sampled_from(ROWS), base=INVENTORIES, market=MARKET, held=fractions("0", "0.02"))
def test_the_spread_is_at_least_what_is_required_and_every_floor(row, base, market, held):
    seen = signals(row, base, market, held)
    if seen.required_pct <= row.spread_max_pct:
        assert seen.spread_pct >= seen.required_pct
        assert seen.net_edge_pct >= row.resume_pct
    else:  # past the regime's maximum it is not followed: the gate shuts instead
        others = (row.spread_max_pct, seen.volatility_floor_pct, market["market_spread_pct"] + row.market_extra_pct)
        assert seen.spread_pct <= max(others)
    assert seen.spread_pct >= seen.floor_pct
    assert seen.spread_pct >= row.spread_min_pct
    assert seen.spread_pct >= row.vol_multiplier * market["band_pct"]
    assert seen.spread_pct >= market["market_spread_pct"] + row.market_extra_pct
    # 28 digits: half a spread twice may be one unit of the last digit short of it
    assert seen.buy_distance_pct + seen.sell_distance_pct >= seen.spread_pct - D("1e-24")


@MANY
@given(row=st.sampled_from(ROWS + OPEN_ROWS), long=fractions("0.0001", "1.5", 4), market=MARKET)
def test_a_long_inventory_never_bids_nearer_nor_offers_further_than_a_flat_one(row, long, market):
    flat, held = signals(row, D(0), market), signals(row, long, market)
    assert held.buy_distance_pct >= flat.buy_distance_pct
    assert held.sell_distance_pct <= flat.sell_distance_pct
    short = signals(row, -long, market)
    assert short.buy_distance_pct <= flat.buy_distance_pct
    assert short.sell_distance_pct >= flat.sell_distance_pct


@MANY
@given(
    row=st.sampled_from(ROWS + OPEN_ROWS),
    inventories=st.tuples(INVENTORIES, INVENTORIES),
    market=MARKET,
    mid=fractions("10", "90000", 2),
    level=st.integers(0, 4),
)
def test_more_inventory_never_raises_a_quote(row, inventories, market, mid, level):
    less, more = sorted(inventories)
    for is_buy, name in ((True, "buy_distance_pct"), (False, "sell_distance_pct")):
        ticks = [
            level_ticks(
                is_buy, mid, getattr(signals(row, base, market), name), level, D("0.4"), D("0.01"), PARAMS.tick_eps
            )
            for base in (less, more)
        ]
        assert ticks[1] <= ticks[0]


@MANY
@given(row=st.sampled_from(ROWS + OPEN_ROWS), base=INVENTORIES, market=MARKET, mid=fractions("10", "90000", 2))
def test_quotes_never_cross_each_other_nor_the_market(row, base, market, mid):
    seen = signals(row, base, market)
    half_market = mid * market["market_spread_pct"] / 2
    tick = D("0.01")
    bids, asks = [], []
    for level in range(4):
        bids.append(level_ticks(True, mid, seen.buy_distance_pct, level, D("0.4"), tick, PARAMS.tick_eps) * tick)
        asks.append(level_ticks(False, mid, seen.sell_distance_pct, level, D("0.4"), tick, PARAMS.tick_eps) * tick)
    assert max(bids) < min(asks)
    assert max(bids) < mid - half_market and min(asks) > mid + half_market, "never inside the market's spread"
    assert bids == sorted(bids, reverse=True) and asks == sorted(asks)


@MANY
@given(
    spreads=st.tuples(fractions("0.0001", "0.05"), fractions("0.0001", "0.05")),
    factor=fractions("0.01", "0.5", 3),
    costs=fractions("-0.001", "0.01"),
)
def test_net_edge_increases_with_the_spread(spreads, factor, costs):
    narrow, wide = sorted(spreads)
    low, high = edge.net_edge(factor, narrow, costs), edge.net_edge(factor, wide, costs)
    assert high > low if wide > narrow else high == low


@MANY
@given(
    total=fractions("0.0001", "0.05"),
    inventory=fractions("-1", "1", 4),
    factor=fractions("0", "1", 2),
    cap=fractions("0.0001", "0.01"),
    least=fractions("0", "0.001"),
)
def test_the_distances_add_up_to_the_spread_and_the_skew_stays_within_its_cap(total, inventory, factor, cap, least):
    skewed = spread.skew(factor, total, inventory, cap)
    assert abs(skewed) <= cap
    assert skewed == 0 or (skewed > 0) == (inventory > 0)
    buy, sell = spread.side_distances(total, skewed, least, D(0), D(0))
    if min(buy, sell) > least:
        assert abs(buy + sell - total) < D("1e-24")
    assert min(buy, sell) >= least


@MANY
@given(
    costs=fractions("-0.001", "0.01"),
    market=MARKET,
    turnovers=st.tuples(fractions("0", "7", 3), fractions("0", "7", 3)),
)
def test_a_busier_day_never_quotes_narrower_nor_more_levels(costs, market, turnovers):
    calm, busy = sorted(turnovers)
    for row in ROWS:
        before = signals(row, D(0), {**market, "turnover_x": calm})
        after = signals(row, D(0), {**market, "turnover_x": busy})
        assert after.spread_pct >= before.spread_pct
        assert after.levels <= before.levels


@MANY
@given(
    trades=st.lists(
        st.tuples(st.sampled_from(["buy", "sell"]), fractions("90", "110", 1), fractions("0.1", "5", 1)), max_size=30
    )
)
def test_cash_and_position_of_the_ledger_equal_the_sum_of_its_fills(trades):
    """Realised results plus the open position at its entry is exactly what the fills paid and received."""
    ledger, realized, cash, position = LedgerState(), D(0), D(0), D(0)
    for index, (side, price, qty) in enumerate(trades):
        direction = 1 if side == "buy" else -1
        fee = price * qty * D("0.0002")
        ledger, result = apply_fill(ledger, fill(side, str(price), str(qty), trade_id=str(index)), fee)
        realized += result
        cash -= price * qty * direction + fee
        position += qty * direction
    assert ledger.position_base == position
    assert abs(cash + position * ledger.entry_price - realized) < D("1e-15")


MARKET_EVENTS = ("up", "down", "jump", "trade", "part", "nan", "crossed", "old", "poor", "blind")
HOST_EVENTS = ("refuse", "accept", "slow", "fast", "hand", "pause", "resume", "target")
EVENTS = st.lists(st.sampled_from((*MARKET_EVENTS, *HOST_EVENTS)), max_size=40)


@settings(max_examples=250, deadline=None)
@given(events=EVENTS, is_gated=st.booleans())
def test_whatever_happens_decide_stands_and_keeps_its_rules(events, is_gated):
    world = World(EppParams() if is_gated else DEMO)
    for number, event in enumerate(events):
        changes = {}
        if event in ("up", "down", "jump"):
            world.mid += {"up": D(15), "down": D(-15), "jump": D(400)}[event]
            world.cross()
        elif event in ("trade", "part") and world.orders:
            level = sorted(world.orders)[0]
            order = world.orders[level]
            left = order.qty_base - order.filled_base
            world.trade(level, left if event == "trade" or left < D("0.0002") else D("0.0001"))
        elif event in ("refuse", "accept"):
            world.refuse_with = "STALE_MARKET" if event == "refuse" else None
        elif event in ("slow", "fast"):
            world.are_cancels_slow = event == "slow"
            world.orders = {level: order for level, order in world.orders.items() if order.state != "cancelling"}
        elif event == "hand" and world.orders:
            del world.orders[sorted(world.orders)[0]]
        elif event in ("pause", "resume", "target"):
            action = {"pause": "soft_pause", "resume": "resume", "target": "set_target_base_pct"}[event]
            world.intents.append(intent(action, f"i{number}", target_base_pct=D("0.2")))
        elif event == "nan":
            changes["bid_price"] = D("NaN")
        elif event == "crossed":
            changes["bid_price"] = world.mid + 10
        elif event == "poor":
            changes["equity_quote"] = D("NaN")
        elif event == "old":
            changes["book_heard_ts_ms"] = world.ts_ms - 20_000
        plan = world.tick_blind() if event == "blind" else world.tick(**changes)
        check(plan, world)


def check(plan, world):
    live = world.orders.values()
    bids = [order.price for order in live if order.side == "buy"]
    asks = [order.price for order in live if order.side == "sell"]
    assert not bids or not asks or max(bids) < min(asks) or world.are_cancels_slow, "our own quotes cross"
    assert len(live) <= world.params.max_active_executors
    if plan.guard != "RUNNING":
        assert not [place for place in plan.place if place.level_id != "d0"]
    touched = [cancel.level_id for cancel in plan.cancel]
    assert len(touched) == len(set(touched)), "a level is cancelled once"
    placed = [place.level_id for place in plan.place]
    assert len(placed) == len(set(placed)) and not set(placed) & set(touched), "cancel before place"
    for place in plan.place:
        assert place.price > 0 and place.price % D("0.1") == 0
        assert place.qty_base > 0 and place.qty_base % D("0.0001") == 0
        assert place.price * place.qty_base >= 5
        assert place.price * place.qty_base <= world.params.max_order_quote or place.level_id == "d0"
