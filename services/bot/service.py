"""One bot as a service of the desk: a Hummingbot host, a bridge to the bus, and what must survive a restart.

Readiness means that the connector's feeds are there and the strategy has decided. A clock that dies ends the process
with an error, after the quotes were cancelled.
"""

import asyncio
import gc
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp

from controllers.epp.processed import DAILY_COLUMNS, FILL_COLUMNS, MINUTE_COLUMNS
from services.bot import seat
from services.bot.bridge import Bridge, HostFacts
from services.bot.candles import fetch_candles
from services.bot.carrier import Counters
from services.bot.config import ResolvedBot
from services.bot.csv_files import CsvFiles
from services.bot.funding import FundingToday
from services.bot.launcher import ClockDied, Host, Instance
from services.bot.memory import StateFile
from services.bot.metrics import BotMetrics
from services.bot.process_age import process_age_s
from services.bot.settings import BotSettings
from services.common.errors import DeskError
from services.common.hash_chain import HashChain
from services.common.secrets import ensure_secrets
from services.common.service import Service, ServiceContext
from services.contracts.events import AnyEvent, IntentV1
from services.contracts.streams import INTENT

REPO = Path(__file__).resolve().parents[2]


class BotService(Service):
    streams = (INTENT,)
    tick_ms = 1_000

    def __init__(self, context: ServiceContext, settings: BotSettings, bot: ResolvedBot) -> None:
        super().__init__(context)
        self._settings = settings
        self._bot = bot
        self._script: Any = None
        self._first_order_s: Decimal | None = None
        self._funding = FundingToday(context.clock, settings.funding_poll_s * 1000)
        home = context.run_dir / "bots" / bot.bot_id
        self._csv_files = CsvFiles(
            {
                "minute": (home / "minute.csv", MINUTE_COLUMNS),
                "fills": (home / "fills.csv", FILL_COLUMNS),
                "daily": (home / "daily.csv", DAILY_COLUMNS),
            },
            context.clock,
            buffer_rows=settings.csv_buffer_size,
            flush_every_ms=settings.csv_flush_interval_s * 1000,
        )
        self._metrics = BotMetrics(context.metrics, bot.bot_id)
        self._memory = StateFile(home / "daily_state.json")
        self._bridge = Bridge(
            bot_id=bot.bot_id,
            symbol=bot.pair,
            bus=context.bus,
            source=context.source,
            clock=context.clock,
            csv_files=self._csv_files,
            audit_chain=HashChain(home / "audit.jsonl"),
            metrics=self._metrics,
            host_facts=self._facts,
        )
        self._host = Host(self._instance(home))
        self._tasks: set[asyncio.Task[None]] = set()

    async def on_start(self) -> None:
        bot, settings = self._bot, self._settings
        self.log.info(
            "bot.config", bot=bot.bot_id, bundle=bot.bundle.name, label=bot.bundle.label, pair=bot.pair,
            variant_mode=bot.params.variant_mode, overridden=list(bot.overridden), config_hash=bot.config_hash,
        )  # fmt: skip
        await self._host.prepare()
        self.log.info("bot.prepared", after_s=process_age_s())
        await self._wait_for_gateway()
        if self.context.stop.is_set():
            return
        self._memory.offer_candles(
            await fetch_candles(
                settings.gateway_url,
                bot.pair,
                self.context.clock,
                count=settings.candles_count,
                within_s=settings.candles_wait_s,
            )
        )
        seat.take(seat.Seat(bot, self.context.clock, self._bridge, self._memory, self._on_script))
        await self._host.start()
        gc.enable()
        self.context.health.degraded("waiting for the connector's feeds")
        self.log.info("bot.started", after_s=process_age_s())

    async def on_event(self, event: AnyEvent) -> None:
        if isinstance(event, IntentV1):
            self._bridge.on_intent(event)

    async def on_tick(self, now_ms: int) -> None:
        if self._host.clock_error is not None:
            await self._stop_quoting()
            raise ClockDied("CLOCK_DIED", f"bot={self._bot.bot_id}, error={self._host.clock_error}", "see the log")
        self._bridge.publish_status()
        if self._script is not None:
            self._metrics.on_health(self._script.controller.faults, self._script.connector.foreign_cancels)
        if self._csv_files.error:
            self.log.warning("csv.unwritten", error=self._csv_files.error)
        if self._host.is_ready and self._bridge.latest is not None:
            self.context.health.ready()
            self._in_background(self._funding.refresh(self._script.connector))
        elif self.context.health.is_ready:
            self.context.health.degraded("the connector's feeds are gone")

    async def on_stop(self) -> None:
        """Quotes cancelled, state and rows on disk. Positions stay."""
        await self._stop_quoting()
        self._bridge.publish_status()
        if not await asyncio.to_thread(self._csv_files.close, 3.0):
            self.log.warning("csv.unwritten", error=self._csv_files.error or "the writer did not finish")

    def counters(self) -> dict[str, int]:
        return self._facts().counters._asdict()

    # -------------------------------------------------------------------------------------------------------- private

    async def _stop_quoting(self) -> None:
        finished = await self._host.shut_down(self._settings.stop_wait_s + 1.0)
        controller = self._script.controller if self._script is not None else None
        daily = controller.daily_so_far() if controller is not None else None
        if daily is not None:
            self._bridge.publish_daily(daily)
        await asyncio.to_thread(self._memory.save_and_close, controller.dump_state if controller is not None else None)
        self.log.info("bot.stopped", finished=finished, counters=self.counters())

    def _on_script(self, script: Any) -> None:
        self._script = script
        script.execution.on_first_order = self._note_first_order
        script.on_tick_took = self._metrics.on_script_tick
        script.stop_wait_s = float(self._settings.stop_wait_s)

    def _note_first_order(self) -> None:
        self._first_order_s = process_age_s()
        self.log.info("bot.first_order", first_order_s=self._first_order_s)

    def _facts(self) -> HostFacts:
        counters = self._script.execution.counters if self._script is not None else Counters()
        return HostFacts(counters, self._first_order_s, self._funding.paid_quote)

    def _in_background(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wait_for_gateway(self) -> None:
        """Hummingbot looks for its venue only every ten seconds, so it is started when there is one."""
        clock, url = self.context.clock, self._settings.gateway_url
        deadline_ms = clock.monotonic_ms() + self._settings.gateway_wait_s * 1000
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
            while clock.monotonic_ms() < deadline_ms and not self.context.stop.is_set():
                try:
                    async with session.get(f"{url}/readyz") as answer:
                        if answer.status == 200:
                            return
                except (aiohttp.ClientError, TimeoutError) as error:
                    self.log.debug("gateway.unreachable", error=repr(error))
                await clock.sleep_until(clock.monotonic_ms() + 200)
        if not self.context.stop.is_set():
            raise DeskError("VENUE_UNREACHABLE", f"gateway_url={url}", "desk status: is the gateway ready?")

    def _instance(self, home: Path) -> Instance:
        secrets = ensure_secrets(self.context.run_dir, [self._bot.bot_id])
        key = secrets.bot_keys[self._bot.bot_id]
        return Instance(
            bot_id=self._bot.bot_id,
            instance_dir=home,
            controllers_conf_dir=self._bot.controllers_conf_dir,
            scripts_conf_dir=self._bot.scripts_conf_dir,
            project_dir=REPO,
            gateway_url=self._settings.gateway_url,
            keystore_password=secrets.keystore_password,
            api_key=key.api_key,
            secret=key.secret,
            passphrase=key.passphrase,
            config_hash=self._bot.config_hash,
        )
