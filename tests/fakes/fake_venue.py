"""A small venue for the gateway's tests: obeys at once, trades when told to, and remembers everything it was sent."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from services.common import venue

ZERO = Decimal(0)
SYMBOL = "BTC-USDT"
RULES = venue.InstrumentRules(
    symbol=SYMBOL,
    base_asset="BTC",
    quote_asset="USDT",
    tick_size=Decimal("0.1"),
    lot_size=Decimal("0.0001"),
    min_qty_base=Decimal("0.0001"),
    max_qty_base=Decimal("100"),
    min_notional_quote=Decimal("5"),
    maker_fee_pct=Decimal("0.0002"),
    taker_fee_pct=Decimal("0.0006"),
    leverage_max=125,
    funding_interval_ms=28_800_000,
)


@dataclass
class FakeOrder:
    account_id: str
    request: venue.PlaceOrder
    venue_id: str
    created_ms: int
    filled: Decimal = ZERO
    status: venue.OrderStatus = "live"
    reason: str = ""
    cost: Decimal = ZERO

    @property
    def is_open(self) -> bool:
        return self.status not in venue.TERMINAL_STATUSES

    @property
    def remaining(self) -> Decimal:
        return self.request.qty_base - self.filled


@dataclass
class FakeVenue:
    """``now_ms`` is asked for the time; pushes collect in ``pushes`` until they are taken."""

    now_ms: Callable[[], int]
    orders: dict[str, FakeOrder] = field(default_factory=dict)  # by venue id
    fills: list[tuple[str, venue.Fill]] = field(default_factory=list)
    bills: list[tuple[str, venue.Bill]] = field(default_factory=list)
    asked: list[venue.Request] = field(default_factory=list)
    pushes: list[venue.Push] = field(default_factory=list)
    positions: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    bid: Decimal = Decimal("60000")
    ask: Decimal = Decimal("60001")
    rules: tuple[venue.InstrumentRules, ...] = (RULES,)  # what it lists
    clock_offset_ms: int = 0  # the venue's clock behind ours
    key_rights: tuple[str, ...] = ("read", "trade")
    _ids: itertools.count = field(default_factory=lambda: itertools.count(1))
    _trades: itertools.count = field(default_factory=lambda: itertools.count(1))

    # ------------------------------------------------------------------------------------------------------ requests

    def answer(self, request: venue.Request) -> venue.Answer:
        self.asked.append(request)
        match request:
            case venue.PlaceOrder():
                return self._place(request)
            case venue.CancelOrder():
                return self._cancel(request)
            case venue.GetOrder():
                order = self._find(request.account_id, request.venue_order_id, request.client_order_id)
                return self.view(order) if order else venue.Refused(code="ORDER_NOT_FOUND", text="ORDER_NOT_FOUND: -")
            case venue.GetOpenOrders():
                mine = [o for o in self.orders.values() if o.account_id == request.account_id and o.is_open]
                return tuple(self.view(order) for order in mine)
            case venue.GetFills():
                found = [
                    msgspec.structs.replace(fill, client_order_id="")  # as the wire has it: only the stream names it
                    for account, fill in reversed(self.fills)
                    if account == request.account_id
                    and request.venue_order_id in ("", fill.venue_order_id)
                    and (request.start_ms is None or fill.ts_exch_ms >= request.start_ms)
                    and (request.end_ms is None or fill.ts_exch_ms <= request.end_ms)
                ]
                return tuple(found[: request.limit])
            case venue.GetPositions():
                return self.position_views(request.account_id)
            case venue.GetBills():
                listed = [
                    bill
                    for account, bill in reversed(self.bills)
                    if account == request.account_id
                    and (request.start_ms is None or bill.ts_ms >= request.start_ms)
                    and (request.end_ms is None or bill.ts_ms <= request.end_ms)
                ]
                return tuple(listed[: request.limit])
            case venue.GetTime():
                return venue.ServerTime(ts_ms=self.now_ms() - self.clock_offset_ms)
            case venue.GetBook():
                return self.book()
            case venue.GetCoins():
                return ("BTC", "USDT")
            case venue.GetKeyRights():
                return venue.KeyRights(rights=self.key_rights)
            case venue.GetFeeRate():
                return venue.FeeRate(maker_fee_pct=RULES.maker_fee_pct, taker_fee_pct=RULES.taker_fee_pct)
            case venue.GetInstruments():
                return self.rules
            case venue.SetLeverage() | venue.SetMarginMode() | venue.SetPositionMode():
                return venue.Done()
            case _:
                return venue.Refused(code="UNSUPPORTED", text="UNSUPPORTED: fake")

    def _place(self, request: venue.PlaceOrder) -> venue.Answer:
        if self._find(request.account_id, "", request.client_order_id):
            return venue.Refused(code="DUPLICATE_CLIENT_ORDER_ID", text="DUPLICATE_CLIENT_ORDER_ID: -")
        order = FakeOrder(request.account_id, request, f"v{next(self._ids)}", self.now_ms())
        self.orders[order.venue_id] = order
        self._push_order(order)
        price = request.price
        assert price is not None, "every order has a price on the wire"
        is_marketable = price >= self.ask if request.side == "buy" else price <= self.bid
        if is_marketable and request.time_in_force != "post_only":
            self.trade(order.venue_id, order.remaining, self.ask if request.side == "buy" else self.bid)
        if order.is_open and request.time_in_force in ("ioc", "fok"):
            self.end(order.venue_id, "canceled", "IOC_EXPIRED")
        return venue.Placed(
            symbol=request.symbol, client_order_id=request.client_order_id, venue_order_id=order.venue_id
        )

    def _cancel(self, request: venue.CancelOrder) -> venue.Answer:
        order = self._find(request.account_id, request.venue_order_id, request.client_order_id)
        if order is None:
            return venue.Refused(code="ORDER_NOT_FOUND", text="ORDER_NOT_FOUND: -")
        if not order.is_open:
            return venue.Refused(code="ORDER_NOT_OPEN", text="ORDER_NOT_OPEN: -")
        self.end(order.venue_id, "canceled", "CANCELLED_BY_USER")
        return venue.Cancelled(done=((order.request.client_order_id, order.venue_id),))

    def _find(self, account_id: str, venue_id: str, client_id: str) -> FakeOrder | None:
        for order in self.orders.values():
            if order.account_id == account_id and (
                order.venue_id == venue_id if venue_id else order.request.client_order_id == client_id
            ):
                return order
        return None

    # --------------------------------------------------------------------------------------------------- what happens

    def by_client(self, client_id: str) -> FakeOrder:
        return next(o for o in self.orders.values() if o.request.client_order_id == client_id)

    def open_orders(self) -> list[FakeOrder]:
        return [order for order in self.orders.values() if order.is_open]

    def trade(self, venue_id: str, qty: Decimal, price: Decimal | None = None, *, is_heard: bool = True) -> venue.Fill:
        """The order trades. ``is_heard`` False: the push is lost."""
        order = self.orders[venue_id]
        request = order.request
        price = price or request.price
        assert price is not None and qty <= order.remaining
        order.filled += qty
        order.cost += qty * price
        order.status = "filled" if order.remaining == 0 else "partially_filled"
        sign = 1 if request.side == "buy" else -1
        key = (order.account_id, request.symbol)
        self.positions[key] = self.positions.get(key, ZERO) + sign * qty
        fill = venue.Fill(
            trade_id=f"t{next(self._trades)}",
            symbol=request.symbol,
            client_order_id=request.client_order_id,
            venue_order_id=order.venue_id,
            side=request.side,
            price=price,
            qty_base=qty,
            fee_quote=qty * price * RULES.maker_fee_pct,
            fee_asset="USDT",
            liquidity="maker",
            realized_pnl_quote=ZERO,
            ts_exch_ms=self.now_ms(),
        )
        self.fills.append((order.account_id, fill))
        if is_heard:
            self._push_order(order, fill)
            self.push_positions(order.account_id)
        return fill

    def end(self, venue_id: str, status: venue.OrderStatus, reason: str, *, is_heard: bool = True) -> None:
        order = self.orders[venue_id]
        order.status, order.reason = status, reason
        if is_heard:
            self._push_order(order)

    def place_by_hand(self, account_id: str, client_id: str, qty: Decimal, price: Decimal) -> FakeOrder:
        """An order that did not come through the gateway."""
        request = venue.PlaceOrder(
            account_id=account_id,
            symbol=SYMBOL,
            client_order_id=client_id,
            side="buy",
            order_type="limit",
            time_in_force="gtc",
            qty_base=qty,
            price=price,
        )
        order = FakeOrder(account_id, request, f"v{next(self._ids)}", self.now_ms())
        self.orders[order.venue_id] = order
        return order

    # ---------------------------------------------------------------------------------------------------------- views

    def view(self, order: FakeOrder) -> venue.Order:
        request = order.request
        return venue.Order(
            symbol=request.symbol,
            client_order_id=request.client_order_id,
            venue_order_id=order.venue_id,
            side=request.side,
            order_type=request.order_type,
            time_in_force=request.time_in_force,
            reduce_only=request.reduce_only,
            price=request.price,
            qty_base=request.qty_base,
            filled_base=order.filled,
            avg_price=order.cost / order.filled if order.filled else ZERO,
            fee_quote=ZERO,
            status=order.status,
            reason=order.reason,
            created_ts_ms=order.created_ms,
            updated_ts_ms=self.now_ms(),
        )

    def position_views(self, account_id: str) -> tuple[venue.Position, ...]:
        return tuple(
            venue.Position(
                symbol=symbol,
                qty_base=qty,
                entry_price=self.bid,
                mark_price=self.bid,
                unrealized_pnl_quote=ZERO,
                realized_pnl_quote=ZERO,
                leverage=5,
                margin_mode="crossed",
                margin_quote=ZERO,
                maintenance_margin_pct=Decimal("0.004"),
                liquidation_price=None,
                created_ts_ms=0,
                updated_ts_ms=self.now_ms(),
            )
            for (account, symbol), qty in self.positions.items()
            if account == account_id and qty
        )

    def book(self) -> venue.Book:
        return venue.Book(
            symbol=SYMBOL,
            bids=((self.bid, Decimal(1)),),
            asks=((self.ask, Decimal(1)),),
            ts_exch_ms=self.now_ms(),
            seq=self.now_ms(),
        )

    def push_positions(self, account_id: str) -> None:
        self.pushes.append(venue.PositionsPush(account_id=account_id, positions=self.position_views(account_id)))

    def _push_order(self, order: FakeOrder, fill: venue.Fill | None = None) -> None:
        self.pushes.append(venue.OrderPush(account_id=order.account_id, order=self.view(order), fill=fill))

    def take_pushes(self) -> list[venue.Push]:
        pushes, self.pushes = self.pushes, []
        return pushes


def order_ids(orders: list[FakeOrder]) -> list[str]:
    return [order.request.client_order_id for order in orders]


def without_account(request: venue.Request) -> venue.Request:
    return msgspec.structs.replace(request, account_id="")
