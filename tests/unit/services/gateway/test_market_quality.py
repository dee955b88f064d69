from decimal import Decimal

import pytest

from services.common import venue
from services.gateway.market_quality import BookJudge
from tests.fakes.tickers import ticker

D = Decimal


def book(bid="100", ask="101", seq=1, ts=0, bid_qty="1", ask_qty="1", **sides) -> venue.Book:
    return venue.Book(
        symbol="BTC-USDT",
        bids=sides.get("bids", ((D(bid), D(bid_qty)),)),
        asks=sides.get("asks", ((D(ask), D(ask_qty)),)),
        ts_exch_ms=ts,
        seq=seq,
    )


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (book(bids=()), "BOOK_EMPTY"),  # F23
        (book(asks=()), "BOOK_EMPTY"),
        (book("101", "101"), "BOOK_CROSSED"),  # F22
        (book("102", "101"), "BOOK_CROSSED"),
        (book("NaN", "101"), "BOOK_NOT_FINITE"),  # F27
        (book("0", "101"), "BOOK_NOT_FINITE"),
        (book("-5", "101"), "BOOK_NOT_FINITE"),
        (book("100", "Infinity"), "BOOK_NOT_FINITE"),
        (book("100", "101", bid_qty="0"), "BOOK_NOT_FINITE"),
        (book("100000", "101000"), "BOOK_JUMPED"),  # x1000
        (book("0.100", "0.101"), "BOOK_JUMPED"),
        (book(seq=0), "BOOK_SEQUENCE"),  # F21
        (book(ts=-5_001), "BOOK_LATE"),  # F25
        (book(bids=((D(100), D(1)), (D("NaN"), D(1)))), "BOOK_NOT_FINITE"),  # the worst level is looked at too
        (book(asks=((D(101), D(1)), (D(102), D(0)))), "BOOK_NOT_FINITE"),
    ],
)
def test_a_wrong_book_is_set_aside_with_its_reason(wrong, code):
    judge = BookJudge()
    assert judge.judge(book(seq=1), 0) is None
    fault = judge.judge(wrong, 0)
    assert fault is not None
    assert fault.code == code


def test_after_a_wrong_book_three_sound_ones_bring_trust_back():
    judge = BookJudge()
    judge.judge(book(), 0)
    judge.judge(book("NaN", "101"), 0)
    assert [judge.judge(book(seq=n), 0) is None for n in (2, 3, 4)] == [False, False, True]


def test_a_real_jump_becomes_the_truth_when_the_next_books_agree_with_it():
    judge = BookJudge()
    judge.judge(book("100", "101", seq=1), 0)
    verdicts = [judge.judge(book("130", "131", seq=n), 0) for n in range(2, 7)]
    assert [v.code if v else "" for v in verdicts] == ["BOOK_JUMPED", "BOOK_DISTRUSTED", "BOOK_DISTRUSTED", "", ""]


def test_once_a_jump_has_become_the_truth_it_is_no_longer_what_later_books_are_compared_with():
    judge = BookJudge()
    for n, bid in enumerate((100, 130, 130, 130), 1):
        judge.judge(book(str(bid), str(bid + 1), seq=n), 0)
    for n, bid in enumerate((145, 160), 5):  # it moves on
        assert judge.judge(book(str(bid), str(bid + 1), seq=n), 0) is None
    assert judge.judge(book(bids=(), seq=7), 0) is not None
    verdicts = [judge.judge(book("160", "161", seq=n), 0) for n in (8, 9, 10)]
    assert [v.code if v else "" for v in verdicts] == ["BOOK_DISTRUSTED", "BOOK_DISTRUSTED", ""]


def test_a_spike_that_comes_back_leaves_the_old_truth():
    judge = BookJudge()
    judge.judge(book("100", "101", seq=1), 0)
    judge.judge(book("100000", "100001", seq=2), 0)
    back = [judge.judge(book("100", "101", seq=n), 0) for n in range(3, 8)]
    assert back[-1] is None
    assert judge.last_mid == D("100.5")


def test_a_book_five_seconds_on_the_way_passes():
    assert BookJudge().judge(book(ts=5_000), 10_000) is None


@pytest.mark.parametrize(("mid", "is_far"), [("110", False), ("90", False), ("110.1", True), ("89.9", True)])
def test_a_mid_may_be_a_tenth_of_the_mark_away(mid, is_far):
    sides = {"bids": ((D(mid) - 1, D(1)),), "asks": ((D(mid) + 1, D(1)),)}
    assert (BookJudge().judge(book(**sides), 0, ticker("100", "0")) is not None) == is_far


def test_ordinary_moves_pass():
    judge = BookJudge()
    for n in range(100):
        assert judge.judge(book(str(100 + n % 7), str(101 + n % 7), seq=n + 1), 0) is None


def test_f24_an_old_book_after_a_resubscribe_is_set_aside_until_one_as_new_as_the_last_comes():
    judge = BookJudge()
    assert judge.judge(book(seq=500, ts=10_000), 10_000) is None
    judge.forget_sequence()
    verdicts = [judge.judge(book(seq=n, ts=ts), 10_500) for n, ts in enumerate((8_000, 9_900, 10_100, 10_200, 10_300))]
    assert [v.code if v else "" for v in verdicts] == ["BOOK_SEQUENCE"] * 2 + ["BOOK_DISTRUSTED"] * 2 + [""]


@pytest.mark.parametrize(("mark", "index"), [("100.5", "90"), ("3.5", "100.5"), ("100.5", "155"), ("3.5", "3.5")])
def test_f26_f29_a_book_far_from_mark_or_index_is_never_believed_however_often_it_comes(mark, index):
    judge = BookJudge()
    verdicts = [judge.judge(book(seq=n), 0, ticker(mark, index)) for n in range(20)]
    assert {v.code for v in verdicts if v} == {"BOOK_APART"}
    assert None not in verdicts
    near = [judge.judge(book(seq=n), 0, ticker("100", "99")) for n in range(20, 24)]
    assert near[-1] is None


def test_a_ticker_that_is_old_or_has_no_index_is_no_witness():
    judge = BookJudge()
    assert judge.judge(book(seq=1, ts=70_000), 70_000, ticker("3.5", "3.5", ts_ms=9_999)) is None
    assert BookJudge().judge(book(seq=1, ts=70_000), 70_000, ticker("3.5", "3.5", ts_ms=10_000)) is not None
    assert judge.judge(book(seq=2, ts=70_000), 70_000, ticker("100", "0", ts_ms=70_000)) is None


def test_a_new_session_begins_a_new_sequence():
    judge = BookJudge()
    judge.judge(book(seq=500), 0)
    judge.forget_sequence()
    assert judge.judge(book(seq=1), 0) is None


def test_a_book_of_the_future_is_set_aside_and_those_after_it_are_not_old():
    judge = BookJudge()
    assert judge.judge(book(seq=1, ts=1_000), 1_000) is None
    assert judge.judge(book(seq=2, ts=9_000_000), 1_100).code == "BOOK_LATE"
    verdicts = [judge.judge(book(seq=seq, ts=1_000 + seq), 1_200) for seq in (3, 4, 5)]
    assert verdicts[-1] is None
