"""The venue goes away under the gateway: killed, frozen, not there yet. What is unknown is asked for, never guessed."""

import signal
import threading

import ccxt
import pytest

from tests.e2e.gateway_processes import SYMBOL, Processes, eventually, running

pytestmark = pytest.mark.e2e


@pytest.fixture
def desk(tmp_path):
    with running(tmp_path) as processes:
        yield processes


def bid(client: ccxt.bitget) -> float:
    return float(client.fetch_order_book(SYMBOL)["bids"][0][0])


def is_open(desk) -> bool:
    return bool(desk.desk("/desk/status")["door"]["bot1"]["open"])


def test_kill_9_of_the_venue_loses_no_order_and_trading_goes_on_when_it_is_back(desk):
    client = desk.client()
    order = client.create_order(SYMBOL, "limit", "buy", 0.001, bid(client) - 50)
    desk.kill("venue_sim")
    eventually(lambda: not is_open(desk), 10, "the gateway notices")
    with pytest.raises(ccxt.BaseError, match=r"VENUE_UNREACHABLE|STALE_MARKET"):
        client.create_order(SYMBOL, "limit", "buy", 0.001, order["price"] or 59_000)
    desk.start_venue()
    eventually(lambda: is_open(desk), 20, "re-read")
    assert [o["id"] for o in client.fetch_open_orders(SYMBOL)] == [order["id"]]
    eventually(lambda: desk.desk("/desk/status")["market"]["age_ms"] < 2_000, 10, "market data again")
    second = client.create_order(SYMBOL, "limit", "buy", 0.001, bid(client) - 60)
    for one in (order, second):
        client.cancel_order(one["id"], SYMBOL)
    eventually(lambda: desk.venue_open_orders() == [], 5, "cancelled")


def test_a_frozen_venue_gets_no_order_twice_and_the_bot_an_answer_in_three_seconds(desk):
    client = desk.client()
    price = bid(client) - 50
    desk.pause("venue_sim")
    answers: list[object] = []

    def submit() -> None:
        try:
            answers.append(client.create_order(SYMBOL, "limit", "buy", 0.001, price, {"clientOid": "hb1-b0-frz.1"}))
        except ccxt.BaseError as error:
            answers.append(error)

    thread = threading.Thread(target=submit, daemon=True)
    thread.start()
    thread.join(timeout=4.5)
    assert answers, "no answer within the time that is held"
    assert isinstance(answers[0], dict), answers[0]
    with pytest.raises(ccxt.ExchangeError, match="UNKNOWN_OUTCOME"):
        client.create_order(SYMBOL, "limit", "buy", 0.001, price - 1, {"clientOid": "hb1-b0-frz.2"})
    desk.resume("venue_sim")
    eventually(lambda: [o["state"] for o in desk.desk("/desk/orders")] == ["ACCEPTED"], 15, "the truth is known")
    assert len(desk.venue_open_orders()) == 1
    client.cancel_order(answers[0]["id"], SYMBOL)
    eventually(lambda: desk.venue_open_orders() == [], 5, "cancelled")


def test_the_gateway_starts_before_the_venue_and_opens_its_door_when_it_comes(tmp_path):
    desk = Processes(tmp_path)
    try:
        desk.start_gateway(until_ready=False)
        client = desk.client()
        eventually(lambda: answers(desk), 30, "the gateway listens")
        with pytest.raises(ccxt.BaseError, match=r"DOOR_SHUT|VENUE_UNREACHABLE"):
            client.fetch_balance({"type": "swap"})
        desk.start_venue()
        desk.wait_ready("gateway", desk.gateway_port)
        assert client.fetch_balance({"type": "swap"})["USDT"]["total"] == 100_000
        assert desk.kill("gateway", signal.SIGTERM) == 0
    finally:
        desk.stop_all()


def answers(desk) -> bool:
    try:
        desk.desk("/desk/status")
    except OSError:
        return False
    return True
