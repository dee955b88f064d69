"""ccxt cards 50-74: positions, money, settings and refusals."""

from decimal import Decimal

import ccxt

from scripts.desk.conformance.ccxt_bench import MARKET_ID, PRODUCT, QTY, SYMBOL, CcxtBench
from services.dialects.cards import Deck, check

DECK = Deck()
card = DECK.card


@card(50, "positions", "a bought quantity is a long position with its entry price")
def long(b: CcxtBench) -> str:
    order = b.take()
    (position,) = b.x.fetch_positions([SYMBOL])
    check((position["side"], position["contracts"]) == ("long", QTY), position)
    check(abs(position["entryPrice"] / order["average"] - 1) < 1e-6, position)
    return f"entry {position['entryPrice']}"


@card(51, "positions", "a sold quantity is a short position")
def short(b: CcxtBench) -> str:
    b.take(side="sell")
    position = b.x.fetch_position(SYMBOL)
    check((position["side"], position["contracts"]) == ("short", QTY), position)
    return f"entry {position['entryPrice']}"


@card(52, "positions", "a larger opposite order turns the position round")
def flip(b: CcxtBench) -> str:
    b.take()
    b.take(0.03, "sell")
    check(abs(b.position() + 0.02) < 1e-9, b.position())
    return f"{b.position()}"


@card(53, "positions", "a reduce-only order reduces")
def reduce_only(b: CcxtBench) -> str:
    b.take()
    b.take(0.004, "sell", reduceOnly=True)
    check(abs(b.position() - 0.006) < 1e-9, b.position())
    return f"{b.position()} left"


@card(54, "positions", "a reduce-only order never opens: without a position it is refused")
def reduce_only_flat(b: CcxtBench) -> str:
    return b.refused(ccxt.ExchangeError, lambda: b.take(side="sell", reduceOnly=True), "REDUCE_ONLY_REJECTED")


@card(55, "positions", "a reduce-only order larger than the position never turns it round")
def reduce_only_large(b: CcxtBench) -> str:
    b.take()
    try:
        b.take(0.05, "sell", reduceOnly=True)
    except ccxt.ExchangeError as error:
        check("REDUCE_ONLY_REJECTED" in str(error), error)
    check(b.position() >= 0, b.position())
    return f"{b.position()} left"


@card(56, "positions", "a position is closed at once")
def close(b: CcxtBench) -> str:
    b.take()
    b.x.close_position(SYMBOL)
    check(b.x.fetch_positions([SYMBOL]) == [], b.position())
    return "flat"


@card(57, "money", "equity falls by exactly the fees of a round trip and its price difference")
def round_trip(b: CcxtBench) -> str:
    before = b.equity()
    orders = [b.take(), b.take(side="sell")]
    booked = sum((Decimal(row["amount"]) for row in b.bills() if int(row["billId"]) > int(orders[0]["id"])), Decimal(0))
    check(b.equity() - before == booked, f"equity moved {b.equity() - before}, bills {booked}")
    return f"{booked} USDT"


@card(58, "money", "margin is held while an order rests and free again after")
def margin(b: CcxtBench) -> str:
    def free() -> float:
        return float(b.x.fetch_balance({"type": "swap"})["free"]["USDT"])

    before = free()
    order_id = b.rest(0.1)["id"]
    held = before - free()
    b.x.cancel_order(order_id, SYMBOL)
    check(held > 0 and abs(free() - before) < 1e-6, (before, held, free()))
    return f"held {held:.2f}"


@card(59, "money", "the spot balance is empty, not an error")
def spot(b: CcxtBench) -> str:
    check(b.x.fetch_balance()["total"] == {}, "not empty")
    return "empty"


@card(60, "money", "the ledger lists what moved cash, newest first")
def ledger(b: CcxtBench) -> str:
    b.take()
    rows = b.bills()
    ids = [int(row["billId"]) for row in rows]
    check(rows and ids == sorted(ids, reverse=True), ids[:5])
    check(len(b.x.fetch_ledger("USDT", params={"symbol": SYMBOL})) > 0, "fetch_ledger is empty")
    return f"{len(rows)} rows"


