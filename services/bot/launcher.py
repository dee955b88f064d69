"""Starts one Hummingbot headless in its instance directory, runs it, stops it. The order of the steps matters.

1. paths, before anything else of hummingbot is imported; 2. the connector type; 3. keystore; 4. client configuration,
made in memory; 5. what dials out is replaced or stopped; 6. stored tables are trimmed; 7. the strategy starts;
8. the clock is watched; 9. shut down.
"""

import asyncio
import importlib.metadata
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

from services.common.clock import SystemClock
from services.common.code_hash import code_hash
from services.common.errors import DeskError

_log = logging.getLogger(__name__)

TESTED_DISTRIBUTION = "20260729"  # release 2.16.0; the connector overrides its internals
SCRIPT_NAME = "v2_with_controllers"


class Instance(NamedTuple):
    """Where one bot lives and how it reaches the gateway."""

    bot_id: str
    instance_dir: Path  # <run-dir>/bots/<bot>
    controllers_conf_dir: Path  # tracked
    scripts_conf_dir: Path  # tracked
    project_dir: Path
    gateway_url: str
    keystore_password: str
    api_key: str
    secret: str
    passphrase: str
    config_hash: str


class ClockDied(DeskError):
    """Hummingbot's clock task ended by itself."""


class Host:
    """One Hummingbot in this process. Steps are methods so that the caller can do its own work between them."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._core: Any = None
        self._is_stopping = False

    async def prepare(self) -> None:
        """Steps 1 to 6: some seconds, nearly all of it imports."""
        instance = self.instance
        distribution = importlib.metadata.version("hummingbot")
        if distribution != TESTED_DISTRIBUTION:
            _log.warning("HUMMINGBOT_UNTESTED: distribution=%s, tested=%s", distribution, TESTED_DISTRIBUTION)
        from services.bot import hummingbot_paths

        hummingbot_paths.claim(
            instance.instance_dir, instance.controllers_conf_dir, instance.scripts_conf_dir, instance.project_dir
        )
        from services.bot import registration
        from services.bot.connector import CONNECTOR_NAME, BitgetPerpetualDeskDerivative

        registration.register(CONNECTOR_NAME)
        BitgetPerpetualDeskDerivative.gateway_url = instance.gateway_url
        BitgetPerpetualDeskDerivative.config_hash = instance.config_hash
        BitgetPerpetualDeskDerivative.code_hash = code_hash()
        from services.bot.keystore import GatewayKey, open_keystore

        key = GatewayKey(instance.api_key, instance.secret, instance.passphrase)
        # deriving keys takes a second and leaves the interpreter alone, so it runs beside the imports below
        opening = asyncio.get_running_loop().run_in_executor(
            None, open_keystore, instance.instance_dir, CONNECTOR_NAME, instance.keystore_password, key
        )
        from hummingbot.client.hummingbot_application import HummingbotApplication

        from services.bot.client_config import client_config
        from services.bot.log_repeats import quiet_logs
        from services.bot.quiet import stop_dialling_out
        from services.bot.tables import trim_tables

        await opening
        application = HummingbotApplication.main_application(
            client_config_map=client_config(instance.bot_id), headless_mode=True
        )
        self._core = application.trading_core
        self._core.scripts_path = instance.project_dir / "scripts"
        stop_dialling_out(self._core)
        quiet_logs()
        trim_tables(instance.instance_dir / "data" / f"{instance.bot_id}.sqlite")

    async def start(self) -> None:
        """Step 7. Raises DeskError when Hummingbot could not start the strategy; the reason is in its log."""
        config = f"{self.instance.bot_id}.yml"
        if not await self._core.start_strategy(SCRIPT_NAME, config, config):
            raise DeskError(
                "STRATEGY_NOT_STARTED", f"bot={self.instance.bot_id}, script={SCRIPT_NAME}", "read the lines above"
            )
        # The gateway's journal keeps orders and fills. A second book, written synchronously inside every order event,
        # would only slow the tick down as it grows.
        self._core.markets_recorder.stop()

    @property
    def clock_error(self) -> str | None:
        """Why the clock ended, once it has: no tick would ever come again, and nothing else would say so."""
        task = getattr(self._core, "_clock_task", None)
        if task is None or not task.done() or self._is_stopping:
            return None
        return "cancelled" if task.cancelled() else repr(task.exception())

    async def shut_down(self, timeout_s: float) -> bool:
        """Step 9: the script cancels its quotes in on_stop. False when Hummingbot did not finish in time."""
        self._is_stopping = True
        if self._core is None:
            return True
        from hummingbot.core.web_assistant.connections.connections_factory import ConnectionsFactory

        clock = SystemClock()
        started_ms = clock.monotonic_ms()
        finished = await _within(timeout_s, self._core.shutdown, "shutdown")
        left_s = max(0.5, timeout_s - (clock.monotonic_ms() - started_ms) / 1000)
        return await _within(left_s, ConnectionsFactory().close, "connections") and finished

    @property
    def strategy(self) -> Any:
        return self._core.strategy if self._core is not None else None

    @property
    def is_ready(self) -> bool:
        strategy = self.strategy
        return strategy is not None and all(connector.ready for connector in strategy.connectors.values())


async def _within(timeout_s: float, step: Callable[[], Awaitable[Any]], name: str) -> bool:
    try:
        await asyncio.wait_for(step(), timeout_s)
    except TimeoutError:
        _log.warning("%s of Hummingbot did not finish within %.1f s", name, timeout_s)
        return False
    return True
