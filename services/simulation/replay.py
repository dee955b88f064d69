"""A recorded tape as the market: makers stand around the tape's price, and accounts' orders are matched in queue with
them.

One-minute candles say nothing about the path inside the minute, so it is fixed here: a candle that closes at or above
its open goes open -> low -> high -> close, one that closes below goes open -> high -> low -> close, each leg a third
of the minute and straight. The corners are always reached exactly. The minute's volume is spread evenly over its time
and takes in the direction of the leg, at the touch. Trades are played one by one, at their own price and size; quotes
put the touch at the recorded prices and sizes and trade only with what they cross. Where the price goes through an
account's order, the order gets no more than the tape's volume, and that volume is gone; what is left of it stays and
holds the touch.

The tape plays ``speed`` times faster than recorded, while all timestamps stay those of the venue's clock: minute i of
the tape takes 60 / speed seconds. Its first rows become the history that exists at the start, restamped to one bar a
minute that ends there. After the last row the price stands still.
"""

import math
from collections.abc import Mapping
from typing import Literal

import msgspec

from services.simulation.book import BUY, SELL
from services.simulation.candles import MINUTE_MS, Bar
from services.simulation.engine import Engine
from services.simulation.listing import Listing
from services.simulation.makers import Makers
from services.simulation.rng import Streams
from services.simulation.tape import CandleRow, QuoteRow, Tape, TradeRow
from services.simulation.units import Grid, divide_half_up

STEP_MS = 100
PLAYED_MIN = 60  # rows left to play when the tape is short
# A median minute worth more than this in quote: the volume column counts quote already.
QUOTE_VOLUME_PER_MIN = 10**9
NOT_PLAYED = -1
NO_VOLUME: Mapping[int, int] = {}
DEFAULT_SPEED = {"candles": 60.0, "trades": 1.0, "quotes": 1.0}


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """Which pair a tape moves, and how fast; the other pairs run the seeded market ``others``.

    volume_in: what a candle's volume counts. "auto" looks at a median minute: if it were base and worth more than a
    thousand million quote, it is quote.
    """

    symbol: str
    tape: Tape
    speed: float | None = None  # None: 60 for candles, 1 for trades and quotes
    volume_in: Literal["auto", "base", "quote"] = "auto"
    others: str = "normal"

    def __post_init__(self) -> None:
        if self.speed is not None and not 0 < self.speed <= 100_000:
            raise ValueError(f"speed: {self.speed}; allowed above 0 up to 100000; example 60")

    @property
    def times(self) -> float:
        return self.speed if self.speed is not None else DEFAULT_SPEED[self.tape.kind]


def split(tape: Tape, history_minutes: int) -> tuple[tuple[CandleRow, ...], int]:
    """(rows that become history, index of the first row that plays). Only candles have a history of their own."""
    if tape.kind != "candles":
        return (), 0
    count = min(history_minutes, max(0, len(tape.rows) - PLAYED_MIN))
    return tape.rows[:count], count  # type: ignore[return-value]


def history_bars(rows: tuple[CandleRow, ...], replay: Replay, grid: Grid, end_ms: int) -> list[Bar]:
    """Candle rows restamped to consecutive minutes; the last one ends with the minute before end_ms."""
    first_ms = end_ms - end_ms % MINUTE_MS - len(rows) * MINUTE_MS
    in_quote = volume_counts_quote(replay)
    out = []
    for index, row in enumerate(rows):
        open_, high, low, close = (_ticks(price, grid) for price in (row.open, row.high, row.low, row.close))
        lots = _lots(row, in_quote, grid)
        out.append(Bar(first_ms + index * MINUTE_MS, open_, high, low, close, lots, grid.notional_e8(close, lots)))
    return out


