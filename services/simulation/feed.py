"""Public pushes: books at most every so often and only when changed, tickers by the second. Built when drained."""

from services.common import venue
from services.simulation.listing import Listing
from services.simulation.params import ExchangeParams


class PublicFeed:
    def __init__(self, listings: dict[str, Listing], params: ExchangeParams, now_ms: int) -> None:
        self._listings = listings
        self._params = params
        self._pushed: dict[str, tuple[int, int]] = {}  # symbol -> (version, when) of the last book
        self._ticker_ms = now_ms

    def start(self) -> None:
        """From the first tick on; before that there is no book."""
        self._pushed = dict.fromkeys(self._listings, (-1, 0))

    def due(self, now_ms: int) -> list[venue.Push]:
        if not self._params.pushing:
            return []
        params = self._params
        out: list[venue.Push] = []
        for symbol, (version, when_ms) in self._pushed.items():
            listing = self._listings[symbol]
            age_ms = now_ms - when_ms
            changed = listing.book.version != version
            if (changed and age_ms >= params.book_push_interval_ms) or age_ms >= params.book_push_idle_ms:
                self._pushed[symbol] = (listing.book.version, now_ms)
                out.append(venue.BookPush(book=listing.book_value(params.book_push_depth, now_ms)))
        if now_ms >= self._ticker_ms and self._pushed:
            self._ticker_ms = now_ms + params.ticker_push_interval_ms
            out += [venue.TickerPush(ticker=listing.ticker_value(now_ms)) for listing in self._listings.values()]
        return out
