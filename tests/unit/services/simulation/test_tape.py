from decimal import Decimal as D

import pytest

from services.simulation.tape import CandleRow, TapeError, TradeRow, read_csv

HEADER = "timestamp,open,high,low,close,volume"
GOOD = "2022-01-01 00:00:00,100,110,90,105,1.5"


def test_a_candle_tape_is_read_whatever_the_order_of_columns():
    tape = read_csv(
        [
            "close,volume,timestamp,low,high,open,extra",
            "105,1.5,2022-01-01T00:00:00Z,90,110,100,x",
            "1,2,1640995260000,1,1,1,x",
        ]
    )
    assert tape.kind == "candles"
    assert tape.rows[0] == CandleRow(1_640_995_200_000, D(100), D(110), D(90), D(105), D("1.5"))
    assert tape.rows[1].ts_ms == 1_640_995_260_000


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000, 1_000_000_000])
def test_timestamps_in_any_unit_are_told_apart_by_size(unit):
    tape = read_csv([HEADER, *(f"{(1_640_995_200 + 60 * i) * unit},1,1,1,1,1" for i in range(2))])
    assert tape.rows[0].ts_ms == 1_640_995_200_000


def test_missing_minutes_play_flat():
    tape = read_csv([HEADER, GOOD, "2022-01-01 00:03:00,105,106,104,105,1"])
    assert [row.ts_ms // 60_000 - 27_349_920 for row in tape.rows] == [0, 1, 2, 3]
    assert tape.rows[1][1:] == (D(105), D(105), D(105), D(105), D(0))


def test_trades_and_quotes_are_known_by_their_columns():
    trades = read_csv(["timestamp,id,side,price,amount", "1570752011620,1,sell,0.5,23", "1570752011620,2,buy,0.6,1"])
    assert trades.kind == "trades"
    assert trades.rows[0] == TradeRow(1_570_752_011_620, D("0.5"), D(23), False)
    makers = read_csv(["timestamp,trade_id,price,quantity,buyer_maker", "1,1,2,3,True", "1,2,2,3,False"])
    assert [row.taker_buys for row in makers.rows] == [False, True]
    quotes = read_csv(["timestamp,symbol,ask_size,ask,bid_size,bid", "1,X,1,11,2,10", "2,X,1,11,2,10"])
    assert quotes.kind == "quotes"


BAD = [
    ([], "row 1: the file is empty"),
    (["a,b", "1,2"], "row 1: columns a,b are no tape; expected candles: timestamp,open"),
    ([HEADER, GOOD], "row 2: the tape ends here"),
    ([HEADER, GOOD, "2022-01-01 00:01:00,1,1,1"], "row 3: 4 cells, the header has 6"),
    ([HEADER, GOOD, "yesterday,1,1,1,1,1"], "row 3: timestamp 'yesterday'; expected UTC such as"),
    ([HEADER, GOOD, "2022-01-01 00:01:00,1,1,1,abc,1"], "row 3: close 'abc'; expected a number"),
    ([HEADER, GOOD, "2022-01-01 00:01:00,nan,1,1,1,1"], "row 3: open 'nan'; expected a finite number"),
    ([HEADER, GOOD, "2022-01-01 00:01:00,0,1,1,1,1"], "row 3: open 0; expected above 0"),
    ([HEADER, GOOD, "2022-01-01 00:01:00,1,1,1,1,-1"], "row 3: volume -1 is negative"),
    ([HEADER, GOOD, "2022-01-01 00:01:00,10,9,8,9,1"], "row 3: open 10, high 9"),
    ([HEADER, GOOD, GOOD], "row 3: the minute .* is not after"),
    ([HEADER, GOOD, "2022-01-09 00:00:00,1,1,1,1,1"], "row 3: 11519 minutes are missing"),
    (["timestamp,price,quantity,side", "1,1,1,buy", "2,1,1,up"], "row 3: side 'up'; expected side buy or sell"),
    (["timestamp,price,quantity,side", "5,1,1,buy", "2,1,1,buy"], "row 3: timestamp 2000 is before 5000"),
    (["timestamp,bid,ask,bid_size,ask_size", "1,2,1,1,1", "2,1,2,1,1"], "row 2: bid 2 is not below ask 1"),
]


@pytest.mark.parametrize(("lines", "message"), BAD, ids=[message for _, message in BAD])
def test_a_bad_tape_is_refused_with_the_row_and_what_is_expected(lines, message):
    with pytest.raises(TapeError, match=message):
        read_csv(lines)
