"""Every REST endpoint of the dialect: the one table that decoding, limits, the client and the reference page read.

What is not here does not exist (404, NOT_IN_DIALECT): withdrawals and transfers above all.
"""

from typing import Literal, NamedTuple

PREFIX = "/api/v2/"

Scope = Literal["ip", "account"]


class Endpoint(NamedTuple):
    name: str  # the path below /api/v2/
    method: Literal["GET", "POST"]
    is_private: bool
    is_trade: bool  # places, changes or cancels orders, or changes a setting
    asks: str  # the neutral request, "-" when the dialect answers by itself, "!" when it refuses as UNSUPPORTED
    per_second: int  # the venue's documented limit, per ip (public) or account (private)
    answers: str  # the fields under data, as far as a client reads them
    clients: str  # who asks: ccxt call, "hb" Hummingbot's connector, "desk" our own client
    source: str  # the page of bitget.com/api-doc the shape is from


def _public(name: str, asks: str, per_second: int, answers: str, clients: str, source: str) -> Endpoint:
    return Endpoint(name, "GET", False, False, asks, per_second, answers, clients, source)


def _read(name: str, asks: str, per_second: int, answers: str, clients: str, source: str) -> Endpoint:
    return Endpoint(name, "GET", True, False, asks, per_second, answers, clients, source)


def _trade(name: str, asks: str, per_second: int, answers: str, clients: str, source: str) -> Endpoint:
    return Endpoint(name, "POST", True, True, asks, per_second, answers, clients, source)


class DeadManTimer(NamedTuple):
    """Whether the venue itself cancels what rests when it has not heard from us for so long."""

    is_offered: bool
    why: str
    source: str


DEAD_MAN_TIMER = DeadManTimer(
    is_offered=False,
    why="POST /api/v3/trade/countdown-cancel-all is for unified accounts, on application, and not for the classic"
    " accounts of V2 (read 2026-11-20)",
    source="uta/trade/CountDown-Cancel-All",
)

LISTED_ONLY = "endpoint list of ccxt 4.5.18"  # the shape follows its siblings
_LIST = "entrustedList[orderId, clientOid, symbol, size, price, priceAvg, baseVolume, status, force, fee, …], endId"
_IDS = "orderId, clientOid"
_LISTS = "successList[orderId, clientOid], failureList[orderId, clientOid, errorMsg]"
_PLACED = "successList[orderId, clientOid], failureList[orderId, clientOid, errorMsg, errorCode]"

