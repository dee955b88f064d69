"""The gateway process: the state machine between the dialect's server (bots) and the dialect's client (the venue)."""

from aiohttp import web

from services.common import venue
from services.common.errors import DeskError
from services.common.secrets import Secrets, ensure_secrets
from services.common.service import Service, ServiceContext
from services.dialects.bitget.client import ClientSettings
from services.dialects.bitget.server import DialectServer, ServerSettings
from services.gateway import messages as m
from services.gateway.admin import AdminApi
from services.gateway.backend import BotFront
from services.gateway.engine import Engine
from services.gateway.journal import Journal, JournalBroken
from services.gateway.latch_file import LatchFile
from services.gateway.limits.policy import load_policy
from services.gateway.logic import Gateway
from services.gateway.metrics import GatewayMetrics
from services.gateway.settings import GatewaySettings
from services.gateway.state import Timing
from services.gateway.venue_side import VenueSide

_DRAIN_MS = 6_000


class GatewayService(Service):
    name = "gateway"
    tick_ms = 200

    def __init__(self, context: ServiceContext, settings: GatewaySettings) -> None:
        super().__init__(context)
        self._secrets: Secrets = ensure_secrets(context.run_dir, settings.bots)
        policy = load_policy(context.data_dir / "policies" / "limits.yml")
        directory = context.run_dir / "gateway"
        self._journal = Journal(directory / "journal.sqlite")
        latch_file = LatchFile(directory / "latch.json")
        self._metrics = GatewayMetrics(context.metrics)
        bot_keys = {bot: self._secrets.bot_keys[bot] for bot in settings.bots}
        self._front = BotFront(bot_keys, clock=context.clock, log=context.log, metrics=self._metrics)
        self._server = DialectServer(self._front, ServerSettings(silent_after_ms=settings.session_silent_ms))
        self._admin = AdminApi(self._secrets.admin_token, latch_file)
        self._venue_side = VenueSide(
            ClientSettings(rest_url=settings.venue_url, request_timeout_ms=settings.request_timeout_ms),
            {bot: self._secrets.venue_accounts[bot] for bot in settings.bots},
            tuple(policy.instruments),
            clock=context.clock,
            log=context.log,
            feed=self._feed,
            publish_public=self._server.publish,
        )
        self._engine = Engine(
            Gateway(settings.bots, policy, _timing(settings)),
            clock=context.clock,
            bus=context.bus,
            source=context.source,
            journal=self._journal,
            latch_file=latch_file,
            outside=self,
            log=context.log,
        )

    def web_app(self) -> web.Application:
        app = web.Application()
        self._server.add_to(app)
        self._admin.add_to(app)
        return app

    async def on_start(self) -> None:
        self.context.health.degraded("reconciling with the venue")
        try:
            await self._engine.start()
        except JournalBroken as error:
            raise DeskError("JOURNAL_UNREADABLE", str(error), "restore it from a backup; never delete it") from error
        self._front.engine = self._engine
        self._admin.engine = self._engine
        await self._venue_side.start()

    async def on_tick(self, now_ms: int) -> None:
        self._engine.look_at_latch()
        self._engine.note_published()
        blind_ms = self.context.bus.blind_ms()
        if blind_ms or self._engine.gateway.state.bus_blind_ms:
            self._engine.feed(m.BusBlind(blind_ms))
        state = self._engine.gateway.state
        self._metrics.update(state, self._journal.commits)
        shut = [f"{bot}: {lane.door_detail or 're-reading'}" for bot, lane in state.lanes.items() if not lane.is_synced]
        if shut:
            self.context.health.degraded("; ".join(shut))
        elif state.journal_failure:
            self.context.health.degraded(f"journal: {state.journal_failure}")
        elif not state.market.is_up:
            self.context.health.degraded("no market data from the venue")
        else:
            self.context.health.ready()

    async def on_stop(self) -> None:
        left = await self._engine.drain(_DRAIN_MS)
        log = self.log.info if left == 0 else self.log.error
        log("gateway.drained", open_orders=left)
        await self._server.close("the gateway is stopping")
        await self._venue_side.close()
        await self._engine.close()

    def counters(self) -> dict[str, int]:
        state = self._engine.gateway.state
        return {**state.tallies, "open_orders": state.orders.open_count(), "journal_commits": self._journal.commits}

    async def ask(self, request: venue.Request) -> venue.Answer | venue.Unknown:
        return await self._venue_side.ask(request)

    def push_to_bot(self, bot_id: str, push: venue.PrivatePush) -> None:
        self._server.publish(push)

    def _feed(self, message: m.Input) -> None:
        if self._engine.is_running:
            self._engine.feed(message)


def _timing(settings: GatewaySettings) -> Timing:
    return Timing(
        reply_held_ms=settings.reply_held_ms,
        not_found_final_ms=settings.not_found_final_ms,
        session_grace_ms=settings.session_grace_ms,
        rest_silence_ms=settings.rest_silence_ms,
        fills_poll_ms=settings.fills_poll_ms,
        hunt_ms=settings.hunt_ms,
        snapshot_ms=settings.snapshot_ms,
        account_publish_ms=settings.account_publish_ms,
    )
