"""The plan while it is being made: cancels, places and keeps of one decision, with the bookkeeping that goes with
each.
"""

from decimal import Decimal
from typing import Final

from controllers.core.values import CancelQuote, LiveOrder, OrderType, PlaceQuote, Side
from controllers.epp.level_memory import EMPTY, KNOWN_IDS, LevelMemory
from controllers.epp.processed import Notice

_TOKEN: Final = 1000


class PlanBuilder:
    """Local to one call of decide; never stored."""

    __slots__ = (
        "cancel",
        "cancel_room",
        "carriers_free",
        "highest_buy",
        "keep",
        "levels",
        "live",
        "lowest_sell",
        "notices",
        "now_ms",
        "place",
        "retry_ms",
        "strays",
        "tokens_milli",
    )

    def __init__(
        self,
        now_ms: int,
        orders: tuple[LiveOrder, ...],
        levels: dict[str, LevelMemory],
        tokens_milli: int,
        cancel_room: int,
        carriers_max: int,
        retry_ms: int,
    ) -> None:
        self.now_ms = now_ms
        self.levels = levels  # a copy of this decision's own
        self.tokens_milli = tokens_milli
        self.cancel_room = cancel_room  # cancels that may still be spent on better prices
        self.carriers_free = carriers_max - len(orders)
        self.retry_ms = retry_ms
        self.place: list[PlaceQuote] = []
        self.cancel: list[CancelQuote] = []
        self.keep: list[str] = []
        self.notices: list[Notice] = []
        self.live: dict[str, LiveOrder] = {}
        self.strays: list[LiveOrder] = []  # of no level, or second on a level
        self.lowest_sell: Decimal | None = None
        self.highest_buy: Decimal | None = None
        for order in orders:
            if order.level_id not in KNOWN_IDS or order.level_id in self.live:
                self.strays.append(order)
            else:
                self.live[order.level_id] = order
            if order.side == "sell":
                if self.lowest_sell is None or order.price < self.lowest_sell:
                    self.lowest_sell = order.price
            elif self.highest_buy is None or order.price > self.highest_buy:
                self.highest_buy = order.price

    def ask_cancel(self, order: LiveOrder, reason: str, is_awaited: bool = False) -> bool:
        """Cancel unless that was asked less than retry_ms ago. is_awaited: the level is to be quoted again at once."""
        key = order.level_id if self.live.get(order.level_id) is order else "#" + order.client_order_id
        memory = self.levels.get(key, EMPTY)
        if memory.cancel_ts_ms and self.now_ms - memory.cancel_ts_ms < self.retry_ms:
            return False
        self.levels[key] = memory._replace(cancel_ts_ms=self.now_ms, is_awaited=is_awaited)
        self.cancel.append(CancelQuote(order.level_id, order.client_order_id, reason))
        self.cancel_room -= 1
        return True

    def ask_replace(self, order: LiveOrder, reason: str) -> bool:
        """Cancel for a better price, paying for the new submit now. False when a budget does not allow it."""
        if self.cancel_room < 1 or self.tokens_milli < _TOKEN:
            return False
        if not self.ask_cancel(order, reason, is_awaited=True):
            return False
        self.tokens_milli -= _TOKEN
        return True

    def ask_place(
        self, level_id: str, side: Side, order_type: OrderType, price: Decimal, qty_base: Decimal, reason: str
    ) -> bool:
        """Place on a free level. False when a budget or one of our own orders is in the way; the level is awaited
        then.
        """
        memory = self.levels.get(level_id, EMPTY)
        is_paid = memory.is_awaited and memory.cancel_ts_ms > 0
        crosses_own = (
            self.lowest_sell is not None and price >= self.lowest_sell
            if side == "buy"
            else self.highest_buy is not None and price <= self.highest_buy
        )
        if self.carriers_free < 1 or crosses_own or (not is_paid and self.tokens_milli < _TOKEN):
            self.await_level(level_id, memory)
            return False
        if not is_paid:
            self.tokens_milli -= _TOKEN
        self.carriers_free -= 1
        self.levels[level_id] = memory._replace(is_awaited=False, cancel_ts_ms=0)
        self.place.append(PlaceQuote(level_id, side, order_type, price, qty_base, reason))
        self._note_price(side, price)
        return True

    def await_level(self, level_id: str, memory: LevelMemory) -> None:
        if not memory.is_awaited:
            self.levels[level_id] = memory._replace(is_awaited=True)

    def cancel_strays(self, reason: str) -> None:
        """An order that no level owns is cancelled; a stray is never left to rest."""
        for order in self.strays:
            if self.ask_cancel(order, reason):
                text = (
                    f"{reason}: order={order.client_order_id}, level={order.level_id!r} is not one we keep; cancelled"
                )
                self.notices.append(Notice("warning", reason, text))

    def cancel_quotes(self, reason: str, is_derisk_kept: bool) -> None:
        """Pull everything that rests; forget what was awaited, so that quoting starts from a fresh look."""
        for level_id, order in self.live.items():
            if not (is_derisk_kept and level_id[0] == "d"):
                self.ask_cancel(order, reason)
        for level_id, memory in self.levels.items():
            if memory.is_awaited and not (is_derisk_kept and level_id[0] == "d"):
                self.levels[level_id] = memory._replace(is_awaited=False)

    def forget_gone_strays(self) -> None:
        """Bound the memory: keys of strays leave with their orders."""
        live = {"#" + order.client_order_id for order in self.strays}
        for key in [key for key in self.levels if key[0] == "#" and key not in live]:
            del self.levels[key]

    def _note_price(self, side: Side, price: Decimal) -> None:
        if side == "sell":
            self.lowest_sell = price if self.lowest_sell is None else min(self.lowest_sell, price)
        else:
            self.highest_buy = price if self.highest_buy is None else max(self.highest_buy, price)
