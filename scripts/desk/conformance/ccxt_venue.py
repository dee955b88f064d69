"""ccxt cards 93-119: triggers, several orders at once, self-trade prevention, and what the venue does by itself."""

from collections.abc import Callable
from typing import Any

import ccxt

from scripts.desk.conformance.ccxt_bench import MARKET_ID, PRODUCT, QTY, SYMBOL, CcxtBench
from services.dialects.cards import CardFailed, Deck, check

DECK = Deck()
card = DECK.card
PAIR = "BTC-USDT"
MOVED_MS = 15_000  # a shock is walked to by those who know, then the mark follows


@card(93, "triggers", "a trigger fires when the mark price has risen to it, and the order fills by market")
def trigger_above(b: CcxtBench) -> str:
    _settled(b)
    price = b.price(b.ask() * 1.002)
    order_id = b.x.create_order(SYMBOL, "market", "buy", QTY, None, {"triggerPrice": price})["id"]
    check(b.position() == 0, "it did not wait")
    _shock(b, 60)
    b.eventually(lambda: b.order(order_id)["status"] == "closed", MOVED_MS)
    check(abs(b.position() - QTY) < 1e-9 and _waiting(b) == [], b.position())
    return f"at {price}, filled at {b.order(order_id)['average']}"


@card(94, "triggers", "a trigger fires when the mark price has fallen to it, and a limit order then rests")
def trigger_below(b: CcxtBench) -> str:
    _settled(b)
    trigger, limit = b.price(b.bid() * 0.998), b.price(b.ask() * 1.05)
    order_id = b.x.create_order(SYMBOL, "limit", "sell", QTY, limit, {"triggerPrice": trigger})["id"]
    check(b.x.fetch_open_orders(SYMBOL) == [], "it rests before its time")
    _shock(b, -60)
    b.eventually(lambda: [o["id"] for o in b.x.fetch_open_orders(SYMBOL)] == [order_id], MOVED_MS)
    return f"rests at {b.order(order_id)['price']}"


@card(95, "triggers", "a trigger that has not been reached stays where it is")
def trigger_waits(b: CcxtBench) -> str:
    order_id = b.x.create_order(SYMBOL, "market", "buy", QTY, None, {"triggerPrice": b.price(b.ask() * 1.1)})["id"]
    _shock(b, 20)
    b.seen(lambda: False, 2_000)
    check(_waiting(b) == [order_id] and b.position() == 0, (_waiting(b), b.position()))
    return "waits"


@card(96, "triggers", "a stop-loss for a position closes it when the mark price is there")
def stop_loss(b: CcxtBench) -> str:
    _settled(b)
    b.take()
    b.x.create_order(SYMBOL, "market", "sell", QTY, None, {"stopLossPrice": b.price(b.bid() * 0.998)})
    check(len(_waiting(b)) == 1, "it does not wait")
    _shock(b, -60)
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
    _shock(b, 80)
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


@card(110, "venue", "a position whose margin is gone is liquidated, and no more than its margin is lost")
def liquidation(b: CcxtBench) -> str:
    b.x.set_margin_mode("isolated", SYMBOL)
    b.x.set_leverage(100, SYMBOL)
    try:
        before = float(b.equity())
        b.take(0.5, marginMode="isolated")
        held = b.x.fetch_position(SYMBOL)["initialMargin"]
        check(b.x.fetch_position(SYMBOL)["liquidationPrice"] < b.bid(), "no liquidation price below the market")
        _shock(b, -150)
        b.eventually(lambda: b.position() == 0, MOVED_MS)
        lost = before - float(b.equity())
        check(0 < lost < held * 2, (lost, held))
        ids = [o["clientOrderId"] for o in b.x.fetch_canceled_and_closed_orders(SYMBOL)]
        check(any(each.startswith("liquidation-") for each in ids), ids[:3])
    finally:
        b.x.set_leverage(10, SYMBOL)
        b.x.set_margin_mode("cross", SYMBOL)
        _shock(b, 150)
    return f"lost {lost:.2f} of a margin of {held:.2f}"


