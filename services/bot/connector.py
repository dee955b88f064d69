"""The connector type ``bitget_perpetual_desk``: Hummingbot's Bitget perpetual connector, facing the desk's gateway.

What differs from the stock class, and why:
- URLs go to the gateway (web.py); the client order id is the carrier's, so that level and life can be read from it;
- a submit nobody can answer for is looked up by its client id before it counts as failed, and is never sent again;
- an order counts as not found only when the gateway says so, not when the gateway is out of reach;
- a cancel before the venue's id is known goes by client id;
- polling is a few listings, whatever the number of orders (connector_polling.py);
- a rebate keeps its sign; maker or taker is remembered per trade.
"""

import json
from decimal import Decimal
from typing import Any, ClassVar

from hummingbot.connector.derivative.bitget_perpetual import bitget_perpetual_constants as constants
from hummingbot.core.api_throttler.data_types import RateLimit
from hummingbot.core.data_type.common import OrderType, PositionAction, TradeType
from hummingbot.core.data_type.in_flight_order import InFlightOrder, TradeUpdate
from hummingbot.core.data_type.trade_fee import TokenAmount, TradeFeeBase
from hummingbot.core.utils.async_utils import safe_ensure_future
from hummingbot.core.web_assistant.web_assistants_factory import WebAssistantsFactory

from services.bot.connector_polling import ORDERS_PENDING_ENDPOINT, TRADE_RATE_ENDPOINT, GatewayPolling
from services.bot.past_fill import scope_of
from services.bot.refusal import REQUEST_ERRORS, code_and_text, is_definite, is_not_found
from services.bot.web import GatewayWebUtils

CONNECTOR_NAME = "bitget_perpetual_desk"
CANDLES_ENDPOINT = "/api/v2/mix/market/candles"

_LOOK_UP_EVERY_S = 1.0
_NOT_FOUND_AFTER_MS = 10_000  # "not found" is believed only after asking for this long
_NETWORK_CHECK_S = 2.0  # Hummingbot's own ten seconds would be ten seconds without quotes after a gateway's restart
_TRADE_SCOPES_MAX = 5_000


