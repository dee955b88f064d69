"""Matching: a taker walks the other side of the book, best price first, oldest first within a price."""

from collections.abc import Callable

from services.simulation.book import BUY, Level, Resting, Side
from services.simulation.orders import OpenOrder

Reducible = Callable[[str, int], int]  # account id, sign of the order that reduces: lots until it is flat
# How many of the lots wanted an account's resting order may give this taker now: 0 passes the order by, STOP ends the
# taker.
Allowance = Callable[[Resting, int], int]
OnHit = Callable[[Resting, int, int], None]  # entry, ticks, lots: called for each trade, as it happens
STOP = -1


def reaches(taker_sign: int, limit_ticks: int | None, ticks: int) -> bool:
    """Whether a taker with this limit (None: any price) trades at ``ticks``."""
    return limit_ticks is None or (ticks <= limit_ticks if taker_sign == BUY else ticks >= limit_ticks)


def take(side: Side, limit_ticks: int | None, lots: int, on_hit: OnHit, allowance: Allowance | None = None) -> int:
    """Trade up to ``lots`` against ``side`` at ``limit_ticks`` or better; returns the lots left over.

    Entries are consumed from the book. ``allowance`` is asked before an account's order trades; it may also cancel it.
    """
    taker_sign = -side.sign
    passed: set[int] = set()  # prices where somebody was passed by: not looked at twice
    while lots and side.keys:
        level = _next_level(side, passed)
        if level is None or not reaches(taker_sign, limit_ticks, level.ticks):
            break
        for entry in tuple(level.queue) if len(level.queue) > 1 else (level.queue[0],):
            allowed = entry.lots
            if entry.order is not None and allowance is not None:
                allowed = allowance(entry, lots)
                if allowed < 0:
                    return lots
            traded = min(allowed, entry.lots, lots)
            if traded <= 0:
                continue
            side.consume(entry, traded)
            lots -= traded
            on_hit(entry, level.ticks, traded)
            if not lots:
                return 0
        if level.queue:
            passed.add(level.ticks)
    return lots


def available_lots(side: Side, taker: OpenOrder, limit_ticks: int | None, reducible: Reducible) -> int:
    """Lots this taker would trade at the limit or better, counted up to what it wants.

    ``reducible`` says how far an account may reduce by orders of this side: reduce-only ones offer no more, whatever
    they show. The taker's own orders count for nothing where self-trades are prevented, and end it by its ``stp``.
    """
    total = 0
    left: dict[str, int] = {}  # by account: what its reduce-only orders may still give after those ahead of them
    for level in side:
        if not reaches(-side.sign, limit_ticks, level.ticks):
            break
        if not level.own:
            total += level.lots
        for entry in level.queue if level.own else ():
            maker, given = entry.order, entry.lots
            if maker is not None and maker.account_id == taker.account_id and taker.stp != "none":
                if taker.stp != "cancel_maker":
                    return total
                given = 0
            elif maker is not None:
                may = left.setdefault(maker.account_id, reducible(maker.account_id, side.sign))
                given = min(given, may) if maker.reduce_only else given
                left[maker.account_id] = max(0, may - given)
            total += given
        if total >= taker.lots:
            break
    return total


def worst_ticks(side: Side, lots: int) -> int | None:
    """The price at which the last of ``lots`` would trade; the furthest when there are not enough; None when empty."""
    last = None
    for level in side:
        last = level.ticks
        lots -= level.lots
        if lots <= 0:
            break
    return last


def _next_level(side: Side, passed: set[int]) -> Level | None:
    if not passed:
        return side.levels[side.keys[-1] * side.sign]
    return next((level for level in side if level.ticks not in passed), None)
