"""The gateway process: the state machine between the dialect's server (bots) and the dialect's client (the venue)."""

from pathlib import Path

from aiohttp import web

from services.common import venue
from services.common.code_hash import code_hash
from services.common.errors import ConfigError, DeskError
from services.common.http_front import ShortWay
from services.common.secrets import Secrets, ensure_secrets
from services.common.service import Service, ServiceContext
from services.common.settings import environment
from services.contracts import events as e
from services.dialects.bitget.client import ClientSettings
from services.dialects.bitget.server import DialectServer, ServerSettings
from services.gateway import bus_side
from services.gateway import messages as m
from services.gateway.admin import AdminApi
from services.gateway.arming import bots_out_of_place, for_upstream, missing_conditions
from services.gateway.audit import AuditLog
from services.gateway.backend import BotFront
from services.gateway.engine import Engine
from services.gateway.journal import Journal, JournalBroken
from services.gateway.journal_reading import bots_with_open_orders
from services.gateway.latch_file import LatchFile
from services.gateway.limits.policy import load_policy
from services.gateway.logic import Gateway
from services.gateway.metrics import GatewayMetrics
from services.gateway.release_file import ReleaseFile
from services.gateway.second_factor import FILE_NAME, SecondFactor
from services.gateway.settings import GatewaySettings
from services.gateway.state import Timing
from services.gateway.tape import Tape
from services.gateway.venue_side import VenueSide

_DRAIN_MS = 6_000


