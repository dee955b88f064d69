"""What public and private pushes become under faults: lost, late, twice, out of order, or wrong. Pure.

``outgoing`` takes one push and gives what is sent instead, each with the milliseconds to wait first.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from services.common import venue
from services.simulation.faults import FaultPlan, Rule


class Outgoing(NamedTuple):
    push: venue.Push
    delay_ms: int = 0
    is_lost: bool = False  # on the wire: the sender counts it as sent


class FaultyFeed:
    def __init__(self, plan: FaultPlan) -> None:
        self._plan = plan
        self._held: dict[str, list[venue.Push]] = {}  # by account, while reordering
        self._last_book: dict[str, venue.Book] = {}

    def outgoing(self, push: venue.Push, now_ms: int) -> list[Outgoing]:
        match push:
            case venue.OrderPush() | venue.PositionsPush() | venue.AccountPush():
                return self._private(push, self._plan.private(push.account_id, now_ms))
            case venue.BookPush(book=book):
                sent = self._book(push, self._plan.public(book.symbol, now_ms))
                self._last_book.setdefault(book.symbol, book)
                return sent
            case venue.TickerPush(ticker=ticker):
                return self._ticker(push, self._plan.public(ticker.symbol, now_ms))
            case venue.TradesPush(trades=trades):
                return self._late_or_lost(push, self._plan.public(trades[0].symbol if trades else "", now_ms))

    def _private(self, push: venue.PrivatePush, rules: Sequence[Rule]) -> list[Outgoing]:
        names = {rule.fault for rule in rules}
        if "lose_private" in names:
            return []
        if "reorder_private" in names:
            held = self._held.setdefault(push.account_id, [])
            held.append(push)
            if len(held) < 3:
                return []
            del self._held[push.account_id]
            return [Outgoing(one) for one in reversed(held)]
        released = [Outgoing(one) for one in self._held.pop(push.account_id, [])]
        times = 2 if "duplicate_private" in names else 1
        late_ms = _delay_ms(rules, "delay_private")
        if isinstance(push, venue.OrderPush) and push.fill is not None:
            late_ms += _delay_ms(rules, "late_fill")
        return released + [Outgoing(push, late_ms)] * times

    def _ticker(self, push: venue.TickerPush, rules: Sequence[Rule]) -> list[Outgoing]:
        ticker = push.ticker
        for rule in rules:
            if rule.fault == "index_depeg":
                ticker = msgspec.structs.replace(ticker, index_price=ticker.index_price * rule.fraction)
            elif rule.fault == "price_spike":
                factor = rule.factor
                ticker = msgspec.structs.replace(
                    ticker,
                    last_price=ticker.last_price * factor,
                    bid_price=ticker.bid_price * factor,
                    ask_price=ticker.ask_price * factor,
                    mark_price=ticker.mark_price * factor,
                )
        return self._late_or_lost(venue.TickerPush(ticker=ticker), rules)

    def _late_or_lost(self, push: venue.PublicPush, rules: Sequence[Rule]) -> list[Outgoing]:
        if any(rule.fault == "freeze_public" for rule in rules):
            return []
        return [Outgoing(push, _delay_ms(rules, "delay_public"))]

    def _book(self, push: venue.BookPush, rules: Sequence[Rule]) -> list[Outgoing]:
        book = push.book
        for rule in rules:
            match rule.fault:
                case "freeze_public":
                    return []
                case "gap_public":
                    return [Outgoing(push, is_lost=True)]
                case "crossed_book" if book.bids and book.asks:
                    (bid, bid_qty), (ask, ask_qty) = book.bids[0], book.asks[0]
                    book = _with(book, bids=((ask, bid_qty), *book.bids[1:]), asks=((bid, ask_qty), *book.asks[1:]))
                case "locked_book" if book.bids and book.asks:
                    book = _with(book, bids=((book.asks[0][0], book.bids[0][1]), *book.bids[1:]))
                case "nan_price" if book.bids and book.asks:
                    nan = Decimal("NaN")
                    bid_qty, ask_qty = book.bids[0][1], book.asks[0][1]
                    book = _with(book, bids=((nan, bid_qty), *book.bids[1:]), asks=((nan, ask_qty), *book.asks[1:]))
                case "one_sided_book":
                    book = _with(book, asks=())
                case "price_spike":
                    book = _with(book, bids=_times(book.bids, rule.factor), asks=_times(book.asks, rule.factor))
                case "stale_snapshot" if book.symbol in self._last_book:
                    old = self._last_book[book.symbol]
                    book = _with(old, ts_exch_ms=old.ts_exch_ms, seq=book.seq)
                case "wrong_symbol":
                    other = next((b for symbol, b in self._last_book.items() if symbol != book.symbol), None)
                    if other is not None:
                        book = _with(other, symbol=book.symbol, seq=book.seq, ts_exch_ms=book.ts_exch_ms)
        return [Outgoing(venue.BookPush(book=book), _delay_ms(rules, "delay_public"))]


def _delay_ms(rules: Sequence[Rule], fault: str) -> int:
    return sum(rule.delay_ms for rule in rules if rule.fault == fault)


def _with(book: venue.Book, **fields: object) -> venue.Book:
    return msgspec.structs.replace(book, **fields)


def _times(side: Sequence[tuple[Decimal, Decimal]], factor: int) -> tuple[tuple[Decimal, Decimal], ...]:
    return tuple((price * factor, qty) for price, qty in side)
