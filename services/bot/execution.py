"""Binds the pure carrier to a Hummingbot connector: commands out, the connector's events in.

Direct buy, sell and cancel of the connector, no executors: a stock executor re-places what somebody cancelled.
Implements ``services.common.strategy_ports.Execution``. The script forwards the connector's events and ticks.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hummingbot.core.data_type.common import OrderType, TradeType

from controllers.core.values import LiveOrder, OwnFill, OwnRefusal, Plan, Side
from services.bot.carrier import Cancel, Carriers, Command, Counters, Submit
from services.bot.refusal import REQUEST_ERRORS, code_and_text
from services.common.ports import Clock

_log = logging.getLogger(__name__)

_ORDER_TYPES = {"limit_maker": OrderType.LIMIT_MAKER, "limit": OrderType.LIMIT, "market": OrderType.LIMIT}
_TOGETHER_S = 0.03
_UNTRACKED_AFTER_MS = 5_000
_NOT_FOUND_AFTER_MS = 10_000
_TERMINAL_STATES = frozenset({"filled", "canceled", "cancelled", "rejected"})


class ConnectorExecution:
    def __init__(self, carriers: Carriers, connector: Any, trading_pair: str, clock: Clock) -> None:
        self._carriers = carriers
        self._connector = connector
        self._pair = trading_pair
        self._quote_asset = trading_pair.split("-")[1]
        self._clock = clock
        self._fates: dict[str, asyncio.Task[None]] = {}
        self._not_found_since_ms: dict[str, int] = {}
        self.last_plan_ms = clock.monotonic_ms()
        self._view_ts_ms = 0
        self._is_caught_up = False
        self._changed = asyncio.Event()
        self.on_first_order: Callable[[], None] | None = None  # called once, when the first order is acknowledged

    # ------------------------------------------------------------------------------------------ the strategy's port

    def execute(self, plan: Plan, view_ts_ms: int) -> None:
        self._view_ts_ms = view_ts_ms
        self.last_plan_ms = self._clock.monotonic_ms()
        self._carry_out(self._carriers.execute(plan, self._clock.now_ms()))

    def orders(self) -> tuple[LiveOrder, ...]:
        return self._carriers.orders()

    def take_fills(self) -> tuple[OwnFill, ...]:
        return self._carriers.take_fills()

    def take_refusals(self) -> tuple[OwnRefusal, ...]:
        return self._carriers.take_refusals()

    def is_caught_up(self) -> bool:
        return self._is_caught_up

    def paper_stats(self) -> tuple[int, int, Decimal | None]:
        counters = self._carriers.counters
        return counters.fills, counters.refusals, self._carriers.queue_stats.mean_ms

    def cancels_last_minute(self) -> int:
        return self._carriers.cancels_last_minute(self._clock.now_ms())

    async def wait_for_change(self, timeout_s: float) -> None:
        """What belongs together (both levels of a side cancelled) comes within moments, so it is waited for."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), timeout_s)
            await asyncio.sleep(_TOGETHER_S)
        self._changed.clear()

    # ------------------------------------------------------------------------------------------- the script's calls

    @property
    def counters(self) -> Counters:
        return self._carriers.counters

    def tick(self) -> None:
        """Once a second: time-outs, orders the connector no longer tracks, notes for the log."""
        now_ms = self._clock.now_ms()
        self._carry_out(self._carriers.tick(now_ms))
        for order in self._carriers.orders():
            is_old = now_ms - order.placed_ts_ms >= _UNTRACKED_AFTER_MS
            if is_old and not self._connector.is_tracked(order.client_order_id):
                self._ask_fate(order.client_order_id)
        for note in self._carriers.take_notes():
            _log.log(logging.WARNING if note.severity == "warning" else logging.INFO, "%s: %s", note.code, note.text)

    def cancel_all(self, reason: str) -> None:
        """Ask the end of every order that was not asked before; a later tick asks again."""
        commands = self._carriers.cancel_all(self._clock.now_ms())
        if commands:
            _log.warning("%s: cancelling %d orders", reason, len(commands))
        self._carry_out(commands)

    async def catch_up(self, since_ms: int | None) -> None:
        """Fills between the last life's memory and this one: what was traded while nobody listened.

        Until this is done the strategy is not shown a view, because the venue's position already contains them. After
        three attempts it goes on without: the position is right in any case, the day's turnover then is not.
        ``since_ms`` is None for a first life.
        """
        for attempt in range(3 if since_ms is not None else 0):
            try:
                await self._read_missed_fills(since_ms or 0)
                break
            except REQUEST_ERRORS as error:
                _log.warning("missed fills could not be read, attempt %d: %r", attempt + 1, error)
                await self._clock.sleep_until(self._clock.monotonic_ms() + 1_000)
        self._is_caught_up = True

    async def _read_missed_fills(self, since_ms: int) -> None:
        fills = await self._connector.fills_since(self._pair, since_ms)
        ids = {
            exchange_id: await self._connector.client_order_id_of(self._pair, exchange_id)
            for exchange_id in dict.fromkeys(fill.exchange_order_id for fill in fills)
        }
        for fill in fills:
            self._carriers.on_fill(
                client_order_id=ids[fill.exchange_order_id],
                trade_id=fill.trade_id,
                side=fill.side,
                price=fill.price,
                qty_base=fill.qty_base,
                fee_quote=fill.fee_quote,
                is_maker=fill.is_maker,
                ts_ms=fill.ts_ms,
                is_read_back=True,
            )
        _log.info("caught up: %d fills listed since %d", len(fills), since_ms)

    async def stop(self, timeout_s: float) -> int:
        """Cancel everything and wait until it is terminal; how many orders were still alive when time was up."""
        deadline_ms = self._clock.monotonic_ms() + int(timeout_s * 1000)
        self.cancel_all("STOPPING")
        while self._carriers.live_count and self._clock.monotonic_ms() < deadline_ms:
            self.tick()
            await self._clock.sleep_until(self._clock.monotonic_ms() + 100)
        for task in self._fates.values():
            task.cancel()
        return self._carriers.live_count

    # ---------------------------------------------------------------------------------------- the connector's events

    def did_create(self, event: Any) -> None:
        self._carriers.on_acknowledged(event.order_id)
        if self.on_first_order is not None:
            self.on_first_order()
            self.on_first_order = None

    def did_fill(self, event: Any) -> None:
        scope = self._connector.trade_scopes.get(event.exchange_trade_id)
        side: Side = "buy" if event.trade_type == TradeType.BUY else "sell"
        self._carriers.on_fill(
            client_order_id=event.order_id,
            trade_id=event.exchange_trade_id,
            side=side,
            price=event.price,
            qty_base=event.amount,
            fee_quote=self._fee_quote(event),
            is_maker=None if scope is None else scope == "maker",
            ts_ms=self._clock.now_ms(),
        )
        self._changed.set()

    def did_end(self, event: Any) -> None:
        """Completely filled, or cancelled by whomever."""
        self._carriers.on_terminal(event.order_id, self._clock.now_ms())
        self._changed.set()

    def did_fail(self, event: Any) -> None:
        """A refusal carries its text; without one the tracker only lost sight of the order."""
        if event.error_message is None:
            self._carriers.on_unknown(event.order_id, "the connector lost sight of it")
            return
        code, text = code_and_text(event.error_message)
        self._carriers.on_refused(event.order_id, code, text, self._clock.now_ms())
        self._changed.set()

    # ------------------------------------------------------------------------------------------------------- private

    def _carry_out(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, Cancel):
                # the connector's own cancel: the strategy-level one is silent for 60 s after a first try
                self._connector.cancel(self._pair, command.client_order_id)
            else:
                self._submit(command)

    def _submit(self, command: Submit) -> None:
        place = self._connector.buy if command.side == "buy" else self._connector.sell
        place(
            self._pair,
            command.qty_base,
            _ORDER_TYPES[command.order_type],
            price=command.price,
            client_order_id=command.client_order_id,
            # a taker is a limit at the worst price accepted, whose rest is cancelled at once
            is_immediate=command.order_type == "market",
            view_ts_ms=self._view_ts_ms,
        )

    def _fee_quote(self, event: Any) -> Decimal:
        """Paid is positive. NaN for a fee in another asset: it cannot be read, and the strategy books the taker's."""
        flat_fees = event.trade_fee.flat_fees
        if all(fee.token == self._quote_asset for fee in flat_fees):
            return sum((fee.amount for fee in flat_fees), Decimal(0))
        _log.warning("FEE_UNRESOLVED: trade %s pays in %s", event.exchange_trade_id, flat_fees[0].token)
        return Decimal("NaN")

    def _ask_fate(self, client_order_id: str) -> None:
        task = self._fates.get(client_order_id)
        if task is None or task.done():
            self._fates[client_order_id] = asyncio.create_task(self._find_fate(client_order_id))

    async def _find_fate(self, client_order_id: str) -> None:
        """What became of an order that lives in the carrier but not in the connector."""
        try:
            fate = await self._connector.fate_of(self._pair, client_order_id)
            if fate is not None and fate[1] not in _TERMINAL_STATES:
                await self._connector.cancel_at_gateway(self._pair, fate[0])
                return
        except REQUEST_ERRORS as error:
            _log.warning("fate of %s could not be asked: %r", client_order_id, error)
            return
        now_ms = self._clock.now_ms()
        if fate is None and now_ms - self._not_found_since_ms.setdefault(client_order_id, now_ms) < _NOT_FOUND_AFTER_MS:
            return
        self._not_found_since_ms.pop(client_order_id, None)
        self._fates.pop(client_order_id, None)
        self._carriers.on_terminal(client_order_id, now_ms)
