"""ccxt cards 20-49: the life of an order."""

from functools import partial

import ccxt

from scripts.desk.conformance.ccxt_bench import MARKET_ID, QTY, SYMBOL, CcxtBench
from services.dialects.cards import CardFailed, Deck, check

DECK = Deck()
card = DECK.card


@card(20, "orders", "a limit order rests and its detail says so")
def place(b: CcxtBench) -> str:
    order = b.order(b.rest()["id"])
    check((order["status"], order["filled"], order["amount"]) == ("open", 0, QTY), order)
    check(order["id"].isdecimal(), order["id"])
    return f"id {order['id']}"


@card(21, "orders", "the client's order id is kept and finds the order")
def client_id(b: CcxtBench) -> str:
    b.rest(clientOrderId="card-21")
    order = b.x.fetch_order(None, SYMBOL, {"clientOid": "card-21"})
    check(order["clientOrderId"] == "card-21", order)
    return "found"


@card(22, "orders", "a client order id that is in use is refused")
def duplicate(b: CcxtBench) -> str:
    b.rest(clientOrderId="card-22")
    return b.refused(ccxt.ExchangeError, lambda: b.rest(clientOrderId="card-22"), "DUPLICATE_CLIENT_ORDER_ID")


@card(23, "orders", "open orders are listed, of the pair and without others")
def open_orders(b: CcxtBench) -> str:
    ids = {b.rest()["id"], b.rest(side="sell")["id"]}
    check({order["id"] for order in b.x.fetch_open_orders(SYMBOL)} == ids, ids)
    check(b.x.fetch_open_orders("ETH/USDT:USDT") == [], "orders of another pair")
    return "2 listed"


@card(24, "orders", "a long list of open orders comes page by page")
def pages(b: CcxtBench) -> str:
    ids = [b.rest()["id"] for _ in range(5)]
    newest = b.x.fetch_open_orders(SYMBOL, limit=3)
    older = b.x.fetch_open_orders(SYMBOL, limit=3, params={"idLessThan": min(o["id"] for o in newest)})
    check(sorted(o["id"] for o in newest + older) == sorted(ids), (newest, older))
    return "3 and 2"


@card(25, "orders", "an order is amended in size and price")
def amend(b: CcxtBench) -> str:
    placed = b.rest()
    price = float(b.x.price_to_precision(SYMBOL, b.bid() * 0.96))
    edited = b.order(b.x.edit_order(placed["id"], SYMBOL, "limit", "buy", 0.02, price)["id"])
    check((edited["amount"], edited["price"], edited["status"]) == (0.02, price, "open"), edited)
    check(len(b.x.fetch_open_orders(SYMBOL)) == 1, "the old order is still there")
    return f"0.02 @ {price}"


@card(26, "orders", "an order is cancelled by its id")
def cancel(b: CcxtBench) -> str:
    order_id = b.rest()["id"]
    b.x.cancel_order(order_id, SYMBOL)
    check(b.order(order_id)["status"] == "canceled", b.order(order_id))
    return "canceled"


@card(27, "orders", "an order is cancelled by the client's id")
def cancel_by_client_id(b: CcxtBench) -> str:
    order_id = b.rest(clientOrderId="card-27")["id"]
    b.x.cancel_order(None, SYMBOL, {"clientOrderId": "card-27"})
    check(b.order(order_id)["status"] == "canceled", b.order(order_id))
    return "canceled"


@card(28, "orders", "cancelling an order that never was is order-not-found")
def cancel_unknown(b: CcxtBench) -> str:
    return b.refused(ccxt.OrderNotFound, lambda: b.x.cancel_order("999999999999", SYMBOL))


@card(29, "orders", "cancelling a cancelled order is refused")
def cancel_twice(b: CcxtBench) -> str:
    order_id = b.rest()["id"]
    b.x.cancel_order(order_id, SYMBOL)
    return b.refused(ccxt.ExchangeError, lambda: b.x.cancel_order(order_id, SYMBOL))


@card(30, "orders", "cancelling a filled order is refused")
def cancel_filled(b: CcxtBench) -> str:
    order_id = b.take()["id"]
    return b.refused(ccxt.ExchangeError, lambda: b.x.cancel_order(order_id, SYMBOL))


@card(31, "orders", "a list of orders is cancelled, with what failed apart")
def cancel_list(b: CcxtBench) -> str:
    ids = [b.rest()["id"], b.rest()["id"]]
    b.x.cancel_orders([*ids, "999999999999"], SYMBOL)
    check(b.x.fetch_open_orders(SYMBOL) == [], "something is left")
    return "2 cancelled, 1 unknown"


