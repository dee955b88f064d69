from decimal import Decimal

import pytest

from services.common import venue
from services.gateway.market_quality import BookJudge

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
        (book(ts=-6_000), "BOOK_LATE"),  # F25
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


def test_a_spike_that_comes_back_leaves_the_old_truth():
    judge = BookJudge()
    judge.judge(book("100", "101", seq=1), 0)
    judge.judge(book("100000", "100001", seq=2), 0)
    back = [judge.judge(book("100", "101", seq=n), 0) for n in range(3, 8)]
    assert back[-1] is None
    assert judge.last_mid == D("100.5")


def test_ordinary_moves_pass():
    judge = BookJudge()
    for n in range(100):
        assert judge.judge(book(str(100 + n % 7), str(101 + n % 7), seq=n + 1), 0) is None


def test_a_new_session_begins_a_new_sequence():
    judge = BookJudge()
    judge.judge(book(seq=500), 0)
    judge.forget_sequence()
    assert judge.judge(book(seq=1), 0) is None
