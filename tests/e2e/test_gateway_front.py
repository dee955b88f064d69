"""The gateway in front of venue_sim, both as processes, driven by the unmodified ccxt client as a bot."""

import sqlite3
import threading

import ccxt
import pytest

from services.gateway.journal import Journal
from tests.e2e.gateway_processes import SYMBOL, Processes, eventually, running

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with running(tmp_path_factory.mktemp("gw"), bots=("bot1", "bot2")) as processes:
        yield processes


def best_bid(client: ccxt.bitget) -> float:
    return float(client.fetch_order_book(SYMBOL)["bids"][0][0])


def test_an_unmodified_client_trades_through_the_gateway(desk):
    client = desk.client()
    assert SYMBOL in client.load_markets()
    book = client.fetch_order_book(SYMBOL)
    bid = float(book["bids"][0][0])
    order = client.create_order(SYMBOL, "limit", "buy", 0.001, bid - 50)
    assert order["id"].startswith("7000000000000")
    assert [o["id"] for o in client.fetch_open_orders(SYMBOL)] == [order["id"]]
    at_venue = [o for o in desk.venue_open_orders() if order["id"] not in str(o)]
    assert at_venue, "the venue's own id is another one"
    client.cancel_order(order["id"], SYMBOL)
    eventually(lambda: client.fetch_order(order["id"], SYMBOL)["status"] == "canceled", 5, "cancelled")
    market = client.create_order(SYMBOL, "market", "buy", 0.001)
    eventually(lambda: client.fetch_order(market["id"], SYMBOL)["status"] == "closed", 5, "filled")
    trades = [t for t in client.fetch_my_trades(SYMBOL) if t["order"] == market["id"]]
    assert sum(t["amount"] for t in trades) == pytest.approx(0.001)
    (position,) = client.fetch_positions([SYMBOL])
    assert (position["side"], position["contracts"]) == ("long", 0.001)
    assert 99_000 < client.fetch_balance({"type": "swap"})["USDT"]["total"] < 101_000
    client.create_order(SYMBOL, "market", "sell", 0.001)
    eventually(lambda: client.fetch_positions([SYMBOL]) == [], 5, "flat")


def test_a_refusal_says_code_limit_value_and_next_step_in_the_clients_error(desk):
    client = desk.client()
    with pytest.raises(ccxt.ExchangeError, match=r"ORDER_VALUE_LIMIT: value=.*order_value_quote_max=1000.*next: "):
        client.create_order(SYMBOL, "limit", "buy", 0.05, best_bid(client) - 50)


def test_a_bot_sees_nothing_of_another_bot(desk):
    first, second = desk.client("bot1"), desk.client("bot2")
    order = first.create_order(SYMBOL, "limit", "buy", 0.001, best_bid(first) - 50)
    assert second.fetch_open_orders(SYMBOL) == []
    with pytest.raises(ccxt.OrderNotFound):
        second.cancel_order(order["id"], SYMBOL)
    first.cancel_order(order["id"], SYMBOL)


def test_leverage_is_answered_from_policy(desk):
    answer = desk.client().set_leverage(100, SYMBOL)
    assert answer["data"]["crossMarginLeverage"] == "5"


def test_a_venue_key_does_not_open_the_gateways_door(desk):
    key = desk.secrets.venue_accounts["bot1"]
    client = desk._ccxt(desk.gateway_port, key)
    with pytest.raises(ccxt.AuthenticationError):
        client.fetch_balance({"type": "swap"})


def test_a_halted_bot_is_refused_and_may_cancel(desk):
    client = desk.client()
    order = client.create_order(SYMBOL, "limit", "buy", 0.001, best_bid(client) - 50)
    desk.post_desk("/desk/latch", {"scope": "bot:bot1", "state": "HALTED", "reason": "MANUAL", "actor": "anna"})
    with pytest.raises(ccxt.ExchangeError, match="SCOPE_HALTED"):
        client.create_order(SYMBOL, "limit", "buy", 0.001, best_bid(client) - 50)
    eventually(lambda: client.fetch_order(order["id"], SYMBOL)["status"] == "canceled", 5, "halting cancels")
    desk.post_desk("/desk/latch", {"scope": "bot:bot1", "state": "ACTIVE", "reason": "MANUAL", "actor": "anna"})
    order = client.create_order(SYMBOL, "limit", "buy", 0.001, best_bid(client) - 50)
    client.cancel_order(order["id"], SYMBOL)


def test_an_unreadable_latch_halts_everything(desk):
    client = desk.client()
    path = desk.run_dir / "gateway" / "latch.json"
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    try:
        with pytest.raises(ccxt.ExchangeError, match="SCOPE_HALTED"):
            client.create_order(SYMBOL, "limit", "buy", 0.001, best_bid(client) - 50)
    finally:
        path.write_bytes(whole)
    order = client.create_order(SYMBOL, "limit", "buy", 0.001, best_bid(client) - 50)
    client.cancel_order(order["id"], SYMBOL)


