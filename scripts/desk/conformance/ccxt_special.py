"""ccxt cards 93-109 and 119: what may be asked beyond plain orders. Triggers, several orders at once, self-trade
prevention, margin and its settings.
"""

from typing import Any

import ccxt

from scripts.desk.conformance.ccxt_bench import MARKET_ID, PRODUCT, QTY, SYMBOL, CcxtBench
from services.dialects.cards import CardFailed, Deck, check

DECK = Deck()
card = DECK.card
MOVED_MS = 15_000  # a shock is walked to by those who know, then the mark follows


@card(93, "triggers", "a trigger fires when the mark price has risen to it, and the order fills by market")
def trigger_above(b: CcxtBench) -> str:
    _settled(b)
    price = b.price(b.ask() * 1.002)
    order_id = b.x.create_order(SYMBOL, "market", "buy", QTY, None, {"triggerPrice": price})["id"]
    check(b.position() == 0, "it did not wait")
    b.shock(60)
    b.eventually(lambda: b.order(order_id)["status"] == "closed", MOVED_MS)
    check(abs(b.position() - QTY) < 1e-9 and _waiting(b) == [], b.position())
    return f"at {price}, filled at {b.order(order_id)['average']}"


@card(94, "triggers", "a trigger fires when the mark price has fallen to it, and a limit order then rests")
def trigger_below(b: CcxtBench) -> str:
    _settled(b)
    trigger, limit = b.price(b.bid() * 0.998), b.price(b.ask() * 1.05)
    order_id = b.x.create_order(SYMBOL, "limit", "sell", QTY, limit, {"triggerPrice": trigger})["id"]
    check(b.x.fetch_open_orders(SYMBOL) == [], "it rests before its time")
    b.shock(-60)
    b.eventually(lambda: [o["id"] for o in b.x.fetch_open_orders(SYMBOL)] == [order_id], MOVED_MS)
    return f"rests at {b.order(order_id)['price']}"


@card(95, "triggers", "a trigger that has not been reached stays where it is")
def trigger_waits(b: CcxtBench) -> str:
    order_id = b.x.create_order(SYMBOL, "market", "buy", QTY, None, {"triggerPrice": b.price(b.ask() * 1.1)})["id"]
    b.shock(20)
    b.seen(lambda: False, 2_000)
    check(_waiting(b) == [order_id] and b.position() == 0, (_waiting(b), b.position()))
    return "waits"


@card(96, "triggers", "a stop-loss for a position closes it when the mark price is there")
def stop_loss(b: CcxtBench) -> str:
    _settled(b)
    b.take()
    b.x.create_order(SYMBOL, "market", "sell", QTY, None, {"stopLossPrice": b.price(b.bid() * 0.998)})
    check(len(_waiting(b)) == 1, "it does not wait")
    b.shock(-60)
    b.eventually(lambda: b.position() == 0, MOVED_MS)
    return "closed"


@card(97, "triggers", "an attached take-profit closes what was opened, and the stop-loss beside it is gone")
def take_profit(b: CcxtBench) -> str:
    _settled(b)
    ask = b.ask()
    params: dict[str, Any] = {
        "takeProfit": {"triggerPrice": b.price(ask * 1.003)},
        "stopLoss": {"triggerPrice": b.price(ask * 0.99)},
    }
    b.take(**params)
    check(len(_waiting(b)) == 2, _waiting(b))
    b.shock(80)
    b.eventually(lambda: b.position() == 0 and _waiting(b) == [], MOVED_MS)
    return "closed, nothing waits"


@card(98, "triggers", "a stop on the wrong side of the price is refused")
def stop_wrong(b: CcxtBench) -> str:
    b.take()
    wrong = {"stopLossPrice": b.price(b.ask() * 1.05)}
    return b.refused(
        ccxt.ExchangeError, lambda: b.x.create_order(SYMBOL, "market", "sell", QTY, None, wrong), "PRICE_OUT_OF_RANGE"
    )


