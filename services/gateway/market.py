"""One and the same book for everyone: what the collar judges by, what staleness is measured on, what bots are shown."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from services.common import venue
from services.gateway.drift import MidHistory
from services.gateway.market_quality import BookJudge, Fault, is_near, is_price


class Touch(NamedTuple):
    """Best bid and ask with their quantities."""

    bid: Decimal
    bid_qty: Decimal
    ask: Decimal
    ask_qty: Decimal

    @property
    def mid(self) -> Decimal:
        return (self.bid + self.ask) / 2


@dataclass(slots=True)
class SymbolMarket:
    book: venue.Book | None = None
    ticker: venue.Ticker | None = None  # the last one believed
    heard_ticker: venue.Ticker | None = None
    book_local_ms: int = 0  # wall time of the last sound book
    sound_mono_ms: int | None = None  # when a sound book last came, or was confirmed
    judge: BookJudge = field(default_factory=BookJudge)
    mids: MidHistory = field(default_factory=MidHistory)
    fault: Fault | None = None  # why the last book was set aside


class Market:
    """Last sound book and ticker per pair, and when the public stream was last heard."""

    def __init__(self) -> None:
        self._symbols: dict[str, SymbolMarket] = {}
        self.instruments: dict[str, venue.InstrumentRules] = {}
        self.listing_asked_mono_ms: int | None = None
        self.is_listing_due = False  # a reading out of turn is on its way
        self.is_listing_doubted = False  # the venue refused an order by rules that are not these
        self.is_up = False
        self._heard_mono_ms: int | None = None

    def heard(self, mono_ms: int) -> None:
        self._heard_mono_ms = mono_ms

    def on_book(self, book: venue.Book, wall_ms: int, mono_ms: int) -> Fault | None:
        """Take a book over, or say what is wrong with it. A wrong one leaves the last sound one to age."""
        market = self._of(book.symbol)
        market.fault = market.judge.judge(book, wall_ms, market.heard_ticker)
        if market.fault is None:
            market.book, market.book_local_ms, market.sound_mono_ms = book, wall_ms, mono_ms
            market.mids.add(book.ts_exch_ms, (book.bids[0][0] + book.asks[0][0]) / 2)
        return market.fault

    def on_book_broken(self, symbol: str, detail: str) -> Fault:
        """No whole book could be made of what came."""
        market = self._of(symbol)
        market.fault = market.judge.distrust(Fault("BOOK_BROKEN", detail))
        return market.fault

    def on_ticker(self, ticker: venue.Ticker) -> None:
        """A mark that neither the book nor the index is near to (a thousand times too high) values nothing here."""
        mark, index = ticker.mark_price, ticker.index_price
        if not is_price(mark):
            return
        market = self._of(ticker.symbol)
        market.heard_ticker = ticker
        mid = market.judge.last_mid
        if mid is None or is_near(mid, mark) or is_near(index, mark):
            market.ticker = ticker

    def is_for_bots(self, push: venue.PublicPush) -> bool:
        """Whether bots may hear of it; ask right after it was taken in. Of a pair whose book is set aside they hear
        nothing at all, trades neither: their book stands still, and nothing makes it look alive."""
        match push:
            case venue.BookPush(book=book):
                return self.book(book.symbol) is book
            case venue.TickerPush(ticker=ticker):
                return self.fault(ticker.symbol) is None and self.ticker(ticker.symbol) is ticker
            case venue.TradesPush(trades=trades):
                return all(self.fault(trade.symbol) is None for trade in trades)

    def confirm(self, book: venue.Book, mono_ms: int) -> bool:
        """The same best prices by REST: a quiet market. Others: a dead stream, and only its next book is believed.

        Returns whether they agree.
        """
        market = self._of(book.symbol)
        mine = market.book
        agrees = mine is not None and book.bids[:1] == mine.bids[:1] and book.asks[:1] == mine.asks[:1]
        if agrees:
            market.sound_mono_ms = mono_ms
        elif mine is not None:
            market.fault = Fault("BOOK_FROZEN", "the stream's book is not the one the venue gives by REST")
        return agrees

    def went_up(self, mono_ms: int) -> None:
        self.is_up = True
        self.heard(mono_ms)
        for market in self._symbols.values():
            market.judge.forget_sequence()

    def grew_older(self, by_ms: int) -> None:
        """Time may have passed that the monotonic clock did not count."""
        if self._heard_mono_ms is not None:
            self._heard_mono_ms -= by_ms
        for market in self._symbols.values():
            if market.sound_mono_ms is not None:
                market.sound_mono_ms -= by_ms

    def went_down(self) -> None:
        """What is known ages from now on."""
        self.is_up = False

    def age_ms(self, mono_ms: int) -> int | None:
        """Since the public stream was last heard; None when it never was."""
        return None if self._heard_mono_ms is None else mono_ms - self._heard_mono_ms

    def silent_ms(self, symbol: str, mono_ms: int) -> int | None:
        """Since a sound book of the pair came or was confirmed; None when none ever did, or the last one was wrong."""
        return None if self.fault(symbol) is not None else self.unsound_ms(symbol, mono_ms)

    def unsound_ms(self, symbol: str, mono_ms: int) -> int | None:
        """Since a sound book of the pair came or was confirmed, whatever came since; None when none ever did."""
        market = self._symbols.get(symbol)
        return None if market is None or market.sound_mono_ms is None else mono_ms - market.sound_mono_ms

    def fault(self, symbol: str) -> Fault | None:
        market = self._symbols.get(symbol)
        return market.fault if market else None

    def drift_bps(self, symbol: str, window_ms: int) -> Decimal | None:
        market = self._symbols.get(symbol)
        return market.mids.drift_bps(window_ms) if market else None

    def touch(self, symbol: str) -> Touch | None:
        market = self._symbols.get(symbol)
        book = market.book if market else None
        if book is None:
            return None
        (bid, bid_qty), (ask, ask_qty) = book.bids[0], book.asks[0]
        return Touch(bid, bid_qty, ask, ask_qty)

    def book(self, symbol: str) -> venue.Book | None:
        market = self._symbols.get(symbol)
        return market.book if market else None

    def ticker(self, symbol: str) -> venue.Ticker | None:
        market = self._symbols.get(symbol)
        return market.ticker if market else None

    def tickers(self) -> tuple[venue.Ticker, ...]:
        return tuple(m.ticker for m in self._symbols.values() if m.ticker is not None)

    def book_local_ms(self, symbol: str) -> int:
        market = self._symbols.get(symbol)
        return market.book_local_ms if market else 0

    def mark(self, symbol: str) -> Decimal | None:
        """The venue's mark price; mid while there is none."""
        ticker = self.ticker(symbol)
        if ticker is not None:
            return ticker.mark_price
        touch = self.touch(symbol)
        return touch.mid if touch else None

    def marks(self) -> dict[str, Decimal]:
        result = {}
        for symbol in self._symbols:
            mark = self.mark(symbol)
            if mark is not None:
                result[symbol] = mark
        return result

    def symbols(self) -> list[str]:
        return list(self._symbols)

    def _of(self, symbol: str) -> SymbolMarket:
        return self._symbols.setdefault(symbol, SymbolMarket())
