"""Market data rows, each pair of functions writing and reading one row of Bitget's wire. Pure.

A writer takes a neutral value and returns what goes under ``data``; its reader takes that and returns an equal value.
Readers raise NotReadable and NotASymbol.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from services.common import venue
from services.dialects.bitget.symbols import to_pair, to_symbol
from services.dialects.bitget.text import ZERO, NotReadable, decimal_of, int_of, plain, str_of

Row = dict[str, Any]
HOUR_MS = 3_600_000

_CANDLE_MS: dict[str, int] = {
    "1m": 60_000,
    "3m": 180_000,
    "5m": 300_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1H": HOUR_MS,
    "2H": 2 * HOUR_MS,
    "4H": 4 * HOUR_MS,
    "6H": 6 * HOUR_MS,
    "12H": 12 * HOUR_MS,
    "1D": 24 * HOUR_MS,
    "3D": 72 * HOUR_MS,
    "1W": 168 * HOUR_MS,
}
GRANULARITIES: dict[str, int] = {
    **_CANDLE_MS,
    **{f"{name}utc": ms for name, ms in _CANDLE_MS.items() if ms >= 6 * HOUR_MS},
}
_GRANULARITY_NAMES = {ms: name for name, ms in _CANDLE_MS.items()}


def granularity_name(granularity_ms: int) -> str:
    if granularity_ms not in _GRANULARITY_NAMES:
        raise NotReadable(f"granularity_ms={granularity_ms}: allowed {sorted(_GRANULARITY_NAMES)}")
    return _GRANULARITY_NAMES[granularity_ms]


def contract_row(rules: venue.InstrumentRules) -> Row:
    """One listed contract. The tick is priceEndStep x 10^-pricePlace; the stock Hummingbot reads pricePlace alone, so a
    tick that is not a power of ten is lost on it (the desk's connector reads both)."""
    place, end_step = _place_and_step(rules.tick_size)
    return {
        "symbol": to_symbol(rules.symbol),
        "baseCoin": rules.base_asset,
        "quoteCoin": rules.quote_asset,
        "buyLimitPriceRatio": "0.05",
        "sellLimitPriceRatio": "0.05",
        "feeRateUpRatio": "0.005",
        "makerFeeRate": plain(rules.maker_fee_pct),
        "takerFeeRate": plain(rules.taker_fee_pct),
        "openCostUpRatio": "0.01",
        "supportMarginCoins": [rules.quote_asset],
        "minTradeNum": plain(rules.min_qty_base),
        "priceEndStep": str(end_step),
        "volumePlace": str(max(0, -int(rules.lot_size.normalize().as_tuple().exponent))),
        "pricePlace": str(place),
        "sizeMultiplier": plain(rules.lot_size),
        "symbolType": "perpetual",
        "minTradeUSDT": plain(rules.min_notional_quote),
        "maxSymbolOrderNum": "200",
        "maxProductOrderNum": "400",
        "maxPositionNum": "150",
        "symbolStatus": "normal",
        "offTime": "-1",
        "limitOpenTime": "-1",
        "deliveryTime": "",
        "deliveryStartTime": "",
        "deliveryPeriod": "",
        "launchTime": "",
        "fundInterval": plain(Decimal(rules.funding_interval_ms) / HOUR_MS),
        "minLever": "1",
        "maxLever": str(rules.leverage_max),
        "posLimit": "0.1",
        "maintainTime": "",
        "maxMarketOrderQty": plain(rules.max_qty_base),
        "maxOrderQty": plain(rules.max_qty_base),
    }


def contract_from_row(row: Mapping[str, Any]) -> venue.InstrumentRules:
    place = int_of(row, "pricePlace")
    return venue.InstrumentRules(
        symbol=f"{str_of(row, 'baseCoin')}-{str_of(row, 'quoteCoin')}",
        base_asset=str_of(row, "baseCoin"),
        quote_asset=str_of(row, "quoteCoin"),
        tick_size=(decimal_of(row, "priceEndStep", Decimal(1)).scaleb(-place)),
        lot_size=decimal_of(row, "sizeMultiplier"),
        min_qty_base=decimal_of(row, "minTradeNum"),
        max_qty_base=decimal_of(row, "maxOrderQty", Decimal(10) ** 12),
        min_notional_quote=decimal_of(row, "minTradeUSDT"),
        maker_fee_pct=decimal_of(row, "makerFeeRate"),
        taker_fee_pct=decimal_of(row, "takerFeeRate"),
        leverage_max=int_of(row, "maxLever"),
        funding_interval_ms=int(decimal_of(row, "fundInterval", Decimal(8)) * HOUR_MS),
    )


def tier_row(symbol: str, tier: venue.LeverageTier) -> Row:
    return {
        "symbol": to_symbol(symbol),
        "level": str(tier.tier),
        "startUnit": plain(tier.notional_min_quote),
        "endUnit": plain(tier.notional_max_quote),
        "leverage": str(tier.leverage_max),
        "keepMarginRate": plain(tier.maintenance_margin_pct),
    }


def tier_from_row(row: Mapping[str, Any]) -> venue.LeverageTier:
    return venue.LeverageTier(
        tier=int_of(row, "level"),
        notional_min_quote=decimal_of(row, "startUnit"),
        notional_max_quote=decimal_of(row, "endUnit"),
        leverage_max=int_of(row, "leverage"),
        maintenance_margin_pct=decimal_of(row, "keepMarginRate"),
    )


def levels(side: Sequence[tuple[Decimal, Decimal]]) -> list[tuple[str, str]]:
    return [(plain(price), plain(qty)) for price, qty in side]


def levels_from(rows: Sequence[Sequence[Any]]) -> tuple[tuple[Decimal, Decimal], ...]:
    """Prices and quantities as text or as numbers: the venue writes both."""
    out = []
    for row in rows:
        if len(row) < 2:
            raise NotReadable(f"book level {row!r} has no quantity")
        level = {"price": row[0], "size": row[1]}
        out.append((decimal_of(level, "price"), decimal_of(level, "size")))
    return tuple(out)


def book_row(book: venue.Book) -> Row:
    return {
        "asks": levels(book.asks),
        "bids": levels(book.bids),
        "ts": str(book.ts_exch_ms),
        "scale": "0.1",
        "precision": "scale0",
        "isMaxPrecision": "NO",
    }


def book_from_row(symbol: str, row: Mapping[str, Any]) -> venue.Book:
    """REST books carry no sequence: ``seq`` is 0."""
    return venue.Book(
        symbol=symbol,
        bids=levels_from(row.get("bids") or ()),
        asks=levels_from(row.get("asks") or ()),
        ts_exch_ms=int_of(row, "ts"),
        seq=int_of(row, "seq", 0),
    )


def trade_row(trade: venue.PublicTrade) -> Row:
    return {
        "tradeId": str(trade.trade_id),
        "price": plain(trade.price),
        "size": plain(trade.qty_base),
        "side": trade.taker_side,
        "ts": str(trade.ts_exch_ms),
        "symbol": to_symbol(trade.symbol),
    }


def trade_from_row(symbol: str, row: Mapping[str, Any]) -> venue.PublicTrade:
    return venue.PublicTrade(
        symbol=symbol,
        trade_id=int_of(row, "tradeId"),
        price=decimal_of(row, "price"),
        qty_base=decimal_of(row, "size"),
        taker_side=side_of(row),
        ts_exch_ms=int_of(row, "ts"),
    )


def ticker_row(ticker: venue.Ticker) -> Row:
    """REST ``ticker`` and ``tickers``. It has no next funding time; the WebSocket ticker has."""
    change = (ticker.last_price / ticker.open_24h - 1).quantize(Decimal("0.00001")) if ticker.open_24h else ZERO
    return {
        "symbol": to_symbol(ticker.symbol),
        "lastPr": plain(ticker.last_price),
        "askPr": plain(ticker.ask_price),
        "bidPr": plain(ticker.bid_price),
        "bidSz": plain(ticker.bid_qty_base),
        "askSz": plain(ticker.ask_qty_base),
        "high24h": plain(ticker.high_24h),
        "low24h": plain(ticker.low_24h),
        "ts": str(ticker.ts_exch_ms),
        "change24h": plain(change),
        "baseVolume": plain(ticker.base_volume_24h),
        "quoteVolume": plain(ticker.quote_volume_24h),
        "usdtVolume": plain(ticker.quote_volume_24h),
        "openUtc": plain(ticker.open_24h),
        "changeUtc24h": plain(change),
        "indexPrice": plain(ticker.index_price),
        "fundingRate": plain(ticker.funding_rate_pct),
        "holdingAmount": "0",
        "deliveryStartTime": None,
        "deliveryTime": None,
        "deliveryStatus": "",
        "open24h": plain(ticker.open_24h),
        "markPrice": plain(ticker.mark_price),
    }


def ticker_push_row(ticker: venue.Ticker) -> Row:
    """The row of the WebSocket ``ticker`` channel."""
    symbol = to_symbol(ticker.symbol)
    row = ticker_row(ticker)
    for gone in ("usdtVolume", "changeUtc24h", "deliveryStatus", "deliveryStartTime", "deliveryTime"):
        del row[gone]
    return {
        **row,
        "instId": symbol,
        "nextFundingTime": str(ticker.next_funding_ts_ms),
        "symbolType": "1",
        "deliveryPrice": "0",
    }


def ticker_from_row(row: Mapping[str, Any]) -> venue.Ticker:
    symbol = to_pair(str_of(row, "symbol", row.get("instId")))
    last_price = decimal_of(row, "lastPr")
    return venue.Ticker(
        symbol=symbol,
        last_price=last_price,
        bid_price=decimal_of(row, "bidPr", ZERO),
        bid_qty_base=decimal_of(row, "bidSz", ZERO),
        ask_price=decimal_of(row, "askPr", ZERO),
        ask_qty_base=decimal_of(row, "askSz", ZERO),
        mark_price=decimal_of(row, "markPrice", last_price),
        index_price=decimal_of(row, "indexPrice", last_price),
        funding_rate_pct=decimal_of(row, "fundingRate", ZERO),
        next_funding_ts_ms=int_of(row, "nextFundingTime", 0),
        high_24h=decimal_of(row, "high24h", ZERO),
        low_24h=decimal_of(row, "low24h", ZERO),
        open_24h=decimal_of(row, "open24h", ZERO),
        base_volume_24h=decimal_of(row, "baseVolume", ZERO),
        quote_volume_24h=decimal_of(row, "quoteVolume", ZERO),
        ts_exch_ms=int_of(row, "ts"),
    )


def symbol_price_row(ticker: venue.Ticker) -> Row:
    return {
        "symbol": to_symbol(ticker.symbol),
        "price": plain(ticker.last_price),
        "indexPrice": plain(ticker.index_price),
        "markPrice": plain(ticker.mark_price),
        "ts": str(ticker.ts_exch_ms),
    }


def fund_rate_row(ticker: venue.Ticker) -> Row:
    return {
        "symbol": to_symbol(ticker.symbol),
        "fundingRate": plain(ticker.funding_rate_pct),
        "fundingRateInterval": "8",
        "nextUpdate": str(ticker.next_funding_ts_ms),
        "minFundingRate": "-0.003",
        "maxFundingRate": "0.003",
    }


def funding_time_row(ticker: venue.Ticker) -> Row:
    return {
        "symbol": to_symbol(ticker.symbol),
        "nextFundingTime": str(ticker.next_funding_ts_ms),
        "ratePeriod": "8",
    }


def candle_row(candle: venue.Candle) -> list[str]:
    return [
        str(candle.open_ts_ms),
        plain(candle.open),
        plain(candle.high),
        plain(candle.low),
        plain(candle.close),
        plain(candle.base_volume),
        plain(candle.quote_volume),
    ]


def candle_from_row(row: Sequence[Any]) -> venue.Candle:
    if len(row) < 7:
        raise NotReadable(f"candle {row!r} has fewer than seven fields")
    named = dict(zip(("ts", "open", "high", "low", "close", "base", "quote"), row, strict=False))
    return venue.Candle(
        open_ts_ms=int_of(named, "ts"),
        open=decimal_of(named, "open"),
        high=decimal_of(named, "high"),
        low=decimal_of(named, "low"),
        close=decimal_of(named, "close"),
        base_volume=decimal_of(named, "base"),
        quote_volume=decimal_of(named, "quote"),
    )


def side_of(row: Mapping[str, Any]) -> venue.Side:
    side = str_of(row, "side").lower()
    if side == "buy":
        return "buy"
    if side == "sell":
        return "sell"
    raise NotReadable(f"side={side!r}: expected buy or sell")


def _place_and_step(tick_size: Decimal) -> tuple[int, int]:
    """Decimal places and the step in the last of them: 0.5 is (1, 5)."""
    tick = tick_size.normalize()
    place = max(0, -int(tick.as_tuple().exponent))
    return place, int(tick.scaleb(place))
