"""Requests that only read."""

from collections.abc import Iterable
from heapq import nlargest
from itertools import islice

from services.common import venue
from services.simulation.candles import MINUTE_MS
from services.simulation.checks import refuse
from services.simulation.engine import Engine
from services.simulation.ledger import AccountBook
from services.simulation.orders import OpenOrder, to_value
from services.simulation.standing import Standings

LIMIT_MAX = 1_000


class Queries:
    def __init__(self, engine: Engine, standings: Standings, key_rights: tuple[str, ...]) -> None:
        self._key_rights = key_rights
        self._engine = engine
        self._ledger = engine.ledger
        self._listings = engine.listings
        self._standings = standings

    def public(self, request: venue.Request) -> venue.Answer | None:
        """The answer to a public question; None when it is not one."""
        now_ms = self._engine.now_ms
        match request:
            case venue.GetTime():
                return venue.ServerTime(ts_ms=now_ms)
            case venue.GetCoins():
                assets = (a for x in self._listings.values() for a in (x.rules.quote_asset, x.rules.base_asset))
                return tuple(dict.fromkeys(assets))
            case venue.GetInstruments():
                listings = self._listings.values()
                return tuple(x.rules for x in listings) if request.product == "USDT-FUTURES" else ()
            case venue.GetTicker(symbol=None):
                return tuple(x.ticker_value(now_ms) for x in self._listings.values())
        symbol = getattr(request, "symbol", None)
        if not isinstance(
            request, venue.GetTicker | venue.GetBook | venue.GetTrades | venue.GetCandles | venue.GetLeverageTiers
        ):
            return None
        listing = self._listings.get(symbol or "")
        if listing is None:
            return refuse("UNKNOWN_SYMBOL", value=symbol)
        match request:
            case venue.GetTicker():
                return (listing.ticker_value(now_ms),)
            case venue.GetBook(depth=depth):
                return listing.book_value(max(1, depth), now_ms)
            case venue.GetTrades(limit=limit):
                return tuple(islice(reversed(listing.trades), _limit(limit)))
            case venue.GetCandles(granularity_ms=granularity_ms, limit=limit):
                if granularity_ms < MINUTE_MS or granularity_ms % MINUTE_MS:
                    return refuse("UNSUPPORTED", value=granularity_ms, limit="multiples of 60000 ms")
                return listing.candles.read(granularity_ms, _limit(limit), request.start_ms, request.end_ms)
            case _:
                return listing.instrument.tiers

    def private(self, book: AccountBook, request: venue.Request) -> venue.Answer | None:
        """The answer to a question about one account; None when it is not one."""
        account_id = book.state.account_id
        symbol = getattr(request, "symbol", None)
        if symbol is not None and symbol not in self._listings:
            return refuse("UNKNOWN_SYMBOL", value=symbol)
        match request:
            case venue.GetAccount(symbol=None):
                return self._standings.account(account_id, self._engine.now_ms)
            case venue.GetAccount(symbol=str(pair)):
                setting = self._ledger.setting(book, pair)
                return venue.AccountSettings(
                    account=self._standings.account(account_id, self._engine.now_ms),
                    symbol=pair,
                    leverage=setting.leverage,
                    margin_mode=setting.margin_mode,
                )
            case venue.GetPositions():
                positions = self._standings.positions(account_id)
                return tuple(p for p in positions if symbol in (None, p.symbol))
            case venue.GetKeyRights():
                return venue.KeyRights(rights=self._key_rights)
            case venue.GetFeeRate(symbol=pair):
                maker, taker = self._engine.fees.rates(account_id, self._listings[pair].rules, self._engine.now_ms)
                return venue.FeeRate(maker_fee_pct=maker, taker_fee_pct=taker)
            case venue.GetOrder():
                order = self._ledger.find_order(book, request.venue_order_id, request.client_order_id)
                if order is None or order.symbol != symbol:
                    return refuse("ORDER_NOT_FOUND", value=request.venue_order_id or request.client_order_id)
                return self._value(order)
            case venue.GetOpenOrders():
                return tuple(self._value(o) for o in book.open.values() if symbol in (None, o.symbol))
            case venue.GetOrderHistory():
                wanted = (
                    o
                    for o in book.ended
                    if symbol in (None, o.symbol)
                    and _within(o.created_ms, request.start_ms, request.end_ms)
                    and _is_below(o.venue_order_id, request.below_id)
                )
                newest = nlargest(_limit(request.limit), wanted, key=lambda o: o.venue_order_id)
                return tuple(self._value(o) for o in newest)
            case venue.GetFills():
                fills = (
                    row.fill
                    for row in reversed(book.fills)
                    if symbol in (None, row.fill.symbol)
                    and request.venue_order_id in ("", row.fill.venue_order_id)
                    and _within(row.fill.ts_exch_ms, request.start_ms, request.end_ms)
                    and _is_below(int(row.fill.trade_id), request.below_id)
                )
                return tuple(islice(fills, _limit(request.limit)))
            case venue.GetBills():
                bills = (
                    row.bill
                    for row in reversed(book.bills)
                    if request.kind in (None, row.bill.kind)
                    and _within(row.bill.ts_ms, request.start_ms, request.end_ms)
                    and _is_below(int(row.bill.bill_id), request.below_id)
                )
                return tuple(islice(bills, _limit(request.limit)))
        return None

    def open_orders(self) -> Iterable[tuple[str, venue.Order]]:
        """Every open order of every account, oldest first."""
        orders = [o for book in self._ledger.accounts.values() for o in book.open.values()]
        orders.sort(key=lambda o: o.venue_order_id)
        return ((o.account_id, self._value(o)) for o in orders)

    def _value(self, order: OpenOrder) -> venue.Order:
        return to_value(order, self._listings[order.symbol].grid)


def _limit(limit: int) -> int:
    return max(1, min(LIMIT_MAX, limit))


def _is_below(row_id: int, below_id: int | None) -> bool:
    return below_id is None or row_id < below_id


def _within(ts_ms: int, start_ms: int | None, end_ms: int | None) -> bool:
    return (start_ms is None or ts_ms >= start_ms) and (end_ms is None or ts_ms <= end_ms)
