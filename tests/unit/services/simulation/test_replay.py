"""A recorded tape as the market."""

from decimal import Decimal as D

import pytest

from services.common import venue
from services.simulation.exchange import Exchange, ExchangeParams
from services.simulation.instruments import default_instruments
from services.simulation.replay import Replay, path_ticks
from services.simulation.tape import CandleRow, Tape, read_csv
from services.simulation.units import make_grid

START_MS = 1_700_000_000_000 - 1_700_000_000_000 % 60_000 + 12_345
GRID = make_grid("BTC-USDT", D("0.1"), D("0.0001"))


def candle_tape(count: int = 200) -> Tape:
    lines = ["timestamp,open,high,low,close,volume"]
    price = 50_000
    for minute in range(count):
        close = price + (40 if minute % 3 else -60)
        high, low = max(price, close) + 20, min(price, close) - 25
        lines.append(f"{1_640_995_200 + minute * 60},{price},{high},{low},{close},6")
        price = close
    return read_csv(lines)


def replaying(tape: Tape, accounts=None, **options) -> Exchange:
    params = ExchangeParams(history_minutes=100)
    replay = Replay(symbol="BTC-USDT", tape=tape, **options)
    return Exchange(default_instruments()[:2], accounts or {}, replay, 3, START_MS, params)


@pytest.mark.parametrize(
    ("row", "corners"),
    [
        (CandleRow(0, D(100), D(130), D(70), D(110), D(1)), [1000, 700, 1300, 1100]),
        (CandleRow(0, D(110), D(130), D(70), D(100), D(1)), [1100, 1300, 700, 1000]),
    ],
)
def test_the_path_inside_a_minute_touches_the_near_extreme_first(row, corners):
    assert [path_ticks(row, GRID, ms) for ms in (0, 20_000, 40_000)] == corners[:3]
    assert path_ticks(row, GRID, 59_999) == pytest.approx(corners[3], rel=1e-3)
    assert path_ticks(row, GRID, 10_000) == sum(corners[:2]) / 2


def test_history_is_the_tape_restamped_to_end_at_the_start():
    tape = candle_tape()
    candles = replaying(tape).handle(venue.GetCandles(symbol="BTC-USDT", limit=101), START_MS)
    assert candles[-1].open_ts_ms == START_MS - START_MS % 60_000
    assert [c.close for c in candles[:-1]] == [row.close for row in tape.rows[:100]]
    assert candles[-1].open == tape.rows[100].open


def test_the_tape_plays_sixty_minutes_a_minute_and_reaches_every_extreme():
    tape = candle_tape()
    exchange = replaying(tape)
    exchange.advance(START_MS + 60_000)
    (ticker,) = exchange.handle(venue.GetTicker(symbol="BTC-USDT"), START_MS + 60_000)
    assert abs(ticker.index_price - tape.rows[159].close) <= D("2")
    bars = exchange.handle(venue.GetCandles(symbol="BTC-USDT", limit=2), START_MS + 60_000)
    played = tape.rows[100:160]
    assert abs(max(bar.high for bar in bars) - max(row.high for row in played)) <= D("1")
    assert abs(min(bar.low for bar in bars) - min(row.low for row in played)) <= D("1")
    assert sum(bar.base_volume for bar in bars) == pytest.approx(D(60 * 6), rel=D("0.01"))


def test_an_order_fills_at_its_price_when_the_path_goes_through_it():
    tape = candle_tape()
    exchange = replaying(tape, {"a": D(100_000)})
    exchange.advance(START_MS)
    low = min(row.low for row in tape.rows[100:130])
    order = venue.PlaceOrder(account_id="a", symbol="BTC-USDT", client_order_id="x", side="buy", order_type="limit",
                             time_in_force="post_only", qty_base=D("0.01"), price=low + 5)  # fmt: skip
    assert isinstance(exchange.handle(order, START_MS), venue.Placed)
    exchange.advance(START_MS + 30_000)
    (fill,) = exchange.handle(venue.GetFills(account_id="a"), exchange.now_ms)
    assert (fill.price, fill.liquidity) == (low + 5, "maker")


def test_the_price_stands_still_after_the_last_row_and_the_other_pair_lives():
    tape = candle_tape()
    exchange = replaying(tape, speed=600)
    exchange.advance(START_MS + 30_000)
    assert exchange._markets["BTC-USDT"].finished
    (ticker,) = exchange.handle(venue.GetTicker(symbol="BTC-USDT"), exchange.now_ms)
    assert abs(ticker.last_price - tape.rows[-1].close) <= D("1")
    first = exchange.handle(venue.GetBook(symbol="ETH-USDT", depth=1), exchange.now_ms)
    exchange.advance(START_MS + 60_000)
    assert exchange.handle(venue.GetBook(symbol="ETH-USDT", depth=1), exchange.now_ms).bids != first.bids


def test_after_a_restart_the_tape_goes_on_where_it_was():
    tape = candle_tape()
    exchange = replaying(tape, speed=60)
    exchange.advance(START_MS + 20_000)
    rows = exchange.drain_changes()
    again = Exchange(
        default_instruments()[:2], {}, Replay(symbol="BTC-USDT", tape=tape), 3, START_MS + 50_000,
        ExchangeParams(history_minutes=100),
    )  # fmt: skip
    again.restore(rows)
    again.advance(again.start_ms + 5_000)
    (ticker,) = again.handle(venue.GetTicker(symbol="BTC-USDT"), again.now_ms)
    assert abs(ticker.index_price - tape.rows[124].close) <= D("3")


