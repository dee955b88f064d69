"""The unmodified ccxt bitget client trades on a real venue_sim process."""

import pytest

from tests.e2e.ccxt_on_venue_sim import run
from tests.e2e.venue_process import VenueProcess, ccxt_bitget

pytestmark = pytest.mark.e2e

ACCEPTANCE = (
    "load_markets",
    "fetch_order_book",
    "create limit order",
    "fetch_open_orders",
    "cancel_order",
    "create market order",
    "fetch_my_trades",
    "fetch_positions",
    "set_leverage",
)


def test_every_call_of_the_unmodified_ccxt_client_works(tmp_path):
    with VenueProcess(tmp_path) as venue:
        results = run(ccxt_bitget(venue))
    failed = [f"{name}: {words}" for name, passed, words in results if not passed]
    assert not failed, "\n".join(failed)
    assert {name for name, passed, _ in results if passed} >= set(ACCEPTANCE)
