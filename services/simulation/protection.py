"""Take-profits and stop-losses: orders that close a position by market once the mark price has reached them.

They wait outside the book as reduce-only triggers, so they never open, end with the position they protect, and hold no
margin. One that is attached to an order appears with the order's first fill and grows with the others.
"""

from decimal import Decimal

from services.common import venue
from services.simulation.checks import refuse
from services.simulation.engine import Engine
from services.simulation.ledger import AccountBook
from services.simulation.listing import Listing
from services.simulation.orders import OpenOrder

PREFIX: dict[venue.StopKind, str] = {"take_profit": "tp", "stop_loss": "sl"}


class Protection:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ledger = engine.ledger

    def on_fill(self, order: OpenOrder, fill: venue.Fill, listing: Listing) -> None:
        """An order with attached prices has traded: what it opened is protected from now on, not what it closed."""
        if not order.take_profit_ticks and not order.stop_loss_ticks:
            return
        position = self._ledger.accounts[order.account_id].positions.get(order.symbol)
        opened = max(0, position.lots * order.sign) if position is not None else 0
        lots = min(listing.grid.lots(fill.qty_base) or 0, opened)
        if not lots:
            return
        if order.take_profit_ticks:
            self._protect(order, "take_profit", order.take_profit_ticks, lots)
        if order.stop_loss_ticks:
            self._protect(order, "stop_loss", order.stop_loss_ticks, lots)

    def attach(self, order: OpenOrder, request: venue.PlaceProtected, listing: Listing) -> venue.Refused | None:
        """Note the attached prices on a checked order, or say what is wrong with them."""
        from_ticks = order.ticks or listing.mark_ticks
        prices: tuple[tuple[venue.StopKind, Decimal | None], ...] = (
            ("take_profit", request.take_profit_price),
            ("stop_loss", request.stop_loss_price),
        )
        for kind, price in prices:
            if price is None:
                continue
            ticks = trigger_ticks(kind, order.sign > 0, price, from_ticks, listing)
            if isinstance(ticks, venue.Refused):
                return ticks
            setattr(order, f"{kind}_ticks", ticks)
        return None

    def place(self, book: AccountBook, request: venue.PlaceStop, listing: Listing) -> OpenOrder | venue.Refused:
        """A stop of its own for a position that is there."""
        position = book.positions.get(request.symbol)
        held = position.lots if position is not None else 0
        if held == 0 or (held > 0) != request.is_long:
            return refuse("REDUCE_ONLY_REJECTED", value=request.kind, limit="no such position to close")
        if request.client_order_id and request.client_order_id in book.by_client_id:
            return refuse("DUPLICATE_CLIENT_ORDER_ID", value=request.client_order_id)
        ticks = trigger_ticks(request.kind, request.is_long, request.trigger_price, listing.mark_ticks, listing)
        if isinstance(ticks, venue.Refused):
            return ticks
        lots = abs(held) if request.qty_base is None else listing.grid.lots(request.qty_base)
        if lots is None or lots <= 0 or (request.qty_base is not None and request.qty_base % listing.rules.lot_size):
            return refuse("QTY_NOT_ON_LOT", value=request.qty_base, lot_size=listing.rules.lot_size)
        order = self._stop(book, request.symbol, request.kind, request.is_long, ticks, lots)
        order.client_order_id = request.client_order_id or f"{PREFIX[request.kind]}-{order.venue_order_id}"
        self._engine.submit(order)
        return order

    def _protect(self, parent: OpenOrder, kind: venue.StopKind, ticks: int, lots: int) -> None:
        book = self._ledger.accounts[parent.account_id]
        name = f"{PREFIX[kind]}-{parent.venue_order_id}"
        known = book.by_client_id.get(name)
        if known is not None and known.is_open and known.trigger_ticks:
            known.lots += lots
            self._engine.tell(known)
            return
        order = self._stop(book, parent.symbol, kind, parent.sign > 0, ticks, lots)
        order.client_order_id = name if known is None else f"{name}-{order.venue_order_id}"
        self._engine.submit(order)

    def _stop(
        self, book: AccountBook, symbol: str, kind: venue.StopKind, is_long: bool, ticks: int, lots: int
    ) -> OpenOrder:
        now_ms, setting = self._engine.now_ms, self._ledger.setting(book, symbol)
        return OpenOrder(
            account_id=book.state.account_id,
            symbol=symbol,
            client_order_id="",
            venue_order_id=self._ledger.new_id(),
            side="sell" if is_long else "buy",
            order_type="market",
            time_in_force="gtc",
            reduce_only=True,
            ticks=0,
            lots=lots,
            created_ms=now_ms,
            updated_ms=now_ms,
            leverage=setting.leverage,
            margin_mode=setting.margin_mode,
            trigger_ticks=ticks,
            trigger_above=(kind == "take_profit") == is_long,
        )


def trigger_ticks(
    kind: venue.StopKind, is_long: bool, price: Decimal, from_ticks: int, listing: Listing
) -> int | venue.Refused:
    """The trigger on the grid, on the side of ``from_ticks`` where this kind lies: profit ahead, loss behind."""
    ticks = listing.grid.ticks(price) if price.is_finite() else None
    if ticks is None or ticks <= 0 or price % listing.rules.tick_size:
        return refuse("PRICE_NOT_ON_TICK", value=price, tick_size=listing.rules.tick_size)
    is_above = (kind == "take_profit") == is_long
    if ticks <= from_ticks if is_above else ticks >= from_ticks:
        limit = listing.grid.price(from_ticks)
        return refuse("PRICE_OUT_OF_RANGE", value=price, limit=f"{kind} {'above' if is_above else 'below'} {limit}")
    return ticks