@pytest.mark.parametrize("played_ms", [0, 1_000])
def test_a_restart_does_not_play_a_trade_twice(played_ms):
    lines = ["timestamp,price,quantity,side", "1000000000000,50000,0.5,buy", "1000000001000,50010,0.25,buy"]
    tape = read_csv([*lines, "1000000005000,49990,0.1,sell"])
    exchange = replaying(tape)
    exchange.advance(START_MS + played_ms)
    again = replaying(tape)
    again.restore(exchange.drain_changes())
    again.advance(START_MS + 900)
    assert again.handle(venue.GetTrades(symbol="BTC-USDT"), again.now_ms) == ()


def test_trades_play_at_their_own_price_and_size():
    lines = ["timestamp,price,quantity,side", "1000000000000,50000,0.5,buy", "1000000001000,50010,0.25,buy"]
    lines += ["1000000002000,49990,0.1,sell"]
    exchange = replaying(read_csv(lines))
    exchange.advance(START_MS + 3_000)
    trades = exchange.handle(venue.GetTrades(symbol="BTC-USDT"), exchange.now_ms)
    totals: dict = {}
    for trade in trades:
        totals[trade.taker_side, trade.ts_exch_ms // 1_000] = (
            totals.get((trade.taker_side, trade.ts_exch_ms // 1_000), D(0)) + trade.qty_base
        )
    assert list(totals.values())[::-1] == [D("0.5"), D("0.25"), D("0.1")]
    assert trades[0].price == D("49990")


TRADES_THROUGH = [
    "timestamp,price,quantity,side",
    "1000000000000,50000,0.5,buy",
    "1000000003000,50010,0.25,buy",
    "1000000004000,50010,0.4,buy",
    "1000000090000,50010,0.4,buy",
]
QUOTES_THROUGH = [
    "timestamp,bid,ask,bid_size,ask_size",
    "1000000000000,50000,50001,1,1",
    "1000000003000,50010,50011,0.3,0.3",
    "1000000004000,50010,50012,0.3,0.3",
    "1000000005000,50010,50012,0.5,0.3",
    "1000000090000,50010,50012,0.5,0.3",
]


@pytest.mark.parametrize(
    ("lines", "filled"), [(TRADES_THROUGH, ["0.25", "0.65", "0.65"]), (QUOTES_THROUGH, ["0.3", "0.3", "0.5"])]
)
def test_an_order_that_the_price_goes_through_gets_what_the_tape_had_and_no_more(lines, filled):
    exchange = replaying(read_csv(lines), {"a": D(10_000_000), "b": D(10_000_000)})
    start_ms = exchange.start_ms
    exchange.advance(start_ms + 1_000)
    for account in "ab":
        order = venue.PlaceOrder(
            account_id=account, symbol="BTC-USDT", client_order_id="x", side="sell", order_type="limit",
            time_in_force="post_only", qty_base=D(10), price=D("50005"),
        )  # fmt: skip
        assert isinstance(exchange.handle(order, start_ms + 1_000), venue.Placed)
    seen = []
    for second in (3, 4, 5):
        exchange.advance(start_ms + second * 1_000 + 500)
        fills = [f for account in "ab" for f in exchange.handle(venue.GetFills(account_id=account), exchange.now_ms)]
        assert {fill.price for fill in fills} == {D("50005")}
        seen.append(sum(fill.qty_base for fill in fills))
        book = exchange.handle(venue.GetBook(symbol="BTC-USDT", depth=1), exchange.now_ms)
        assert book.bids[0][0] < book.asks[0][0] == D("50005")
    assert seen == [D(qty) for qty in filled]


def test_quotes_put_the_touch_where_it_was_recorded():
    lines = [
        "timestamp,bid,ask,bid_size,ask_size",
        "1000000000000,50000,50001,0.5,0.7",
        "1000000001000,50010,50010.5,2,1",
    ]
    exchange = replaying(read_csv(lines))
    exchange.advance(START_MS + 900)
    book = exchange.handle(venue.GetBook(symbol="BTC-USDT", depth=1), exchange.now_ms)
    assert (book.bids[0], book.asks[0][0]) == ((D(50_000), D("0.5")), D(50_001))
    exchange.advance(START_MS + 1_500)
    book = exchange.handle(venue.GetBook(symbol="BTC-USDT", depth=1), exchange.now_ms)
    assert (book.bids[0], book.asks[0]) == ((D(50_010), D(2)), (D("50010.5"), D(1)))


def test_a_replay_repeats_bit_for_bit():
    digests = set()
    for cut_ms in (50, 1_000):
        exchange = replaying(candle_tape())
        for ms in range(0, 30_001, cut_ms):
            exchange.advance(START_MS + ms)
        digests.add(exchange.digest())
    assert len(digests) == 1


def test_a_speed_that_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="speed: 0; allowed above 0"):
        Replay(symbol="BTC-USDT", tape=candle_tape(3), speed=0)