@card(61, "money", "funding is paid on a position and listed")
def funding(b: CcxtBench) -> str:
    b.take()
    seen = {row["billId"] for row in b.bills("contract_settle_fee")}
    row = b.eventually(
        lambda: next((row for row in b.bills("contract_settle_fee") if row["billId"] not in seen), None), 40_000
    )
    check(Decimal(row["amount"]) != 0, row)
    check(len(b.x.fetch_funding_history(SYMBOL)) > 0, "fetch_funding_history is empty")
    return f"{row['amount']} USDT"


@card(62, "settings", "leverage is set and read back")
def leverage(b: CcxtBench) -> str:
    for wanted in (25, 10):
        b.x.set_leverage(wanted, SYMBOL)
        check(b.x.fetch_leverage(SYMBOL)["longLeverage"] == wanted, wanted)
    return "25x, 10x"


@card(63, "settings", "leverage above the pair's maximum is refused")
def leverage_high(b: CcxtBench) -> str:
    return b.refused(ccxt.ExchangeError, lambda: b.x.set_leverage(126, SYMBOL), "LEVERAGE_TOO_HIGH")


@card(64, "settings", "the margin mode is set")
def margin_mode(b: CcxtBench) -> str:
    b.x.set_margin_mode("cross", SYMBOL)
    check(b.x.fetch_margin_mode(SYMBOL)["marginMode"] == "cross", "not cross")
    return "cross"


@card(65, "settings", "the position mode cannot change while a position is open")
def position_mode(b: CcxtBench) -> str:
    b.x.set_position_mode(False, SYMBOL)
    b.take()
    return b.refused(ccxt.ExchangeError, lambda: b.x.set_position_mode(True, SYMBOL))


@card(66, "refusals", "a price off the tick is refused")
def off_tick(b: CcxtBench) -> str:
    return b.refused(ccxt.ExchangeError, lambda: b.place_raw(price="50000.05"), "PRICE_NOT_ON_TICK")


@card(67, "refusals", "a quantity off the lot is refused")
def off_lot(b: CcxtBench) -> str:
    return b.refused(ccxt.ExchangeError, lambda: b.place_raw(size="0.01005"), "QTY_NOT_ON_LOT")


@card(68, "refusals", "a quantity below the minimum is refused")
def below_min(b: CcxtBench) -> str:
    return b.refused(ccxt.ExchangeError, lambda: b.place_raw(size="0"), "QTY_BELOW_MIN")


@card(69, "refusals", "a value below the minimum is refused")
def below_notional(b: CcxtBench) -> str:
    return b.refused(ccxt.InvalidOrder, lambda: b.place_raw(size="0.0001", price="10000"), "NOTIONAL_BELOW_MIN")


@card(70, "refusals", "a quantity above the maximum is refused")
def above_max(b: CcxtBench) -> str:
    return b.refused(ccxt.ExchangeError, lambda: b.place_raw(size="5000"), "QTY_ABOVE_MAX")


@card(71, "refusals", "an order the margin does not cover is refused")
def too_large(b: CcxtBench) -> str:
    return b.refused(ccxt.InsufficientFunds, lambda: b.place_raw(size="100", price="50000"), "INSUFFICIENT_MARGIN")


@card(72, "refusals", "prices that are no numbers are refused")
def nonsense(b: CcxtBench) -> str:
    said = []
    for price in ("-1", "0", "NaN", "Infinity", "cheap"):
        said.append(b.refused(ccxt.ExchangeError, lambda price=price: b.place_raw(price=price)))  # type: ignore[misc]
    check(b.x.fetch_open_orders(SYMBOL) == [], "an order came of it")
    return said[-1][:80]


@card(73, "refusals", "missing fields are refused with the field's name")
def missing(b: CcxtBench) -> str:
    body = {"symbol": MARKET_ID, "productType": PRODUCT, "side": "buy", "orderType": "limit", "price": "50000"}
    return b.refused(ccxt.ExchangeError, lambda: b.x.privateMixPostV2MixOrderPlaceOrder(body), "size")


@card(74, "refusals", "another product is refused")
def product(b: CcxtBench) -> str:
    return b.refused(ccxt.ExchangeError, lambda: b.place_raw(productType="USDC-FUTURES"), "UNKNOWN_SYMBOL")
