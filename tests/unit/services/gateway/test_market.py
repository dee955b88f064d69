"""What is believed of book and ticker, and how old it is."""

from decimal import Decimal

import msgspec
import pytest

from services.common import venue
from services.gateway.market import Market
from tests.fakes.tickers import ticker

D = Decimal
BOOK = venue.Book(symbol="BTC-USDT", bids=((D(100), D(1)),), asks=((D(101), D(2)),), ts_exch_ms=1_000, seq=500)


@pytest.fixture
def market() -> Market:
    """Up, with one sound book."""
    market = Market()
    market.went_up(0)
    assert market.on_book(BOOK, 1_000, 0) is None
    return market


@pytest.mark.parametrize("mark", ["NaN", "0", "-1", "Infinity"])
def test_f27_a_mark_that_is_no_price_values_nothing_and_silences_no_witness(market, mark):
    first = Market()
    first.on_ticker(ticker(mark))
    assert first.mark("BTC-USDT") is None, "not even before there is a book to compare it with"
    market.on_ticker(ticker("100"))
    market.on_ticker(ticker(mark, mark))
    assert market.mark("BTC-USDT") == 100
    elsewhere = msgspec.structs.replace(BOOK, bids=((D(115), D(1)),), asks=((D(116), D(1)),), seq=501)
    fault = market.on_book(elsewhere, 1_000, 10)
    assert fault is not None and fault.code == "BOOK_APART", "by the mark before it"


def test_a_mark_far_from_the_book_is_believed_when_the_index_stands_by_it(market):
    market.on_ticker(ticker("150", index="151"))
    assert market.mark("BTC-USDT") == 150
    market.on_ticker(ticker("100000", index="151"))
    assert market.mark("BTC-USDT") == 150


@pytest.mark.parametrize(
    "changed", [{"bids": ((D(99), D(1)),)}, {"asks": ((D(102), D(2)),)}, {"asks": ((D(101), D(3)),)}, {"bids": ()}]
)
def test_f20_a_book_by_rest_that_differs_at_either_best_price_confirms_nothing(market, changed):
    assert market.confirm(BOOK, 5_000)
    assert market.silent_ms("BTC-USDT", 6_000) == 1_000
    assert not market.confirm(msgspec.structs.replace(BOOK, **changed), 7_000)
    assert (market.silent_ms("BTC-USDT", 7_000), market.fault("BTC-USDT").code) == (None, "BOOK_FROZEN")


def test_a_stream_that_comes_up_begins_a_sequence_and_a_life_of_its_own(market):
    market.went_down()
    assert not market.is_up
    assert market.age_ms(9_000) == 9_000, "what is known ages"
    market.went_up(9_000)
    assert (market.is_up, market.age_ms(9_500)) == (True, 500)
    assert market.on_book(msgspec.structs.replace(BOOK, seq=1, ts_exch_ms=9_000), 9_000, 9_500) is None


def test_a_pair_nobody_has_heard_of_has_no_age_no_touch_and_no_mark():
    market = Market()
    assert market.age_ms(1) is None
    for ask in (market.fault, market.touch, market.book, market.ticker, market.mark):
        assert ask("ETH-USDT") is None
    assert market.silent_ms("ETH-USDT", 1) is None
    assert market.symbols() == [], "asking makes none"