@card(99, "triggers", "what is attached to a trigger order is refused, not overlooked")
def trigger_with_stop(b: CcxtBench) -> str:
    price = b.price(b.ask() * 1.05)
    params = {"triggerPrice": price, "stopLoss": {"triggerPrice": price, "price": price}}
    return b.refused(
        ccxt.ExchangeError, lambda: b.x.create_order(SYMBOL, "market", "buy", QTY, None, params), "UNSUPPORTED"
    )


@card(100, "triggers", "changing an order that waits for its trigger is refused by name")
def modify_plan(b: CcxtBench) -> str:
    price = b.price(b.ask() * 1.05)
    order_id = b.x.create_order(SYMBOL, "limit", "buy", QTY, price, {"triggerPrice": price})["id"]
    body = {"orderId": order_id, "symbol": MARKET_ID, "productType": PRODUCT, "newSize": "0.02"}
    return b.refused(ccxt.ExchangeError, lambda: b.x.privateMixPostV2MixOrderModifyPlanOrder(body), "UNSUPPORTED")


@card(101, "batches", "several orders are placed by one request")
def batch(b: CcxtBench) -> str:
    price = b.price(b.bid() * 0.97)
    placed = b.x.create_orders([_order(price), _order(price - 1), _order(price - 2)])
    ids = {order["id"] for order in placed}
    check({order["id"] for order in b.x.fetch_open_orders(SYMBOL)} == ids and len(ids) == 3, placed)
    return "3 placed"


@card(102, "batches", "of several orders those that are wrong fail apart, with their reason")
def batch_part(b: CcxtBench) -> str:
    price = b.price(b.bid() * 0.97)
    body = _batch([{"price": str(price)}, {"price": f"{price}5"}, {"price": str(price), "size": "0"}])
    answer = b.x.privateMixPostV2MixOrderBatchPlaceOrder(body)["data"]
    failed = [row["errorMsg"].partition(":")[0] for row in answer["failureList"]]
    check((len(answer["successList"]), failed) == (1, ["PRICE_NOT_ON_TICK", "QTY_BELOW_MIN"]), answer)
    return f"1 placed; {', '.join(failed)}"


@card(103, "self-trade", "an order of ours never trades with another when the resting one is to be cancelled")
def stp_maker(b: CcxtBench) -> str:
    resting, taking = _meet(b, "cancel_maker")
    check(resting["status"] == "canceled" and resting["filled"] == 0, resting)
    return f"resting {resting['status']}, taking filled {taking['filled']}"


@card(
    104, "self-trade", "an order of ours ends where it would trade with another, when the taking one is to be cancelled"
)
def stp_taker(b: CcxtBench) -> str:
    resting, taking = _meet(b, "cancel_taker")
    check(taking["info"]["cancelReason"] == "SELF_TRADE_PREVENTED", taking["info"])
    check(resting["status"] != "canceled", resting["status"])  # open, or filled by somebody else since
    return f"taking {taking['status']}, resting {resting['status']}"


@card(105, "self-trade", "both end when both are to be cancelled")
def stp_both(b: CcxtBench) -> str:
    resting, taking = _meet(b, "cancel_both")
    check((resting["status"], taking["status"]) == ("canceled", "canceled"), (resting["status"], taking["status"]))
    return "both canceled"


@card(106, "margin", "an isolated position has a margin of its own")
def isolated(b: CcxtBench) -> str:
    b.x.set_margin_mode("isolated", SYMBOL)
    try:
        b.take(marginMode="isolated")
        position = b.x.fetch_position(SYMBOL)
        check(position["marginMode"] == "isolated" and position["initialMargin"] > 0, position)
        seen = f"{position['initialMargin']} USDT behind {position['contracts']}"
    finally:
        b.reset()
        b.x.set_margin_mode("cross", SYMBOL)
    return seen