@card(32, "orders", "all orders of a pair are cancelled")
def cancel_all(b: CcxtBench) -> str:
    for _ in range(3):
        b.rest()
    cancelled = b.x.cancel_all_orders(SYMBOL)
    check(len(cancelled) == 3 and b.x.fetch_open_orders(SYMBOL) == [], cancelled)
    return "3 cancelled"


@card(33, "orders", "a post-only order rests")
def post_only(b: CcxtBench) -> str:
    order = b.order(b.rest(postOnly=True)["id"])
    check(order["status"] == "open" and order["postOnly"], order)
    return "open"


@card(34, "orders", "a post-only order that would trade at once is refused")
def post_only_crossing(b: CcxtBench) -> str:
    price = b.ask() * 1.01
    return b.refused(
        ccxt.InvalidOrder,
        lambda: b.x.create_order(SYMBOL, "limit", "buy", QTY, price, {"postOnly": True}),
        "POST_ONLY_WOULD_CROSS",
    )


@card(35, "orders", "a market order fills at the book's price and pays the taker's fee")
def market_order(b: CcxtBench) -> str:
    ask = b.ask()
    order = b.take()
    check((order["status"], order["filled"]) == ("closed", QTY), order)
    check(abs(order["average"] / ask - 1) < 0.005, (order["average"], ask))
    rate = order["fee"]["cost"] / order["cost"]
    check(abs(rate - 0.0006) < 1e-6, f"fee rate {rate}")
    return f"{order['average']}, fee {order['fee']['cost']}"


@card(36, "orders", "a limit order through the book fills at the resting prices, not at its own")
def marketable_limit(b: CcxtBench) -> str:
    ask = b.ask()
    order = b.order(b.x.create_order(SYMBOL, "limit", "buy", QTY, ask * 1.01)["id"])
    check(order["status"] == "closed" and order["average"] < ask * 1.005, order)
    return f"limit {order['price']}, filled at {order['average']}"


@card(37, "orders", "an order larger than what stands at its price is filled in part and rests with the rest")
def part(b: CcxtBench) -> str:
    """What is taken at once is less than the order; the rest stands in the book, where it may be filled since."""
    for _ in range(8):  # the touch moves: again when we came too late to take some and not all
        price, size = b.x.fetch_order_book(SYMBOL)["asks"][0]
        qty = float(b.x.amount_to_precision(SYMBOL, size + 3))
        order_id = b.x.create_order(SYMBOL, "limit", "buy", qty, price)["id"]
        trades = [t for t in b.x.fetch_my_trades(SYMBOL) if t["order"] == order_id]
        taken = sum(t["amount"] for t in trades if t["takerOrMaker"] == "taker")
        order = b.order(order_id)
        if 0 < taken < qty:
            check(all(t["price"] <= price for t in trades), (price, [t["price"] for t in trades]))
            check(order["status"] in ("open", "closed") and order["filled"] >= taken, order)
            return f"{taken} of {qty} at once"
        b.reset()
    raise CardFailed("eight orders, none of them filled in part")


@card(38, "orders", "a resting order at the touch is filled as maker, at its price, for the maker's fee")
def maker_fill(b: CcxtBench) -> str:
    for _ in range(12):  # the touch moves: follow it until somebody trades with us
        try:
            order_id = b.x.create_order(SYMBOL, "limit", "buy", 0.001, b.bid() * 0.99999, {"postOnly": True})["id"]
        except ccxt.InvalidOrder:  # the market came down to our price meanwhile
            continue
        if b.seen(partial(_is_filled, b, order_id), 3_000):
            break
        b.x.cancel_all_orders(SYMBOL)
    else:
        raise CardFailed("nobody traded with a bid at the touch")
    trade = next(t for t in b.x.fetch_my_trades(SYMBOL) if t["order"] == order_id)
    check(trade["takerOrMaker"] == "maker", trade)
    return f"{trade['price']}, fee {trade['fee']['cost']}"


@card(39, "orders", "immediate-or-cancel keeps nothing resting")
def ioc(b: CcxtBench) -> str:
    order = b.order(b.rest(timeInForce="IOC")["id"])
    check(order["status"] == "canceled" and order["filled"] == 0, order)
    return "canceled unfilled"


