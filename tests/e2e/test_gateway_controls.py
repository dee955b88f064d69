"""Controls that people hold, with real processes: override, latch by each way, a key that may do too much."""

import json
import urllib.error
import urllib.request

import ccxt
import pytest

from services.common.hash_chain import verify
from services.gateway.latch_file import LatchFile
from services.gateway.messages import LatchEntry
from tests.e2e.gateway_processes import SYMBOL, Processes, eventually, running

pytestmark = pytest.mark.e2e

LARGE = 0.05  # some 3 000 quote; a bot's limit is 1 000


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with running(tmp_path_factory.mktemp("gc")) as processes:
        yield processes


def place(desk: Processes, qty: float = 0.001, **params: object) -> dict:
    client = desk.client()
    bid = float(client.fetch_order_book(SYMBOL)["bids"][0][0])
    return client.create_order(SYMBOL, "limit", "buy", qty, bid - 50, params)


def test_rts6_15_6_two_persons_let_one_order_pass_one_limit_once(desk):
    override = {"bot": "bot1", "limit": "order_value_quote_max", "reason": "hedge", "ttl_s": 60}
    with pytest.raises(ccxt.ExchangeError, match="ORDER_VALUE_LIMIT"):
        place(desk, LARGE)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        desk.post_desk("/desk/override", {**override, "approvers": ["anna", "Anna"]})
    with pytest.raises(ccxt.ExchangeError, match="ORDER_VALUE_LIMIT"):
        place(desk, LARGE)
    desk.post_desk("/desk/override", {**override, "approvers": ["anna", "ben"]})
    order = place(desk, LARGE)
    with pytest.raises(ccxt.ExchangeError, match="ORDER_VALUE_LIMIT"):
        place(desk, LARGE)
    desk.client().cancel_order(order["id"], SYMBOL)
    chain = desk.run_dir / "gateway" / "audit.jsonl"
    last = json.loads(chain.read_text().splitlines()[-1])
    assert (last["action"], last["approvers"]) == ("override", ["anna", "ben"])
    assert verify(chain).is_ok
    assert desk.desk("/desk/status")["counters"]["overrides_used"] == 1


@pytest.mark.parametrize("by", ["file", "http"])
def test_a_latch_set_by_one_way_alone_holds_before_the_next_order(desk, by):
    order = place(desk)
    latch = {"scope": "desk", "state": "HALTED", "reason": "MANUAL", "actor": "anna"}
    if by == "file":
        LatchFile(desk.run_dir / "gateway" / "latch.json").set("desk", LatchEntry("HALTED", "MANUAL", "anna", 1))
    else:
        desk.post_desk("/desk/latch", latch)
    with pytest.raises(ccxt.ExchangeError, match="SCOPE_HALTED"):
        place(desk)
    eventually(lambda: desk.venue_open_orders() == [], 5, "what rested is cancelled")
    desk.post_desk("/desk/latch", {**latch, "state": "ACTIVE"})
    assert desk.client().cancel_order(place(desk)["id"], SYMBOL)
    assert order["id"]


def test_an_order_with_a_trigger_is_refused_and_nothing_reaches_the_venue(desk):
    with pytest.raises(ccxt.ExchangeError, match="ORDER_TYPE_NOT_ALLOWED"):
        place(desk, triggerPrice=1_000)
    assert desk.venue_open_orders() == []


def test_sec_03_a_venue_key_that_may_withdraw_opens_no_door(tmp_path):
    desk = Processes(tmp_path)
    try:
        desk.start_venue("--set", "key_rights=read,trade,withdraw")
        desk.start_gateway(until_ready=False)
        eventually(lambda: "KEY_RIGHTS: the venue key may withdraw" in not_ready(desk), 20, "said on /readyz")
        with pytest.raises(ccxt.ExchangeNotAvailable, match=r"DOOR_SHUT.*withdraw"):
            place(desk)
        assert desk.venue_open_orders() == []
    finally:
        desk.stop_all()


def not_ready(desk: Processes) -> str:
    """What /readyz says while it is not."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{desk.gateway_port}/readyz", timeout=2):
            return ""
    except urllib.error.HTTPError as error:
        return error.read().decode()
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return ""
