from decimal import Decimal

import pytest

from controllers.epp.health import connector_status
from tests.fakes.epp_world import DEMO, World

D = Decimal


def test_a_sound_connector_is_well_in_every_respect():
    world = World(DEMO)
    world.tick()
    assert all(connector_status(world.processed).values())


@pytest.mark.parametrize(
    "changes, ill",
    [
        ({"is_connected": False}, "connected"),
        ({"book_heard_ts_ms": 0}, "book_heard"),
        ({"book_changed_ts_ms": 0}, "book_moving"),
        ({"bid_price": D(0)}, "book_sound"),
        ({"equity_quote": D("NaN")}, "balance_read"),
        ({"is_fee_resolved": False}, "fees_resolved"),
        ({"bus_blind_ms": 30_000}, "bus_reachable"),
    ],
)
def test_each_doubt_shows_in_its_own_place(changes, ill):
    world = World(DEMO)
    world.tick()
    world.tick(**changes)
    assert [name for name, is_well in connector_status(world.processed).items() if not is_well] == [ill]


@pytest.mark.parametrize("reason, ill", [("BALANCE_READ_FAILED", "balance_read"), ("BOOK_READ_FAILED", "book_heard")])
def test_a_failed_read_is_told_apart_from_an_empty_book(reason, ill):
    world = World(DEMO)
    world.tick()
    world.tick_blind(reason)
    assert [name for name, is_well in connector_status(world.processed).items() if not is_well] == [ill]
