from decimal import Decimal as D

from services.common import venue
from services.simulation.candles import Bar, Candles
from services.simulation.exchange import Exchange, ExchangeParams
from services.simulation.instruments import default_instruments
from services.simulation.units import make_grid
from tests.unit.services.simulation.conftest import START_MS

GRID = make_grid("BTC-USDT", D("0.1"), D("0.0001"))
MINUTE = 60_000


def test_trades_fold_into_the_minute_and_a_quiet_minute_stands_still():
    candles = Candles(GRID, [], [], 10 * MINUTE + 5, 1_000)
    for ticks, lots in ((1_010, 2), (990, 1), (1_005, 3)):
        candles.trade(ticks, lots, ticks * lots * GRID.value_e8, 10 * MINUTE + 5)
    (done, quiet) = candles.roll(12 * MINUTE)
    assert (done.open, done.high, done.low, done.close, done.lots) == (1_000, 1_010, 990, 1_005, 6)
    assert (quiet.open, quiet.high, quiet.low, quiet.close, quiet.lots) == (1_005, 1_005, 1_005, 1_005, 0)


def test_a_trade_belongs_to_the_minute_it_happens_in_before_the_venue_has_looked(make_desk, take_event):
    before_end_ms = 60_000 - START_MS % 60_000
    desk = make_desk(
        take_event(before_end_ms - 1, "buy", "60005.0", "0.1"),
        take_event(before_end_ms, "buy", "60010.0", "2"),
        settlement_ms=before_end_ms + 300,  # the venue looks at its minutes 300 ms after this one has ended
    )
    desk.wait(before_end_ms + 200)
    stored = [c.value for c in desk.exchange.drain_changes() if c.kind == "candle"]
    desk.wait(200)
    stored += [c.value for c in desk.exchange.drain_changes() if c.kind == "candle"]
    last, forming = desk.ask(venue.GetCandles(symbol="BTC-USDT", limit=2))
    assert (last.high, last.base_volume) == (D("60005.0"), D("0.1"))
    assert (forming.high, forming.base_volume) == (D("60010.0"), D("2"))
    assert len(stored) == 1


def test_longer_bars_are_aligned_to_utc_and_the_forming_one_is_included():
    bars = [Bar(minute * MINUTE, minute, minute + 5, minute - 5, minute + 1, 1, 10) for minute in range(3, 13)]
    candles = Candles(GRID, bars, [], 13 * MINUTE, 14)
    read = candles.read(5 * MINUTE, 100)
    assert [candle.open_ts_ms // MINUTE for candle in read] == [0, 5, 10]
    assert (read[1].open, read[1].high, read[1].low, read[1].close) == (D("0.5"), D("1.4"), D("0.0"), D("1.0"))
    assert read[1].base_volume == D("0.0005")
    assert [c.open_ts_ms // MINUTE for c in candles.read(MINUTE, 3, end_ms=11 * MINUTE)] == [8, 9, 10]
    assert [c.open_ts_ms // MINUTE for c in candles.read(MINUTE, 100, start_ms=11 * MINUTE)] == [11, 12, 13]


def test_1_500_minutes_exist_before_the_first_tick_and_meet_it():
    start_ms = 1_700_000_030_000
    exchange = Exchange(default_instruments(), {}, "normal", 1, start_ms, ExchangeParams())
    for instrument in default_instruments():
        symbol = instrument.rules.symbol
        candles = exchange.handle(venue.GetCandles(symbol=symbol, limit=1_000), start_ms)
        assert len(candles) == 1_000
        assert candles[-1].open_ts_ms == start_ms - start_ms % MINUTE
        assert candles[-2].close == candles[-1].open == instrument.start_price
        assert len(exchange._listings[symbol].candles.closed) == 1_500
        assert all(c.low <= min(c.open, c.close) <= max(c.open, c.close) <= c.high for c in candles)


def test_the_ticker_covers_a_day():
    start_ms = 1_700_000_030_000
    exchange = Exchange(default_instruments()[:1], {}, "normal", 1, start_ms, ExchangeParams())
    (ticker,) = exchange.handle(venue.GetTicker(symbol="BTC-USDT"), start_ms)
    bars = list(exchange._listings["BTC-USDT"].candles.closed)[-1439:]
    assert ticker.high_24h == max(bar.high for bar in bars) * D("0.1")
    assert ticker.low_24h <= ticker.last_price <= ticker.high_24h
