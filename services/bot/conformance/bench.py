"""Hummingbot's own Bitget connector, nothing changed but its addresses, and what the cards need around it."""

import asyncio
import json
import urllib.request
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from hummingbot.connector.derivative.bitget_perpetual.bitget_perpetual_derivative import BitgetPerpetualDerivative
from hummingbot.connector.time_synchronizer import TimeSynchronizer
from hummingbot.core.api_throttler.async_throttler_base import AsyncThrottlerBase
from hummingbot.core.clock import Clock, ClockMode
from hummingbot.core.data_type.common import OrderType, PositionAction
from hummingbot.core.event.event_forwarder import EventForwarder
from hummingbot.core.event.events import MarketEvent
from hummingbot.core.web_assistant.auth import AuthBase
from hummingbot.core.web_assistant.web_assistants_factory import WebAssistantsFactory

from services.bot.web import GatewayAssistantsFactory, GatewayWebUtils
from services.common.ports import Clock as DeskClock
from services.dialects.cards import CardFailed

PAIR = "BTC-USDT"
QTY = Decimal("0.01")
TICK = Decimal("0.1")
READY_S = 30.0
EVENTS = (
    MarketEvent.BuyOrderCreated,
    MarketEvent.SellOrderCreated,
    MarketEvent.OrderFilled,
    MarketEvent.OrderCancelled,
    MarketEvent.OrderFailure,
    MarketEvent.BuyOrderCompleted,
    MarketEvent.SellOrderCompleted,
)


class _StockAssistants(GatewayAssistantsFactory):
    """The desk's bound on a request's time is taken off again: addresses only."""

    get_rest_assistant = WebAssistantsFactory.get_rest_assistant


class _Addresses(GatewayWebUtils):
    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._url = url

    def build_factory(
        self, throttler: AsyncThrottlerBase, synchronizer: TimeSynchronizer, auth: AuthBase
    ) -> GatewayAssistantsFactory:
        pre_processors = super().build_factory(throttler, synchronizer, auth)._rest_pre_processors[:1]
        return _StockAssistants(self._url, throttler, auth, pre_processors)


class StockConnector(BitgetPerpetualDerivative):
    """What it sends and reads is upstream's; only where it sends it is ours."""

    def __init__(self, url: str, key: dict[str, str]) -> None:
        self.web_utils = _Addresses(url)
        super().__init__(
            bitget_perpetual_api_key=key["api_key"],
            bitget_perpetual_secret_key=key["secret"],
            bitget_perpetual_passphrase=key["passphrase"],
            trading_pairs=[PAIR],
        )

    def _create_web_assistants_factory(self) -> WebAssistantsFactory:
        return self.web_utils.build_factory(self._throttler, self._time_synchronizer, self._auth)