class GatewayService(Service):
    name = "gateway"
    streams = bus_side.STREAMS
    from_start = False
    tick_ms = 200

    def __init__(self, context: ServiceContext, settings: GatewaySettings) -> None:
        super().__init__(context)
        missing = missing_conditions(settings, environment())
        if missing:
            listed = "\n  ".join(one.text() for one in missing)
            raise ConfigError(
                "NOT_ARMED", f"venue_url={settings.venue_url} is not loopback\n  {listed}", "desk arm --help"
            )
        self._secrets: Secrets = ensure_secrets(context.run_dir, settings.bots)
        path = context.data_dir / "policies" / "limits.yml"
        policy = for_upstream(load_policy(path), settings)
        misplaced = bots_out_of_place(policy, settings)
        if misplaced:
            raise ConfigError(
                "BOT_MODE_NOT_ALLOWED",
                f"mode={settings.mode}; allowed for {'; '.join(misplaced)}",
                f"{path}: bots.<bot>.modes, for example [sim, paper, {settings.mode}]",
            )
        directory = context.run_dir / "gateway"
        self._bots = settings.bots
        lanes = (*settings.bots, *self._left_behind(directory / "journal.sqlite"))
        self._journal = Journal(directory / "journal.sqlite")
        latch_file = LatchFile(directory / "latch.json")
        self._metrics = GatewayMetrics(context.metrics)
        bot_keys = {bot: self._secrets.bot_keys[bot] for bot in settings.bots}
        self._front = BotFront(bot_keys, clock=context.clock, log=context.log, metrics=self._metrics)
        self._server = DialectServer(
            self._front, ServerSettings(book_mode="diff", silent_after_ms=settings.session_silent_ms)
        )
        self._audit = AuditLog(directory / "audit.jsonl", context.clock)
        persons_to_loosen = 2 if settings.mode == "live" else 1
        second_factor = SecondFactor(context.run_dir / "secrets" / FILE_NAME, context.clock)
        self._admin = AdminApi(self._secrets.admin_token, latch_file, self._audit, second_factor, persons_to_loosen)
        self._venue_side = VenueSide(
            ClientSettings(
                rest_url=settings.venue_url,
                request_timeout_ms=settings.request_timeout_ms,
                demo_trading=settings.mode == "testnet",  # the venue's test network is its real address and a header
            ),
            {bot: self._secrets.venue_accounts[bot] for bot in lanes},
            tuple(policy.instruments),
            clock=context.clock,
            log=context.log,
            feed=self._feed,
            publish_public=self._on_public_push,
        )
        self._tape = Tape(context.run_dir / "tapes", context.log) if settings.record_tape else None
        self._release_file = ReleaseFile(context.data_dir / "release.json", settings.bots)
        gateway = Gateway(lanes, policy, _timing(settings))
        gateway.state.code_hash = code_hash()
        self._engine = Engine(
            gateway,
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

    def short_way(self) -> ShortWay:
        return self._server.short_way

    async def on_start(self) -> None:
        self.context.health.degraded("reconciling with the venue")
        try:
            await self._engine.start()
        except JournalBroken as error:
            raise DeskError("JOURNAL_UNREADABLE", str(error), "restore it from a backup; never delete it") from error
        self._front.engine = self._engine
        self._admin.engine = self._engine
        if self._tape is not None:
            self._tape.start()
        await self._venue_side.start()

    async def on_tick(self, now_ms: int) -> None:
        self._engine.look_at_latch()
        self._admin.carry_out_announced()
        self._engine.note_published()
        if self._release_file.changed():
            self._engine.feed(m.ReleaseChange(self._release_file.read()))
        blind_ms = self.context.bus.blind_ms()
        if blind_ms or self._engine.gateway.state.bus_blind_ms:
            self._engine.feed(m.BusBlind(blind_ms))
        state = self._engine.gateway.state
        self._metrics.update(state, self._journal.commits)
        lanes = {bot: state.lanes[bot] for bot in self._bots}
        shut = [f"{bot}: {lane.why_shut or 're-reading'}" for bot, lane in lanes.items() if not lane.is_synced]
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
        self._audit.close()
        if self._tape is not None:
            self._tape.close()

    async def on_event(self, event: e.AnyEvent) -> None:
        if isinstance(event, e.QuoteDecisionV1):
            self._feed(bus_side.quoted(event, self.context.clock.now_ms()))
            return
        wanted = bus_side.tightened(event, self._engine.gateway.state.latches.entries(), self.context.clock.now_ms())
        if wanted is not None and self._engine.is_running:
            scope, entry = wanted
            self.log.warning("latch.from_bus", scope=scope, to=entry.state, actor=entry.actor, reason=entry.reason)
            self._engine.set_latch(scope, entry)

    def counters(self) -> dict[str, int]:
        state = self._engine.gateway.state
        return {**state.tallies, "open_orders": state.orders.open_count(), "journal_commits": self._journal.commits}

    async def ask(self, request: venue.Request) -> venue.Answer | venue.Unknown:
        return await self._venue_side.ask(request)

    def push_to_bot(self, bot_id: str, push: venue.PrivatePush) -> None:
        self._server.publish(push)

    def _left_behind(self, journal: Path) -> tuple[str, ...]:
        """Bots that this life does not serve, and whose orders an earlier one left open: they have a lane, by which
        these are cancelled, and no key by which anybody could place more."""
        left = [bot for bot in bots_with_open_orders(journal) if bot not in self._bots]
        for bot in left:
            has_key = bot in self._secrets.venue_accounts
            log = self.log.warning if has_key else self.log.critical
            log("orders.left_behind", bot=bot, next="they are cancelled" if has_key else "cancel them at the venue")
        return tuple(bot for bot in left if bot in self._secrets.venue_accounts)

    def _on_public_push(self, push: venue.PublicPush) -> None:
        """To the bots and onto the tape what was not set aside; the tape has every trade."""
        is_for_bots = self._engine.gateway.state.market.is_for_bots(push)
        if is_for_bots:
            self._server.publish(push)
        if self._tape is None:
            return
        if isinstance(push, venue.BookPush) and is_for_bots:
            self._tape.record_book(push.book)
        elif isinstance(push, venue.TradesPush):
            self._tape.record_trades(push.trades)

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
        market_speed=settings.market_speed,
    )
