"""ccxt cards 1-19: market data, and who may ask for what."""

from itertools import pairwise

import ccxt

from scripts.desk.conformance.ccxt_bench import SYMBOL, CcxtBench
from services.dialects.cards import Deck, check

DECK = Deck()
card = DECK.card


@card(1, "market", "the venue tells its time")
def server_time(b: CcxtBench) -> str:
    ahead_ms = b.x.fetch_time() - b.clock.now_ms()
    check(abs(ahead_ms) < 1_000, f"ahead by {ahead_ms} ms")
    return f"ahead by {ahead_ms} ms"


@card(2, "market", "markets and their rules load")
def markets(b: CcxtBench) -> str:
    market = b.x.load_markets(True)[SYMBOL]
    check(market["swap"] and market["linear"] and market["settle"] == "USDT", market)
    rules = (market["precision"]["price"], market["precision"]["amount"], market["limits"]["cost"]["min"])
    check(rules == (0.1, 0.0001, 5), rules)
    return f"{len(b.x.symbols)} markets, tick and lot {rules[:2]}"


@card(3, "market", "products that are not traded are empty lists, not errors")
def other_products(b: CcxtBench) -> str:
    for product in ("COIN-FUTURES", "USDC-FUTURES"):
        check(b.x.publicMixGetV2MixMarketContracts({"productType": product})["data"] == [], product)
    return "empty"


@card(4, "market", "the ticker has last, best, mark and index price")
def ticker(b: CcxtBench) -> str:
    ticker = b.x.fetch_ticker(SYMBOL)
    check(ticker["bid"] < ticker["ask"] and ticker["markPrice"] and ticker["indexPrice"], ticker)
    return f"last {ticker['last']}"


@card(5, "market", "all tickers come at once")
def tickers(b: CcxtBench) -> str:
    tickers = b.x.fetch_tickers([SYMBOL, "ETH/USDT:USDT"])
    check(SYMBOL in tickers, list(tickers))
    return f"{len(tickers)} tickers"


@card(6, "market", "the book is sorted, deep and not crossed")
def book(b: CcxtBench) -> str:
    book = b.x.fetch_order_book(SYMBOL)
    bids, asks = [level[0] for level in book["bids"]], [level[0] for level in book["asks"]]
    check(bids == sorted(bids, reverse=True) and asks == sorted(asks) and bids[0] < asks[0], (bids[:2], asks[:2]))
    check(len(bids) >= 15 and len(asks) >= 15, (len(bids), len(asks)))
    return f"{len(bids)} x {len(asks)} levels"


@card(7, "market", "the book keeps to the depth that was asked for")
def book_depth(b: CcxtBench) -> str:
    book = b.x.fetch_order_book(SYMBOL, 5)
    check((len(book["bids"]), len(book["asks"])) == (5, 5), (len(book["bids"]), len(book["asks"])))
    return "5 x 5 levels"


@card(8, "market", "recent trades have side, size and whole ids")
def trades(b: CcxtBench) -> str:
    trades = b.eventually(lambda: b.x.fetch_trades(SYMBOL), 10_000)
    check(all(t["side"] in ("buy", "sell") and t["amount"] > 0 and int(t["id"]) for t in trades), trades[0])
    return f"{len(trades)} trades"


@card(9, "market", "one-minute candles are contiguous, oldest first")
def candles(b: CcxtBench) -> str:
    candles = b.x.fetch_ohlcv(SYMBOL, "1m", limit=200)
    steps = {later[0] - earlier[0] for earlier, later in pairwise(candles)}
    check(len(candles) == 200 and steps == {60_000}, (len(candles), steps))
    check(all(low <= min(o, c) and high >= max(o, c) for _, o, high, low, c, _ in candles), "high and low")
    return "200 candles"


@card(10, "market", "candles since a time begin there")
def candles_since(b: CcxtBench) -> str:
    since = b.clock.now_ms() // 60_000 * 60_000 - 30 * 60_000
    candles = b.x.fetch_ohlcv(SYMBOL, "1m", since=since, limit=10)
    check(candles and candles[0][0] >= since, candles[:1])
    return f"{len(candles)} candles"


@card(11, "market", "the funding rate and its next time are known")
def funding_rate(b: CcxtBench) -> str:
    rate = b.x.fetch_funding_rate(SYMBOL)
    check(rate["fundingTimestamp"] > b.clock.now_ms() - 1_000, rate)
    return f"{rate['fundingRate']}"


@card(12, "market", "leverage tiers rise without a gap")
def tiers(b: CcxtBench) -> str:
    tiers = b.x.fetch_market_leverage_tiers(SYMBOL)
    pairs = list(pairwise(tiers))
    check(all(a["maxNotional"] == c["minNotional"] and a["maxLeverage"] >= c["maxLeverage"] for a, c in pairs), tiers)
    return f"{len(tiers)} tiers, up to {tiers[0]['maxLeverage']}x"


@card(13, "market", "fee rates are told")
def fees(b: CcxtBench) -> str:
    fee = b.x.fetch_trading_fee(SYMBOL)
    check(0 < fee["maker"] < fee["taker"], fee)
    return f"maker {fee['maker']}, taker {fee['taker']}"


@card(14, "access", "a wrong signature is refused")
def wrong_signature(b: CcxtBench) -> str:
    return b.refused(ccxt.AuthenticationError, b.client(secret="wrong").fetch_positions, "40009")


@card(15, "access", "an unknown key is refused")
def unknown_key(b: CcxtBench) -> str:
    return b.refused(ccxt.AuthenticationError, b.client(api_key="nobody").fetch_positions, "40037")


@card(16, "access", "a wrong passphrase is refused")
def wrong_passphrase(b: CcxtBench) -> str:
    return b.refused(ccxt.AuthenticationError, b.client(passphrase="wrong").fetch_positions, "40012")


@card(17, "access", "a stale timestamp is refused in the words that make clients resync")
def stale_timestamp(b: CcxtBench) -> str:
    late = b.client()
    late.options["timeDifference"] = 60_000
    return b.refused(ccxt.InvalidNonce, late.fetch_positions, '"msg":"Request timestamp expired"')


@card(18, "access", "withdrawing does not exist")
def withdraw(b: CcxtBench) -> str:
    def ask() -> object:
        return b.x.privateSpotPostV2SpotWalletWithdrawal({"coin": "USDT", "address": "x", "size": "1"})

    return b.refused(ccxt.BaseError, ask, "NOT_IN_DIALECT")


@card(19, "access", "transferring does not exist")
def transfer(b: CcxtBench) -> str:
    def ask() -> object:
        return b.x.privateSpotPostV2SpotWalletTransfer({"coin": "USDT", "amount": "1"})

    return b.refused(ccxt.BaseError, ask, "NOT_IN_DIALECT")
