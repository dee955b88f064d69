"""A market that does exactly what a script says: for tests, conformance cards and drills that need one certain thing
to happen.
"""

from decimal import Decimal
from typing import Literal

import msgspec

from services.common import venue
from services.simulation.engine import Engine
from services.simulation.listing import Listing
from services.simulation.orders import SIGN

NEVER = 1 << 62
Levels = tuple[tuple[Decimal, Decimal], ...]  # (price, quantity in base)


class ScriptEvent(msgspec.Struct, frozen=True, kw_only=True):
    """``take``: the market buys or sells up to qty at price or better. ``quote``: its resting quantity at price becomes
    qty. ``mark``: mark and index become price.
    """

    at_ms: int  # after the start
    kind: Literal["take", "quote", "mark"]
    price: Decimal
    side: venue.Side = "buy"
    qty: Decimal = Decimal(0)


class Scripted(msgspec.Struct, frozen=True, kw_only=True):
    """The book every pair starts with, and what then happens. The mark stands at ``mark`` until the script moves it."""

    bids: Levels
    asks: Levels
    mark: Decimal
    events: tuple[ScriptEvent, ...] = ()


class ScriptedMarket:
    def __init__(self, listing: Listing, engine: Engine, script: Scripted, start_ms: int) -> None:
        self._listing = listing
        self._engine = engine
        self._events = sorted(script.events, key=lambda event: event.at_ms)
        self._start_ms = start_ms
        for side, levels in ((listing.book.bids, script.bids), (listing.book.asks, script.asks)):
            for price, qty in levels:
                side.set_background(self._ticks(price), self._lots(qty))
        listing.book.version += 1
        listing.set_prices(self._ticks(script.mark), self._ticks(script.mark), start_ms)
        self._next = 0
        self.next_ms = self._due()

    def step(self, now_ms: int) -> None:
        event = self._events[self._next]
        self._next += 1
        ticks = self._ticks(event.price)
        if event.kind == "mark":
            self._listing.set_prices(ticks, ticks, now_ms)
        elif event.kind == "take":
            self._engine.market_take(self._listing, SIGN[event.side], ticks, self._lots(event.qty))
        else:
            self._listing.book.side(SIGN[event.side]).set_background(ticks, self._lots(event.qty))
            self._listing.book.version += 1
        self.next_ms = self._due()

    def _due(self) -> int:
        return self._start_ms + self._events[self._next].at_ms if self._next < len(self._events) else NEVER

    def _ticks(self, price: Decimal) -> int:
        ticks = self._listing.grid.ticks(price)
        assert ticks is not None, f"script price {price} is not on the tick {self._listing.grid.tick_size}"
        return ticks

    def _lots(self, qty: Decimal) -> int:
        lots = self._listing.grid.lots(qty)
        assert lots is not None, f"script quantity {qty} is not on the lot {self._listing.grid.lot_size}"
        return lots
