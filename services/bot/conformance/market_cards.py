"""Hummingbot cards 1-18: start-up, market data and settings, as the stock connector sees them."""

import asyncio
from decimal import Decimal

from hummingbot.core.data_type.common import PositionMode
from hummingbot.core.network_iterator import NetworkStatus

from services.bot.conformance.bench import PAIR, HummingbotBench
from services.dialects.cards import Deck, check

DECK = Deck()
card = DECK.card
DEPTH_PATH = "/api/v2/mix/market/merge-depth"


@card(1, "start", "the network check passes")
async def network(b: HummingbotBench) -> str:
    status = await b.c.check_network()
    check(status is NetworkStatus.CONNECTED, status)
    return str(status)


@card(2, "start", "everything the connector waits for is there")
async def ready(b: HummingbotBench) -> str:
    check(all(b.c.status_dict.values()), b.c.status_dict)
    return f"{len(b.c.status_dict)} conditions"


@card(3, "start", "pairs map to the venue's symbols")
async def symbols(b: HummingbotBench) -> str:
    symbol = await b.c.exchange_symbol_associated_to_pair(PAIR)
    check(symbol == "BTCUSDT", symbol)
    return f"{PAIR} is {symbol}"


@card(4, "start", "trading rules have tick, lot, smallest size and smallest value")
async def rules(b: HummingbotBench) -> str:
    rule = b.c.trading_rules[PAIR]
    seen = (
        rule.min_price_increment,
        rule.min_base_amount_increment,
        rule.min_order_size,
        rule.min_order_value,
        rule.buy_order_collateral_token,
    )
    expected = (Decimal("0.1"), Decimal("0.0001"), Decimal("0.0001"), Decimal(5), "USDT")
    check(seen == expected, seen)
    return "0.1, 0.0001, 0.0001, 5 USDT"


@card(5, "start", "the venue's fee rates are read")
async def fees(b: HummingbotBench) -> str:
    await b.c._update_trading_fees()
    fee = b.c._trading_fees[PAIR]
    seen = (fee.maker_percent_fee_decimal, fee.taker_percent_fee_decimal)
    check(seen == (Decimal("0.0002"), Decimal("0.0006")), seen)
    return "0.0002 and 0.0006"


@card(6, "start", "the server's time is taken for signing")
async def time_sync(b: HummingbotBench) -> str:
    ahead_s = b.c._time_synchronizer.time() - b.clock.now_ms() / 1000
    check(abs(ahead_s) < 1, ahead_s)
    return f"ahead by {ahead_s * 1000:.0f} ms"


@card(7, "market", "the order book has a first snapshot with depth")
async def snapshot(b: HummingbotBench) -> str:
    book = b.c.get_order_book(PAIR)
    bids, asks = list(book.bid_entries()), list(book.ask_entries())
    check(len(bids) >= 15 and len(asks) >= 15 and bids[0].price < asks[0].price, (len(bids), len(asks)))
    return f"{len(bids)} x {len(asks)} levels"


@card(8, "market", "differences move the book on")
async def differences(b: HummingbotBench) -> str:
    book = b.c.get_order_book(PAIR)
    first = max(book.snapshot_uid, book.last_diff_uid)
    await b.until(lambda: book.last_diff_uid > first + 1_000, 10)
    return f"{book.last_diff_uid - first} ms on"


@card(9, "market", "the book kept up by differences equals the venue's")
async def same_book(b: HummingbotBench) -> str:
    """Both move all the time: within many looks one must agree to the last level of the top ten."""
    for look in range(1, 60):
        answer = await b.get(DEPTH_PATH, symbol="BTCUSDT", productType="USDT-FUTURES", limit="10")
        theirs = [[float(x) for x in level] for level in answer["data"]["bids"][:10]]
        await asyncio.sleep(0.12)
        ours = [[entry.price, entry.amount] for entry in list(b.c.get_order_book(PAIR).bid_entries())[:10]]
        if ours == theirs:
            return f"equal at look {look}"
    check(False, f"never equal: ours {ours[:2]}, theirs {theirs[:2]}")
    return ""


@card(10, "market", "the last trade's price is known")
async def last_price(b: HummingbotBench) -> str:
    prices = await b.c.get_last_traded_prices([PAIR])
    check(abs(prices[PAIR] / float(b.best(True)) - 1) < 0.02, prices)
    return f"{prices[PAIR]}"


@card(11, "market", "public trades arrive")
async def trades(b: HummingbotBench) -> str:
    await b.until(lambda: b.c.get_order_book(PAIR).last_trade_price > 0, 20)
    return f"{b.c.get_order_book(PAIR).last_trade_price}"


@card(12, "market", "funding information is there and its time lies ahead")
async def funding(b: HummingbotBench) -> str:
    info = b.c.get_funding_info(PAIR)
    check(info.next_funding_utc_timestamp >= b.clock.now_ms() // 1000 - 1, info.next_funding_utc_timestamp)
    check(info.mark_price > 0 and info.index_price > 0, (info.mark_price, info.index_price))
    return f"rate {info.rate}"


@card(13, "market", "the ticker keeps mark price and funding up to date")
async def funding_updates(b: HummingbotBench) -> str:
    before = b.c.get_funding_info(PAIR).mark_price
    await b.until(lambda: b.c.get_funding_info(PAIR).mark_price != before, 20)
    return f"{before} → {b.c.get_funding_info(PAIR).mark_price}"


@card(14, "settings", "the position mode is read: one-way")
async def position_mode(b: HummingbotBench) -> str:
    mode = await b.c._fetch_account_position_mode()
    check(mode is PositionMode.ONEWAY, mode)
    return str(mode)


@card(15, "settings", "one-way mode can be set while nothing is open")
async def set_one_way(b: HummingbotBench) -> str:
    done, words = await b.c._trading_pair_position_mode_set(PositionMode.ONEWAY, PAIR)
    check(done, words)
    return "set"


@card(16, "settings", "the margin mode is set")
async def margin_mode(b: HummingbotBench) -> str:
    answer = await b.c._api_post(
        path_url="/api/v2/mix/account/set-margin-mode",
        data={"symbol": "BTCUSDT", "productType": "USDT-FUTURES", "marginMode": "crossed", "marginCoin": "USDT"},
        is_auth_required=True,
    )
    check(answer["code"] == "00000" and answer["data"]["marginMode"] == "crossed", answer)
    return "crossed"


@card(17, "settings", "leverage is set")
async def leverage(b: HummingbotBench) -> str:
    for wanted in (20, 10):
        done, words = await b.c._set_trading_pair_leverage(PAIR, wanted)
        check(done, words)
    return "20x, 10x"


@card(18, "settings", "leverage above the maximum is refused with its reason")
async def leverage_high(b: HummingbotBench) -> str:
    done, words = await b.c._set_trading_pair_leverage(PAIR, 126)
    check(not done and "LEVERAGE_TOO_HIGH" in words, words)
    return words[-120:]
