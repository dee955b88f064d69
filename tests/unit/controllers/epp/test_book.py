from decimal import Decimal

import pytest

from controllers.core.values import LiveOrder
from controllers.epp.book import BookMemory, read_top, toxic_move_pct
from tests.fakes.epp_world import START_MS, view

D = Decimal


def order(side="buy", price="50000", qty="1", filled="0"):
    level = "b0" if side == "buy" else "s0"
    return LiveOrder(level, "c1", side, D(price), D(qty), D(filled), "open", START_MS)


def test_mid_and_spread_are_those_of_the_top():
    top, reason, _ = read_top(view(bid_price=D(99), ask_price=D(101)), BookMemory())
    assert reason is None
    assert top == (D(99), D(101), D(100), D("0.02"))


@pytest.mark.parametrize(
    "bid, ask, reason",
    [
        ("0", "50000", "BOOK_EMPTY"),
        ("50000", "0", "BOOK_EMPTY"),
        ("NaN", "50000", "BOOK_NOT_FINITE"),
        ("50000", "Infinity", "BOOK_NOT_FINITE"),
        ("-1", "50000", "BOOK_NOT_FINITE"),
        ("50000", "50000", "BOOK_CROSSED"),
        ("50001", "50000", "BOOK_CROSSED"),
    ],
)
def test_a_book_that_cannot_be_quoted_from_has_its_own_reason(bid, ask, reason):
    top, seen, _ = read_top(view(bid_price=D(bid), ask_price=D(ask)), BookMemory())
    assert top is None
    assert seen == reason


def test_our_own_order_alone_at_the_touch_is_not_the_market():
    _, _, memory = read_top(view(bid_price=D(49_990), ask_price=D(50_010)), BookMemory())
    alone = view(
        START_MS + 1000, bid_price=D(49_995), bid_qty_base=D(1), ask_price=D(50_010), orders=(order(price="49995"),)
    )
    top, _, memory = read_top(alone, memory)
    assert top is not None and top.bid_price == D(49_990)
    crowded = alone._replace(bid_qty_base=D(2))
    top, _, _ = read_top(crowded, memory)
    assert top is not None and top.bid_price == D(49_995)


def test_our_own_offer_alone_at_the_touch_is_not_the_market():
    _, _, memory = read_top(view(bid_price=D(49_990), ask_price=D(50_010)), BookMemory())
    alone = view(
        START_MS + 1000,
        bid_price=D(49_990),
        ask_price=D(50_005),
        ask_qty_base=D("0.4"),
        orders=(order("sell", "50005", "1", "0.6"),),
    )
    top, _, _ = read_top(alone, memory)
    assert top is not None and top.ask_price == D(50_010)


def test_where_others_were_is_forgotten_after_ten_seconds():
    _, _, memory = read_top(view(bid_price=D(49_990), ask_price=D(50_010)), BookMemory())
    for side, own in (("bid", order(price="49995")), ("ask", order("sell", "50005"))):
        late = view(START_MS + 10_001, bid_price=D(49_990), ask_price=D(50_010), orders=(own,))
        late = late._replace(**{f"{side}_price": own.price, f"{side}_qty_base": D(1)})
        top, _, _ = read_top(late, memory)
        assert top is not None
        assert getattr(top, f"{side}_price") == own.price


def test_the_hosts_own_reading_of_others_wins():
    seen = view(bid_price=D(50_000), others_bid_price=D(49_980), others_ask_price=D(50_020))
    top, _, _ = read_top(seen._replace(ask_price=D(50_010)), BookMemory())
    assert top is not None and (top.bid_price, top.ask_price) == (D(49_980), D(50_020))


def test_an_impossible_reading_of_others_falls_back_to_the_top():
    seen = view(bid_price=D(50_000), ask_price=D(50_010), others_bid_price=D(50_020), others_ask_price=D(50_005))
    top, _, _ = read_top(seen, BookMemory())
    assert top is not None and (top.bid_price, top.ask_price) == (D(50_000), D(50_010))


def test_a_fast_move_is_seen_and_forgotten_when_its_window_is_over():
    move, memory = toxic_move_pct(BookMemory(), D(100), 0, 5_000)
    assert move == 0
    move, memory = toxic_move_pct(memory, D(110), 1_000, 5_000)
    assert move == D("0.1")
    for second in range(2, 20):
        move, memory = toxic_move_pct(memory, D(110), second * 1_000, 5_000)
    assert move == 0


def test_a_spike_of_one_tick_does_not_hide_the_move_back():
    _, memory = toxic_move_pct(BookMemory(), D(100), 0, 5_000)
    move, memory = toxic_move_pct(memory, D(100_000), 5_000, 5_000)
    assert move > 900
    move, _ = toxic_move_pct(memory, D(100), 6_000, 5_000)
    assert move > D("0.99")
