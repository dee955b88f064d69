"""Pushes under faults."""

from decimal import Decimal

import msgspec
import pytest

from services.common import venue
from services.venue_sim.fault_feed import FaultyFeed, Outgoing
from services.venue_sim.faults import FaultPlan, Rule

NOW_MS = 1_763_640_000_000
D = Decimal


def book(symbol: str = "BTC-USDT", seq: int = 1, bid: str = "100.0") -> venue.BookPush:
    return venue.BookPush(
        book=venue.Book(
            symbol=symbol,
            bids=((D(bid), D(1)), (D(bid) - 1, D(2))),
            asks=((D(bid) + 1, D(3)), (D(bid) + 2, D(4))),
            ts_exch_ms=NOW_MS,
            seq=seq,
        )
    )


def positions(account: str = "bot1") -> venue.PositionsPush:
    return venue.PositionsPush(account_id=account, positions=())


def feed(*rules: Rule) -> FaultyFeed:
    plan = FaultPlan(7)
    plan.put(rules, NOW_MS)
    return FaultyFeed(plan)


def books(feed: FaultyFeed, push: venue.BookPush) -> list[venue.Book]:
    return [outgoing.push.book for outgoing in feed.outgoing(push, NOW_MS)]


def test_without_faults_a_push_goes_out_as_it_is():
    for push in (book(), positions()):
        assert feed().outgoing(push, NOW_MS) == [Outgoing(push)]


def test_a_frozen_feed_says_nothing_and_private_pushes_go_on():
    frozen = feed(Rule(fault="freeze_public"))
    assert frozen.outgoing(book(), NOW_MS) == []
    assert frozen.outgoing(positions(), NOW_MS) == [Outgoing(positions())]


def test_a_gap_is_lost_on_the_wire_only():
    assert feed(Rule(fault="gap_public", nth=1)).outgoing(book(), NOW_MS) == [Outgoing(book(), is_lost=True)]


def test_a_late_feed_is_late():
    assert feed(Rule(fault="delay_public", delay_ms=4_000)).outgoing(book(), NOW_MS) == [Outgoing(book(), 4_000)]


def test_a_crossed_book_has_its_best_bid_above_its_best_ask():
    (crossed,) = books(feed(Rule(fault="crossed_book")), book())
    assert crossed.bids[0][0] > crossed.asks[0][0]


def test_a_one_sided_book_has_no_asks():
    (one_sided,) = books(feed(Rule(fault="one_sided_book")), book())
    assert one_sided.bids and not one_sided.asks


@pytest.mark.parametrize(("factor", "best"), [(1_000, D("100000.0")), (0, D(0)), (-1, D("-100.0"))])
def test_a_price_spike_moves_every_price(factor, best):
    (spiked,) = books(feed(Rule(fault="price_spike", factor=factor)), book())
    assert spiked.bids[0][0] == best


def test_a_stale_snapshot_has_old_prices_under_a_new_sequence():
    faulty = feed(Rule(fault="stale_snapshot"))
    books(faulty, book(seq=1, bid="100.0"))
    (stale,) = books(faulty, book(seq=2, bid="200.0"))
    assert (stale.bids[0][0], stale.seq) == (D("100.0"), 2)


def test_a_wrong_symbol_shows_another_pairs_book():
    faulty = feed(Rule(fault="wrong_symbol", symbol="BTC-USDT"))
    books(faulty, book("ETH-USDT", bid="3000"))
    (wrong,) = books(faulty, book("BTC-USDT", bid="60000"))
    assert (wrong.symbol, wrong.bids[0][0]) == ("BTC-USDT", D("3000"))


def test_duplicates_are_sent_twice_and_lost_ones_never():
    assert feed(Rule(fault="duplicate_private")).outgoing(positions(), NOW_MS) == [Outgoing(positions())] * 2
    assert feed(Rule(fault="lose_private", account="bot2")).outgoing(positions(), NOW_MS) == [Outgoing(positions())]
    assert feed(Rule(fault="lose_private", account="bot1")).outgoing(positions(), NOW_MS) == []


def test_reordered_pushes_come_newest_first_and_none_is_lost():
    faulty = feed(Rule(fault="reorder_private", for_ms=10))
    order = venue.AccountPush(
        account_id="bot1",
        account=venue.Account(
            asset="USDT",
            equity_quote=D(1),
            wallet_quote=D(1),
            available_quote=D(1),
            frozen_quote=D(0),
            unrealized_pnl_quote=D(0),
            position_mode="one_way_mode",
            ts_ms=1,
        ),
    )
    sent = [msgspec.structs.replace(order, account=msgspec.structs.replace(order.account, ts_ms=n)) for n in range(5)]
    out = [outgoing for push in sent[:4] for outgoing in faulty.outgoing(push, NOW_MS)]
    out += faulty.outgoing(sent[4], NOW_MS + 10)  # the fault is over: what was held goes out first
    assert [outgoing.push.account.ts_ms for outgoing in out] == [2, 1, 0, 3, 4]
