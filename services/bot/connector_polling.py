"""How the connector keeps up with the gateway besides the streams: a few listings, whatever the number of orders.

The stock connector asks for each order by itself, every two minutes. Here it is one listing of fills and one of open
orders every few seconds; an open order that nobody carries is cancelled; a position missing from a listing is closed.
Rules and fees of the venue change while one trades: they are read every minute, the fees as those of this account, and
the rules at once when an order is refused by them.
"""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from hummingbot.connector.derivative.bitget_perpetual import bitget_perpetual_constants as constants
from hummingbot.connector.derivative.bitget_perpetual.bitget_perpetual_derivative import BitgetPerpetualDerivative
from hummingbot.connector.trading_rule import TradingRule
from hummingbot.core.data_type.in_flight_order import InFlightOrder
from hummingbot.core.data_type.trade_fee import TradeFeeSchema
from hummingbot.core.utils.async_utils import safe_ensure_future

from services.bot.past_fill import PastFill, past_fill
from services.bot.refusal import REQUEST_ERRORS, is_not_found
from services.common.clock import SystemClock
from services.common.ports import Clock
from services.contracts import reasons

ORDERS_PENDING_ENDPOINT = "/api/v2/mix/order/orders-pending"
TRADE_RATE_ENDPOINT = "/api/v2/common/trade-rate"

_SETTLE_S = 3.0  # an order younger than this may be missing from a listing, or not yet ours