@card(40, "orders", "fill-or-kill that cannot be filled whole does nothing")
def fok_killed(b: CcxtBench) -> str:
    try:
        order = b.order(b.x.create_order(SYMBOL, "limit", "buy", 500, b.ask(), {"timeInForce": "FOK"})["id"])
    except ccxt.ExchangeError as error:
        check("FOK_NOT_FILLED" in str(error) or "INSUFFICIENT_MARGIN" in str(error), error)
        return f"refused: {str(error)[:80]}"
    check(order["status"] == "canceled" and order["filled"] == 0, order)
    return "canceled unfilled"


@card(41, "orders", "fill-or-kill that can be filled whole is")
def fok_filled(b: CcxtBench) -> str:
    price = b.ask() * 1.005
    order = b.order(b.x.create_order(SYMBOL, "limit", "buy", QTY, price, {"timeInForce": "FOK"})["id"])
    check(order["status"] == "closed", order)
    return "filled"


@card(42, "orders", "my trades add up to the order")
def my_trades(b: CcxtBench) -> str:
    order = b.take()
    trades = [t for t in b.x.fetch_my_trades(SYMBOL) if t["order"] == order["id"]]
    check(abs(sum(t["amount"] for t in trades) - order["filled"]) < 1e-12, trades)
    check(abs(sum(t["fee"]["cost"] for t in trades)) == order["fee"]["cost"], trades)
    check(len({t["id"] for t in trades}) == len(trades), "a trade id twice")
    return f"{len(trades)} trades"


@card(43, "orders", "an ended order stays in the history")
def history(b: CcxtBench) -> str:
    cancelled, filled = b.rest()["id"], b.take()["id"]
    b.x.cancel_order(cancelled, SYMBOL)
    ended = {o["id"]: o["status"] for o in b.x.fetch_canceled_and_closed_orders(SYMBOL)}
    check((ended.get(cancelled), ended.get(filled)) == ("canceled", "closed"), ended)
    return f"{len(ended)} ended orders"


@card(44, "orders", "a trigger order waits apart from the book and is cancelled there")
def trigger(b: CcxtBench) -> str:
    price = float(b.x.price_to_precision(SYMBOL, b.ask() * 1.05))
    placed = b.x.create_order(SYMBOL, "limit", "buy", QTY, price, {"triggerPrice": price})
    check(b.x.fetch_open_orders(SYMBOL) == [], "it stands among the open orders")
    waiting = b.x.fetch_open_orders(SYMBOL, params={"trigger": True})
    check([o["id"] for o in waiting] == [placed["id"]], waiting)
    b.x.cancel_order(placed["id"], SYMBOL, {"trigger": True})
    check(b.x.fetch_open_orders(SYMBOL, params={"trigger": True}) == [], "it still waits")
    return f"waited for {waiting[0]['triggerPrice']}"


@card(45, "orders", "an attached stop that would act by a limit order is refused, not overlooked")
def attached(b: CcxtBench) -> str:
    return b.refused(ccxt.ExchangeError, lambda: b.place_raw(presetStopLossExecutePrice="40000"), "UNSUPPORTED")


@card(46, "orders", "a hedge-mode order is refused in one-way mode")
def hedged(b: CcxtBench) -> str:
    return b.refused(ccxt.InvalidOrder, lambda: b.rest(hedged=True), "POSITION_MODE_MISMATCH")


@card(47, "orders", "upper-case and lower-case order attributes mean the same")
def letter_case(b: CcxtBench) -> str:
    for force in ("GTC", "gtc"):
        order_id = b.place_raw(force=force)["data"]["orderId"]
        check(b.order(order_id)["timeInForce"] == "GTC", force)
    return "GTC and gtc"


@card(48, "orders", "an order of an unknown pair is refused")
def unknown_symbol(b: CcxtBench) -> str:
    return b.refused(ccxt.ExchangeError, lambda: b.place_raw(symbol="NOSUCHUSDT"), "UNKNOWN_SYMBOL")


@card(49, "orders", "the detail of an order that never was is order-not-found")
def detail_unknown(b: CcxtBench) -> str:
    return b.refused(
        ccxt.OrderNotFound,
        lambda: b.x.privateMixGetV2MixOrderDetail(
            {"symbol": MARKET_ID, "productType": "USDT-FUTURES", "orderId": "999999999999"}
        ),
    )


def _is_filled(b: CcxtBench, order_id: str) -> bool:
    return bool(b.order(order_id)["filled"] > 0)
