"""Candles: trades folded into one-minute bars, and bars folded into longer ones."""

from collections import deque
from collections.abc import Iterable

import msgspec

from services.common import venue
from services.simulation.units import Grid, from_e8

MINUTE_MS = 60_000


class Bar(msgspec.Struct):
    """One bar in ticks, lots and 1e-8 quote. A bar without trades stands at the last price with zero volume."""

    open_ms: int
    open: int
    high: int
    low: int
    close: int
    lots: int
    quote_e8: int

    def add(self, ticks: int, lots: int, quote_e8: int) -> None:
        if ticks > self.high:
            self.high = ticks
        if ticks < self.low:
            self.low = ticks
        self.close = ticks
        self.lots += lots
        self.quote_e8 += quote_e8


class Candles:
    """The one-minute bars of one pair: closed ones, oldest first, and the one that is forming."""

    def __init__(
        self,
        grid: Grid,
        history: Iterable[Bar],
        lived: Iterable[Bar],
        now_ms: int,
        last_ticks: int,
        kept: int = 10_000,
    ) -> None:
        """history was made up before the venue began; lived bars were traded here, and are what is stored durably."""
        self._grid = grid
        self._kept = kept
        self.closed: deque[Bar] = deque(history)
        self._first_lived_ms = now_ms - now_ms % MINUTE_MS
        for index, bar in enumerate(lived):
            if index == 0:
                self._first_lived_ms = bar.open_ms
            self.closed.append(bar)
        self.forgotten: list[int] = []  # opening times of lived bars that are no longer kept, until taken
        self.forming = _flat(now_ms - now_ms % MINUTE_MS, last_ticks)
        self._done: list[Bar] = []  # closed, and not yet returned by roll
        self._day: tuple[int, int, int, int, int] | None = None

    def roll(self, now_ms: int) -> list[Bar]:
        """Close every minute that has ended by now_ms; returns the bars closed since the last call."""
        self._close(now_ms)
        done, self._done = self._done, []
        return done

    def _close(self, now_ms: int) -> None:
        while now_ms >= self.forming.open_ms + MINUTE_MS:
            self._done.append(self.forming)
            self.closed.append(self.forming)
            if len(self.closed) > self._kept:
                oldest = self.closed.popleft()
                if oldest.open_ms >= self._first_lived_ms:
                    self.forgotten.append(oldest.open_ms)
            self.forming = _flat(self.forming.open_ms + MINUTE_MS, self.forming.close)
            self._day = None

    def lived(self) -> list[Bar]:
        """Closed bars that were traded here, oldest first."""
        return [bar for bar in self.closed if bar.open_ms >= self._first_lived_ms]

    def trade(self, ticks: int, lots: int, quote_e8: int, now_ms: int) -> None:
        """A trade belongs to the minute it happens in, also before anybody has rolled."""
        if now_ms >= self.forming.open_ms + MINUTE_MS:
            self._close(now_ms)
        self.forming.add(ticks, lots, quote_e8)

    def day(self) -> tuple[int, int, int, int, int]:
        """(open, high, low in ticks, lots, 1e-8 quote) of the last 24 hours, the forming bar included."""
        if self._day is None:
            recent = list(self.closed)[-1439:] or [self.forming]
            self._day = (
                recent[0].open,
                max(bar.high for bar in recent),
                min(bar.low for bar in recent),
                sum(bar.lots for bar in recent),
                sum(bar.quote_e8 for bar in recent),
            )
        open_, high, low, lots, quote = self._day
        now = self.forming
        return open_, max(high, now.high), min(low, now.low), lots + now.lots, quote + now.quote_e8

    def read(
        self, granularity_ms: int, limit: int, start_ms: int | None = None, end_ms: int | None = None
    ) -> tuple[venue.Candle, ...]:
        """The last ``limit`` bars that open in [start_ms, end_ms), oldest first, the forming one included.

        granularity_ms must be a multiple of one minute; longer bars are aligned to UTC.
        """
        folded: list[Bar] = []
        needed = (limit + 1) * (granularity_ms // MINUTE_MS)
        bars: list[Bar] = [*self.closed, self.forming]
        if end_ms is not None:
            bars = [bar for bar in bars if bar.open_ms < end_ms]
        for bar in bars[-needed:]:
            open_ms = bar.open_ms - bar.open_ms % granularity_ms
            if folded and folded[-1].open_ms == open_ms:
                _merge(folded[-1], bar)
            else:
                folded.append(msgspec.structs.replace(bar, open_ms=open_ms))
        if start_ms is not None:
            folded = [bar for bar in folded if bar.open_ms >= start_ms]
        return tuple(self._value(bar) for bar in folded[-limit:])

    def _value(self, bar: Bar) -> venue.Candle:
        grid = self._grid
        return venue.Candle(
            open_ts_ms=bar.open_ms,
            open=grid.price(bar.open),
            high=grid.price(bar.high),
            low=grid.price(bar.low),
            close=grid.price(bar.close),
            base_volume=grid.qty(bar.lots),
            quote_volume=from_e8(bar.quote_e8),
        )


def _flat(open_ms: int, ticks: int) -> Bar:
    return Bar(open_ms, ticks, ticks, ticks, ticks, 0, 0)


def _merge(into: Bar, bar: Bar) -> None:
    into.high = max(into.high, bar.high)
    into.low = min(into.low, bar.low)
    into.close = bar.close
    into.lots += bar.lots
    into.quote_e8 += bar.quote_e8