def test_an_order_with_our_prefix_that_nobody_knows_is_cancelled_within_ten_seconds(desk):
    by_hand = desk.venue_client("bot1")
    ours = by_hand.create_order(SYMBOL, "limit", "buy", 0.001, best_bid(by_hand) - 80, {"clientOid": "hb1-b0-old.1"})
    theirs = by_hand.create_order(SYMBOL, "limit", "buy", 0.001, best_bid(by_hand) - 80, {"clientOid": "web-1"})
    eventually(lambda: by_hand.fetch_order(ours["id"], SYMBOL)["status"] == "canceled", 10, "the orphan is cancelled")
    assert by_hand.fetch_order(theirs["id"], SYMBOL)["status"] == "open", "what is not ours is left alone"
    by_hand.cancel_order(theirs["id"], SYMBOL)


class Trader(threading.Thread):
    """A bot that places and cancels as fast as it is answered, and remembers what it sent."""

    def __init__(self, client: ccxt.bitget, life: int) -> None:
        super().__init__(daemon=True)
        self.client = client
        self.life = life
        self.sent: list[str] = []
        self.accepted: dict[str, str] = {}
        self.is_stopping = threading.Event()

    def run(self) -> None:
        bid = best_bid(self.client)
        number = 0
        while not self.is_stopping.is_set():
            number += 1
            client_id = f"hb1-b{number % 5}-k{self.life}.{number}"
            price = bid + 400 if number % 4 == 0 else bid - 60 - number % 7
            try:
                self.sent.append(client_id)
                order = self.client.create_order(
                    SYMBOL, "limit", "buy" if number % 8 else "sell", 0.001, round(price, 1), {"clientOid": client_id}
                )
                self.accepted[client_id] = order["id"]
                if number % 3 == 0:
                    self.client.cancel_order(order["id"], SYMBOL)
            except ccxt.BaseError:
                self.is_stopping.wait(0.02)


@pytest.mark.parametrize("after_s", [0.25, 0.6, 1.1])
def test_kill_9_of_the_gateway_leaves_no_duplicate_no_lost_fill_and_no_order_nobody_knows(tmp_path, after_s):
    with running(tmp_path, market="lively") as desk:
        trader = Trader(desk.client(), life=int(after_s * 100))
        trader.start()
        eventually(lambda: len(trader.accepted) >= 3, 20, "orders flow")
        trader.is_stopping.wait(after_s)
        desk.kill("gateway")
        trader.is_stopping.set()
        trader.join(timeout=10)
        desk.start_gateway()
        assert desk.venue_open_orders() == [], "the door opened before the venue was read as empty"
        check_books_agree(desk)
        client = desk.client()
        order = client.create_order(SYMBOL, "limit", "buy", 0.001, best_bid(client) - 50)
        assert int(order["id"]) > max((int(i) for i in trader.accepted.values()), default=0)
        assert desk.kill("gateway", 15) == 0
        assert desk.venue_open_orders() == []


def check_books_agree(desk: Processes) -> None:
    """Journal and venue tell the same story: every order once, every fill once, one position."""
    venue_side = desk.venue_client("bot1")
    trades = {t["id"]: t for t in venue_side.fetch_my_trades(SYMBOL, limit=100)}
    history = venue_side.fetch_closed_orders(SYMBOL, limit=100)
    client_ids = [order["clientOrderId"] for order in history]
    assert len(client_ids) == len(set(client_ids)), "an order reached the venue twice"
    with sqlite3.connect(f"file:{desk.run_dir}/gateway/journal.sqlite?mode=ro", uri=True) as journal:
        known = {row[0] for row in journal.execute("SELECT client_order_id FROM orders")}
        fills = {row[0] for row in journal.execute("SELECT trade_id FROM fills WHERE is_suspense = 0")}
    assert set(client_ids) <= known, "the venue has orders the journal does not know"
    assert set(trades) <= fills, "a fill was lost"
    status = desk.desk("/desk/status")["bots"]["bot1"]
    assert status["latch"] == "ACTIVE"
    assert status["positions_base"] == status["venue_positions_base"]


def test_a_stop_cancels_everything_and_ends_with_zero(tmp_path):
    with running(tmp_path) as desk:
        client = desk.client()
        for offset in range(3):
            client.create_order(SYMBOL, "limit", "buy", 0.001, best_bid(client) - 50 - offset)
        assert len(desk.venue_open_orders()) == 3
        assert desk.kill("gateway", 15) == 0
        assert desk.venue_open_orders() == []
        recovered = Journal(desk.run_dir / "gateway" / "journal.sqlite").open(0)
        assert recovered.records


def test_orders_of_a_bot_that_the_next_life_does_not_serve_are_cancelled_all_the_same(tmp_path):
    with running(tmp_path, bots=("bot1", "bot2")) as desk:
        left = desk.client("bot2")
        price = best_bid(left) - 50
        left.create_order(SYMBOL, "limit", "buy", 0.001, price)
        assert len(desk.venue_open_orders()) == 1
        desk.kill("gateway")
        desk.bots = ("bot1",)
        desk.start_gateway()
        eventually(lambda: desk.venue_open_orders() == [], 10, "nobody else would have")
        with pytest.raises(ccxt.AuthenticationError):
            left.create_order(SYMBOL, "limit", "buy", 0.001, price)