@card(107, "margin", "leverage bounds how large a position may become")
def bracket(b: CcxtBench) -> str:
    b.x.set_leverage(125, SYMBOL)
    try:
        return b.refused(ccxt.ExchangeError, lambda: b.place_raw(size="4", price="50000"), "LEVERAGE_TOO_HIGH")
    finally:
        b.x.set_leverage(10, SYMBOL)


@card(108, "margin", "the margin mode cannot change while an order rests")
def margin_locked(b: CcxtBench) -> str:
    b.rest()
    return b.refused(ccxt.ExchangeError, lambda: b.x.set_margin_mode("isolated", SYMBOL), "POSITION_MODE_LOCKED")


@card(109, "settings", "hedge mode is refused by name: positions are one-way here")
def hedge(b: CcxtBench) -> str:
    said = b.refused(ccxt.ExchangeError, lambda: b.x.set_position_mode(True, SYMBOL), "UNSUPPORTED")
    check(b.account()["posMode"] == "one_way_mode", b.account())
    return said


@card(119, "triggers", "a trigger order that was cancelled is in the history of trigger orders")
def trigger_history(b: CcxtBench) -> str:
    price = b.price(b.ask() * 1.05)
    order_id = b.x.create_order(SYMBOL, "limit", "buy", QTY, price, {"triggerPrice": price})["id"]
    b.x.cancel_order(order_id, SYMBOL, {"trigger": True})
    ended = b.x.fetch_canceled_and_closed_orders(SYMBOL, params={"trigger": True})
    found = next((order for order in ended if order["id"] == order_id), None)
    check(found and (found["status"], found["triggerPrice"]) == ("canceled", price), found or ended)
    return "canceled"


# -------------------------------------------------------------------------------------------------------------- helpers


def _settled(b: CcxtBench) -> None:
    """The mark price has caught up with the market, which the card before may have moved."""

    def near() -> bool:
        ticker = b.x.fetch_ticker(SYMBOL)
        return bool(abs(float(ticker["markPrice"]) / ((ticker["bid"] + ticker["ask"]) / 2) - 1) < 0.0005)

    b.eventually(near, 30_000)


def _waiting(b: CcxtBench) -> list[str]:
    return [order["id"] for order in b.x.fetch_open_orders(SYMBOL, params={"trigger": True})]


def _order(price: float) -> dict[str, Any]:
    return {"symbol": SYMBOL, "type": "limit", "side": "buy", "amount": QTY, "price": price, "params": {}}


def _batch(changes: list[dict[str, str]]) -> dict[str, Any]:
    order = {"side": "buy", "orderType": "limit", "force": "gtc", "size": "0.01"}
    common = {"symbol": MARKET_ID, "productType": PRODUCT, "marginCoin": "USDT", "marginMode": "crossed"}
    return {**common, "orderList": [{**order, **change} for change in changes]}


def _meet(b: CcxtBench, mode: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A bid of ours at the touch and a sale of ours that reaches it: (the resting order, the taking one)."""
    for _ in range(12):  # the touch moves: again when somebody else traded with one of them first
        price, ahead = b.x.fetch_order_book(SYMBOL)["bids"][0]
        try:
            resting = b.x.create_order(SYMBOL, "limit", "buy", QTY, price, {"postOnly": True})["id"]
        except ccxt.InvalidOrder:
            continue
        qty = float(b.x.amount_to_precision(SYMBOL, ahead * 2 + 1))
        params = {"stpMode": mode, "timeInForce": "IOC"}
        taking = b.x.create_order(SYMBOL, "limit", "sell", qty, price, params)["id"]
        met, took = b.order(resting), b.order(taking)
        if "SELF_TRADE_PREVENTED" in (met["info"]["cancelReason"], took["info"]["cancelReason"]):
            ids = [
                t["id"] for t in b.x.fetch_my_trades(SYMBOL) if t["order"] == resting and t["takerOrMaker"] == "taker"
            ]
            check(not ids, "the resting order was a taker")
            return met, took
        b.reset()
    raise CardFailed("twelve times the two never met")
