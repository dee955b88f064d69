"""The recordings themselves as the market. Skipped where they are absent."""

from decimal import Decimal as D
from pathlib import Path

import pytest

from services.common import venue
from services.simulation.exchange import Exchange, ExchangeParams
from services.simulation.fill_model import FillSettings
from services.simulation.instruments import default_instruments
from services.simulation.reference import QuoterSettings, run_quoter
from services.simulation.replay import Replay, volume_counts_quote
from services.simulation.tape import Tape, read_csv, read_rows

DATA = Path(__file__).parents[3] / "shared" / "data"
START_MS = 1_700_000_000_000
SYMBOL = "BTC-USDT"

pytestmark = pytest.mark.slow


def recording(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"no recording at {path}")
    return path


def parquet(name: str) -> Tape:
    path = recording(name)
    table = pytest.importorskip("pyarrow.parquet").read_table(path)
    return read_rows(table.column_names, enumerate(table.to_pylist(), start=2))


@pytest.fixture(scope="module")
def month() -> Tape:
    with recording("btc_perp_20211231_20220201_1m.csv").open() as lines:
        return read_csv(lines)


def exchange_on(tape: Tape, **params) -> Exchange:
    replay = Replay(symbol=SYMBOL, tape=tape)
    settings = ExchangeParams(**{"history_minutes": 1_500, "durable": False, **params})
    return Exchange(default_instruments()[:1], {"q": D(100_000)}, replay, 7, START_MS, settings)


def test_the_month_is_read_whole_and_its_volume_counts_dollars(month):
    assert month.kind == "candles"
    assert len(month.rows) == 45_031
    assert volume_counts_quote(Replay(symbol=SYMBOL, tape=month))


def test_every_close_of_ten_hours_is_met_on_time(month):
    exchange = exchange_on(month, pushing=False)
    off = []
    for minute in range(600):
        exchange.advance(START_MS + minute * 1_000)
        (ticker,) = exchange.handle(venue.GetTicker(symbol=SYMBOL), exchange.now_ms)
        assert ticker.bid_price < ticker.ask_price
        off.append(abs(ticker.index_price - month.rows[1_500 + minute].open))
    assert max(off) <= D("1")


def test_the_reference_quoter_trades_on_the_month_under_the_paper_engine(month):
    exchange = exchange_on(month, pushing=False, fill_model=FillSettings())
    result = run_quoter(exchange, "q", SYMBOL, 600, QuoterSettings(half_spread_bps=10))
    assert result.buys > 0
    assert result.sells > 0
    stats = exchange.paper_stats("q")
    assert stats["paper_fill_count"] >= result.buys + result.sells
    assert stats["paper_avg_queue_delay_ms"] > 0
    again = exchange_on(month, pushing=False, fill_model=FillSettings())
    run_quoter(again, "q", SYMBOL, 600, QuoterSettings(half_spread_bps=10))
    assert again.digest() == exchange.digest()


def test_recorded_trades_come_at_their_price_and_in_full():
    tape = parquet("binance_btcusdt_trades.parquet")
    exchange = exchange_on(tape, history_minutes=5)
    traded = []
    for ms in range(0, 50_000, 100):
        exchange.advance(START_MS + ms)
        for push in exchange.drain_pushes():
            if isinstance(push, venue.TradesPush):
                traded += push.trades
    total = sum(trade.qty_base for trade in traded)
    recorded = sum(max(D("0.0001"), row.qty // D("0.0001") * D("0.0001")) for row in tape.rows)
    assert total == recorded
    assert abs(traded[-1].price - tape.rows[-1].price) <= D("0.1")


def test_recorded_quotes_stand_where_they_stood():
    tape = parquet("btcusdt_quotes.parquet")
    exchange = exchange_on(tape, history_minutes=5)
    first_ms = tape.rows[0].ts_ms
    for row in tape.rows[::50]:
        exchange.advance(START_MS + row.ts_ms - first_ms + 1)
        last = [r for r in tape.rows if r.ts_ms - first_ms <= exchange.now_ms - START_MS][-1]
        book = exchange.handle(venue.GetBook(symbol=SYMBOL, depth=1), exchange.now_ms)
        assert abs(book.bids[0][0] - last.bid) <= D("0.1")
        assert abs(book.asks[0][0] - last.ask) <= D("0.2")
