"""Answers of gateway and venue: known when they have the known shape, else unknown."""

from decimal import Decimal

import pytest

from services.desk_api import asked
from services.desk_api.logic import Board, BoardLimits, Poll
from services.desk_api.readings import Now, Stamp
from services.desk_api.view import frame
from tests.fakes.desk_events import TalkingDesk

START_MS = 1_700_000_000_000
BOT = {
    "latch": "REDUCING",
    "capital_quote": "100000",
    "equity_quote": "100012.5",
    "realized_pnl_quote": "20",
    "unrealized_pnl_quote": "-2.5",
    "fees_quote": "5",
    "funding_quote": "0",
    "positions_base": {"BTC-USDT": "-0.02"},
    "open_orders": 4,
}
GATEWAY = {
    "state": "running",
    "door": {"bot1": {"open": True, "detail": ""}, "bot2": {"open": False, "detail": "reconciling"}},
    "latch": {"readable": True, "scopes": {"bot:bot1": {"state": "HALTED"}, "venue:bitget": {"state": "REDUCING"}}},
    "bots": {"bot1": BOT},
}
VENUE = {"open_orders": 8, "market": "lively", "accounts": {"bot1": {"open_orders": 4}}}


def poll(answer):
    return Poll(answer, Stamp(START_MS, 0), "")


def test_what_the_gateway_answers():
    gateway = poll(GATEWAY)
    assert asked.latch_above_bots(gateway) == "REDUCING"
    assert asked.latch_of_bot(gateway, "bot1") == "REDUCING"
    assert asked.door_of_bot(gateway, "bot1") == ("open", "")
    assert asked.door_of_bot(gateway, "bot2") == ("shut", "reconciling")
    assert asked.open_orders_of_bot(gateway, "bot1") == 4
    assert asked.account_of_bot(gateway, "bot1")["equity"] == Decimal("100012.5")
    assert asked.position_of_bot(gateway, "bot1", "BTC-USDT") == Decimal("-0.02")
    assert asked.position_of_bot(gateway, "bot1", "ETH-USDT") == 0


def test_latches_that_cannot_be_read_halt_and_none_at_all_is_active():
    assert asked.latch_above_bots(poll({"latch": {"readable": False, "scopes": {}}})) == "HALTED"
    assert asked.latch_above_bots(poll({"latch": {"readable": True, "scopes": {}}})) == "ACTIVE"


def test_what_the_venue_answers():
    assert asked.market_name(poll(VENUE)) == "lively"
    assert asked.open_orders_at_venue(poll(VENUE)) == 8
    assert asked.open_orders_of_bot_at_venue(poll(VENUE), "bot1") == 4


@pytest.mark.parametrize(
    "answer",
    [None, [], "running", 7, {}, {"bots": []}, {"bots": {"bot1": None}}, {"latch": 3, "door": {"bot1": "open"}}],
)
def test_another_shape_is_not_known_and_nothing_breaks(answer):
    odd = poll(answer)
    assert asked.latch_above_bots(odd) is None
    assert asked.latch_of_bot(odd, "bot1") is None
    assert asked.door_of_bot(odd, "bot1") == (None, "")
    assert asked.account_of_bot(odd, "bot1") is None
    assert asked.open_orders_of_bot(odd, "bot1") is None
    assert asked.position_of_bot(odd, "bot1", "BTC-USDT") is None
    assert asked.market_name(odd) is None
    board = Board(BoardLimits())
    board.bot("bot1")
    board.gateway = board.venue = odd
    assert frame(board, Now(START_MS, 0), life="l", version="1", bus_blind_ms=0)["bots"][0]["id"] == "bot1"


@pytest.mark.parametrize("amount", [None, 5, 1.5, "", "NaN", "Infinity", "12,5"])
def test_an_account_with_one_amount_that_is_none_is_no_account(amount):
    assert asked.account_of_bot(poll({"bots": {"bot1": {**BOT, "fees_quote": amount}}}), "bot1") is None


def test_an_answer_gone_stale_gives_way_to_the_account_on_the_bus():
    desk = TalkingDesk(START_MS)
    board = Board(BoardLimits())
    board.gateway = poll(GATEWAY)
    desk.now_ms += 9_000
    board.apply(desk.status("bot1"), Now(desk.now_ms, 9_000))
    board.apply(desk.account("bot1"), Now(desk.now_ms, 9_000))

    def readings(at_ms):
        shown = frame(board, Now(START_MS + at_ms, at_ms), life="l", version="1", bus_blind_ms=0)
        return shown["bots"][0]["readings"]

    assert readings(4_000)["fees"]["source"] == "gateway /desk/status"
    assert readings(9_000)["fees"]["source"] == "gateway virtual_account.v1"
