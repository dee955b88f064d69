"""One listed pair at run time: its book, prices, candles, public trades and funding."""

from collections import deque

from services.common import venue
from services.simulation.book import Book
from services.simulation.candles import Candles
from services.simulation.funding import FundingClock
from services.simulation.instruments import Instrument
from services.simulation.units import from_e8, make_grid


class Listing:
    """State of one pair. Prices in ticks; ``index_ticks`` is the market's fair value, ``mark_ticks`` what margin
    uses.
    """

    def __init__(self, instrument: Instrument, start_ticks: int, candles: Candles, funding: FundingClock) -> None:
        rules = instrument.rules
        self.instrument = instrument
        self.rules = rules
        self.grid = make_grid(rules.symbol, rules.tick_size, rules.lot_size)
        self.book = Book()
        self.candles = candles
        self.funding = funding
        self.trades: deque[venue.PublicTrade] = deque(maxlen=1_000)
        self.last_ticks = start_ticks
        self.mark_ticks = start_ticks
        self.index_ticks = start_ticks
        self.halted = False
        self.played_ms: int | None = None  # how far a tape has been played, when one moves this pair

    @property
    def symbol(self) -> str:
        return self.rules.symbol

    def set_prices(self, index_ticks: int, mark_ticks: int, now_ms: int) -> None:
        self.index_ticks = index_ticks
        self.mark_ticks = mark_ticks
        self.funding.observe(mark_ticks, index_ticks, now_ms)

    def mark_value_e8(self, lots: int) -> int:
        return abs(lots) * self.mark_ticks * self.grid.value_e8

    def book_value(self, depth: int, now_ms: int) -> venue.Book:
        tick, lot = self.grid.tick_size, self.grid.lot_size
        book = self.book
        return venue.Book(
            symbol=self.rules.symbol,
            bids=tuple([(ticks * tick, lots * lot) for ticks, lots in book.bids.depth(depth)]),
            asks=tuple([(ticks * tick, lots * lot) for ticks, lots in book.asks.depth(depth)]),
            ts_exch_ms=now_ms,
            seq=book.version,
        )

    def ticker_value(self, now_ms: int) -> venue.Ticker:
        grid, book = self.grid, self.book
        bid = book.bids.best() or 0
        ask = book.asks.best() or 0
        open_, high, low, lots, quote_e8 = self.candles.day()
        return venue.Ticker(
            symbol=self.rules.symbol,
            last_price=grid.price(self.last_ticks),
            bid_price=grid.price(bid),
            bid_qty_base=grid.qty(book.bids.levels[bid].lots) if bid else grid.qty(0),
            ask_price=grid.price(ask),
            ask_qty_base=grid.qty(book.asks.levels[ask].lots) if ask else grid.qty(0),
            mark_price=grid.price(self.mark_ticks),
            index_price=grid.price(self.index_ticks),
            funding_rate_pct=from_e8(self.funding.rate_e8()),
            next_funding_ts_ms=self.funding.next_ms,
            high_24h=grid.price(high),
            low_24h=grid.price(low),
            open_24h=grid.price(open_),
            base_volume_24h=grid.qty(lots),
            quote_volume_24h=from_e8(quote_e8),
            ts_exch_ms=now_ms,
        )