class GatewayPolling(BitgetPerpetualDerivative):
    LONG_POLL_INTERVAL = 5.0  # fills missed in a short gap of the stream are found this soon
    TRADING_RULES_INTERVAL = 60.0  # stock: half an hour
    TRADING_FEES_INTERVAL = 60.0  # stock: half a day, and those of the list instead of the account's own
    clock: ClassVar[Clock] = SystemClock()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.foreign_cancels = 0  # orders at the gateway that were not ours and were cancelled
        self._foreign_seen: dict[str, int] = {}
        self._rules_reading: asyncio.Future[None] | None = None
        super().__init__(*args, **kwargs)

    async def _update_trading_fees(self) -> None:
        """What this account pays; what the venue lists for everybody stands in until that was read once."""
        for trading_pair in self._trading_pairs or []:
            symbol = await self.exchange_symbol_associated_to_pair(trading_pair)
            try:
                answer = await self._api_get(
                    path_url=TRADE_RATE_ENDPOINT,
                    params={"symbol": symbol, "businessType": "mix"},
                    is_auth_required=True,
                )
                maker, taker = Decimal(answer["data"]["makerFeeRate"]), Decimal(answer["data"]["takerFeeRate"])
            except REQUEST_ERRORS as error:
                self.logger().warning(f"FEE_UNRESOLVED: {trading_pair}: {error!r}; the last known rates stay")
                if trading_pair not in self._trading_fees:
                    await super()._update_trading_fees()
            else:
                self._trading_fees[trading_pair] = TradeFeeSchema(
                    maker_percent_fee_decimal=maker, taker_percent_fee_decimal=taker
                )

    async def _format_trading_rules(self, exchange_info_dict: list[dict[str, Any]]) -> list[TradingRule]:
        """As the stock one, which loses a tick that is no power of ten: it is priceEndStep x 10^-pricePlace."""
        rules: list[TradingRule] = await super()._format_trading_rules(exchange_info_dict)
        steps = {row["symbol"]: Decimal(row.get("priceEndStep") or 1) for row in exchange_info_dict}
        for rule in rules:
            symbol = await self.exchange_symbol_associated_to_pair(rule.trading_pair)
            rule.min_price_increment *= steps[symbol]
        return rules

    def _read_rules_if_refused_by_them(self, code: str) -> None:
        """A storm of refusals reads once at a time."""
        if code in reasons.BY_RULES and (self._rules_reading is None or self._rules_reading.done()):
            self._rules_reading = safe_ensure_future(self._update_trading_rules())

    async def _update_orders_fills(self, orders: list[InFlightOrder]) -> None:
        """One listing of the newest fills for all orders; what the stream told already is ignored by trade id."""
        by_exchange_id = {order.exchange_order_id: order for order in orders if order.exchange_order_id}
        for trading_pair in {order.trading_pair for order in by_exchange_id.values()}:
            answer = await self._api_get(
                path_url=constants.ORDER_FILLS_ENDPOINT,
                params={**await self._symbol_params(trading_pair), "limit": "100"},
                is_auth_required=True,
            )
            for fill in reversed(answer["data"]["fillList"] or []):
                order = by_exchange_id.get(str(fill["orderId"]))
                if order is not None:
                    self._order_tracker.process_trade_update(self._parse_trade_update(fill, order))

    async def _update_orders(self) -> None:
        """Open orders by one listing; only those that are missing from it are asked for one by one."""
        for trading_pair in self._trading_pairs or []:
            pending = await self.open_orders_at_gateway(trading_pair)
            mine = [order for order in self.in_flight_orders.values() if order.trading_pair == trading_pair]
            missing = [
                order
                for order in mine
                if order.client_order_id not in pending
                and self.current_timestamp - order.creation_timestamp > _SETTLE_S
            ]
            await self._update_orders_with_error_handler(missing, self._handle_update_error_for_active_order)
            await self._cancel_foreign(trading_pair, pending, {order.client_order_id for order in mine})

    async def _cancel_foreign(self, trading_pair: str, pending: dict[str, str], mine: set[str]) -> None:
        """Nothing of this bot may rest without a carrier: what two listings in a row show is cancelled."""
        known = mine | set(self._order_tracker.all_fillable_orders)
        seen_before, self._foreign_seen = self._foreign_seen, {}
        for client_order_id, exchange_id in pending.items():
            if client_order_id in known:
                continue
            now_ms = self.clock.monotonic_ms()
            self._foreign_seen[client_order_id] = seen_before.get(client_order_id, now_ms)
            if now_ms - self._foreign_seen[client_order_id] >= _SETTLE_S * 1000:
                self.logger().warning(f"ORPHAN_ORDER: {client_order_id} rests without a carrier; cancelling")
                self.foreign_cancels += 1
                await self._cancel_at_gateway(trading_pair, orderId=exchange_id)

    async def open_orders_at_gateway(self, trading_pair: str) -> dict[str, str]:
        """Client order id -> gateway order id of every order the gateway holds open for this bot."""
        answer = await self._api_get(
            path_url=ORDERS_PENDING_ENDPOINT, params=await self._symbol_params(trading_pair), is_auth_required=True
        )
        return {str(row["clientOid"]): str(row["orderId"]) for row in answer["data"]["entrustedList"] or []}

    async def _handle_update_error_for_active_order(self, order: InFlightOrder, error: Exception) -> None:
        """Only the gateway's own "not found" counts towards losing an order; silence does not."""
        if is_not_found(error):
            await super()._handle_update_error_for_active_order(order, error)
        else:
            self.logger().warning(f"status of {order.client_order_id} could not be read: {error!r}")

    async def _order_detail(self, trading_pair: str, **which: str) -> dict[str, Any]:
        answer: dict[str, Any] = await self._api_get(
            path_url=constants.ORDER_DETAIL_ENDPOINT,
            params={**await self._symbol_params(trading_pair), **which},
            is_auth_required=True,
        )
        return answer

    async def _update_positions(self) -> None:
        """The listing is complete: what is absent is closed."""
        answer = await self._api_get(
            path_url=constants.ALL_POSITIONS_ENDPOINT,
            params={"productType": constants.USDT_PRODUCT_TYPE, "marginCoin": "USDT"},
            is_auth_required=True,
        )
        rows: Sequence[dict[str, Any]] = answer["data"] or []
        await self._process_account_position_event([{**row, "instId": row["symbol"]} for row in rows])

    async def fills_since(self, trading_pair: str, since_ms: int) -> list[PastFill]:
        """The newest hundred of them, oldest first."""
        answer = await self._api_get(
            path_url=constants.ORDER_FILLS_ENDPOINT,
            params={**await self._symbol_params(trading_pair), "startTime": str(since_ms), "limit": "100"},
            is_auth_required=True,
        )
        return [past_fill(row) for row in reversed(answer["data"]["fillList"] or []) if int(row["cTime"]) >= since_ms]

    async def client_order_id_of(self, trading_pair: str, exchange_order_id: str) -> str:
        """ "" when the gateway does not know the order any more."""
        try:
            return str((await self._order_detail(trading_pair, orderId=exchange_order_id))["data"]["clientOid"])
        except REQUEST_ERRORS as error:
            if is_not_found(error):
                return ""
            raise

    async def funding_bills(self, since_ms: int) -> list[tuple[int, Decimal]]:
        """(ts_ms, amount) of the funding payments since then; a negative amount left the account."""
        answer = await self._api_get(
            path_url=constants.ACCOUNT_BILLS_ENDPOINT,
            params={
                "productType": constants.USDT_PRODUCT_TYPE,
                "businessType": "contract_settle_fee",
                "startTime": str(since_ms),
                "limit": "100",
            },
            is_auth_required=True,
        )
        return [
            (int(bill["cTime"]), Decimal(bill["amount"]))
            for bill in answer["data"]["bills"] or []
            if int(bill["cTime"]) >= since_ms
        ]

    async def _symbol_params(self, trading_pair: str) -> dict[str, str]:
        return {
            "symbol": await self.exchange_symbol_associated_to_pair(trading_pair),
            "productType": await self.product_type_associated_to_trading_pair(trading_pair),
        }
