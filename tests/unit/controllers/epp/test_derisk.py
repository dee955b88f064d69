from decimal import Decimal

import pytest

from controllers.epp.derisk import DeriskState, reducing_side, step
from controllers.epp.params import EppParams
from tests.fakes.epp_world import DEMO, World

D = Decimal
PARAMS = EppParams()


@pytest.mark.parametrize(
    "base, since, expected",
    [
        ("0.59", 0, False),
        ("0.60", 0, True),
        ("-0.60", 0, True),
        ("0.55", 1, True),
        ("0.50", 1, True),
        ("0.49", 1, False),
        ("-0.55", 1, False),  # changed sides: it has overshot
    ],
)
def test_derisking_begins_at_the_limit_and_ends_below_its_own_level(base, since, expected):
    state = step(DeriskState(since, "sell"), 500, D(base), PARAMS)
    assert bool(state.since_ms) is expected


@pytest.mark.parametrize("position, side", [("1", "sell"), ("-1", "buy")])
def test_the_side_that_reduces_follows_from_the_sign_of_the_position(position, side):
    assert reducing_side(D(position)) == side
    assert step(DeriskState(), 500, D(position), PARAMS).side == side


def loaded(position: str, **changes) -> World:
    """A bot that holds about 64 % of its equity, with quotes 10 bps away."""
    world = World(DEMO._replace(**changes))
    world.position = D(position)
    world.cash = D(100_000) - world.position * world.mid
    return world


@pytest.mark.parametrize("position, side, price", [("1.28", "sell", "50015"), ("-1.28", "buy", "49985")])
def test_one_post_only_order_three_basis_points_from_mid_on_the_reducing_side(position, side, price):
    world = loaded(position)
    plan = world.tick()
    (place,) = [place for place in plan.place if place.level_id == "d0"]
    assert (place.side, place.price, place.order_type, place.reason) == (side, D(price), "limit_maker", "derisk")
    assert place.qty_base * world.mid <= D(2000)  # a slice
    assert "DERISK" in plan.reasons
    assert {place.side for place in plan.place} == {side}, "the side that would add is not quoted"


def test_it_follows_the_market_cancel_first():
    world = loaded("1.28")
    world.tick()
    world.mid -= 20
    plan = world.tick()
    assert ("d0", "DERISK") in {(cancel.level_id, cancel.reason) for cancel in plan.cancel}
    assert "d0" not in {place.level_id for place in plan.place}
    assert "d0" in {place.level_id for place in world.tick().place}


def test_after_two_minutes_it_takes_within_its_bound():
    world = loaded("1.28")
    world.tick(120)
    assert not [place for place in world.placed if place.reason == "derisk_taker"]
    world.tick(3)
    (place,) = [place for place in world.placed if place.reason == "derisk_taker"]
    assert place.order_type == "limit"
    assert place.price == D(50_000) * (1 - D("0.0010"))


@pytest.mark.parametrize("position, bound", [("-1.28", "50050")])
def test_a_short_is_taken_back_within_the_same_bound(position, bound):
    world = loaded(position)
    world.tick(123)
    (place,) = [place for place in world.placed if place.reason == "derisk_taker"]
    assert (place.side, place.price) == ("buy", D(bound))


def test_a_taking_order_that_found_nobody_is_looked_at_anew():
    world = loaded("1.28")
    world.tick(140)
    takers = [place for place in world.placed if place.reason == "derisk_taker"]
    assert len(takers) > 2


def test_a_taking_order_does_not_meet_our_own_quotes_which_are_pulled_first():
    world = loaded("1.28")
    world.tick(121)
    # a bid of ours from before, above the taking price
    world.orders["b0"] = world.orders["s0"]._replace(level_id="b0", side="buy", price=D(49_990), client_order_id="old")
    plan = world.tick()
    assert "b0" in {cancel.level_id for cancel in plan.cancel}
    assert "d0" not in {place.level_id for place in plan.place if place.price <= D(49_990)}


def test_it_never_sells_more_than_is_held():
    world = loaded("1.28", derisk_size_pct=D(1), derisk_until_pct=D(0))
    world.tick()
    (place,) = [place for place in world.placed if place.level_id == "d0"]
    assert D("1.27") < place.qty_base <= D("1.28")


def test_it_brings_inventory_below_its_level_and_then_leaves():
    world = loaded("1.28")
    for _ in range(60):
        world.tick()
        if "d0" in world.orders:
            world.trade("d0")
    assert abs(world.position * world.mid / world.equity) < D("0.50") + D("0.001")
    world.tick(2)
    assert "d0" not in world.orders
    assert not world.processed.is_derisking


def test_an_order_on_the_wrong_side_is_pulled():
    world = loaded("1.28")
    world.tick()
    world.orders["d0"] = world.orders["d0"]._replace(side="buy", price=D(49_900))
    assert ("d0", "DERISK") in {(cancel.level_id, cancel.reason) for cancel in world.tick().cancel}


def test_its_level_is_busy_until_terminal_and_retried():
    world = loaded("1.28")
    world.tick()
    world.are_cancels_slow = True
    world.mid -= 20
    world.tick(9)
    assert len([cancel for cancel in world.cancelled if cancel.level_id == "d0"]) == 1
    world.tick(3)
    assert [cancel.reason for cancel in world.cancelled if cancel.level_id == "d0"] == ["DERISK", "CANCEL_RETRY"]
    assert len([place for place in world.placed if place.level_id == "d0"]) == 1


def test_without_a_venue_id_it_is_cancelled_too():
    world = loaded("1.28", derisk_taker_after_s=3600)
    world.tick()
    world.orders["d0"] = world.orders["d0"]._replace(state="placing")
    world.tick(31)
    assert ("d0", "ACK_TIMEOUT") in {(cancel.level_id, cancel.reason) for cancel in world.cancelled}


def test_a_refused_derisk_order_waits_like_any_other():
    world = loaded("1.28")
    world.refuse_with = "POST_ONLY_WOULD_CROSS"
    stamps = [world.ts_ms for _ in range(60) for place in world.tick().place if place.level_id == "d0"]
    assert 1 < len(stamps) <= 4


def test_what_is_left_below_the_venues_minimum_is_left():
    world = loaded("0.00009", max_base_pct=D("0.01"), derisk_until_pct=D("0.001"))
    world.cash = D(100) - world.position * world.mid
    world.tick(3)
    assert world.processed.is_derisking
    assert not [place for place in world.placed if place.level_id == "d0"]


def test_it_is_pulled_when_the_market_cannot_be_judged():
    world = loaded("1.28")
    world.tick()
    plan = world.tick(is_connected=False)
    assert "d0" in {cancel.level_id for cancel in plan.cancel}


def test_it_goes_on_while_only_the_edge_gate_is_shut():
    world = loaded("1.28", edge_gate_enabled=True)
    plan = world.tick(2)
    assert plan.guard == "SOFT_PAUSE"
    assert world.levels() == {"d0"}
