"""The unmodified ccxt bitget client on the simulated venue: one line per call, exit 1 when any of them fails.

python -m tests.e2e.ccxt_on_venue_sim
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import ccxt

from tests.e2e.venue_process import VenueProcess, ccxt_bitget

SYMBOL = "BTC/USDT:USDT"


def steps(x: ccxt.bitget) -> list[tuple[str, Callable[[], str]]]:
    """(name, call): each call does its work, checks it and returns a few words."""
    seen: dict = {}

    def passive_price() -> float:
        return x.fetch_order_book(SYMBOL)["bids"][0][0] * 0.97

    def limit(**params) -> dict:
        order = x.create_order(SYMBOL, "limit", "buy", 0.001, passive_price(), params)
        seen["id"] = order["id"]
        return order

    def load_markets() -> str:
        market = x.load_markets()[SYMBOL]
        assert market["swap"] and market["linear"] and market["precision"]["price"] == 0.1
        assert market["precision"]["amount"] == 0.0001 and market["limits"]["cost"]["min"] == 5
        return f"{len(x.symbols)} markets"

    def order_book() -> str:
        book = x.fetch_order_book(SYMBOL)
        assert book["bids"][0][0] < book["asks"][0][0] and len(book["bids"]) >= 20
        return f"{book['bids'][0][0]} / {book['asks'][0][0]}"

    def create_limit() -> str:
        return f"id {limit(clientOrderId='ccxt-1')['id']}"

    def open_orders() -> str:
        (order,) = [o for o in x.fetch_open_orders(SYMBOL) if o["id"] == seen["id"]]
        assert (order["status"], order["side"], order["amount"]) == ("open", "buy", 0.001), order
        assert order["clientOrderId"] == "ccxt-1"
        return f"{order['amount']} @ {order['price']}"

    def fetch_order() -> str:
        order = x.fetch_order(seen["id"], SYMBOL)
        assert order["status"] == "open" and order["filled"] == 0
        return order["status"]

    def edit() -> str:
        edited = x.edit_order(seen["id"], SYMBOL, "limit", "buy", 0.002, passive_price())
        seen["id"] = edited["id"]
        order = x.fetch_order(seen["id"], SYMBOL)
        assert order["amount"] == 0.002 and order["status"] == "open", order
        return f"{order['amount']} @ {order['price']}"

    def cancel() -> str:
        x.cancel_order(seen["id"], SYMBOL)
        order = x.fetch_order(seen["id"], SYMBOL)
        assert order["status"] == "canceled", order
        return order["status"]

    def cancel_again() -> str:
        try:
            x.cancel_order(seen["id"], SYMBOL)
        except (ccxt.OrderNotFound, ccxt.ExchangeError) as error:
            return type(error).__name__
        raise AssertionError("a cancelled order was cancelled again")

    def post_only_order() -> str:
        limit(postOnly=True)
        order = x.fetch_order(seen["id"], SYMBOL)
        assert order["postOnly"], order
        return "resting"

    def cancel_listed() -> str:
        return f"{len(x.cancel_orders([seen['id']], SYMBOL))} cancelled"

    def cancel_all() -> str:
        limit()
        limit()
        cancelled = x.cancel_all_orders(SYMBOL)
        assert len(cancelled) == 2 and x.fetch_open_orders(SYMBOL) == []
        return f"{len(cancelled)} cancelled"

    def market_order() -> str:
        seen["id"] = x.create_order(SYMBOL, "market", "buy", 0.01)["id"]
        order = x.fetch_order(seen["id"], SYMBOL)
        assert order["status"] == "closed" and order["filled"] == 0.01 and order["fee"]["cost"] > 0, order
        return f"filled {order['filled']} @ {order['average']}"

    def my_trades() -> str:
        trades = [t for t in x.fetch_my_trades(SYMBOL) if t["order"] == seen["id"]]
        assert sum(t["amount"] for t in trades) == 0.01 and trades[0]["takerOrMaker"] == "taker"
        return f"{len(trades)} trades"

    def positions() -> str:
        (position,) = x.fetch_positions([SYMBOL])
        assert position["side"] == "long" and position["contracts"] == 0.01, position
        return f"{position['side']} {position['contracts']} @ {position['entryPrice']}"

    def closed_orders() -> str:
        assert seen["id"] in {o["id"] for o in x.fetch_closed_orders(SYMBOL)}
        return "listed"

    def reduce_only() -> str:
        x.create_order(SYMBOL, "market", "sell", 0.004, params={"reduceOnly": True})
        (position,) = x.fetch_positions([SYMBOL])
        assert position["contracts"] == 0.006
        return f"{position['contracts']} left"

    def close_position() -> str:
        x.close_position(SYMBOL)
        assert x.fetch_positions([SYMBOL]) == []
        return "flat"

    def set_leverage() -> str:
        x.set_leverage(20, SYMBOL)
        leverage = x.fetch_leverage(SYMBOL)
        assert leverage["longLeverage"] == 20, leverage
        return f"{leverage['longLeverage']}x"

    def set_margin_mode() -> str:
        x.set_margin_mode("cross", SYMBOL)
        return "cross"

    def set_position_mode() -> str:
        x.set_position_mode(False, SYMBOL)
        return "one-way"

    def too_small() -> str:
        try:
            x.create_order(SYMBOL, "limit", "buy", 0.0001, 10000)
        except ccxt.InvalidOrder as error:
            return str(error)[:60]
        raise AssertionError("an order below the minimum was taken")

    return [
        ("load_markets", load_markets),
        ("fetch_time", lambda: str(x.fetch_time())),
        ("fetch_ticker", lambda: str(x.fetch_ticker(SYMBOL)["last"])),
        ("fetch_order_book", order_book),
        ("fetch_trades", lambda: f"{len(x.fetch_trades(SYMBOL))} trades"),
        ("fetch_ohlcv", lambda: f"{len(x.fetch_ohlcv(SYMBOL, '1m', limit=100))} candles"),
        ("fetch_funding_rate", lambda: str(x.fetch_funding_rate(SYMBOL)["fundingRate"])),
        ("fetch_market_leverage_tiers", lambda: f"{len(x.fetch_market_leverage_tiers(SYMBOL))} tiers"),
        ("fetch_trading_fee", lambda: str(x.fetch_trading_fee(SYMBOL)["maker"])),
        ("fetch_balance", lambda: str(x.fetch_balance()["total"])),
        ("fetch_balance swap", lambda: str(x.fetch_balance({"type": "swap"})["total"])),
        ("set_leverage", set_leverage),
        ("set_margin_mode", set_margin_mode),
        ("set_position_mode", set_position_mode),
        ("create limit order", create_limit),
        ("fetch_open_orders", open_orders),
        ("fetch_order", fetch_order),
        ("edit_order", edit),
        ("cancel_order", cancel),
        ("cancel_order again", cancel_again),
        ("create post-only order", post_only_order),
        ("cancel_orders", cancel_listed),
        ("cancel_all_orders", cancel_all),
        ("create market order", market_order),
        ("fetch_my_trades", my_trades),
        ("fetch_positions", positions),
        ("fetch_closed_orders", closed_orders),
        ("reduce-only order", reduce_only),
        ("close_position", close_position),
        ("order below minimum", too_small),
        ("fetch_ledger", lambda: f"{len(x.fetch_ledger('USDT', params={'symbol': SYMBOL}))} rows"),
        ("fetch_funding_history", lambda: f"{len(x.fetch_funding_history(SYMBOL))} payments"),
    ]


def run(exchange: ccxt.bitget) -> list[tuple[str, bool, str]]:
    """(name, passed, words) of every step; the first failure does not stop the others."""
    results = []
    for name, step in steps(exchange):
        try:
            results.append((name, True, step()))
        except (ccxt.BaseError, AssertionError, LookupError, ValueError, TypeError) as error:
            results.append((name, False, f"{type(error).__name__}: {error}"))
    return results


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="hb") as run_dir, VenueProcess(Path(run_dir)) as venue:
        results = run(ccxt_bitget(venue))
    for name, passed, words in results:
        print(f"{'ok  ' if passed else 'FAIL'}  {name:28} {words}")
    return 0 if all(passed for _, passed, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
