"""The top of book that others make, and whether it can be quoted from.

Quoting around a price that our own orders made is a loop: alone at the best bid we would call our own quote the market
and step away from it for ever. So our own orders are taken out: by the host where it sees depth, else by inference
here.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from controllers.core.values import LiveOrder, MarketView, Side

_ZERO: Final = Decimal(0)
_TWO: Final = Decimal(2)
_MEMORY_MS: Final = 10_000


class Top(NamedTuple):
    bid_price: Decimal
    ask_price: Decimal
    mid_price: Decimal
    spread_pct: Decimal  # of the market, as a fraction of mid


class BookMemory(NamedTuple):
    """Where others were last seen, for the time when only we are at the touch."""

    bid_price: Decimal | None = None
    bid_ts_ms: int = 0
    ask_price: Decimal | None = None
    ask_ts_ms: int = 0
    # Mid at the beginning of this stretch of the toxicity window and of the one before it.
    anchor_ts_ms: int = 0
    anchor_mid: Decimal | None = None
    previous_mid: Decimal | None = None


def read_top(view: MarketView, memory: BookMemory) -> tuple[Top | None, str | None, BookMemory]:
    """(top, None, memory), or (None, reason, memory) when the book cannot be quoted from."""
    bid, ask = view.bid_price, view.ask_price
    if not (bid.is_finite() and ask.is_finite()) or bid < 0 or ask < 0:
        return None, "BOOK_NOT_FINITE", memory
    if bid == 0 or ask == 0:
        return None, "BOOK_EMPTY", memory
    if bid >= ask:
        return None, "BOOK_CROSSED", memory
    others_bid, memory_bid, memory_bid_ts = _others_bid(view, memory)
    others_ask, memory_ask, memory_ask_ts = _others_ask(view, memory)
    if not _ZERO < others_bid < others_ask:
        others_bid, others_ask = bid, ask
    mid = (others_bid + others_ask) / _TWO
    memory = memory._replace(
        bid_price=memory_bid, bid_ts_ms=memory_bid_ts, ask_price=memory_ask, ask_ts_ms=memory_ask_ts
    )
    return Top(others_bid, others_ask, mid, (others_ask - others_bid) / mid), None, memory


def toxic_move_pct(memory: BookMemory, mid_price: Decimal, ts_ms: int, window_ms: int) -> tuple[Decimal, BookMemory]:
    """(largest absolute move against the last one to two windows, memory). O(1): two anchors, no ring."""
    if memory.anchor_mid is None or ts_ms - memory.anchor_ts_ms >= window_ms:
        memory = memory._replace(anchor_ts_ms=ts_ms, anchor_mid=mid_price, previous_mid=memory.anchor_mid)
    anchor = memory.anchor_mid
    before = memory.previous_mid
    assert anchor is not None
    move = abs(mid_price / anchor - 1)
    if before is not None:
        move = max(move, abs(mid_price / before - 1))
    return move, memory


def _own_qty(orders: tuple[LiveOrder, ...], side: Side, price: Decimal) -> Decimal:
    total = _ZERO
    for order in orders:
        if order.side == side and order.price == price:
            total += order.qty_base - order.filled_base
    return total


def _others_bid(view: MarketView, memory: BookMemory) -> tuple[Decimal, Decimal | None, int]:
    """(best bid of others, what to remember, when it was seen)."""
    given = view.others_bid_price
    if given is not None and given.is_finite() and given > 0:
        return given, given, view.ts_ms
    own = _own_qty(view.orders, "buy", view.bid_price)
    if own == 0 or view.bid_qty_base > own:
        return view.bid_price, view.bid_price, view.ts_ms
    seen = memory.bid_price
    if seen is not None and seen <= view.bid_price and view.ts_ms - memory.bid_ts_ms <= _MEMORY_MS:
        return seen, seen, memory.bid_ts_ms
    return view.bid_price, seen, memory.bid_ts_ms


def _others_ask(view: MarketView, memory: BookMemory) -> tuple[Decimal, Decimal | None, int]:
    given = view.others_ask_price
    if given is not None and given.is_finite() and given > 0:
        return given, given, view.ts_ms
    own = _own_qty(view.orders, "sell", view.ask_price)
    if own == 0 or view.ask_qty_base > own:
        return view.ask_price, view.ask_price, view.ts_ms
    seen = memory.ask_price
    if seen is not None and seen >= view.ask_price and view.ts_ms - memory.ask_ts_ms <= _MEMORY_MS:
        return seen, seen, memory.ask_ts_ms
    return view.ask_price, seen, memory.ask_ts_ms
