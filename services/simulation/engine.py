"""The matching engine with settlement: orders meet the book, fills meet the ledger, and every step is told and logged.

Two kinds of taker arrive: the market (anonymous, ``market_take``) and accounts' orders (``submit``). Nothing here
decides whether an order is allowed; ``services.simulation.trading`` has done that before.
"""

from collections.abc import Callable
from decimal import Decimal

from services.common import venue
from services.simulation.accounts import apply_fill
from services.simulation.book import Resting
from services.simulation.event_log import EventLog
from services.simulation.fees import FeeSchedule
from services.simulation.fill_model import FillModel
from services.simulation.ledger import AccountBook, Ledger
from services.simulation.listing import Listing
from services.simulation.matching import STOP, Allowance, available_lots, reaches, take
from services.simulation.orders import OpenOrder, to_value
from services.simulation.outbox import Outbox
from services.simulation.units import divide_half_up, from_e8

FillListener = Callable[[OpenOrder, venue.Fill, Listing], None]


class Engine:
    """``fill_model`` (None: exact) limits what the market may take from an account's resting order at a time."""

    def __init__(
        self,
        listings: dict[str, Listing],
        ledger: Ledger,
        fees: FeeSchedule,
        outbox: Outbox,
        log: EventLog,
        fill_model: FillModel | None = None,
    ) -> None:
        self.listings = listings
        self.ledger = ledger
        self.fees = fees
        self.outbox = outbox
        self.log = log
        self.fill_model = fill_model
        self.now_ms = 0
        self.resting: dict[int, Resting] = {}  # by venue order id
        self.fill_listeners: list[FillListener] = []
        self._to_trim: list[tuple[AccountBook, str]] = []
        self._stopped_by_stp = False
        self._slices: list[tuple[int, OpenOrder]] = []
        self._slice_ms = fill_model.settings.latency_ms if fill_model is not None else 0
        self.judge: Callable[[OpenOrder], venue.Refused | None] | None = None  # asked again when a trigger fires

    # ------------------------------------------------------------------------------------------------------- takers

    def market_take(self, listing: Listing, sign: int, limit_ticks: int | None, lots: int) -> int:
        """The market buys (sign 1) or sells (-1) up to ``lots`` at the limit or better; returns the lots traded."""
        left = self._sweep(listing, sign, limit_ticks, lots, None)
        self._trim_reduce_only()
        return lots - left

    def submit(self, order: OpenOrder) -> None:
        """Take in a checked order: trade what its kind allows at once, then rest, or end it with a reason."""
        listing = self.listings[order.symbol]
        book = self.ledger.accounts[order.account_id]
        self.ledger.add_order(book, order)
        self._tell(book, order, listing)
        if order.trigger_ticks:
            return  # waits outside the book until its trigger fires
        self.execute(order)

    def execute(self, order: OpenOrder) -> None:
        """Match an accepted order now."""
        listing = self.listings[order.symbol]
        limit = None if order.order_type == "market" else order.ticks
        if order.time_in_force == "post_only" and listing.book.would_cross(order.sign, order.ticks):
            self.finish(order, "canceled", "POST_ONLY_WOULD_CROSS")
            return
        if order.time_in_force == "fok":

            def reducible(account_id: str, sign: int) -> int:
                return max(0, -sign * self._held(account_id, order.symbol))

            if available_lots(listing.book.opposite(order.sign), order, limit, reducible) < order.lots:
                self.finish(order, "canceled", "FOK_NOT_FILLED")
                return
        wanted = self._reducible(order) if order.reduce_only else order.remaining
        sliced = self.fill_model is not None and order.time_in_force == "gtc"
        if sliced and self.fill_model is not None:
            wanted = min(wanted, self.fill_model.slice_lots(order))
        self._stopped_by_stp = False
        self._sweep(listing, order.sign, limit, wanted, order)
        if self._stopped_by_stp and order.is_open:
            self.finish(order, "canceled", "SELF_TRADE_PREVENTED")
        elif order.is_open and sliced and order.last_fill_ms == self.now_ms and self._crosses(order, listing):
            self._slices.append((self.now_ms + self._slice_ms, order))
        elif order.is_open:
            self._rest_or_end(order, listing)
        self._trim_reduce_only()

    def finish(self, order: OpenOrder, status: venue.OrderStatus, reason: str) -> None:
        """End an open order; it leaves the book."""
        listing = self.listings[order.symbol]
        entry = self.resting.pop(order.venue_order_id, None)
        if entry is not None:
            listing.book.side(order.sign).leave(entry)
            listing.book.version += 1
        order.status = status
        order.reason = reason
        order.updated_ms = self.now_ms
        self._tell(self.ledger.accounts[order.account_id], order, listing)

    def fire(self, order: OpenOrder) -> None:
        """A trigger has been reached: the order goes to the book as if it came now."""
        order.trigger_ticks = 0
        self.tell(order)
        refusal = self.judge(order) if self.judge is not None else None
        if refusal is not None:
            self.finish(order, "canceled", refusal.code)
        else:
            self.execute(order)

    def tell(self, order: OpenOrder) -> None:
        """An order changed by something else than a trade or its end."""
        order.updated_ms = self.now_ms
        self._tell(self.ledger.accounts[order.account_id], order, self.listings[order.symbol])

    def settle_outside(self, order: OpenOrder, ticks: int, lots: int, reason: str, is_printed: bool) -> None:
        """Book a trade the venue imposes at ``ticks``: no book, no fee, the order appears and is over."""
        listing = self.listings[order.symbol]
        self.ledger.add_order(self.ledger.accounts[order.account_id], order)
        order.reason = reason
        trade_id = self.print_trade(listing, ticks, lots, order.sign) if is_printed else self.ledger.new_id()
        self._settle(order, listing, ticks, lots, "taker", trade_id, fee_free=True)
        self._trim_reduce_only()

    def resume_slices(self) -> None:
        """Paper engine: takers that still wait for the rest of their fill try again."""
        waiting, self._slices = self._slices, []
        for due_ms, order in waiting:
            if not order.is_open:
                continue
            if due_ms > self.now_ms:
                self._slices.append((due_ms, order))
            else:
                self.execute(order)

    def rest(self, order: OpenOrder) -> None:
        """Put what is left of an order at the back of its price level."""
        listing = self.listings[order.symbol]
        self.resting[order.venue_order_id] = listing.book.side(order.sign).join(order.ticks, order.remaining, order)
        listing.book.version += 1

    def rest_again(self, order: OpenOrder) -> None:
        """Put a restored order back; makers who would cross it stand aside, and take it when they next quote."""
        side = self.listings[order.symbol].book.opposite(order.sign)
        for level in [lv for lv in side if lv.background_lots and reaches(order.sign, order.ticks, lv.ticks)]:
            side.set_background(level.ticks, 0)
        self.rest(order)

    def queue_ahead_lots(self, order: OpenOrder) -> int:
        """Lots that trade before this resting order at its price; 0 when it does not rest."""
        entry = self.resting.get(order.venue_order_id)
        return 0 if entry is None else self.listings[order.symbol].book.side(order.sign).ahead(entry)

    # ------------------------------------------------------------------------------------------------------- trades

    def _sweep(self, listing: Listing, sign: int, limit_ticks: int | None, lots: int, taker: OpenOrder | None) -> int:
        """Match and settle; the background's share of one price prints as one trade."""
        side = listing.book.opposite(sign)
        pending_ticks = pending_lots = 0

        def print_pending() -> None:
            nonlocal pending_lots
            if pending_lots:
                lots_now, pending_lots = pending_lots, 0
                trade_id = self.print_trade(listing, pending_ticks, lots_now, sign)
                if taker is not None:
                    self._settle(taker, listing, pending_ticks, lots_now, "taker", trade_id)

        def on_hit(entry: Resting, ticks: int, traded: int) -> None:
            nonlocal pending_ticks, pending_lots
            if entry.order is None:
                if ticks != pending_ticks:
                    print_pending()
                    pending_ticks = ticks
                pending_lots += traded
                return
            print_pending()
            trade_id = self.print_trade(listing, ticks, traded, sign)
            self._settle(entry.order, listing, ticks, traded, "maker", trade_id)
            if taker is not None:
                self._settle(taker, listing, ticks, traded, "taker", self.ledger.new_id())

        left = take(side, limit_ticks, lots, on_hit, self._allowance(taker) if side.own else None)
        print_pending()
        if left != lots:
            listing.book.version += 1
        return left

    def _allowance(self, taker: OpenOrder | None) -> Allowance:
        def allowed(entry: Resting, wanted: int) -> int:
            maker = entry.order
            assert maker is not None, "only accounts' orders are asked about"
            if taker is not None and maker.account_id == taker.account_id and taker.stp != "none":
                return self._prevent_self_trade(taker, maker)
            lots = entry.lots
            if maker.reduce_only:
                lots = min(lots, self._reducible(maker))
                if lots == 0:
                    self.finish(maker, "canceled", "REDUCE_ONLY_REJECTED")
                    return 0
            if taker is None and self.fill_model is not None:
                lots = self.fill_model.allowed_lots(maker, min(lots, wanted), self.now_ms)
            return lots

        return allowed

    def _prevent_self_trade(self, taker: OpenOrder, maker: OpenOrder) -> int:
        if taker.stp in ("cancel_maker", "cancel_both"):
            self.finish(maker, "canceled", "SELF_TRADE_PREVENTED")
        if taker.stp in ("cancel_taker", "cancel_both"):
            self._stopped_by_stp = True  # ended after the trades it already made are booked
            return STOP
        return 0

    def print_trade(self, listing: Listing, ticks: int, lots: int, taker_sign: int) -> int:
        """A public trade: the tape, the candle, the last price. Returns its id."""
        trade_id = self.ledger.new_id()
        grid = listing.grid
        listing.last_ticks = ticks
        listing.candles.trade(ticks, lots, ticks * lots * grid.value_e8, self.now_ms)
        trade = venue.PublicTrade(
            symbol=grid.symbol,
            trade_id=trade_id,
            price=ticks * grid.tick_size,
            qty_base=lots * grid.lot_size,
            taker_side="buy" if taker_sign > 0 else "sell",
            ts_exch_ms=self.now_ms,
        )
        listing.trades.append(trade)
        self.outbox.trade(trade)
        self.log.add(f"T|{self.now_ms}|{grid.symbol}|{trade_id}|{ticks}|{lots}|{taker_sign}")
        return trade_id

    def _settle(
        self,
        order: OpenOrder,
        listing: Listing,
        ticks: int,
        lots: int,
        liquidity: venue.Liquidity,
        trade_id: int,
        fee_free: bool = False,
    ) -> None:
        """Book one fill of an account's order: position, cash, order, history."""
        now_ms, ledger, grid = self.now_ms, self.ledger, listing.grid
        book = ledger.accounts[order.account_id]
        position = ledger.position(book, order.symbol)
        held, isolated = position.lots, position.isolated_margin_e8
        value_e8 = grid.notional_e8(ticks, lots)
        effect = apply_fill(position, order.sign, lots, value_e8, now_ms)
        if effect.closed_lots:
            position.isolated_margin_e8 -= divide_half_up(isolated * effect.closed_lots, abs(held))
        if effect.opened_lots and order.margin_mode == "isolated":
            position.isolated_margin_e8 += grid.notional_e8(ticks, effect.opened_lots) // order.leverage
        fee_e8 = 0 if fee_free else self.fees.fee_e8(order.account_id, listing.rules, liquidity, value_e8, now_ms)
        self.fees.count(order.account_id, value_e8, now_ms)
        ledger.pay(book, order.symbol, "realized_pnl", effect.realized_e8, now_ms)
        ledger.pay(book, order.symbol, "close_fee" if effect.closed_lots else "open_fee", -fee_e8, now_ms)
        ledger.position_changed(position)
        order.filled_lots += lots
        order.filled_e8 += value_e8
        order.fee_e8 += fee_e8
        order.last_fill_ms = order.updated_ms = now_ms
        order.status = "filled" if order.remaining == 0 else "partially_filled"
        if order.remaining == 0:
            self.resting.pop(order.venue_order_id, None)
        fill = venue.Fill(
            trade_id=str(trade_id),
            symbol=order.symbol,
            client_order_id=order.client_order_id,
            venue_order_id=str(order.venue_order_id),
            side=order.side,
            price=grid.price(ticks),
            qty_base=grid.qty(lots),
            fee_quote=from_e8(fee_e8),
            fee_asset=listing.rules.quote_asset,
            liquidity=liquidity,
            realized_pnl_quote=from_e8(effect.realized_e8) if effect.realized_e8 else Decimal(0),
            ts_exch_ms=now_ms,
        )
        ledger.add_fill(book, fill)
        self.log.add(f"F|{now_ms}|{order.account_id}|{trade_id}|{order.venue_order_id}|{ticks}|{lots}|{fee_e8}")
        self.outbox.change("price", order.symbol, listing.last_ticks)
        self._tell(book, order, listing, fill)
        for listener in self.fill_listeners:
            listener(order, fill, listing)
        if effect.closed_lots and effect.closed_lots == abs(held):
            self._to_trim.append((book, order.symbol))

    # ------------------------------------------------------------------------------------------------------ details

    def _rest_or_end(self, order: OpenOrder, listing: Listing) -> None:
        if order.reduce_only and self._reducible(order) == 0:
            self.finish(order, "canceled", "REDUCE_ONLY_REJECTED")
        elif order.order_type == "market":
            self.finish(order, "canceled", "NO_LIQUIDITY")
        elif order.time_in_force in ("ioc", "fok"):
            self.finish(order, "canceled", "IOC_EXPIRED")
        else:
            self.rest(order)

    def _crosses(self, order: OpenOrder, listing: Listing) -> bool:
        if order.order_type == "market":
            return bool(listing.book.opposite(order.sign).keys)
        return listing.book.would_cross(order.sign, order.ticks)

    def _reducible(self, order: OpenOrder) -> int:
        """Lots this order may trade without leaving flat behind it."""
        held = self._held(order.account_id, order.symbol)
        return min(order.remaining, abs(held)) if held * order.sign < 0 else 0

    def _held(self, account_id: str, symbol: str) -> int:
        position = self.ledger.accounts[account_id].positions.get(symbol)
        return position.lots if position is not None else 0

    def _trim_reduce_only(self) -> None:
        """Reduce-only orders of a position that is gone are gone with it."""
        while self._to_trim:
            book, symbol = self._to_trim.pop()
            for order in [o for o in book.open.values() if o.symbol == symbol and o.reduce_only]:
                if self._reducible(order) == 0 and order.is_open:
                    self.finish(order, "canceled", "REDUCE_ONLY_REJECTED")

    def _tell(self, book: AccountBook, order: OpenOrder, listing: Listing, fill: venue.Fill | None = None) -> None:
        self.ledger.order_changed(book, order)
        self.outbox.order(order.account_id, to_value(order, listing.grid), fill)
        self.log.add(
            f"O|{self.now_ms}|{order.account_id}|{order.venue_order_id}|{order.client_order_id}|{order.status}"
            f"|{order.filled_lots}|{order.reason}"
        )
