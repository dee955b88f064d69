"""A ticker of which only mark and index matter."""

from decimal import Decimal

from services.common import venue

D = Decimal


def ticker(mark: str, index: str = "100", ts_ms: int = 0) -> venue.Ticker:
    prices = dict.fromkeys(("bid_price", "bid_qty_base", "ask_price", "ask_qty_base", "last_price"), D(100))
    day = dict.fromkeys(("high_24h", "low_24h", "open_24h", "base_volume_24h", "quote_volume_24h"), D(100))
    return venue.Ticker(
        symbol="BTC-USDT",
        mark_price=D(mark),
        index_price=D(index),
        funding_rate_pct=D(0),
        next_funding_ts_ms=0,
        ts_exch_ms=ts_ms,
        **prices,
        **day,
    )