class BitgetPerpetualDeskDerivative(GatewayPolling):
    gateway_url: ClassVar[str] = ""  # set by the launcher before the connector is built; one bot per process
    config_hash: ClassVar[str] = ""  # likewise: which settings its orders come from
    code_hash: ClassVar[str] = ""  # and which code

    def __init__(
        self,
        bitget_perpetual_desk_credentials: str = "",
        trading_pairs: list[str] | None = None,
        trading_required: bool = True,
        balance_asset_limit: dict[str, dict[str, Decimal]] | None = None,
        rate_limits_share_pct: Decimal = Decimal("100"),
    ) -> None:
        # an instance made only for public data gets empty strings
        api_key, secret, passphrase = json.loads(bitget_perpetual_desk_credentials or '["", "", ""]')
        self.web_utils = GatewayWebUtils(self.gateway_url)
        self.trade_scopes: dict[str, str] = {}  # trade id -> "maker" or "taker", newest last
        self._book_heard_ts = 0.0
        self._beside: dict[str, tuple[bool, int]] = {}  # what a submit states beside the order, until it is sent
        super().__init__(
            balance_asset_limit=balance_asset_limit,
            rate_limits_share_pct=rate_limits_share_pct,
            bitget_perpetual_api_key=api_key,
            bitget_perpetual_secret_key=secret,
            bitget_perpetual_passphrase=passphrase,
            trading_pairs=trading_pairs,
            trading_required=trading_required,
        )
        self.check_network_interval = _NETWORK_CHECK_S
        # A gateway that is back but whose door is still shut makes the start of networking fail; the stock wait after
        # that is a minute without quotes.
        self.network_error_wait_time = _NETWORK_CHECK_S

    @property
    def name(self) -> str:
        return CONNECTOR_NAME

    @property
    def rate_limits_rules(self) -> list[RateLimit]:
        """The stock rules, and the endpoints only the desk asks. An unknown limit id would crash the throttler."""
        return [
            *constants.RATE_LIMITS,
            RateLimit(limit_id=ORDERS_PENDING_ENDPOINT, limit=10, time_interval=1),
            RateLimit(limit_id=CANDLES_ENDPOINT, limit=20, time_interval=1),
            RateLimit(limit_id=TRADE_RATE_ENDPOINT, limit=10, time_interval=1),
        ]

    def _create_web_assistants_factory(self) -> WebAssistantsFactory:
        return self.web_utils.build_factory(self._throttler, self._time_synchronizer, self._auth)

    # ------------------------------------------------------------------------------------------------------- placing

    def buy(self, trading_pair: str, amount: Decimal, order_type: OrderType = OrderType.LIMIT, **kwargs: Any) -> str:
        return self._place_as(TradeType.BUY, trading_pair, amount, order_type, **kwargs)

    def sell(self, trading_pair: str, amount: Decimal, order_type: OrderType = OrderType.LIMIT, **kwargs: Any) -> str:
        return self._place_as(TradeType.SELL, trading_pair, amount, order_type, **kwargs)

    def _place_as(
        self,
        trade_type: TradeType,
        trading_pair: str,
        amount: Decimal,
        order_type: OrderType,
        *,
        client_order_id: str,
        price: Decimal = Decimal("NaN"),
        position_action: PositionAction = PositionAction.OPEN,
        is_immediate: bool = False,
        view_ts_ms: int = 0,
    ) -> str:
        """``client_order_id`` is the carrier's. ``is_immediate``: what is not filled at once is cancelled by the venue.

        ``view_ts_ms`` is when the market was looked at; the gateway refuses a post-only order priced from an old view.
        Margin is the gateway's to judge: the budget checker is not asked.
        """
        self._beside[client_order_id] = (is_immediate, view_ts_ms)
        safe_ensure_future(
            self._create_order(
                trade_type=trade_type,
                order_id=client_order_id,
                trading_pair=trading_pair,
                amount=amount,
                order_type=order_type,
                price=price,
                position_action=position_action,
            )
        )
        return client_order_id

    async def _api_post(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The stock class knows good-till-cancelled and post-only; immediate-or-cancel and claims are added here."""
        data = kwargs.get("data") or {}
        if kwargs.get("path_url") == constants.PLACE_ORDER_ENDPOINT and data.get("clientOid") in self._beside:
            is_immediate, view_ts_ms = self._beside.pop(data["clientOid"])
            if is_immediate:
                kwargs["data"] = {**data, "force": "ioc"}
            claims = {
                "X-Hbot-View-Ms": str(view_ts_ms),
                "X-Hbot-Config-Hash": self.config_hash,
                "X-Hbot-Code-Hash": self.code_hash,
            }
            kwargs["headers"] = {**(kwargs.get("headers") or {}), **claims}
        answer: dict[str, Any] = await super()._api_post(*args, **kwargs)
        return answer

    async def _place_order(self, order_id: str, trading_pair: str, **kwargs: Any) -> tuple[str, float]:
        try:
            return await super()._place_order(order_id=order_id, trading_pair=trading_pair, **kwargs)
        except REQUEST_ERRORS as error:
            if is_definite(error):
                raise
            self.logger().warning(f"UNKNOWN_OUTCOME: {order_id}: {error!r}; asking the gateway by client id")
            return await self._look_up(order_id, trading_pair)

    async def _look_up(self, order_id: str, trading_pair: str) -> tuple[str, float]:
        """The gateway's id of an order whose submit got no answer. Raises OSError once it is known not to exist."""
        first_not_found_ms: int | None = None
        while True:
            await self._sleep(_LOOK_UP_EVERY_S)
            try:
                data = (await self._order_detail(trading_pair, clientOid=order_id))["data"]
                return str(data["orderId"]), self.current_timestamp
            except REQUEST_ERRORS as error:
                if not is_not_found(error):
                    first_not_found_ms = None
                    continue
                now_ms = self.clock.monotonic_ms()
                first_not_found_ms = first_not_found_ms or now_ms
                if now_ms - first_not_found_ms >= _NOT_FOUND_AFTER_MS:
                    raise OSError(f"NOT_FOUND_FINAL: {order_id} never reached the gateway") from error

    async def _place_cancel(self, order_id: str, tracked_order: InFlightOrder) -> bool:
        if tracked_order.exchange_order_id is not None:
            await self._cancel_at_gateway(tracked_order.trading_pair, orderId=tracked_order.exchange_order_id)
        else:
            await self._cancel_at_gateway(tracked_order.trading_pair, clientOid=order_id)
        return True

    async def _execute_order_cancel(self, order: InFlightOrder) -> str | None:
        """As the stock one, without a page of traceback for each cancel that a gateway in restart does not hear."""
        try:
            return order.client_order_id if await self._execute_order_cancel_and_process_update(order) else None
        except REQUEST_ERRORS as error:
            if is_not_found(error):
                await self._order_tracker.process_order_not_found(order.client_order_id)
                self._poll_notifier.set()  # it is over, and how is in the listings
            self.logger().warning(f"cancel of {order.client_order_id} failed: {': '.join(code_and_text(str(error)))}")
            return None

    def _on_order_failure(self, order_id: str, trading_pair: str, *, exception: Exception, **_: Any) -> None:
        """The carrier logs the refusal with its code; the stock class would add a traceback."""
        self._update_order_after_failure(order_id, trading_pair, exception)
        self._read_rules_if_refused_by_them(code_and_text(str(exception))[0])

    async def _cancel_at_gateway(self, trading_pair: str, **which: str) -> None:
        answer = await self._api_post(
            path_url=constants.CANCEL_ORDER_ENDPOINT,
            data={**await self._symbol_params(trading_pair), "marginCoin": "USDT", **which},
            is_auth_required=True,
        )
        if answer["code"] != constants.RET_CODE_OK:
            raise OSError(self._formatted_error(answer["code"], answer["msg"]))

    def _is_order_not_found_during_status_update_error(self, status_update_exception: Exception) -> bool:
        return is_not_found(status_update_exception)

    def _is_order_not_found_during_cancelation_error(self, cancelation_exception: Exception) -> bool:
        return is_not_found(cancelation_exception)

    # --------------------------------------------------------------------------------------------------------- fills

    def _parse_websocket_trade_update(self, trade_msg: dict[str, Any], tracked_order: InFlightOrder) -> TradeUpdate:
        self._remember_scope(trade_msg)
        return super()._parse_websocket_trade_update(trade_msg, tracked_order)

    def _parse_trade_update(self, trade_msg: dict[str, Any], tracked_order: InFlightOrder) -> TradeUpdate:
        """As the stock one, but the fee keeps its sign: paid comes as a negative amount, a rebate as a positive one."""
        self._remember_scope(trade_msg)
        detail = trade_msg["feeDetail"][0]
        paid = -Decimal(detail["totalFee"])
        fee = TradeFeeBase.new_perpetual_fee(
            fee_schema=self.trade_fee_schema(),
            position_action=PositionAction.NIL,
            percent_token=detail["feeCoin"],
            flat_fees=[TokenAmount(amount=paid, token=detail["feeCoin"])] if paid else [],
        )
        price, qty_base = Decimal(trade_msg["price"]), Decimal(trade_msg["baseVolume"])
        return TradeUpdate(
            trade_id=str(trade_msg["tradeId"]),
            client_order_id=tracked_order.client_order_id,
            exchange_order_id=str(trade_msg["orderId"]),
            trading_pair=tracked_order.trading_pair,
            fill_timestamp=int(trade_msg["cTime"]) / 1000,
            fill_price=price,
            fill_base_amount=qty_base,
            fill_quote_amount=price * qty_base,
            fee=fee,
        )

    def _remember_scope(self, trade_msg: dict[str, Any]) -> None:
        scope = scope_of(trade_msg)
        if scope is not None and trade_msg.get("tradeId") is not None:
            self.trade_scopes[str(trade_msg["tradeId"])] = scope
            if len(self.trade_scopes) > _TRADE_SCOPES_MAX:
                del self.trade_scopes[next(iter(self.trade_scopes))]

    # -------------------------------------------------------------------------------------------------- what is known

    def fee_rates(self, trading_pair: str) -> tuple[Decimal, Decimal] | None:
        """(maker, taker) as the venue states them, as fractions; None until they were read."""
        schema = self._trading_fees.get(trading_pair)
        return (schema.maker_percent_fee_decimal, schema.taker_percent_fee_decimal) if schema else None

    def book_heard_ts(self) -> float:
        """When the public stream last said anything, in seconds of wall time; a reconnect does not make it forget."""
        assistant = self._orderbook_ds._ws_assistant
        if assistant is not None:
            self._book_heard_ts = max(self._book_heard_ts, float(assistant.last_recv_time))
        return self._book_heard_ts

    @property
    def ws_reconnect_count(self) -> int:
        """Connections of the two streams beyond the first of each."""
        return max(0, self._web_assistants_factory.ws_connects - 2)

    def is_lost(self, client_order_id: str) -> bool:
        """The tracker gave the order up but is still asking what became of it."""
        return client_order_id in self._order_tracker.lost_orders

    def is_tracked(self, client_order_id: str) -> bool:
        """The connector will still report what becomes of the order."""
        return client_order_id in self.in_flight_orders or self.is_lost(client_order_id)

    async def fate_of(self, trading_pair: str, client_order_id: str) -> tuple[str, str] | None:
        """(gateway order id, state) of an order the tracker does not know; None when the gateway does not either."""
        try:
            data = (await self._order_detail(trading_pair, clientOid=client_order_id))["data"]
        except REQUEST_ERRORS as error:
            if is_not_found(error):
                return None
            raise
        return str(data["orderId"]), str(data["state"])

    async def cancel_at_gateway(self, trading_pair: str, exchange_order_id: str) -> None:
        """Past the tracker, for an order it does not know."""
        await self._cancel_at_gateway(trading_pair, orderId=exchange_order_id)
