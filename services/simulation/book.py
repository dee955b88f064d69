"""An order book in whole ticks and lots with price-time priority.

Background liquidity and our own orders stand in the same queues: an order joins its level behind whatever rests there,
and leaves the front first. The background's share of a level is anonymous; when it shrinks, what came last goes first,
so our place in the queue improves through trades only, or when the background leaves the level altogether.
"""

from bisect import insort
from collections.abc import Iterator

from services.simulation.orders import OpenOrder

BUY = 1
SELL = -1


class Resting:
    """One entry of a level's queue. ``order`` is None for background liquidity."""

    __slots__ = ("level", "lots", "order")

    def __init__(self, level: "Level", lots: int, order: OpenOrder | None) -> None:
        self.level = level
        self.lots = lots
        self.order = order


class Level:
    """All that rests at one price, oldest first."""

    __slots__ = ("background_lots", "lots", "own", "queue", "ticks")

    def __init__(self, ticks: int) -> None:
        self.ticks = ticks
        self.queue: list[Resting] = []
        self.lots = 0
        self.background_lots = 0
        self.own = 0  # entries that belong to an account


class Side:
    """One side of the book. ``sign`` is BUY for bids and SELL for asks; the best price is the last of ``keys``."""

    __slots__ = ("keys", "levels", "own", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.levels: dict[int, Level] = {}  # by ticks
        self.keys: list[int] = []  # ticks x sign, ascending: better prices last
        self.own: dict[int, int] = {}  # ticks -> entries that belong to an account

    def best(self) -> int | None:
        """Ticks of the best price, None when the side is empty."""
        return self.keys[-1] * self.sign if self.keys else None

    def best_own(self) -> int | None:
        """Ticks of the best price at which an account's order rests."""
        if not self.own:
            return None
        return max(self.own) if self.sign == BUY else min(self.own)

    def __iter__(self) -> Iterator[Level]:
        """Levels from the best price outwards."""
        for key in reversed(self.keys):
            yield self.levels[key * self.sign]

    def depth(self, count: int) -> list[tuple[int, int]]:
        """(ticks, lots) of the best ``count`` levels, best first."""
        sign, levels = self.sign, self.levels
        out = []
        for key in self.keys[: -count - 1 : -1]:
            ticks = key * sign
            out.append((ticks, levels[ticks].lots))
        return out

    def join(self, ticks: int, lots: int, order: OpenOrder) -> Resting:
        """Put an account's order at the back of its level."""
        level = self._level(ticks)
        entry = Resting(level, lots, order)
        level.queue.append(entry)
        level.lots += lots
        level.own += 1
        self.own[ticks] = level.own
        return entry

    def leave(self, entry: Resting) -> None:
        """Take an account's order out, whatever is left of it."""
        level = entry.level
        level.queue.remove(entry)
        level.lots -= entry.lots
        self._count_out(level)
        entry.lots = 0
        if not level.queue:
            self._drop(level)

    def ahead(self, entry: Resting) -> int:
        """Lots that trade before this entry at its price."""
        total = 0
        for other in entry.level.queue:
            if other is entry:
                break
            total += other.lots
        return total

    def set_background(self, ticks: int, lots: int) -> None:
        """Make the background's share of a level ``lots``: more joins at the back, less leaves from the back."""
        level = self.levels.get(ticks)
        if level is None:
            if lots <= 0:
                return
            level = self._level(ticks)
        change = lots - level.background_lots
        if change > 0:
            tail = level.queue[-1] if level.queue else None
            if tail is not None and tail.order is None:
                tail.lots += change
            else:
                level.queue.append(Resting(level, change, None))
            level.lots += change
            level.background_lots += change
        elif lots == 0 and not level.own:
            level.queue.clear()
            level.lots = level.background_lots = 0
            self._drop(level)
        elif change < 0:
            self._shrink(level, -change)

    def consume(self, entry: Resting, lots: int) -> None:
        """``lots`` of an entry have traded; an entry that is used up leaves its level."""
        level = entry.level
        entry.lots -= lots
        level.lots -= lots
        if entry.order is None:
            level.background_lots -= lots
        if entry.lots == 0:
            level.queue.remove(entry)
            if entry.order is not None:
                self._count_out(level)
            if not level.queue:
                self._drop(level)

    def _count_out(self, level: Level) -> None:
        """One of the accounts' orders has left this level."""
        level.own -= 1
        if level.own:
            self.own[level.ticks] = level.own
        else:
            del self.own[level.ticks]

    def _level(self, ticks: int) -> Level:
        level = self.levels.get(ticks)
        if level is None:
            level = self.levels[ticks] = Level(ticks)
            insort(self.keys, ticks * self.sign)
        return level

    def _drop(self, level: Level) -> None:
        del self.levels[level.ticks]
        key = level.ticks * self.sign
        if self.keys[-1] == key:
            self.keys.pop()
        else:
            self.keys.remove(key)

    def _shrink(self, level: Level, lots: int) -> None:
        level.lots -= lots
        level.background_lots -= lots
        queue = level.queue
        for index in range(len(queue) - 1, -1, -1):
            entry = queue[index]
            if entry.order is not None:
                continue
            taken = min(entry.lots, lots)
            entry.lots -= taken
            lots -= taken
            if entry.lots == 0:
                del queue[index]
            if lots == 0:
                break
        if not queue:
            self._drop(level)


class Book:
    """Both sides of one instrument. ``version`` counts changes and is the sequence number the venue publishes."""

    __slots__ = ("asks", "bids", "version")

    def __init__(self) -> None:
        self.bids = Side(BUY)
        self.asks = Side(SELL)
        self.version = 0

    def side(self, sign: int) -> Side:
        """The side on which orders of this sign rest."""
        return self.bids if sign == BUY else self.asks

    def opposite(self, sign: int) -> Side:
        """The side an order of this sign takes from."""
        return self.asks if sign == BUY else self.bids

    def would_cross(self, sign: int, ticks: int) -> bool:
        """Whether an order of this sign at this price would trade at once."""
        best = self.opposite(sign).best()
        return best is not None and (ticks >= best if sign == BUY else ticks <= best)

    def mid_half_ticks(self) -> int | None:
        """Twice the mid price in ticks (so that it is whole); None when a side is empty."""
        bid, ask = self.bids.best(), self.asks.best()
        return None if bid is None or ask is None else bid + ask
