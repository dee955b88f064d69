"""The unmodified ccxt bitget client and what the cards need around it. Nothing of ccxt is changed but its addresses."""

import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import ccxt
import ccxt.pro

from scripts.desk.conformance.target import Key, Target
from services.common.ports import Clock
from services.dialects.cards import CardFailed

SYMBOL = "BTC/USDT:USDT"
MARKET_ID = "BTCUSDT"
PAIR = "BTC-USDT"
PRODUCT = "USDT-FUTURES"
QTY = 0.01


class CcxtBench:
    """``x`` trades on the target's account."""

    def __init__(self, target: Target, clock: Clock) -> None:
        self.target = target
        self.clock = clock
        self.key = target.key()
        self.account_id = target.account_id
        self.x = self.client()
        self.x.load_markets()

    def client(self, **changed: str) -> Any:
        """Another client of the same account; ``changed`` replaces api_key, secret or passphrase."""
        return _addressed(ccxt.bitget(_options(self.key._replace(**changed))), self.target.url)

    def pro_client(self) -> Any:
        """The asynchronous client with WebSocket."""
        return _addressed(ccxt.pro.bitget(_options(self.key)), self.target.url)

    def reset(self) -> None:
        """No faults, no orders, no position."""
        self.target.admin("/sim/faults", {"rules": []})
        self.target.admin("/sim/orders/cancel", {"account_id": self.account_id})
        for position in self.target.admin("/sim/status")["accounts"][self.account_id]["positions"]:
            qty = float(position["qty_base"])
            self.x.create_order(SYMBOL, "market", "sell" if qty > 0 else "buy", abs(qty), params={"reduceOnly": True})

    # ---------------------------------------------------------------------------------------------------- asking

    def bid(self) -> float:
        return float(self.x.fetch_order_book(SYMBOL)["bids"][0][0])

    def ask(self) -> float:
        return float(self.x.fetch_order_book(SYMBOL)["asks"][0][0])

    def price(self, near: float) -> float:
        """The nearest price on the tick."""
        return float(self.x.price_to_precision(SYMBOL, near))

    def account(self) -> Mapping[str, Any]:
        """The account with its modes, as the wire has it."""
        params = {"symbol": MARKET_ID, "productType": PRODUCT, "marginCoin": "USDT"}
        return dict(self.x.privateMixGetV2MixAccountAccount(params)["data"])

    def position(self) -> float:
        """Signed base quantity."""
        for position in self.x.fetch_positions([SYMBOL]):
            return float(position["contracts"]) * (1 if position["side"] == "long" else -1)
        return 0.0

    def rest(self, qty: float = QTY, side: str = "buy", **params: Any) -> dict[str, Any]:
        """A limit order that stays where it is, three percent away."""
        price = self.bid() * 0.97 if side == "buy" else self.ask() * 1.03
        return dict(self.x.create_order(SYMBOL, "limit", side, qty, price, params))

    def take(self, qty: float = QTY, side: str = "buy", **params: Any) -> dict[str, Any]:
        """A market order, as it stands afterwards."""
        placed = self.x.create_order(SYMBOL, "market", side, qty, params=params)
        return self.order(placed["id"])

    def order(self, order_id: str) -> dict[str, Any]:
        return dict(self.x.fetch_order(order_id, SYMBOL))

    def place_raw(self, **fields: str) -> Any:
        """Place-order as the wire has it, past ccxt's own rounding and checks."""
        body = {
            "symbol": MARKET_ID,
            "productType": PRODUCT,
            "marginCoin": "USDT",
            "marginMode": "crossed",
            "side": "buy",
            "orderType": "limit",
            "force": "gtc",
            "size": "0.01",
            "price": "50000",
        }
        return self.x.privateMixPostV2MixOrderPlaceOrder({**body, **fields})

    def bills(self, business_type: str = "") -> list[Mapping[str, Any]]:
        params = {"productType": PRODUCT, "limit": "1000"} | ({"businessType": business_type} if business_type else {})
        return list(self.x.privateMixGetV2MixAccountBill(params)["data"]["bills"])

    def equity(self) -> Decimal:
        accounts = self.x.privateMixGetV2MixAccountAccounts({"productType": PRODUCT})["data"]
        return Decimal(accounts[0]["accountEquity"])

    # ------------------------------------------------------------------------------------------ what the venue does

    def fault(self, **rule: Any) -> None:
        """The one rule of the venue's fault plan from now on."""
        self.target.admin("/sim/faults", {"rules": [rule]})

    def shock(self, bps: int) -> None:
        """Somebody knows: the price moves by so much, and the mark with it."""
        self.fault(fault="price_shock", symbol=PAIR, amount=str(bps))

    # -------------------------------------------------------------------------------------------------- expecting

    def refused(self, kind: type[Exception], call: Callable[[], Any], words: str = "") -> str:
        """The message of the refusal; CardFailed when there was none, or another one."""
        try:
            answer = call()
        except kind as error:
            if words not in str(error):
                raise CardFailed(f"refused without {words!r}: {error}") from None
            return f"{type(error).__name__}: {str(error)[:120]}"
        raise CardFailed(f"accepted: {answer}")

    def seen(self, condition: Callable[[], Any], within_ms: int) -> Any:
        """The first true value, or the last one when there was none in time."""
        deadline_ms = self.clock.monotonic_ms() + within_ms
        while not (value := condition()) and self.clock.monotonic_ms() < deadline_ms:
            time.sleep(0.1)
        return value

    def eventually(self, condition: Callable[[], Any], within_ms: int) -> Any:
        """The first true value; CardFailed when there was none in time."""
        value = self.seen(condition, within_ms)
        if not value:
            raise CardFailed(f"not within {within_ms} ms")
        return value


def _options(key: Key) -> dict[str, str]:
    return {"apiKey": key.api_key, "secret": key.secret, "password": key.passphrase}


def _addressed(client: Any, url: str) -> Any:
    api = client.urls["api"]
    client.urls["api"] = {name: url for name in api if name != "ws"}
    client.urls["api"]["ws"] = {
        name: f"{url.replace('http', 'ws', 1)}/v2/ws/{'private' if 'rivate' in name else 'public'}"
        for name in api.get("ws", ("public", "private"))
    }
    return client
