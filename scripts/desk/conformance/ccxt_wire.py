"""ccxt cards 75-92: rate limits, faults of the wire, restarts, and the streams."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import ccxt

from scripts.desk.conformance.ccxt_bench import MARKET_ID, PRODUCT, QTY, SYMBOL, CcxtBench
from services.dialects.cards import CardFailed, Deck, check

DECK = Deck()
card = DECK.card
STREAM_S = 15.0


@card(75, "wire", "too many requests are a 429, and a moment later it goes on")
def rate_limit(b: CcxtBench) -> str:
    hasty = b.client()
    hasty.enableRateLimit = False

    def burst() -> None:
        for _ in range(30):
            hasty.privateMixGetV2MixPositionAllPosition({"productType": PRODUCT, "marginCoin": "USDT"})

    said = b.refused(ccxt.DDoSProtection, burst, "RATE_LIMITED")
    b.eventually(lambda: _answers(lambda: hasty.fetch_positions([SYMBOL])), 3_000)
    return said


@card(76, "wire", "an order whose answer is lost is there and is found by the client's id")
def lost_ack(b: CcxtBench) -> str:
    b.target.admin("/sim/faults", {"preset": "lose_ack"})
    b.refused(ccxt.NetworkError, lambda: b.rest(clientOrderId="card-76"))
    order = b.x.fetch_order(None, SYMBOL, {"clientOid": "card-76"})
    check(order["status"] == "open", order)
    return "found open"


@card(77, "wire", "an order whose request is lost is not there")
def lost_request(b: CcxtBench) -> str:
    b.target.admin("/sim/faults", {"rules": [{"fault": "drop_request", "endpoint": "mix/order/place-order"}]})
    b.refused(ccxt.NetworkError, lambda: b.rest(clientOrderId="card-77"))
    return b.refused(ccxt.OrderNotFound, lambda: b.x.fetch_order(None, SYMBOL, {"clientOid": "card-77"}))


@card(78, "wire", "maintenance is told as maintenance")
def maintenance(b: CcxtBench) -> str:
    b.target.admin("/sim/faults", {"preset": "maintenance"})
    return b.refused(ccxt.OnMaintenance, lambda: b.x.fetch_positions([SYMBOL]), "MAINTENANCE")


@card(79, "wire", "a venue whose clock runs ahead says that the timestamp expired")
def clock_skew(b: CcxtBench) -> str:
    b.target.admin("/sim/faults", {"rules": [{"fault": "clock_skew", "skew_ms": 60_000}]})
    said = b.refused(ccxt.InvalidNonce, lambda: b.x.fetch_positions([SYMBOL]))
    b.x.load_time_difference()
    check(b.position() == 0, "after taking the venue's time")
    b.target.admin("/sim/faults", {"rules": []})
    b.x.options["timeDifference"] = 0
    return said


@card(80, "wire", "orders, fills and cash are the same after kill -9 and a new start")
def killed(b: CcxtBench) -> str:
    b.take()
    order_id = b.rest(clientOrderId="card-80")["id"]
    trades, rows = b.x.fetch_my_trades(SYMBOL), b.bills("open_long")
    b.target.kill()
    b.target.start()
    check([o["id"] for o in b.x.fetch_open_orders(SYMBOL)] == [order_id], "open orders")
    check(b.x.fetch_my_trades(SYMBOL) == trades, "fills")
    check(b.bills("open_long") == rows, "bills")
    check(abs(b.position() - QTY) < 1e-9, b.position())
    return f"{len(trades)} fills, 1 order"


@card(81, "wire", "order ids go on after a restart and are never given twice")
def ids(b: CcxtBench) -> str:
    before = int(b.rest()["id"])
    b.target.kill()
    b.target.start()
    after = int(b.rest()["id"])
    check(after > before, (before, after))
    return f"{before} < {after}"


@card(82, "streams", "the book kept up by differences passes the client's checksum")
def book_stream(b: CcxtBench) -> str:
    async def watch(x: Any) -> str:
        books = 0
        while books < 30:
            book = await x.watch_order_book(SYMBOL)
            books += 1
        check(book["bids"][0][0] < book["asks"][0][0], "crossed")
        return f"{books} books"

    return _streamed(b, watch)


@card(83, "streams", "a gap in the book is noticed by its checksum")
def book_gap(b: CcxtBench) -> str:
    async def watch(x: Any) -> str:
        await x.watch_order_book(SYMBOL)
        b.target.admin("/sim/faults", {"rules": [{"fault": "gap_public", "probability": 0.5, "count_max": 20}]})
        try:
            for _ in range(100):
                await x.watch_order_book(SYMBOL)
        except (ccxt.ChecksumError, ccxt.UnsubscribeError) as error:
            return f"noticed: {type(error).__name__}"
        raise CardFailed("100 books with gaps were taken")

    return _streamed(b, watch)


@card(84, "streams", "the ticker is pushed")
def ticker_stream(b: CcxtBench) -> str:
    async def watch(x: Any) -> str:
        ticker = await x.watch_ticker(SYMBOL)
        check(ticker["last"] > 0, ticker)
        return f"{ticker['last']}"

    return _streamed(b, watch)


@card(85, "streams", "public trades are pushed")
def trade_stream(b: CcxtBench) -> str:
    async def watch(x: Any) -> str:
        trades = await x.watch_trades(SYMBOL)
        check(trades[-1]["amount"] > 0, trades[-1])
        return f"{trades[-1]['amount']} @ {trades[-1]['price']}"

    return _streamed(b, watch)


@card(86, "streams", "an order of ours is pushed as it opens and as it is cancelled")
def order_stream(b: CcxtBench) -> str:
    async def watch(x: Any) -> str:
        coming = asyncio.ensure_future(x.watch_orders(SYMBOL))
        await asyncio.sleep(0.5)
        placed = await x.create_order(SYMBOL, "limit", "buy", QTY, b.bid() * 0.97)
        statuses = [_status(await coming, placed["id"])]
        coming = asyncio.ensure_future(x.watch_orders(SYMBOL))
        await x.cancel_order(placed["id"], SYMBOL)
        statuses.append(_status(await coming, placed["id"]))
        check(statuses == ["open", "canceled"], statuses)
        return " → ".join(statuses)

    return _streamed(b, watch)


@card(87, "streams", "a fill of ours is pushed with its fee")
def fill_stream(b: CcxtBench) -> str:
    async def watch(x: Any) -> str:
        coming = asyncio.ensure_future(x.watch_my_trades(SYMBOL))
        await asyncio.sleep(0.5)
        await x.create_order(SYMBOL, "market", "buy", QTY)
        trade = (await coming)[-1]
        check(trade["fee"]["cost"] != 0 and trade["amount"] > 0, trade)
        return f"{trade['amount']} @ {trade['price']}"

    return _streamed(b, watch)


@card(88, "streams", "positions are pushed whole: at first none, then the one that opened")
def position_stream(b: CcxtBench) -> str:
    async def watch(x: Any) -> str:
        check(await x.watch_positions([SYMBOL]) == [], "a position before any order")
        coming = asyncio.ensure_future(x.watch_positions([SYMBOL]))
        await x.create_order(SYMBOL, "market", "buy", QTY)
        positions = await coming
        check(positions[-1]["contracts"] == QTY, positions)
        return f"{positions[-1]['side']} {positions[-1]['contracts']}"

    return _streamed(b, watch)


@card(89, "streams", "the balance is pushed")
def balance_stream(b: CcxtBench) -> str:
    async def watch(x: Any) -> str:
        balance = await x.watch_balance({"type": "swap"})
        check(balance["total"]["USDT"] > 0, balance)
        return f"{balance['total']['USDT']} USDT"

    return _streamed(b, watch)


@card(90, "streams", "a wrong login is refused")
def wrong_login(b: CcxtBench) -> str:
    async def watch(x: Any) -> str:
        x.secret = "wrong"
        try:
            await x.watch_balance({"type": "swap"})
        except ccxt.AuthenticationError as error:
            return f"{type(error).__name__}: {str(error)[:80]}"
        raise CardFailed("logged in with a wrong secret")

    return _streamed(b, watch)


@card(91, "streams", "after a connection is cut the client comes back and the feed goes on")
def reconnect(b: CcxtBench) -> str:
    async def watch(x: Any) -> str:
        await x.watch_ticker(SYMBOL)
        b.target.admin("/sim/faults", {"rules": [{"fault": "close_public"}]})
        cuts = 0
        for _ in range(20):
            try:
                await x.watch_ticker(SYMBOL)
                if cuts:
                    return "back again"
            except ccxt.NetworkError:
                cuts += 1
                b.target.admin("/sim/faults", {"rules": []})
        raise CardFailed(f"{cuts} cuts seen, feed not back")

    return _streamed(b, watch)


@card(92, "streams", "an unknown channel is refused by name")
def unknown_channel(b: CcxtBench) -> str:
    async def watch(x: Any) -> str:
        url = x.urls["api"]["ws"]["public"]
        arg = {"instType": PRODUCT, "channel": "secrets", "instId": MARKET_ID}
        try:
            await x.watch(url, "secrets", {"op": "subscribe", "args": [arg]}, "secrets")
        except ccxt.BaseError as error:
            return f"{type(error).__name__}: {str(error)[:80]}"
        raise CardFailed("subscribed to a channel that does not exist")

    return _streamed(b, watch)


def _streamed(b: CcxtBench, watch: Callable[[Any], Awaitable[str]]) -> str:
    """Run with a WebSocket client of its own, closed afterwards."""

    async def run() -> str:
        x = b.pro_client()
        try:
            x.open()
            x.set_markets(b.x.markets)
            return await asyncio.wait_for(watch(x), STREAM_S)
        except TimeoutError:
            raise CardFailed(f"nothing within {STREAM_S} s") from None
        finally:
            await x.close()

    return asyncio.run(run())


def _status(orders: list[dict[str, Any]], order_id: str) -> str:
    return next((str(order["status"]) for order in reversed(orders) if order["id"] == order_id), "not pushed")


def _answers(call: Callable[[], Any]) -> bool:
    try:
        call()
    except ccxt.NetworkError:
        return False
    return True
