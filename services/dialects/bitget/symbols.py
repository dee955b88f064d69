"""The desk's pair ("BTC-USDT") and Bitget's symbol ("BTCUSDT"). Nobody else spells either."""

QUOTE_ASSETS = ("USDT", "USDC", "USD")  # longest match first: USDT before USD
PRODUCT_USDT = "USDT-FUTURES"
PRODUCTS = ("USDT-FUTURES", "USDC-FUTURES", "COIN-FUTURES", "SUSDT-FUTURES", "SUSDC-FUTURES", "SCOIN-FUTURES")


class NotASymbol(ValueError):
    """The text names no pair this dialect can spell."""


def to_symbol(pair: str) -> str:
    """ "BTC-USDT" -> "BTCUSDT"."""
    base, dash, quote = pair.partition("-")
    if not (base and dash and quote):
        raise NotASymbol(f"pair={pair!r}: expected BASE-QUOTE, for example BTC-USDT")
    return base + quote


def to_pair(symbol: str) -> str:
    """ "BTCUSDT" -> "BTC-USDT". Takes any letter case, as the venue does."""
    upper = symbol.upper()
    for quote in QUOTE_ASSETS:
        if upper.endswith(quote) and len(upper) > len(quote):
            return f"{upper[: -len(quote)]}-{quote}"
    raise NotASymbol(f"symbol={symbol!r}: expected BASE and one of {', '.join(QUOTE_ASSETS)}, for example BTCUSDT")