class HummingbotBench:
    """``c`` is the connector, trading on the account "manual"; ``events`` is everything it has said."""

    def __init__(self, url: str, run_dir: Path, clock: DeskClock) -> None:
        self.url = url
        self.clock = clock
        accounts = json.loads((run_dir / "secrets" / "venue_accounts.json").read_text())
        self.key: dict[str, str] = accounts["manual"]
        self._token = (run_dir / "secrets" / "admin_token").read_text().strip()
        self.c = StockConnector(url, self.key)
        self.events: list[Any] = []
        self._forwarders = [EventForwarder(self.events.append) for _ in EVENTS]
        for event, forwarder in zip(EVENTS, self._forwarders, strict=True):
            self.c.add_listener(event, forwarder)

    async def start(self) -> asyncio.Task[None]:
        """The host's clock begins to tick; returns once the connector is ready."""
        clock = Clock(ClockMode.REALTIME, 1.0)
        clock.add_iterator(self.c)

        async def tick() -> None:
            with clock:
                await clock.run()

        ticking = asyncio.create_task(tick())
        await self.until(lambda: self.c.ready, READY_S)
        return ticking

    async def reset(self) -> None:
        """No faults, no orders, no position, nothing in flight."""
        await self.admin("/sim/faults", {"rules": []})
        await self.until(lambda: self.c.ready, READY_S)
        await self.admin("/sim/orders/cancel", {"account_id": "manual"})
        await self.until(lambda: not self.c.in_flight_orders, 20)
        venue_position = (await self.admin("/sim/status"))["accounts"]["manual"]["positions"]
        if venue_position:
            qty = Decimal(venue_position[0]["qty_base"])
            await self.filled(self.take(-qty))
        await self.until(lambda: not self.c.account_positions, 20)
        self.events.clear()

    # ---------------------------------------------------------------------------------------------------- trading

    def best(self, is_ask: bool) -> Decimal:
        return Decimal(str(self.c.get_order_book(PAIR).get_price(is_ask))).quantize(TICK)

    def rest(self, side: str = "buy", *, qty: Decimal = QTY, order_type: OrderType = OrderType.LIMIT_MAKER) -> str:
        """An order three percent away; returns its client order id."""
        if side == "buy":
            price = (self.best(False) * Decimal("0.97")).quantize(TICK)
            return self.place("buy", qty, order_type, price)
        return self.place("sell", qty, order_type, (self.best(True) * Decimal("1.03")).quantize(TICK))

    def take(self, qty: Decimal) -> str:
        """A market order of a signed quantity."""
        return self.place("buy" if qty > 0 else "sell", abs(qty), OrderType.MARKET, Decimal("NaN"))

    def place(self, side: str, qty: Decimal, order_type: OrderType, price: Decimal) -> str:
        send = self.c.buy if side == "buy" else self.c.sell
        return str(send(PAIR, qty, order_type, price, position_action=PositionAction.OPEN))

    async def opened(self, order_id: str) -> Any:
        """The created event."""
        return await self.event("OrderCreatedEvent", order_id)

    async def filled(self, order_id: str) -> list[Any]:
        """The fills of an order that completes."""
        await self.event("OrderCompletedEvent", order_id)
        return self.of("OrderFilledEvent", order_id)

    def order(self, order_id: str) -> Any:
        """The connector's own record of an order, also when it has ended."""
        return self.c._order_tracker.fetch_order(client_order_id=order_id)

    async def event(self, name: str, order_id: str, within_s: float = 10) -> Any:
        return (await self.until(lambda: self.of(name, order_id), within_s))[0]

    def of(self, name: str, order_id: str) -> list[Any]:
        """Events whose class name ends so: "OrderCreatedEvent" is both sides'."""
        return [e for e in self.events if type(e).__name__.endswith(name) and e.order_id == order_id]

    # --------------------------------------------------------------------------------------------------- the venue

    async def admin(self, path: str, body: dict[str, Any] | None = None) -> Any:
        def ask() -> Any:
            data = None if body is None else json.dumps(body).encode()
            request = urllib.request.Request(self.url + path, data=data, headers={"X-Hbot-Admin": self._token})
            with urllib.request.urlopen(request, timeout=10) as response:
                return json.load(response)

        return await asyncio.to_thread(ask)

    async def fault(self, **rule: Any) -> None:
        await self.admin("/sim/faults", {"rules": [rule]})

    async def get(self, path: str, **params: str) -> Any:
        """A signed GET through the connector's own request path."""
        return await self.c._api_get(path_url=path, params=params, is_auth_required=True)

    # -------------------------------------------------------------------------------------------------- expecting

    async def until(self, condition: Callable[[], Any], within_s: float) -> Any:
        """The first true value; CardFailed when there was none in time."""
        deadline_ms = self.clock.monotonic_ms() + within_s * 1000
        while not (value := condition()):
            if self.clock.monotonic_ms() > deadline_ms:
                raise CardFailed(f"not within {within_s} s; heard {[type(e).__name__ for e in self.events[-5:]]}")
            await asyncio.sleep(0.05)
        return value

    async def refused(self, call: Any, words: Sequence[str]) -> str:
        """The text of the OSError that the connector makes of a refusal."""
        try:
            answer = await call
        except OSError as error:
            text = str(error)
            missing = [word for word in words if word not in text]
            if missing:
                raise CardFailed(f"refused without {missing}: {text[:200]}") from None
            return text[-160:]
        raise CardFailed(f"accepted: {answer}")
