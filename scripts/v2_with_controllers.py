"""The script Hummingbot runs: it seats the controller, forwards the connector's events, and watches for silence. Thin.

Hummingbot takes the first strategy class and the first config class it finds in this module, so there is one of each.
"""

import asyncio
import logging
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hummingbot.strategy.strategy_v2_base import StrategyV2Base, StrategyV2ConfigBase

import services.bot.seat as seat_of_the_bot
from services.bot.carrier import Carriers
from services.bot.execution import ConnectorExecution
from services.bot.silence import why_silent
from services.common.clock import Stopwatch

_log = logging.getLogger(__name__)


class DeskScriptConfig(StrategyV2ConfigBase):
    script_file_name: str = "v2_with_controllers.py"

    def load_controller_configs(self) -> list[Any]:
        """The resolved bundle, not the file alone; read once per life, so that a life has one configuration."""
        import controllers.market_making.epp_v2_4 as epp

        bot = seat_of_the_bot.seat().bot
        return [
            epp.EppV24Config(
                id=bot.bot_id, connector_name=bot.connector_name, trading_pair=bot.pair, **bot.params._asdict()
            )
        ]


class DeskScript(StrategyV2Base):
    """One bot, one pair, one controller."""

    def __init__(self, connectors: dict[str, Any], config: DeskScriptConfig) -> None:
        super().__init__(connectors, config)
        self.seat = seat_of_the_bot.seat()
        self.stop_wait_s = 6.0
        self.on_tick_took: Callable[[Decimal], None] = lambda _: None
        bot = self.seat.bot
        self.connector = connectors[bot.connector_name]
        carriers = Carriers(bot.bot_id, epoch_s=self.seat.clock.now_ms() // 1000)
        self.execution = ConnectorExecution(carriers, self.connector, bot.pair, self.seat.clock)
        (self.controller,) = self.controllers.values()
        self.controller.bind(self.execution, self.seat.telemetry, self.seat.memory, self.seat.clock)
        self._catching_up: asyncio.Task[None] | None = None
        self.seat.on_script(self)

    def tick(self, timestamp: float) -> None:
        """Always, ready or not: resting orders must not depend on feeds being there."""
        watch = Stopwatch()
        self._look_after_orders()
        self.on_tick_took(watch.ms())

    def _look_after_orders(self) -> None:
        if self._catching_up is None and self.connector.ready:
            since_ms = self.controller.forgot_after_ms
            self._catching_up = asyncio.create_task(self.execution.catch_up(since_ms))
        self.execution.tick()
        silence = why_silent(
            now_ms=self.seat.clock.now_ms(),
            monotonic_ms=self.seat.clock.monotonic_ms(),
            book_heard_ms=int(self.connector.book_heard_ts() * 1000),
            last_plan_ms=self.execution.last_plan_ms,
            age_ms_max=self.controller.params.data_age_ms_max,
        )
        if silence and self.execution.orders():
            self.execution.cancel_all(silence)

    async def on_stop(self) -> None:
        """Cancel and wait for it. Positions stay: flattening is for policy, a person, the kill switch."""
        self.controller.stop()
        left = await self.execution.stop(self.stop_wait_s)
        if left:
            _log.error(
                "STOPPING: %d orders were not confirmed cancelled; the gateway cancels them with the session", left
            )
        self.listen_to_executor_actions_task.cancel()
        self.market_data_provider.stop()

    def did_create_buy_order(self, event: Any) -> None:
        self.execution.did_create(event)

    def did_create_sell_order(self, event: Any) -> None:
        self.execution.did_create(event)

    def did_fill_order(self, event: Any) -> None:
        self.execution.did_fill(event)

    def did_complete_buy_order(self, event: Any) -> None:
        self.execution.did_end(event)

    def did_complete_sell_order(self, event: Any) -> None:
        self.execution.did_end(event)

    def did_cancel_order(self, event: Any) -> None:
        self.execution.did_end(event)

    def did_fail_order(self, event: Any) -> None:
        self.execution.did_fail(event)
