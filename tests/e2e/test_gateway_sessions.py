"""A bot that is gone, as real sockets show it: killed, stopped, or only quiet. And the venue's faults."""

import json
import signal
import subprocess
import sys
import time
from decimal import Decimal

import ccxt
import pytest

from tests.e2e.gateway_processes import REPO, SYMBOL, eventually, running

pytestmark = pytest.mark.e2e

# A private session as Hummingbot holds one: log in, subscribe, answer pings, say "ping" every 30 s.
SESSION = """
import asyncio, json, sys, time
import aiohttp
from services.dialects.bitget.signing import Credentials, login_args

async def main(url, key, secret, passphrase):
    async with aiohttp.ClientSession() as http:
        async with http.ws_connect(url, autoping=True, heartbeat=10) as ws:
            credentials = Credentials(key, secret, passphrase)
            await ws.send_str(json.dumps({"op": "login", "args": [login_args(credentials, int(time.time() * 1000))]}))
            await ws.receive()
            channels = ("account", "positions", "orders")
            args = [{"instType": "USDT-FUTURES", "channel": channel, "coin": "default"} for channel in channels]
            await ws.send_str(json.dumps({"op": "subscribe", "args": args}))
            print("open", flush=True)
            async for message in ws:
                print(message.data, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with running(tmp_path_factory.mktemp("gs")) as processes:
        yield processes


@pytest.fixture
def session(desk):
    """A process that holds a private session of bot1."""
    key = desk.secrets.bot_keys["bot1"]
    url = f"ws://127.0.0.1:{desk.gateway_port}/v2/ws/private"
    process = subprocess.Popen(
        [sys.executable, "-c", SESSION, url, key.api_key, key.secret, key.passphrase],
        cwd=REPO,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline().strip() == "open"
    eventually(lambda: desk.desk("/desk/status")["bots"]["bot1"]["sessions"] == 1, 5, "the gateway sees the session")
    yield process
    process.send_signal(signal.SIGCONT)
    process.kill()
    process.wait(timeout=5)
    eventually(lambda: desk.desk("/desk/status")["bots"]["bot1"]["sessions"] == 0, 10, "the session is gone")


def quote(desk, offsets=(50, 60, 70)) -> ccxt.bitget:
    client = desk.client()
    bid = float(client.fetch_order_book(SYMBOL)["bids"][0][0])
    for offset in offsets:
        client.create_order(SYMBOL, "limit", "buy", 0.001, bid - offset)
    assert len(desk.venue_open_orders()) == len(offsets)
    return client


def test_kill_9_of_a_bot_empties_its_book_within_five_seconds(desk, session):
    quote(desk)
    session.kill()
    took_s = eventually(lambda: desk.venue_open_orders() == [], 5, "orders of a killed bot")
    assert took_s < 5


def test_a_stopped_bot_is_silent_and_its_book_is_empty_within_five_seconds_then_it_may_go_on(desk, session):
    client = quote(desk)
    session.send_signal(signal.SIGSTOP)
    eventually(lambda: desk.venue_open_orders() == [], 5.5, "orders of a silent bot")
    with pytest.raises(ccxt.ExchangeError, match="SESSION_CLOSED"):
        quote(desk, (80,))
    session.send_signal(signal.SIGCONT)
    eventually(lambda: not desk.desk("/desk/status")["door"]["bot1"]["detail"], 5, "heard again")
    bid = float(client.fetch_order_book(SYMBOL)["bids"][0][0])
    order = client.create_order(SYMBOL, "limit", "buy", 0.001, bid - 50)
    client.cancel_order(order["id"], SYMBOL)


def test_a_healthy_bot_keeps_its_orders(desk, session):
    client = quote(desk, (50,))
    time.sleep(8)  # longer than every guard of a session
    assert len(desk.venue_open_orders()) == 1
    client.cancel_all_orders(SYMBOL)
    eventually(lambda: desk.venue_open_orders() == [], 5, "cancelled")


def test_a_new_session_is_told_account_positions_and_orders_of_its_bot_only(desk, session):
    seen = []

    def read_until(channel: str) -> dict:
        while True:
            line = session.stdout.readline()
            try:
                message = json.loads(line)
            except ValueError:
                continue
            seen.append(message)
            if message.get("arg", {}).get("channel") == channel and "data" in message:
                return message

    account = read_until("account")
    assert Decimal(account["data"][0]["equity"]) > 0
    quote(desk, (50,))
    order = read_until("orders")["data"][0]
    assert order["orderId"].startswith("7000000000000")
    desk.client().cancel_all_orders(SYMBOL)
    while order["status"] != "canceled":
        order = read_until("orders")["data"][0]
    eventually(lambda: desk.venue_open_orders() == [], 5, "cancelled")


# ---------------------------------------------------------------------------------------------- the venue's own faults


def fault(desk, rule: dict) -> None:
    desk.post_sim("/sim/faults", {"rules": [rule] if rule else []})


def test_f01_a_submit_whose_answer_is_lost_is_found_alive_and_not_sent_again(desk):
    client = desk.client()
    bid = float(client.fetch_order_book(SYMBOL)["bids"][0][0])
    fault(desk, {"fault": "drop_reply", "account": "bot1", "endpoint": "mix/order/place-order", "count_max": 1})
    try:
        order = client.create_order(SYMBOL, "limit", "buy", 0.001, bid - 50, {"clientOid": "hb1-b0-f01.1"})
        assert [o["clientOrderId"] for o in client.fetch_open_orders(SYMBOL)] == ["hb1-b0-f01.1"]
        assert len(desk.venue_open_orders()) == 1
        client.cancel_order(order["id"], SYMBOL)
        eventually(lambda: desk.venue_open_orders() == [], 5, "cancelled")
    finally:
        fault(desk, {})


def test_a_cancel_that_the_venue_throttles_is_repeated_until_it_is_done(desk):
    client = quote(desk, (50,))
    fault(desk, {"fault": "rate_limited", "account": "bot1", "endpoint": "mix/order/cancel-order", "count_max": 3})
    try:
        client.cancel_all_orders(SYMBOL)
        eventually(lambda: desk.venue_open_orders() == [], 6, "the gateway goes on cancelling")
    finally:
        fault(desk, {})
