"""What stands under ``data`` in a good answer: written per endpoint, read per request. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.common import venue
from services.dialects.bitget import codes
from services.dialects.bitget import wire_account as account
from services.dialects.bitget import wire_market as market
from services.dialects.bitget import wire_orders as orders
from services.dialects.bitget.symbols import to_pair, to_symbol
from services.dialects.bitget.text import NotReadable, decimal_of, int_of, plain, str_of

# Lists that go on page by page: the field that holds the rows, and the id they are ordered by, newest first.
_PAGED: dict[str, tuple[str, str]] = {
    "mix/order/orders-pending": ("entrustedList", "orderId"),
    "mix/order/orders-history": ("entrustedList", "orderId"),
    "mix/order/orders-plan-pending": ("entrustedList", "orderId"),
    "mix/order/orders-plan-history": ("entrustedList", "orderId"),
    "mix/order/fills": ("fillList", "tradeId"),
    "mix/order/fill-history": ("fillList", "tradeId"),
    "mix/account/bill": ("bills", "billId"),
}


def data_of(endpoint: str, request: venue.Request | None, answer: venue.Answer | None) -> Any:
    """The data of an endpoint. Raises TypeError when the answer is not one to its request."""
    if request is None:
        return []
    try:
        return _WRITERS[endpoint](request, answer)
    except (AttributeError, TypeError) as error:
        raise TypeError(f"{endpoint}: {type(answer).__name__} is no answer to {type(request).__name__}") from error


def paged(endpoint: str, data: Any, limit: int, below_id: int | None) -> Any:
    """The part of a list that was asked for: rows with an id below ``below_id``, newest first, at most ``limit``."""
    if endpoint not in _PAGED:
        return data
    field, id_field = _PAGED[endpoint]
    rows = sorted(data[field], key=lambda row: _number(row[id_field]), reverse=True)
    if below_id is not None:
        rows = [row for row in rows if _number(row[id_field]) < below_id]
    rows = rows[:limit]
    return {field: rows, "endId": rows[-1][id_field] if rows else None}


def end_id(request: venue.Request, data: Any) -> str:
    """Where the next page of this list begins, "" when there is none."""
    return str(data.get("endId") or "") if isinstance(data, Mapping) and type(request) in PAGED_REQUESTS else ""


PAGED_REQUESTS = (venue.GetOpenOrders, venue.GetOrderHistory, venue.GetFills, venue.GetBills)


def answer_of(request: venue.Request, data: Any, request_time_ms: int) -> venue.Answer:
    """Read what a venue answered. Raises NotReadable, NotASymbol, KeyError, TypeError on what is not of the dialect."""
    return _READERS[type(request)](request, data, request_time_ms)


# --------------------------------------------------------------------------------------------------------- written


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _one_ticker(row: Callable[[venue.Ticker], market.Row]) -> Callable[[Any, Any], Any]:
    return lambda request, tickers: [row(ticker) for ticker in tickers]


def _account(request: venue.GetAccount, answer: venue.Account | venue.AccountSettings) -> Any:
    if isinstance(answer, venue.AccountSettings):
        return account.account_settings_row(answer)
    return {**account.account_row(answer), "posMode": answer.position_mode, "marginMode": "crossed"}


def _ids(answer: venue.Placed) -> Any:
    return {"clientOid": answer.client_order_id, "orderId": answer.venue_order_id}


def _cancelled(request: venue.CancelOrder, answer: venue.Cancelled) -> Any:
    client_order_id, venue_order_id = answer.done[0] if answer.done else ("", request.venue_order_id)
    return {"clientOid": client_order_id, "orderId": venue_order_id}


def _many_cancelled(request: venue.Request, answer: venue.Cancelled | venue.Placed) -> Any:
    if isinstance(answer, venue.Placed):  # a position closed by one market order
        return {"successList": [{**_ids(answer), "symbol": to_symbol(answer.symbol)}], "failureList": []}
    return {
        "successList": [{"orderId": vid, "clientOid": cid} for cid, vid in answer.done],
        "failureList": [{"orderId": vid, "clientOid": cid, "errorMsg": text} for cid, vid, text in answer.failed],
    }


def _many_placed(request: venue.Request, answer: venue.PlacedMany) -> Any:
    return {
        "successList": [_ids(placed) for placed in answer.placed],
        "failureList": [
            {
                "orderId": "",
                "clientOid": client_order_id,
                "errorMsg": codes.message_of(refused),
                "errorCode": codes.wire_of(refused).code,
            }
            for client_order_id, refused in answer.refused
        ],
    }


def _orders(request: venue.Request, answer: tuple[venue.Order, ...]) -> Any:
    """Without those that wait for a trigger: the venue lists them apart."""
    rows = [orders.order_row(order) for order in answer if order.trigger_price is None]
    return {"entrustedList": rows, "endId": rows[-1]["orderId"] if rows else None}


def _plans(request: venue.Request, answer: tuple[venue.Order, ...]) -> Any:
    rows = [orders.plan_row(order) for order in answer if order.trigger_price is not None]
    return {"entrustedList": rows, "endId": rows[-1]["orderId"] if rows else None}


def _fills(request: venue.Request, fills: tuple[venue.Fill, ...]) -> Any:
    rows = [orders.fill_row(fill) for fill in fills]
    return {"fillList": rows, "endId": rows[-1]["tradeId"] if rows else None}


def _bills(request: venue.Request, bills: tuple[venue.Bill, ...]) -> Any:
    rows = [account.bill_row(bill) for bill in bills]
    return {"bills": rows, "endId": rows[-1]["billId"] if rows else None}


def _leverage(request: venue.SetLeverage, done: venue.Done) -> Any:
    leverage = str(done.leverage)
    return {
        "symbol": to_symbol(done.symbol),
        "marginCoin": done.symbol.partition("-")[2],
        "longLeverage": leverage,
        "shortLeverage": leverage,
        "crossMarginLeverage": leverage,
        "marginMode": done.margin_mode,
    }


def _coin(coin: str) -> Any:
    return {"coinId": "", "coin": coin, "transfer": "false", "chains": []}


_WRITERS: dict[str, Callable[[Any, Any], Any]] = {
    "public/time": lambda q, a: {"serverTime": str(a.ts_ms)},
    "mix/market/contracts": lambda q, a: [market.contract_row(rules) for rules in a],
    "mix/market/ticker": _one_ticker(market.ticker_row),
    "mix/market/tickers": _one_ticker(market.ticker_row),
    "mix/market/symbol-price": _one_ticker(market.symbol_price_row),
    "mix/market/current-fund-rate": _one_ticker(market.fund_rate_row),
    "mix/market/funding-time": _one_ticker(market.funding_time_row),
    "mix/market/merge-depth": lambda q, a: market.book_row(a),
    "mix/market/fills": lambda q, a: [market.trade_row(trade) for trade in a],
    "mix/market/fills-history": lambda q, a: [market.trade_row(trade) for trade in a],
    "mix/market/candles": lambda q, a: [market.candle_row(candle) for candle in a],
    "mix/market/history-candles": lambda q, a: [market.candle_row(candle) for candle in a],
    "mix/market/query-position-lever": lambda q, a: [market.tier_row(q.symbol, tier) for tier in a],
    "spot/public/coins": lambda q, a: [_coin(coin) for coin in a],
    "common/trade-rate": lambda q, a: {
        "makerFeeRate": plain(a.maker_fee_pct),
        "takerFeeRate": plain(a.taker_fee_pct),
    },
    "spot/account/info": lambda q, a: account.key_rights_row(a),
    "mix/account/accounts": lambda q, a: [account.account_row(a)],
    "mix/account/account": _account,
    "mix/account/bill": _bills,
    "mix/position/all-position": lambda q, a: [account.position_row(position) for position in a],
    "mix/position/single-position": lambda q, a: [account.position_row(position) for position in a],
    "mix/order/detail": lambda q, a: orders.order_row(a, status_field="state"),
    "mix/order/orders-pending": _orders,
    "mix/order/orders-history": _orders,
    "mix/order/orders-plan-pending": _plans,
    "mix/order/orders-plan-history": _plans,
    "mix/order/fills": _fills,
    "mix/order/fill-history": _fills,
    "mix/order/place-order": lambda q, a: _ids(a),
    "mix/order/batch-place-order": _many_placed,
    "mix/order/place-plan-order": lambda q, a: _ids(a),
    "mix/order/place-tpsl-order": lambda q, a: _ids(a),
    "mix/order/modify-order": lambda q, a: _ids(a),
    "mix/order/cancel-order": _cancelled,
    "mix/order/batch-cancel-orders": _many_cancelled,
    "mix/order/cancel-all-orders": _many_cancelled,
    "mix/order/cancel-plan-order": _many_cancelled,
    "mix/order/close-positions": _many_cancelled,
    "mix/account/set-leverage": _leverage,
    "mix/account/set-margin-mode": _leverage,
    "mix/account/set-position-mode": lambda q, a: {"posMode": a.position_mode},
}


# ------------------------------------------------------------------------------------------------------------- read


def _listed(data: Any) -> Sequence[Any]:
    """A list, or it is no answer: nothing that failed may read as "there is none"."""
    if not isinstance(data, list):
        raise NotReadable(f"data is {type(data).__name__}, expected a list")
    return data


def _rows(data: Any, field: str) -> Sequence[Any]:
    """The rows of a paged list. The venue writes null when there are none; a field that is missing is no answer."""
    rows = data[field]
    return [] if rows is None else _listed(rows)


def _placed_from(request: Any, data: Mapping[str, Any], ts_ms: int) -> venue.Placed:
    return venue.Placed(
        symbol=request.symbol, client_order_id=str_of(data, "clientOid", ""), venue_order_id=str_of(data, "orderId")
    )


def _cancelled_from(request: Any, data: Mapping[str, Any], ts_ms: int) -> venue.Cancelled:
    return venue.Cancelled(done=((str_of(data, "clientOid", ""), str_of(data, "orderId", "")),))


def _many_cancelled_from(request: Any, data: Mapping[str, Any], ts_ms: int) -> venue.Cancelled:
    return venue.Cancelled(
        done=tuple((str_of(r, "clientOid", ""), str_of(r, "orderId", "")) for r in data.get("successList") or ()),
        failed=tuple(
            (str_of(r, "clientOid", ""), str_of(r, "orderId", ""), str_of(r, "errorMsg", ""))
            for r in data.get("failureList") or ()
        ),
    )


def _many_placed_from(request: venue.PlaceOrders, data: Mapping[str, Any], ts_ms: int) -> venue.PlacedMany:
    return venue.PlacedMany(
        placed=tuple(_placed_from(request, row, ts_ms) for row in data.get("successList") or ()),
        refused=tuple(
            (
                str_of(row, "clientOid", ""),
                codes.refusal_from(str_of(row, "errorCode", ""), str_of(row, "errorMsg", "")),
            )
            for row in data.get("failureList") or ()
        ),
    )


def _closed_from(request: venue.ClosePosition, data: Mapping[str, Any], ts_ms: int) -> venue.Answer:
    rows = data.get("successList") or ()
    if rows:
        return _placed_from(request, rows[0], ts_ms)
    return _many_cancelled_from(request, data, ts_ms)


def _one_account(request: venue.GetAccount, data: Any, ts_ms: int) -> venue.Answer:
    if request.symbol is not None:
        return account.account_settings_from_row(request.symbol, data, ts_ms)
    for row in data:
        if row.get("marginCoin") == "USDT":
            return account.account_from_row(row, ts_ms)
    raise NotReadable("no account with marginCoin USDT")


def _done_from(request: Any, data: Mapping[str, Any], ts_ms: int) -> venue.Done:
    return venue.Done(
        symbol=to_pair(str_of(data, "symbol")),
        leverage=int_of(data, "crossMarginLeverage", int_of(data, "longLeverage", 0)),
        margin_mode=account.margin_mode_of(data),
    )


def _bills_from(request: Any, data: Mapping[str, Any], ts_ms: int) -> tuple[venue.Bill, ...]:
    read = (account.bill_from_row(row) for row in _rows(data, "bills"))
    return tuple(bill for bill in read if bill is not None)


def _orders_from(request: Any, data: Mapping[str, Any], ts_ms: int) -> tuple[venue.Order, ...]:
    return tuple(orders.order_from_row(row) for row in _rows(data, "entrustedList"))


_READERS: dict[type[venue.Request], Callable[[Any, Any, int], venue.Answer]] = {
    venue.GetTime: lambda q, d, t: venue.ServerTime(ts_ms=int_of(d, "serverTime")),
    venue.GetInstruments: lambda q, d, t: tuple(market.contract_from_row(row) for row in _listed(d)),
    venue.GetTicker: lambda q, d, t: tuple(market.ticker_from_row(row) for row in _listed(d)),
    venue.GetBook: lambda q, d, t: market.book_from_row(q.symbol, d),
    venue.GetTrades: lambda q, d, t: tuple(market.trade_from_row(q.symbol, row) for row in _listed(d)),
    venue.GetCandles: lambda q, d, t: tuple(market.candle_from_row(row) for row in _listed(d)),
    venue.GetLeverageTiers: lambda q, d, t: tuple(market.tier_from_row(row) for row in _listed(d)),
    venue.GetFeeRate: lambda q, d, t: venue.FeeRate(
        maker_fee_pct=decimal_of(d, "makerFeeRate"), taker_fee_pct=decimal_of(d, "takerFeeRate")
    ),
    venue.GetCoins: lambda q, d, t: tuple(str_of(row, "coin") for row in _listed(d)),
    venue.GetKeyRights: lambda q, d, t: account.key_rights_from_row(d),
    venue.GetAccount: _one_account,
    venue.GetPositions: lambda q, d, t: tuple(account.position_from_row(row) for row in _listed(d)),
    venue.GetBills: _bills_from,
    venue.SetLeverage: _done_from,
    venue.SetMarginMode: _done_from,
    venue.SetPositionMode: lambda q, d, t: venue.Done(position_mode=account.position_mode_of(d)),
    venue.PlaceOrder: _placed_from,
    venue.PlaceOrders: _many_placed_from,
    venue.PlaceProtected: _placed_from,
    venue.PlaceStop: _placed_from,
    venue.ModifyOrder: _placed_from,
    venue.CancelOrder: _cancelled_from,
    venue.CancelOrders: _many_cancelled_from,
    venue.ClosePosition: _closed_from,
    venue.GetOrder: lambda q, d, t: orders.order_from_row(d),
    venue.GetOpenOrders: _orders_from,
    venue.GetOrderHistory: _orders_from,
    venue.GetFills: lambda q, d, t: tuple(orders.fill_from_row(row) for row in _rows(d, "fillList")),
}
