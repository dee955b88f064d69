"""What each endpoint is asked with: the parameters that this dialect reads, for the reference page and its test.

A question mark: may be left out. Whatever else a client sends (marginCoin, channel codes) is not looked at.
"""

_PRODUCT = "productType?"
_SYMBOL = f"symbol, {_PRODUCT}"
_SPAN = "startTime?, endTime?, limit?"
_PAGE = f"{_SPAN}, idLessThan?"
_EITHER = f"{_SYMBOL}, orderId or clientOid"
_ORDER = "side, orderType, size, price (limit), force?, clientOid?, reduceOnly?, marginMode?, stpMode?"
_IDS = f"symbol?, {_PRODUCT}, orderIdList[orderId]?"

FIELDS: dict[str, str] = {
    "public/time": "",
    "mix/market/contracts": "productType",
    "mix/market/ticker": _SYMBOL,
    "mix/market/tickers": _PRODUCT,
    "mix/market/symbol-price": _SYMBOL,
    "mix/market/current-fund-rate": _SYMBOL,
    "mix/market/funding-time": _SYMBOL,
    "mix/market/merge-depth": f"{_SYMBOL}, limit?",
    "mix/market/fills": f"{_SYMBOL}, limit?",
    "mix/market/fills-history": f"{_SYMBOL}, limit?",
    "mix/market/candles": f"{_SYMBOL}, granularity?, {_SPAN}",
    "mix/market/history-candles": f"{_SYMBOL}, granularity?, {_SPAN}",
    "mix/market/query-position-lever": _SYMBOL,
    "spot/public/coins": "",
    "spot/public/symbols": "",
    "margin/currencies": "",
    "common/trade-rate": "symbol",
    "spot/account/info": "",
    "spot/account/assets": "",
    "spot/account/bills": "",
    "spot/trade/unfilled-orders": "",
    "mix/account/accounts": _PRODUCT,
    "mix/account/account": _SYMBOL,
    "mix/account/bill": f"{_PRODUCT}, businessType?, {_PAGE}",
    "mix/position/all-position": _PRODUCT,
    "mix/position/single-position": _SYMBOL,
    "mix/order/detail": _EITHER,
    "mix/order/orders-pending": f"symbol?, {_PRODUCT}, limit?, idLessThan?",
    "mix/order/orders-history": f"symbol?, {_PRODUCT}, {_PAGE}",
    "mix/order/fills": f"symbol?, {_PRODUCT}, orderId?, {_PAGE}",
    "mix/order/fill-history": f"symbol?, {_PRODUCT}, orderId?, {_PAGE}",
    "mix/order/orders-plan-pending": f"symbol?, {_PRODUCT}, limit?, idLessThan?",
    "mix/order/orders-plan-history": f"symbol?, {_PRODUCT}, {_PAGE}",
    "mix/order/place-order": f"{_SYMBOL}, {_ORDER}, presetStopSurplusPrice?, presetStopLossPrice?",
    "mix/order/modify-order": f"{_EITHER}, newClientOid?, newSize?, newPrice?",
    "mix/order/cancel-order": _EITHER,
    "mix/order/batch-cancel-orders": _IDS,
    "mix/order/cancel-all-orders": f"symbol?, {_PRODUCT}",
    "mix/order/close-positions": _SYMBOL,
    "mix/account/set-leverage": f"{_SYMBOL}, leverage",
    "mix/account/set-margin-mode": f"{_SYMBOL}, marginMode",
    "mix/account/set-position-mode": f"{_PRODUCT}, posMode",
    "mix/order/batch-place-order": f"{_SYMBOL}, marginMode?, orderList[{_ORDER}]",
    "mix/order/place-plan-order": f"{_SYMBOL}, {_ORDER}, triggerPrice, triggerType?, planType?, executePrice?",
    "mix/order/place-tpsl-order": f"{_SYMBOL}, planType, triggerPrice, triggerType?, holdSide, size?, clientOid?",
    "mix/order/modify-plan-order": "",
    "mix/order/cancel-plan-order": f"symbol?, {_PRODUCT}, orderIdList[orderId]",
}