@card(111, "venue", "auto-deleveraging closes part of a position, and the order that did it is in the history")
def adl(b: CcxtBench) -> str:
    b.take(0.02)
    _fault(b, fault="adl", account=b.account_id, symbol=PAIR, fraction="0.5")
    b.eventually(lambda: abs(b.position() - QTY) < 1e-9, 3_000)
    ids = [o["clientOrderId"] for o in b.x.fetch_canceled_and_closed_orders(SYMBOL)]
    check(ids[0].startswith("adl-") or any(each.startswith("adl-") for each in ids), ids[:3])
    return f"{b.position()} left"


@card(112, "venue", "a halted pair takes no orders, and gives those that rest back")
def halted(b: CcxtBench) -> str:
    order_id = b.rest()["id"]
    _fault(b, fault="halt_symbol", symbol=PAIR)
    said = b.eventually(lambda: _said(lambda: b.rest(), "SYMBOL_HALTED"), 3_000)
    b.x.cancel_order(order_id, SYMBOL)
    return str(said)


@card(113, "venue", "rules that change in mid-session are told and enforced")
def rules(b: CcxtBench) -> str:
    _fault(b, fault="change_rules", symbol=PAIR, factor=10)
    said = b.eventually(lambda: _said(lambda: b.place_raw(price="50000.1"), "PRICE_NOT_ON_TICK"), 3_000)
    told = b.x.publicMixGetV2MixMarketContracts({"productType": PRODUCT, "symbol": MARKET_ID})["data"][0]
    check((told["pricePlace"], told["priceEndStep"]) == ("0", "1"), told)
    return str(said)


@card(114, "venue", "a person's trade on the account is seen as a position nobody asked for")
def manual(b: CcxtBench) -> str:
    _fault(b, fault="manual_trade", account=b.account_id, symbol=PAIR, side="sell", amount="0.03")
    b.eventually(lambda: abs(b.position() + 0.03) < 1e-9, 3_000)
    return f"{b.position()}"


@card(115, "venue", "money that comes from outside is a transfer, not a profit")
def transfer(b: CcxtBench) -> str:
    before = b.equity()
    _fault(b, fault="transfer", account=b.account_id, amount="250")
    b.eventually(lambda: b.equity() - before == 250, 3_000)
    row = b.bills("trans_from_exchange")[0]
    check(float(row["amount"]) == 250, row)
    return "250 USDT"


@card(116, "venue", "fees that change are told and charged")
def fees(b: CcxtBench) -> str:
    _fault(b, fault="fee_change", account=b.account_id, factor=2)
    b.eventually(lambda: b.x.fetch_trading_fee(SYMBOL)["taker"] == 0.0012, 3_000)
    order = b.take()
    rate = order["fee"]["cost"] / order["cost"]
    check(abs(rate - 0.0012) < 1e-6, rate)
    return f"{rate:.4f}"


@card(117, "wire", "who does not heed 429 is banned for a while, and told so")
def ban(b: CcxtBench) -> str:
    _fault(b, fault="banned", account=b.account_id, delay_ms=1_500, count_max=1)
    b.refused(ccxt.DDoSProtection, b.position, "RATE_LIMITED")
    b.refused(ccxt.DDoSProtection, b.equity, "RATE_LIMITED")
    b.eventually(lambda: not _said(b.position, "RATE_LIMITED"), 5_000)
    return "1.5 s"


@card(118, "wire", "an order that fills while its cancel is on the way is filled, and the cancel is refused")
def cancel_race(b: CcxtBench) -> str:
    order_id = b.x.create_order(SYMBOL, "limit", "buy", QTY, b.bid() * 0.9999)["id"]
    _fault(b, fault="filled_on_cancel", account=b.account_id, count_max=1)
    said = b.refused(ccxt.ExchangeError, lambda: b.x.cancel_order(order_id, SYMBOL))
    check(b.order(order_id)["status"] == "closed", b.order(order_id)["status"])
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


def _fault(b: CcxtBench, **rule: Any) -> None:
    b.target.admin("/sim/faults", {"rules": [rule]})


def _shock(b: CcxtBench, bps: int) -> None:
    """Somebody knows: the price moves by so much, and the mark with it."""
    _fault(b, fault="price_shock", symbol=PAIR, amount=str(bps))


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


def _said(call: Callable[[], object], words: str) -> str:
    """The refusal's text when it has these words, "" when the call passed. Anything else is an error."""
    try:
        call()
    except ccxt.BaseError as error:
        if words in str(error):
            return str(error)[:120]
        raise
    return ""
