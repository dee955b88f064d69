"""A venue of which only resting orders matter: asked by the kill switch, and able to misbehave on purpose."""

from decimal import Decimal

from services.common import venue

ZERO = Decimal(0)


class RestingVenue:
    """``orders``: account -> client order ids. ``script`` answers the next requests instead of the venue."""

    def __init__(self, **orders: list[str]) -> None:
        self.orders: dict[str, list[str]] = {account: list(ids) for account, ids in orders.items()}
        self.positions: dict[str, Decimal] = {}
        self.asked: list[venue.Request] = []
        self.unreachable = False
        self.cancel_all_works = True
        self.closes_refused = 0  # the next so many closes of positions are refused
        self.sticky: set[str] = set()  # their cancels are accepted and do nothing, once each

    async def ask(self, request: venue.Request, account: str) -> venue.Answer | venue.Unknown:
        self.asked.append(request)
        assert request.account_id == account
        if self.unreachable:
            return venue.Unknown(detail="timeout")
        resting = self.orders[account]
        match request:
            case venue.GetOpenOrders():
                return tuple(_order(client_order_id) for client_order_id in resting)
            case venue.GetPositions():
                position = self.positions.get(account)
                return () if position is None else (_position(position),)
            case venue.CancelOrders():
                if not self.cancel_all_works:
                    return venue.Refused(code="VENUE_RATE_LIMIT", text="VENUE_RATE_LIMIT: slow down")
                done = tuple(resting)
                self.orders[account] = [one for one in resting if one in self.sticky]
                return venue.Cancelled(done=tuple((one, one) for one in done))
            case venue.CancelOrder(venue_order_id=one):
                if one in self.sticky:
                    self.sticky.discard(one)
                elif one in resting:
                    resting.remove(one)
                else:
                    return venue.Refused(code="ORDER_NOT_FOUND", text="ORDER_NOT_FOUND: filled")
                return venue.Cancelled(done=((one, one),))
            case venue.ClosePosition() if self.closes_refused:
                self.closes_refused -= 1
                return venue.Refused(code="REDUCE_ONLY_REJECTED", text="REDUCE_ONLY_REJECTED: no position to reduce")
            case venue.ClosePosition():
                self.positions.pop(account, None)
                return venue.Done(symbol=request.symbol)
        raise AssertionError(f"the kill switch has no business asking {request}")

    @property
    def n_cancels(self) -> int:
        return sum(isinstance(request, venue.CancelOrder | venue.CancelOrders) for request in self.asked)


def _order(client_order_id: str) -> venue.Order:
    return venue.Order(
        symbol="BTC-USDT", client_order_id=client_order_id, venue_order_id=client_order_id, side="buy",
        order_type="limit", time_in_force="gtc", reduce_only=False, price=Decimal(60_000), qty_base=Decimal("0.01"),
        filled_base=ZERO, avg_price=ZERO, fee_quote=ZERO, status="live", reason="", created_ts_ms=0, updated_ts_ms=0,
    )  # fmt: skip


def _position(qty_base: Decimal) -> venue.Position:
    return venue.Position(
        symbol="BTC-USDT", qty_base=qty_base, entry_price=Decimal(60_000), mark_price=Decimal(60_000),
        unrealized_pnl_quote=ZERO, realized_pnl_quote=ZERO, leverage=1, margin_mode="crossed", margin_quote=ZERO,
        maintenance_margin_pct=ZERO, liquidation_price=None, created_ts_ms=0, updated_ts_ms=0,
    )  # fmt: skip
