"""One and the same book for everyone: what the collar judges by, what staleness is measured on, what bots are shown."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from services.common import venue


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
    ticker: venue.Ticker | None = None
    book_local_ms: int = 0  # wall time of the last book


class Market:
    """Last book and ticker per pair, and when the public stream was last heard."""

    def __init__(self) -> None:
        self._symbols: dict[str, SymbolMarket] = {}
        self.instruments: dict[str, venue.InstrumentRules] = {}
        self.is_up = False
        self._heard_mono_ms: int | None = None

    def heard(self, mono_ms: int) -> None:
        self._heard_mono_ms = mono_ms

    def on_push(self, push: venue.PublicPush, wall_ms: int) -> None:
        if isinstance(push, venue.BookPush):
            market = self._of(push.book.symbol)
            market.book, market.book_local_ms = push.book, wall_ms
        elif isinstance(push, venue.TickerPush):
            self._of(push.ticker.symbol).ticker = push.ticker

    def forget(self) -> None:
        """The public session went down: what is known ages from now on."""
        self.is_up = False

    def age_ms(self, mono_ms: int) -> int | None:
        """Since the public stream was last heard; None when it never was."""
        return None if self._heard_mono_ms is None else mono_ms - self._heard_mono_ms

    def touch(self, symbol: str) -> Touch | None:
        market = self._symbols.get(symbol)
        book = market.book if market else None
        if book is None or not book.bids or not book.asks:
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
        if ticker is not None and ticker.mark_price > 0:
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
