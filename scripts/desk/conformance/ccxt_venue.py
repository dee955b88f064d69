"""ccxt cards 110-118: what the venue does by itself, and how it is told."""

from collections.abc import Callable

import ccxt

from scripts.desk.conformance.ccxt_bench import MARKET_ID, PAIR, PRODUCT, QTY, SYMBOL, CcxtBench
from services.dialects.cards import Deck, check

DECK = Deck()
card = DECK.card
MOVED_MS = 15_000


@card(110, "venue", "a position whose margin is gone is liquidated, and no more than its margin is lost")
def liquidation(b: CcxtBench) -> str:
    b.x.set_margin_mode("isolated", SYMBOL)
    b.x.set_leverage(100, SYMBOL)
    try:
        before = float(b.equity())
        b.take(0.5, marginMode="isolated")
        held = b.x.fetch_position(SYMBOL)["initialMargin"]
        check(b.x.fetch_position(SYMBOL)["liquidationPrice"] < b.bid(), "no liquidation price below the market")
        b.shock(-150)
        b.eventually(lambda: b.position() == 0, MOVED_MS)
        lost = before - float(b.equity())
        check(0 < lost < held * 2, (lost, held))
        ids = [o["clientOrderId"] for o in b.x.fetch_canceled_and_closed_orders(SYMBOL)]
        check(any(each.startswith("liquidation-") for each in ids), ids[:3])
    finally:
        b.x.set_leverage(10, SYMBOL)
        b.x.set_margin_mode("cross", SYMBOL)
        b.shock(150)
    return f"lost {lost:.2f} of a margin of {held:.2f}"


@card(111, "venue", "auto-deleveraging closes part of a position, and the order that did it is in the history")
def adl(b: CcxtBench) -> str:
    b.take(0.02)
    b.fault(fault="adl", account=b.account_id, symbol=PAIR, fraction="0.5")
    b.eventually(lambda: abs(b.position() - QTY) < 1e-9, 3_000)
    ids = [o["clientOrderId"] for o in b.x.fetch_canceled_and_closed_orders(SYMBOL)]
    check(ids[0].startswith("adl-") or any(each.startswith("adl-") for each in ids), ids[:3])
    return f"{b.position()} left"


@card(112, "venue", "a halted pair takes no orders, and gives those that rest back")
def halted(b: CcxtBench) -> str:
    order_id = b.rest()["id"]
    b.fault(fault="halt_symbol", symbol=PAIR)
    said = b.eventually(lambda: _said(lambda: b.rest(), "SYMBOL_HALTED"), 3_000)
    b.x.cancel_order(order_id, SYMBOL)
    return str(said)


@card(113, "venue", "rules that change in mid-session are told and enforced")
def rules(b: CcxtBench) -> str:
    b.fault(fault="change_rules", symbol=PAIR, factor=10)
    said = b.eventually(lambda: _said(lambda: b.place_raw(price="50000.1"), "PRICE_NOT_ON_TICK"), 3_000)
    told = b.x.publicMixGetV2MixMarketContracts({"productType": PRODUCT, "symbol": MARKET_ID})["data"][0]
    check((told["pricePlace"], told["priceEndStep"]) == ("0", "1"), told)
    return str(said)


@card(114, "venue", "a person's trade on the account is seen as a position nobody asked for")
def manual(b: CcxtBench) -> str:
    b.fault(fault="manual_trade", account=b.account_id, symbol=PAIR, side="sell", amount="0.03")
    b.eventually(lambda: abs(b.position() + 0.03) < 1e-9, 3_000)
    return f"{b.position()}"


@card(115, "venue", "money that comes from outside is a transfer, not a profit")
def transfer(b: CcxtBench) -> str:
    before = b.equity()
    b.fault(fault="transfer", account=b.account_id, amount="250")
    b.eventually(lambda: b.equity() - before == 250, 3_000)
    row = b.bills("trans_from_exchange")[0]
    check(float(row["amount"]) == 250, row)
    return "250 USDT"


@card(116, "venue", "fees that change are told and charged")
def fees(b: CcxtBench) -> str:
    b.fault(fault="fee_change", account=b.account_id, factor=2)
    b.eventually(lambda: b.x.fetch_trading_fee(SYMBOL)["taker"] == 0.0012, 3_000)
    order = b.take()
    rate = order["fee"]["cost"] / order["cost"]
    check(abs(rate - 0.0012) < 1e-6, rate)
    return f"{rate:.4f}"


@card(117, "wire", "who does not heed 429 is banned for a while, and told so")
def ban(b: CcxtBench) -> str:
    b.fault(fault="banned", account=b.account_id, delay_ms=1_500, count_max=1)
    b.refused(ccxt.DDoSProtection, b.position, "RATE_LIMITED")
    b.refused(ccxt.DDoSProtection, b.equity, "RATE_LIMITED")
    b.eventually(lambda: not _said(b.position, "RATE_LIMITED"), 5_000)
    return "1.5 s"


@card(118, "wire", "an order that fills while its cancel is on the way is filled, and the cancel is refused")
def cancel_race(b: CcxtBench) -> str:
    order_id = b.x.create_order(SYMBOL, "limit", "buy", QTY, b.bid() * 0.9999)["id"]
    b.fault(fault="filled_on_cancel", account=b.account_id, count_max=1)
    said = b.refused(ccxt.ExchangeError, lambda: b.x.cancel_order(order_id, SYMBOL))
    check(b.order(order_id)["status"] == "closed", b.order(order_id)["status"])
    return said


# -------------------------------------------------------------------------------------------------------------- helpers


def _said(call: Callable[[], object], words: str) -> str:
    """The refusal's text when it has these words, "" when the call passed. Anything else is an error."""
    try:
        call()
    except ccxt.BaseError as error:
        if words in str(error):
            return str(error)[:120]
        raise
    return ""
