"""Placing, cancelling, amending, closing, and the settings of an account: requests that change something."""

from decimal import Decimal

from services.common import venue
from services.simulation import checks, margin
from services.simulation.checks import refuse
from services.simulation.engine import Engine
from services.simulation.ledger import AccountBook
from services.simulation.listing import Listing
from services.simulation.orders import OpenOrder
from services.simulation.params import ExchangeParams
from services.simulation.protection import Protection
from services.simulation.standing import Standings
from services.simulation.units import fraction_e8, from_e8

CANCELLED = "CANCELLED_BY_USER"


class Trading:
    def __init__(self, engine: Engine, standings: Standings, params: ExchangeParams) -> None:
        self._engine = engine
        self._ledger = engine.ledger
        self._listings = engine.listings
        self._standings = standings
        self._params = params
        self._protection = Protection(engine)
        engine.fill_listeners.append(self._protection.on_fill)

    # ------------------------------------------------------------------------------------------------------- orders

    def place(self, book: AccountBook, request: venue.PlaceOrder) -> venue.Placed | venue.Refused:
        listing = self._listings.get(request.symbol)
        if listing is None:
            return refuse("UNKNOWN_SYMBOL", value=request.symbol)
        order = self._checked(book, request, listing, replacing=None)
        if isinstance(order, venue.Refused):
            return order
        self._engine.submit(order)
        return _placed(order)

    def place_many(self, book: AccountBook, request: venue.PlaceOrders) -> venue.PlacedMany:
        """One after the other: an order does not wait for those behind it."""
        placed: list[venue.Placed] = []
        refused: list[tuple[str, venue.Refused]] = []
        for order in request.orders:
            answer = self.place(book, order)
            if isinstance(answer, venue.Refused):
                refused.append((order.client_order_id, answer))
            else:
                placed.append(answer)
        return venue.PlacedMany(placed=tuple(placed), refused=tuple(refused))

    def place_protected(self, book: AccountBook, request: venue.PlaceProtected) -> venue.Placed | venue.Refused:
        listing = self._listings.get(request.symbol)
        if listing is None:
            return refuse("UNKNOWN_SYMBOL", value=request.symbol)
        order = self._checked(book, request.order, listing, replacing=None)
        if isinstance(order, venue.Refused):
            return order
        refusal = self._protection.attach(order, request, listing)
        if refusal is not None:
            return refusal
        self._engine.submit(order)
        return _placed(order)

    def place_stop(self, book: AccountBook, request: venue.PlaceStop) -> venue.Placed | venue.Refused:
        listing = self._listings.get(request.symbol)
        if listing is None:
            return refuse("UNKNOWN_SYMBOL", value=request.symbol)
        order = self._protection.place(book, request, listing)
        return order if isinstance(order, venue.Refused) else _placed(order)

    def cancel(self, book: AccountBook, request: venue.CancelOrder) -> venue.Cancelled | venue.Refused:
        order = self._ledger.find_order(book, request.venue_order_id, request.client_order_id)
        if order is None or order.symbol != request.symbol:
            return refuse("ORDER_NOT_FOUND", value=request.venue_order_id or request.client_order_id)
        if not order.is_open:
            return refuse("ORDER_NOT_OPEN", value=order.status)
        self._engine.finish(order, "canceled", CANCELLED)
        return venue.Cancelled(done=(_ids(order),))

    def cancel_many(self, book: AccountBook, request: venue.CancelOrders) -> venue.Cancelled | venue.Refused:
        if request.symbol is not None and request.symbol not in self._listings:
            return refuse("UNKNOWN_SYMBOL", value=request.symbol)
        failed: list[tuple[str, str, str]] = []
        if request.venue_order_ids:
            wanted: list[OpenOrder] = []
            for venue_order_id in request.venue_order_ids:
                order = self._ledger.find_order(book, venue_order_id, "")
                if order is None or (request.symbol is not None and order.symbol != request.symbol):
                    failed.append(("", venue_order_id, "ORDER_NOT_FOUND"))
                elif not order.is_open:
                    failed.append((order.client_order_id, venue_order_id, "ORDER_NOT_OPEN"))
                else:
                    wanted.append(order)
        else:
            wanted = [o for o in book.open.values() if request.symbol in (None, o.symbol)]
        for order in wanted:
            self._engine.finish(order, "canceled", CANCELLED)
        return venue.Cancelled(done=tuple(_ids(o) for o in wanted), failed=tuple(failed))

    def modify(self, book: AccountBook, request: venue.ModifyOrder) -> venue.Placed | venue.Refused:
        """Cancel and place anew, with a new venue id at the back of the queue; refused whole when the new one would
        be.
        """
        old = self._ledger.find_order(book, request.venue_order_id, request.client_order_id)
        if old is None or old.symbol != request.symbol:
            return refuse("ORDER_NOT_FOUND", value=request.venue_order_id or request.client_order_id)
        if not old.is_open:
            return refuse("ORDER_NOT_OPEN", value=old.status)
        listing = self._listings[old.symbol]
        grid = listing.grid
        wanted = venue.PlaceOrder(
            account_id=request.account_id,
            symbol=old.symbol,
            client_order_id=request.new_client_order_id,
            side=old.side,
            order_type=old.order_type,
            time_in_force=old.time_in_force,
            qty_base=grid.qty(old.remaining) if request.new_qty_base is None else request.new_qty_base,
            price=grid.price(old.ticks) if request.new_price is None else request.new_price,
            reduce_only=old.reduce_only,
            margin_mode=old.margin_mode,
            stp_mode=old.stp,
            trigger_price=grid.price(old.trigger_ticks) if old.trigger_ticks else None,
        )
        order = self._checked(book, wanted, listing, replacing=old)
        if isinstance(order, venue.Refused):
            return order
        order.trigger_above = old.trigger_above
        order.take_profit_ticks, order.stop_loss_ticks = old.take_profit_ticks, old.stop_loss_ticks
        if old.is_open:
            self._engine.finish(old, "canceled", "REPLACED")
        self._engine.submit(order)
        return _placed(order)

    def close(self, book: AccountBook, request: venue.ClosePosition) -> venue.Placed | venue.Refused:
        """A reduce-only market order for the whole position."""
        listing = self._listings.get(request.symbol)
        if listing is None:
            return refuse("UNKNOWN_SYMBOL", value=request.symbol)
        position = book.positions.get(request.symbol)
        if position is None or not position.lots:
            return refuse("REDUCE_ONLY_REJECTED", value=request.symbol, limit="no position to close")
        return self.place(
            book,
            venue.PlaceOrder(
                account_id=request.account_id,
                symbol=request.symbol,
                client_order_id="",
                side="sell" if position.lots > 0 else "buy",
                order_type="market",
                time_in_force="gtc",
                qty_base=listing.grid.qty(abs(position.lots)),
                price=None,
                reduce_only=True,
            ),
        )

    def _checked(
        self, book: AccountBook, request: venue.PlaceOrder, listing: Listing, replacing: OpenOrder | None
    ) -> OpenOrder | venue.Refused:
        """The order ready to submit, or why not. ``replacing`` does not count as resting while its successor is
        judged.
        """
        if listing.halted:
            return refuse("SYMBOL_HALTED", value=request.symbol)
        if request.client_order_id and request.client_order_id in book.by_client_id:
            return refuse("DUPLICATE_CLIENT_ORDER_ID", value=request.client_order_id)
        shaped = checks.shape(request, listing)
        if isinstance(shaped, venue.Refused):
            return shaped
        ticks, lots = shaped
        now_ms = self._engine.now_ms
        setting = self._ledger.setting(book, request.symbol)
        is_to_isolate = request.margin_mode == "isolated" and setting.margin_mode != "isolated"
        if is_to_isolate and _is_in_use(book, request.symbol):
            return refuse("POSITION_MODE_LOCKED", value=request.margin_mode, limit="position or orders exist")
        order = OpenOrder(
            account_id=book.state.account_id,
            symbol=request.symbol,
            client_order_id=request.client_order_id,
            venue_order_id=0,
            side=request.side,
            order_type=request.order_type,
            time_in_force=request.time_in_force,
            reduce_only=request.reduce_only,
            ticks=ticks,
            lots=lots,
            created_ms=now_ms,
            updated_ms=now_ms,
            leverage=setting.leverage,
            margin_mode="isolated" if is_to_isolate else setting.margin_mode,
            stp=request.stp_mode or self._params.stp_mode,
        )
        if request.trigger_price is not None:
            trigger = listing.grid.ticks(request.trigger_price)
            if trigger is None or trigger <= 0:
                return refuse("PRICE_NOT_ON_TICK", value=request.trigger_price, tick_size=listing.rules.tick_size)
            order.trigger_ticks, order.trigger_above = trigger, trigger > listing.mark_ticks
        resting = book.open
        if replacing is not None:
            book.open = {key: other for key, other in resting.items() if other is not replacing}
        refusal = (
            checks.reduce_only(order, book)
            or checks.price_band(order, listing, self._params.price_band_pct)
            or (None if order.trigger_ticks else self.judge(order))
        )
        book.open = resting
        if refusal is not None:
            return refusal
        if is_to_isolate:  # the order's own word sets the pair, as long as nothing is open in it
            setting.margin_mode = "isolated"
            self._ledger.setting_changed(setting)
        order.venue_order_id = self._ledger.new_id()
        order.client_order_id = order.client_order_id or str(order.venue_order_id)
        return order

    def judge(self, order: OpenOrder) -> venue.Refused | None:
        """What depends on the market and the account as they are now: asked on arrival, and when a trigger fires."""
        listing, account_id = self._listings[order.symbol], order.account_id
        taker_pct = self._engine.fees.rates(account_id, listing.rules, self._engine.now_ms)[1]
        if self._params.post_only_refused:
            refusal = checks.post_only(order, listing)
            if refusal is not None:
                return refusal
        book = self._ledger.accounts[account_id]
        return checks.margin_for(order, book, listing, self._standings, fraction_e8(taker_pct))

    # ----------------------------------------------------------------------------------------------------- settings

    def set_leverage(self, book: AccountBook, request: venue.SetLeverage) -> venue.Done | venue.Refused:
        listing = self._listings.get(request.symbol)
        if listing is None:
            return refuse("UNKNOWN_SYMBOL", value=request.symbol)
        if not 1 <= request.leverage <= listing.rules.leverage_max:
            return refuse("LEVERAGE_TOO_HIGH", value=request.leverage, limit=listing.rules.leverage_max)
        exposure = self._standings.exposure(book, request.symbol)
        worst = max(exposure.mark_value_e8 + exposure.buys_e8, exposure.mark_value_e8 + exposure.sells_e8)
        if not margin.leverage_allowed(listing.instrument.tiers, request.leverage, worst):
            tier = margin.tier_of(listing.instrument.tiers, worst)
            return refuse("LEVERAGE_TOO_HIGH", value=request.leverage, limit=tier.leverage_max)
        setting = self._ledger.setting(book, request.symbol)
        before, setting.leverage = setting.leverage, request.leverage
        if self._standings.standing(book).available_e8 < 0:
            setting.leverage = before
            return refuse("INSUFFICIENT_MARGIN", value=request.leverage, limit="margin would not cover the position")
        self._ledger.setting_changed(setting)
        self._ledger.account_changed(book)
        return self._done(book, request.symbol)

    def set_margin_mode(self, book: AccountBook, request: venue.SetMarginMode) -> venue.Done | venue.Refused:
        """Refused while the pair has a position or resting orders, except when nothing changes."""
        if request.symbol not in self._listings:
            return refuse("UNKNOWN_SYMBOL", value=request.symbol)
        setting = self._ledger.setting(book, request.symbol)
        if setting.margin_mode != request.margin_mode:
            if _is_in_use(book, request.symbol):
                return refuse("POSITION_MODE_LOCKED", value=request.margin_mode, limit="position or orders exist")
            setting.margin_mode = request.margin_mode
            self._ledger.setting_changed(setting)
        return self._done(book, request.symbol)

    def set_position_mode(self, book: AccountBook, request: venue.SetPositionMode) -> venue.Done | venue.Refused:
        """Only one-way positions are kept here: hedge mode is refused as UNSUPPORTED, never silently ignored."""
        if request.position_mode != "one_way_mode":
            return refuse("UNSUPPORTED", value=request.position_mode, limit="one_way_mode")
        return venue.Done(position_mode="one_way_mode")

    def _done(self, book: AccountBook, symbol: str) -> venue.Done:
        setting = self._ledger.setting(book, symbol)
        return venue.Done(
            symbol=symbol,
            leverage=setting.leverage,
            margin_mode=setting.margin_mode,
            position_mode=book.state.position_mode,
        )

    def transfer(self, book: AccountBook, amount_quote: Decimal, amount_e8: int) -> venue.Refused | None:
        """Cash from or to outside; a withdrawal may not exceed what is free."""
        available = self._standings.standing(book).available_e8
        if amount_e8 < 0 and -amount_e8 > available:
            return refuse("INSUFFICIENT_MARGIN", value=-amount_quote, limit=from_e8(max(0, available)))
        self._ledger.pay(book, "", "transfer", amount_e8, self._engine.now_ms)
        return None


def _is_in_use(book: AccountBook, symbol: str) -> bool:
    """Whether the pair has a position or open orders: then its margin mode stands."""
    position = book.positions.get(symbol)
    return (position is not None and position.lots != 0) or any(o.symbol == symbol for o in book.open.values())


def _ids(order: OpenOrder) -> tuple[str, str]:
    return order.client_order_id, str(order.venue_order_id)


def _placed(order: OpenOrder) -> venue.Placed:
    return venue.Placed(
        symbol=order.symbol, client_order_id=order.client_order_id, venue_order_id=str(order.venue_order_id)
    )
