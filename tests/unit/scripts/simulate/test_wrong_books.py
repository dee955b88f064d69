"""Spoilt books: each kind of wrong is known to the gateway's judge."""

import random
from decimal import Decimal

import pytest

from scripts.simulate.wrong_books import wrong
from services.common import venue
from services.gateway.market_quality import BookJudge

NOW_MS = 1_750_000_000_000
BOOK = venue.Book(
    symbol="BTC-USDT",
    bids=((Decimal(60_000), Decimal(1)), (Decimal(59_999), Decimal(2))),
    asks=((Decimal(60_001), Decimal(1)), (Decimal(60_002), Decimal(2))),
    ts_exch_ms=NOW_MS,
    seq=7,
)


@pytest.mark.parametrize("seed", range(40))
def test_no_spoilt_book_is_believed(seed):
    judge = BookJudge()
    assert judge.judge(BOOK, NOW_MS) is None
    assert judge.judge(wrong(BOOK, random.Random(seed)), NOW_MS) is not None


def test_every_kind_is_drawn():
    faults = set()
    for seed in range(40):
        judge = BookJudge(last_mid=Decimal("60000.5"))
        fault = judge.judge(wrong(BOOK, random.Random(seed)), NOW_MS)
        faults.add(fault.code)
    assert faults == {"BOOK_CROSSED", "BOOK_EMPTY", "BOOK_NOT_FINITE", "BOOK_JUMPED"}