def volume_counts_quote(replay: Replay) -> bool:
    if replay.volume_in != "auto" or replay.tape.kind != "candles":
        return replay.volume_in == "quote"
    worth = sorted(row.volume * row.close for row in replay.tape.rows if isinstance(row, CandleRow))
    return worth[len(worth) // 2] > QUOTE_VOLUME_PER_MIN


def first_ticks(replay: Replay, index: int, grid: Grid) -> int:
    """Where the price stands when row ``index`` begins to play."""
    row = replay.tape.rows[index]
    if isinstance(row, CandleRow):
        return _ticks(row.open, grid)
    return _ticks(row.price, grid) if isinstance(row, TradeRow) else _ticks(row.bid, grid)


class _ReplayMarket:
    """What the three kinds share: the makers, the clock of the tape, and a step every 100 ms.

    played_ms: up to where, that moment included, an earlier life has played the tape; NOT_PLAYED at the first start.
    """

    def __init__(
        self,
        listing: Listing,
        engine: Engine,
        replay: Replay,
        first: int,
        streams: Streams,
        start_ms: int,
        played_ms: int,
    ) -> None:
        self._listing = listing
        self._engine = engine
        self._rows = replay.tape.rows[first:]
        self._speed = replay.times
        self._start_ms = start_ms - int(max(0, played_ms) / self._speed)
        self.fair = listing.last_ticks + 0.5
        depth = listing.instrument.depth_quote
        self._makers = Makers(listing, engine, streams.of("ladder", listing.symbol), depth, 2.5, self.fair)
        self._stepped_ms = start_ms
        self._touch = (listing.last_ticks, listing.last_ticks + 1)
        self._next = sum(row.ts_ms - self._rows[0].ts_ms <= played_ms for row in self._rows)  # first row not yet played
        self._quoted: QuoteRow | None = None  # the last quote of the tape
        self.finished = False
        self.next_ms = start_ms

    def step(self, now_ms: int) -> None:
        raise NotImplementedError("each kind of tape steps in its own way")  # abstract: candles and ticks below

    def _tape_ms(self, now_ms: int) -> int:
        """How far the tape has been played, in its own milliseconds."""
        return int((now_ms - self._start_ms) * self._speed)

    def _venue_ms(self, tape_ms: float) -> int:
        return self._start_ms + math.ceil(tape_ms / self._speed)

    def _remember(self, tape_ms: int) -> None:
        self._listing.played_ms = tape_ms
        self._engine.outbox.change("counter", f"tape|{self._listing.symbol}", tape_ms)

    def _move(self, fair: float, now_ms: int, volume: Mapping[int, int] = NO_VOLUME) -> int:
        """Orders that the price goes through trade up to ``volume``, lots by the taker's sign; lots traded."""
        seconds = (now_ms - self._stepped_ms) / 1_000
        self._stepped_ms = now_ms
        self.fair = fair
        return self._makers.move(fair, seconds, 0.0, now_ms, volume)  # no wandering spread: the tape's price is exact

    def _take(self, sign: int, limit_ticks: int, lots: int) -> None:
        """The tape's volume meets the queue at the touch; what the book does not hold prints there all the same."""
        if lots > 0:
            done = self._engine.market_take(self._listing, sign, limit_ticks, lots)
            if done < lots:
                self._engine.print_trade(self._listing, limit_ticks, lots - done, sign)


class CandleReplay(_ReplayMarket):
    def __init__(
        self,
        listing: Listing,
        engine: Engine,
        replay: Replay,
        first: int,
        streams: Streams,
        start_ms: int,
        played_ms: int,
    ) -> None:
        super().__init__(listing, engine, replay, first, streams, start_ms, played_ms)
        self._in_quote = volume_counts_quote(replay)
        self._volume_ms = max(0, played_ms)
        self._corner = self._volume_ms * 3 // MINUTE_MS  # third of a minute that is being played
        self._owed = 0.0  # lots of volume not yet traded

    def step(self, now_ms: int) -> None:
        tape_ms = self._tape_ms(now_ms)
        reached = tape_ms * 3 // MINUTE_MS
        while self._corner < reached and not self.finished:
            self._corner += 1
            self._advance(min(tape_ms, self._corner * MINUTE_MS // 3), now_ms)
        self._advance(tape_ms, now_ms)
        self._remember(tape_ms)
        self.next_ms = now_ms + STEP_MS

    def _advance(self, tape_ms: int, now_ms: int) -> None:
        tape_ms = min(tape_ms, len(self._rows) * MINUTE_MS)
        index = min(tape_ms // MINUTE_MS, len(self._rows) - 1)
        row = self._rows[index]
        assert isinstance(row, CandleRow)
        fair = path_ticks(row, self._listing.grid, tape_ms - index * MINUTE_MS) + 0.5
        if self.finished:
            self._move(fair, now_ms)
            return
        self.finished = tape_ms == len(self._rows) * MINUTE_MS
        self._owed += _lots(row, self._in_quote, self._listing.grid) * (tape_ms - self._volume_ms) / MINUTE_MS
        self._volume_ms = tape_ms
        lots, self._owed = int(self._owed), self._owed % 1
        sign = BUY if fair >= self.fair else SELL
        lots = max(lots, int(self.finished))
        lots -= self._move(fair, now_ms, {sign: lots})
        best = self._listing.book.opposite(sign).best()
        if best is not None:
            self._take(sign, best, lots)


class TradeReplay(_ReplayMarket):
    def step(self, now_ms: int) -> None:
        rows = self._rows
        tape_ms = rows[0].ts_ms + self._tape_ms(now_ms)
        while self._next < len(rows) and rows[self._next].ts_ms <= tape_ms:
            row = rows[self._next]
            assert isinstance(row, TradeRow)
            self._next += 1
            ticks = _ticks(row.price, self._listing.grid)
            sign = BUY if row.taker_buys else SELL
            lots = max(1, int(row.qty / self._listing.grid.lot_size))
            lots -= self._move(ticks - 0.5 if row.taker_buys else ticks + 0.5, now_ms, {sign: lots})
            self._take(sign, ticks, lots)
        self._move(self.fair, now_ms)
        self._remember(tape_ms - rows[0].ts_ms)
        self.finished = self._next >= len(rows)
        self.next_ms = _next_step(
            now_ms, None if self.finished else self._venue_ms(rows[self._next].ts_ms - rows[0].ts_ms)
        )


class QuoteReplay(_ReplayMarket):
    def step(self, now_ms: int) -> None:
        rows, grid = self._rows, self._listing.grid
        tape_ms = rows[0].ts_ms + self._tape_ms(now_ms)
        row = None
        while self._next < len(rows) and rows[self._next].ts_ms <= tape_ms:
            row = rows[self._next]
            self._next += 1
        seconds = (now_ms - self._stepped_ms) / 1_000
        self._stepped_ms = now_ms
        if isinstance(row, QuoteRow):
            bid, ask = _ticks(row.bid, grid), _ticks(row.ask, grid)
            self._touch = bid, max(ask, bid + 1)
            self.fair = sum(self._touch) / 2
            self._makers.quote(*self._touch, seconds, self._arrived(row))
            for side, qty in ((self._listing.book.bids, row.bid_qty), (self._listing.book.asks, row.ask_qty)):
                best = side.best()
                if best in self._touch:
                    side.set_background(best, max(1, int(qty / grid.lot_size)))
        elif self._next:
            self._makers.quote(*self._touch, seconds, NO_VOLUME)
        self._makers.publish(self.fair, seconds, now_ms)
        self._remember(tape_ms - rows[0].ts_ms)
        self.finished = self._next >= len(rows)
        self.next_ms = _next_step(
            now_ms, None if self.finished else self._venue_ms(rows[self._next].ts_ms - rows[0].ts_ms)
        )

    def _arrived(self, row: QuoteRow) -> dict[int, int]:
        """Lots, by their sign, that came with this quote: what stood there before has met what it crosses."""
        before = self._quoted
        self._quoted = row
        bid = row.bid_qty if before is None or row.bid != before.bid else row.bid_qty - before.bid_qty
        ask = row.ask_qty if before is None or row.ask != before.ask else row.ask_qty - before.ask_qty
        lot = self._listing.grid.lot_size
        return {BUY: max(0, int(bid / lot)), SELL: max(0, int(ask / lot))}


def path_ticks(row: CandleRow, grid: Grid, ms: int) -> float:
    """Where the price is ``ms`` into the candle, in ticks."""
    open_, high, low, close = (_ticks(price, grid) for price in (row.open, row.high, row.low, row.close))
    corners = (open_, low, high, close) if close >= open_ else (open_, high, low, close)
    leg, within = divmod(ms * 3, MINUTE_MS)
    here, there = corners[min(3, leg)], corners[min(3, leg + 1)]
    return here + (there - here) * within / MINUTE_MS


def _next_step(now_ms: int, next_row_ms: int | None) -> int:
    """Every 100 ms, and when a row is due; several rows in one millisecond play in one step."""
    return now_ms + STEP_MS if next_row_ms is None else min(now_ms + STEP_MS, max(now_ms + 1, next_row_ms))


def _ticks(price: object, grid: Grid) -> int:
    ratio = (price / grid.tick_size).as_integer_ratio()  # type: ignore[operator]
    return max(1, divide_half_up(*ratio))


def _lots(row: CandleRow, in_quote: bool, grid: Grid) -> int:
    base = row.volume / row.close if in_quote else row.volume
    return int(base / grid.lot_size)
