"""The makers of one pair: they keep the ladder around a fair value, take what crosses it, and the mark follows them."""

import math
import random
from collections.abc import Mapping

from services.simulation.book import BUY, SELL, Side
from services.simulation.engine import Engine
from services.simulation.ladder import Ladder
from services.simulation.listing import Listing

MARK_S = 3.0  # the mark follows the mid with this time constant
MARK_BAND_PCT = 0.005  # and never leaves the index by more


class Makers:
    """``fair`` values are in ticks, as floats: only the synthetic market knows them."""

    def __init__(
        self, listing: Listing, engine: Engine, rng: random.Random, depth_quote: float, refill_s: float, fair: float
    ) -> None:
        self._listing = listing
        self._engine = engine
        self.ladder = Ladder(listing.book, listing.grid, rng, depth_quote, refill_s)
        self.ladder.fill(fair)
        self._mark = fair

    def move(
        self, fair: float, seconds: float, volatility: float, now_ms: int, volume: Mapping[int, int] | None = None
    ) -> int:
        """``seconds`` have passed and the fair value is now ``fair``: requote, and publish mark and index."""
        self.ladder.relax(seconds)
        taken = self.quote(*self.ladder.touch(fair, volatility), seconds, volume)
        self.publish(fair, seconds, now_ms)
        return taken

    def quote(self, bid: int, ask: int, seconds: float, volume: Mapping[int, int] | None = None) -> int:
        """Put the touch at the given prices in ticks, bid < ask.

        volume: lots by the taker's sign that may be traded with accounts' orders on the way there (None: whatever they
        have); returns how many were.
        """
        bid, ask, taken = self._uncrossed(bid, ask, volume)
        self.ladder.requote(bid, ask, seconds)
        return taken

    def publish(self, fair: float, seconds: float, now_ms: int) -> None:
        listing = self._listing
        mid = listing.book.mid_half_ticks()
        self._mark += ((mid / 2 if mid is not None else fair) - self._mark) * (1.0 - math.exp(-seconds / MARK_S))
        band = fair * MARK_BAND_PCT
        self._mark = min(fair + band, max(fair - band, self._mark))
        listing.set_prices(max(1, round(fair)), max(1, round(self._mark)), now_ms)
        book = listing.book
        self._engine.log.add(f"B|{now_ms}|{listing.symbol}|{book.bids.best()}|{book.asks.best()}")

    def sweep(self, sign: int, limit_ticks: int, surplus: float) -> None:
        """A taker clears the book up to the limit; accounts' orders there are met by up to 30 % more than the
        makers'.
        """
        lots = self.ladder.lots_within(sign, limit_ticks)
        depth = self._listing.instrument.depth_quote * 1e8 / (limit_ticks * self._listing.grid.value_e8)
        self._engine.market_take(self._listing, sign, limit_ticks, 1 + int(lots * (1 + 0.3 * surplus) + 0.3 * depth))
        self.ladder.backstop(self._listing.book.opposite(sign), limit_ticks)

    def _uncrossed(self, bid: int, ask: int, volume: Mapping[int, int] | None) -> tuple[int, int, int]:
        """Makers whose new quote would cross an account's order take that order first; what stays caps their quote."""
        book, taken = self._listing.book, 0
        own_ask, own_bid = book.asks.best_own(), book.bids.best_own()
        if own_ask is not None and own_ask <= bid:
            taken += self._cross(BUY, bid, volume)
            own_ask = book.asks.best_own()
            bid = bid if own_ask is None else min(bid, own_ask - 1)
        if own_bid is not None and own_bid >= ask:
            taken += self._cross(SELL, ask, volume)
            own_bid = book.bids.best_own()
            ask = ask if own_bid is None else max(ask, own_bid + 1)
        return bid, ask, taken

    def _cross(self, sign: int, limit_ticks: int, volume: Mapping[int, int] | None) -> int:
        """Take accounts' orders up to the limit. Of a tape's volume nothing goes to the makers' own stale quotes."""
        side = self._listing.book.opposite(sign)
        lots = _own_up_to(side, limit_ticks)
        if volume is None:
            lots += self.ladder.lots_within(sign, limit_ticks)
        else:
            self.ladder.pull(side, limit_ticks + sign)
            lots = min(lots, volume.get(sign, 0))
        return self._engine.market_take(self._listing, sign, limit_ticks, lots)


def _own_up_to(side: Side, limit_ticks: int) -> int:
    """Lots of accounts' orders at the limit or better."""
    total = 0
    for level in side:
        if (level.ticks - limit_ticks) * side.sign < 0:
            break
        total += level.lots - level.background_lots
    return total
