"""A real venue_sim process killed with -9: what it had answered is there when it comes back."""

import pytest

from tests.e2e.venue_process import VenueProcess, ccxt_bitget

pytestmark = pytest.mark.e2e

SYMBOL = "BTC/USDT:USDT"


def test_orders_fills_position_and_balance_are_the_same_after_kill_9(tmp_path):
    with VenueProcess(tmp_path, "--market", "calm") as venue:
        client = ccxt_bitget(venue)
        client.load_markets()
        client.set_leverage(20, SYMBOL)
        client.create_order(SYMBOL, "market", "buy", 0.01)
        resting = client.create_order(SYMBOL, "limit", "buy", 0.002, 50_000, {"clientOrderId": "survivor"})
        trades, cash = client.fetch_my_trades(SYMBOL), client.fetch_ledger("USDT", params={"symbol": SYMBOL})
        venue.kill()

        venue.start()
        (order,) = client.fetch_open_orders(SYMBOL)
        assert (order["id"], order["clientOrderId"], order["amount"]) == (resting["id"], "survivor", 0.002)
        assert client.fetch_my_trades(SYMBOL) == trades
        assert client.fetch_ledger("USDT", params={"symbol": SYMBOL}) == cash
        (position,) = client.fetch_positions([SYMBOL])
        assert (position["contracts"], position["leverage"]) == (0.01, 20)
        client.cancel_order(resting["id"], SYMBOL)
        assert venue.admin("/sim/status")["open_orders"] == 0


def test_a_sigterm_ends_it_with_exit_code_0_and_open_orders_stay(tmp_path):
    with VenueProcess(tmp_path, "--market", "calm") as venue:
        client = ccxt_bitget(venue)
        client.create_order(SYMBOL, "limit", "sell", 0.002, 90_000)
        assert venue.stop() == 0
        venue.start()
        assert len(client.fetch_open_orders(SYMBOL)) == 1


def test_an_order_can_be_cancelled_by_hand(tmp_path):
    with VenueProcess(tmp_path) as venue:
        client = ccxt_bitget(venue)
        order = client.create_order(SYMBOL, "limit", "sell", 0.002, 90_000)
        (listed,) = venue.admin("/sim/orders")
        assert (listed["account_id"], listed["venue_order_id"]) == ("manual", order["id"])
        answer = venue.admin("/sim/orders/cancel", {"account_id": "manual", "venue_order_id": order["id"]})
        assert [vid for _, vid in answer["done"]] == [order["id"]]
        assert client.fetch_open_orders(SYMBOL) == []
