"""A reference quoter: the plainest market maker there is, used to measure markets, never to trade.

Once a second it quotes one order a side at ``half_spread_bps`` from a slow mid, shifted against its inventory,
post-only. In a market whose takers know nothing it earns the distance they overshoot; where they know, it loses to
them.
"""

from decimal import Decimal

import msgspec

from services.common import venue
from services.simulation.exchange import Exchange


class QuoterSettings(msgspec.Struct, frozen=True, kw_only=True):
    half_spread_bps: float = 4.0
    levels: int = 1
    level_step_bps: float = 2.0
    qty_base: Decimal = Decimal("0.02")
    inventory_max_base: Decimal = Decimal("0.1")
    skew_bps: float = 3.0  # shift of both quotes at full inventory
    mid_half_life_s: float = 3.0
    requote_bps: float = 0.7  # quotes are left alone while they are this near to where they should be


class QuoterResult(msgspec.Struct, frozen=True, kw_only=True):
    pnl_quote: Decimal  # change of equity, open position at the mark
    fees_quote: Decimal
    buys: int
    sells: int
    first_buy_ms: int | None  # after the start
    first_sell_ms: int | None


def run_quoter(
    exchange: Exchange, account_id: str, symbol: str, seconds: int, settings: QuoterSettings | None = None
) -> QuoterResult:
    """Quote for ``seconds`` of virtual time from where the exchange stands, then cancel everything."""
    quoter = _Quoter(exchange, account_id, symbol, settings or QuoterSettings())
    start_ms = exchange.now_ms
    exchange.advance(start_ms)
    before = exchange.account(account_id).equity_quote
    for second in range(seconds):
        quoter.tick(start_ms + second * 1_000)
    end_ms = start_ms + seconds * 1_000
    exchange.handle(venue.CancelOrders(account_id=account_id, symbol=symbol), end_ms)
    fills = exchange.handle(venue.GetFills(account_id=account_id, symbol=symbol, limit=1_000), end_ms)
    assert isinstance(fills, tuple)
    own = [fill for fill in fills if isinstance(fill, venue.Fill) and fill.ts_exch_ms >= start_ms]
    first: dict[str, int] = {}
    for fill in reversed(own):
        first.setdefault(fill.side, fill.ts_exch_ms - start_ms)
    return QuoterResult(
        pnl_quote=exchange.account(account_id).equity_quote - before,
        fees_quote=sum((fill.fee_quote for fill in own), Decimal(0)),
        buys=sum(fill.side == "buy" for fill in own),
        sells=sum(fill.side == "sell" for fill in own),
        first_buy_ms=first.get("buy"),
        first_sell_ms=first.get("sell"),
    )


class _Quoter:
    def __init__(self, exchange: Exchange, account_id: str, symbol: str, settings: QuoterSettings) -> None:
        self._exchange = exchange
        self._account_id = account_id
        self._symbol = symbol
        self._settings = settings
        self._tick = exchange.instruments[symbol].rules.tick_size
        self._slow_mid: float | None = None
        self._keep = 0.5 ** (1.0 / settings.mid_half_life_s)
        self._orders: dict[tuple[venue.Side, int], tuple[str, float]] = {}  # (side, level) -> (venue id, price)

    def tick(self, now_ms: int) -> None:
        ask = self._exchange.handle
        book = ask(venue.GetBook(symbol=self._symbol, depth=1), now_ms)
        if not isinstance(book, venue.Book) or not book.bids or not book.asks:
            return
        mid = float(book.bids[0][0] + book.asks[0][0]) / 2
        self._slow_mid = mid if self._slow_mid is None else self._slow_mid * self._keep + mid * (1 - self._keep)
        held = sum((p.qty_base for p in self._exchange.positions(self._account_id)), Decimal(0))
        settings = self._settings
        inventory = float(held / settings.inventory_max_base)
        live = {o.venue_order_id for account, o in self._exchange.open_orders() if account == self._account_id}
        sides: tuple[tuple[venue.Side, int], ...] = (("buy", 1), ("sell", -1))
        for side, sign in sides:
            full = held * sign >= settings.inventory_max_base
            for level in range(settings.levels):
                distance = settings.half_spread_bps + level * settings.level_step_bps
                price = self._slow_mid * (1 - (sign * distance + inventory * settings.skew_bps) * 1e-4)
                self._keep_quote(side, level, None if full else price, live, now_ms)

    def _keep_quote(self, side: venue.Side, level: int, price: float | None, live: set[str], now_ms: int) -> None:
        current = self._orders.get((side, level))
        if current is not None and current[0] not in live:
            current = self._orders.pop((side, level), None) and None
        if current is not None:
            if price is not None and abs(current[1] / price - 1) * 1e4 < self._settings.requote_bps:
                return
            self._exchange.handle(
                venue.CancelOrder(account_id=self._account_id, symbol=self._symbol, venue_order_id=current[0]), now_ms
            )
            del self._orders[side, level]
        if price is None:
            return
        ticks = int(price / float(self._tick)) + (1 if side == "sell" else 0)
        answer = self._exchange.handle(
            venue.PlaceOrder(
                account_id=self._account_id,
                symbol=self._symbol,
                client_order_id="",
                side=side,
                order_type="limit",
                time_in_force="post_only",
                qty_base=self._settings.qty_base,
                price=ticks * self._tick,
            ),
            now_ms,
        )
        if isinstance(answer, venue.Placed):
            self._orders[side, level] = (answer.venue_order_id, price)