ENDPOINTS: tuple[Endpoint, ...] = (
    _public(
        "public/time",
        "GetTime",
        20,
        "serverTime; top-level requestTime",
        "fetch_time, hb",
        "common/public/Get-Server-Time",
    ),
    _public(
        "mix/market/contracts",
        "GetInstruments",
        20,
        "[symbol, baseCoin, quoteCoin, pricePlace, priceEndStep, volumePlace, sizeMultiplier, minTradeNum, …]",
        "load_markets, hb, desk",
        "contract/market/Get-All-Symbols-Contracts",
    ),
    _public(
        "mix/market/ticker",
        "GetTicker",
        20,
        "[lastPr, bidPr, askPr, markPrice, indexPrice, …]",
        "fetch_ticker, hb, desk",
        "contract/market/Get-Ticker",
    ),
    _public(
        "mix/market/tickers",
        "GetTicker",
        20,
        "as ticker, all",
        "fetch_tickers, desk",
        "contract/market/Get-All-Symbol-Ticker",
    ),
    _public(
        "mix/market/symbol-price",
        "GetTicker",
        20,
        "[symbol, price, indexPrice, markPrice]",
        "hb",
        "contract/market/Get-Symbol-Price",
    ),
    _public(
        "mix/market/current-fund-rate",
        "GetTicker",
        20,
        "[fundingRate, nextUpdate, fundingRateInterval]",
        "fetch_funding_rate, hb",
        "contract/market/Get-Current-Funding-Rate",
    ),
    _public(
        "mix/market/funding-time",
        "GetTicker",
        20,
        "[nextFundingTime, ratePeriod]",
        "fetch_funding_interval",
        "contract/market/Get-Symbol-Next-Funding-Time",
    ),
    _public(
        "mix/market/merge-depth",
        "GetBook",
        20,
        "bids, asks, ts",
        "fetch_order_book, hb, desk",
        "contract/market/Get-Merge-Depth",
    ),
    _public(
        "mix/market/fills",
        "GetTrades",
        20,
        "[tradeId, price, size, side, ts]",
        "desk",
        "contract/market/Get-Recent-Fills",
    ),
    _public(
        "mix/market/fills-history", "GetTrades", 20, "as fills", "fetch_trades", "contract/market/Get-Fills-History"
    ),
    _public(
        "mix/market/candles",
        "GetCandles",
        20,
        "[[ts, open, high, low, close, base, quote]] oldest first",
        "fetch_ohlcv, desk",
        "contract/market/Get-Candle-Data",
    ),
    _public(
        "mix/market/history-candles",
        "GetCandles",
        20,
        "as candles",
        "fetch_ohlcv(since)",
        "contract/market/Get-History-Candle-Data",
    ),
    _public(
        "mix/market/query-position-lever",
        "GetLeverageTiers",
        10,
        "[level, startUnit, endUnit, leverage, keepMarginRate]",
        "fetch_market_leverage_tiers, desk",
        "contract/position/Get-Query-Position-Lever",
    ),
    _public("spot/public/coins", "GetCoins", 3, "[coin, chains[]]", "load_markets", "spot/market/Get-Coin-List"),
    _public("spot/public/symbols", "-", 20, "[]: no spot here", "load_markets", "spot/market/Get-Symbols"),
    _public(
        "margin/currencies", "-", 10, "[]: no spot margin here", "load_markets", "margin/common/support-currencies"
    ),
    _read(
        "common/trade-rate",
        "GetFeeRate",
        10,
        "makerFeeRate, takerFeeRate",
        "fetch_trading_fee, desk",
        "common/public/Get-Trade-Rate",
    ),
    _read(
        "spot/account/info", "GetKeyRights", 1, "authorities[], userId, ips", "desk", "spot/account/Get-Account-Info"
    ),
    _read("spot/account/assets", "-", 10, "[]: no spot here", "fetch_balance", "spot/account/Get-Account-Assets"),
    _read("spot/account/bills", "-", 10, "[]: no spot here", "fetch_ledger()", "spot/account/Get-Account-Bills"),
    _read(
        "spot/trade/unfilled-orders",
        "-",
        20,
        "[]: no spot here",
        "fetch_open_orders()",
        "spot/trade/Get-Unfilled-Orders",
    ),
    _read(
        "mix/account/accounts",
        "GetAccount",
        10,
        "[marginCoin, crossedMaxAvailable, accountEquity, available, locked, unrealizedPL, …]",
        "fetch_balance(swap), hb, desk",
        "contract/account/Get-Account-List",
    ),
    _read(
        "mix/account/account",
        "GetAccount",
        10,
        "as accounts, with posMode, marginMode, crossedMarginLeverage",
        "fetch_leverage, hb, desk",
        "contract/account/Get-Single-Account",
    ),
    _read(
        "mix/account/bill",
        "GetBills",
        10,
        "bills[billId, businessType, amount, cTime, balance], endId",
        "fetch_ledger, fetch_funding_history, hb, desk",
        "contract/account/Get-Account-Bill",
    ),
    _read(
        "mix/position/all-position",
        "GetPositions",
        5,
        "[symbol, holdSide, openPriceAvg, total, leverage, unrealizedPL, …]",
        "fetch_positions, hb, desk",
        "contract/position/get-all-position",
    ),
    _read(
        "mix/position/single-position",
        "GetPositions",
        10,
        "as all-position",
        "fetch_position, desk",
        "contract/position/get-single-position",
    ),
    _read(
        "mix/order/detail",
        "GetOrder",
        10,
        "one order, its status under state",
        "fetch_order, hb, desk",
        "contract/trade/Get-Order-Details",
    ),
    _read(
        "mix/order/orders-pending",
        "GetOpenOrders",
        10,
        _LIST,
        "fetch_open_orders, desk",
        "contract/trade/Get-Orders-Pending",
    ),
    _read(
        "mix/order/orders-history",
        "GetOrderHistory",
        10,
        _LIST,
        "fetch_closed_orders, desk",
        "contract/trade/Get-Orders-History",
    ),
    _read(
        "mix/order/fills",
        "GetFills",
        10,
        "fillList[tradeId, orderId, price, baseVolume, feeDetail[], tradeSide, cTime, …], endId",
        "fetch_my_trades, hb, desk",
        "contract/trade/Get-Order-Fills",
    ),
    _read("mix/order/fill-history", "GetFills", 10, "as fills", "-", LISTED_ONLY),
    _read(
        "mix/order/orders-plan-pending",
        "GetOpenOrders",
        10,
        "entrustedList[orderId, clientOid, planType, triggerPrice, executePrice, planStatus, …], endId",
        "fetch_open_orders(trigger)",
        "contract/plan/get-orders-plan-pending",
    ),
    _read(
        "mix/order/orders-plan-history",
        "GetOrderHistory",
        10,
        "as orders-plan-pending: those that ended while they waited",
        "fetch_closed_orders(trigger)",
        "contract/plan/orders-plan-history",
    ),
    _trade("mix/order/place-order", "PlaceOrder", 10, _IDS, "create_order, hb, desk", "contract/trade/Place-Order"),
    _trade("mix/order/modify-order", "ModifyOrder", 10, _IDS, "edit_order, desk", "contract/trade/Modify-Order"),
    _trade("mix/order/cancel-order", "CancelOrder", 10, _IDS, "cancel_order, hb, desk", "contract/trade/Cancel-Order"),
    _trade(
        "mix/order/batch-cancel-orders",
        "CancelOrders",
        10,
        _LISTS,
        "cancel_orders, cancel_all_orders, desk",
        "contract/trade/Batch-Cancel-Orders",
    ),
    _trade("mix/order/cancel-all-orders", "CancelOrders", 10, _LISTS, "desk", "contract/trade/Cancel-All-Orders"),
    _trade(
        "mix/order/close-positions",
        "ClosePosition",
        1,
        _LISTS,
        "close_position, desk",
        "contract/trade/Flash-Close-Position",
    ),
    _trade(
        "mix/account/set-leverage",
        "SetLeverage",
        5,
        "symbol, longLeverage, shortLeverage, crossMarginLeverage, marginMode",
        "set_leverage, hb, desk",
        "contract/account/Change-Leverage",
    ),
    _trade(
        "mix/account/set-margin-mode",
        "SetMarginMode",
        5,
        "symbol, marginMode, longLeverage, shortLeverage",
        "set_margin_mode, hb, desk",
        "contract/account/Change-Margin-Mode",
    ),
    _trade(
        "mix/account/set-position-mode",
        "SetPositionMode",
        5,
        "posMode",
        "set_position_mode, hb, desk",
        "contract/account/Change-Hold-Mode",
    ),
    _trade("mix/order/batch-place-order", "PlaceOrders", 5, _PLACED, "create_orders", "contract/trade/Batch-Order"),
    _trade(
        "mix/order/place-plan-order",
        "PlaceOrder",
        10,
        _IDS,
        "create_order(trigger), desk",
        "contract/plan/Place-Plan-Order",
    ),
    _trade(
        "mix/order/place-tpsl-order",
        "PlaceStop",
        10,
        _IDS,
        "create_order(stopLossPrice, takeProfitPrice)",
        "contract/plan/Place-Tpsl-Order",
    ),
    _trade("mix/order/modify-plan-order", "!", 10, "refused", "edit_order(trigger)", "contract/plan/Modify-Plan-Order"),
    _trade(
        "mix/order/cancel-plan-order",
        "CancelOrders",
        10,
        _LISTS,
        "cancel_order(trigger)",
        "contract/plan/Cancel-Plan-Order",
    ),
)

BY_ROUTE: dict[tuple[str, str], Endpoint] = {(e.method, PREFIX + e.name): e for e in ENDPOINTS}
BY_NAME: dict[str, Endpoint] = {e.name: e for e in ENDPOINTS}
