"""The exchange process: the simulation behind a dialect, advanced in real time, durable."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiohttp import web

from services.common.errors import ConfigError
from services.common.http_front import ShortWay
from services.common.secrets import KeyTriple, ensure_secrets
from services.common.service import Service, ServiceContext
from services.common.yaml_file import read_yaml
from services.dialects.bitget.rate_limits import Ban, RateLimits
from services.dialects.bitget.server import DialectServer, ServerSettings
from services.simulation.exchange import Exchange, ExchangeParams
from services.simulation.fees import FeeTier, tiers_from_policy
from services.simulation.fill_model import FillSettings
from services.simulation.instruments import Instrument
from services.venue_sim.admin import Admin
from services.venue_sim.backend import SimBackend
from services.venue_sim.faults import FaultPlan, Rule, rules_of
from services.venue_sim.group_commit import GroupCommit
from services.venue_sim.keys import Keys
from services.venue_sim.listing import listed_instruments
from services.venue_sim.market import open_market
from services.venue_sim.metrics import VenueSimMetrics
from services.venue_sim.on_the_way import OnTheWay
from services.venue_sim.settings import VenueSimSettings
from services.venue_sim.store import Store

MEASURE_EVERY_MS = 1_000


SLEPT_MS = 600_000  # a jump of the clock beyond this was a machine that slept, not a market to live through


def _params(settings: VenueSimSettings, fee_tiers: tuple[FeeTier, ...]) -> ExchangeParams:
    fills = FillSettings(
        seed=settings.paper_seed,
        latency_ms=settings.paper_latency_ms,
        queue_participation=settings.paper_queue_participation,
        partial_fill_ratio_min=settings.paper_partial_fill_ratio_min,
        partial_fill_ratio_max=settings.paper_partial_fill_ratio_max,
    )
    return ExchangeParams(
        funding_interval_ms=settings.funding_interval_ms,
        key_rights=settings.key_rights,
        fill_model=fills if settings.is_paper else None,
        post_fill_drift_window_ms=settings.post_fill_drift_window_ms,
        fee_tiers=fee_tiers,
        stp_mode=settings.stp_mode,
        sleep_min_ms=SLEPT_MS,
    )


class VenueSim(Service):
    name = "venue_sim"

    def __init__(self, context: ServiceContext, settings: VenueSimSettings) -> None:
        super().__init__(context)
        self._settings = settings
        self.tick_ms = settings.tick_ms
        self._measure_at_ms = 0
        self._metrics = VenueSimMetrics(context.metrics)
        self._store = Store(context.run_dir / "venue_sim" / "venue.sqlite")
        self._commits = GroupCommit(self._store.write, self._on_commit)
        secrets = ensure_secrets(context.run_dir, settings.accounts)
        keys = Keys(self._read_keys, self._open_account, context.clock.monotonic_ms)
        instruments = self._instruments()
        tick_sizes = {instrument.rules.symbol: instrument.rules.tick_size for instrument in instruments}
        self._exchange = Exchange(
            instruments,
            {},
            open_market(settings, tick_sizes),
            settings.seed,
            context.clock.now_ms(),
            _params(settings, self._fee_tiers()),
        )
        self._keys = keys
        self._scenario = self._read_scenario()
        self._backend = SimBackend(
            self._exchange,
            self._commits,
            keys,
            context.clock,
            self._metrics,
            context.log,
            FaultPlan(settings.seed),
            RateLimits(Ban()) if settings.rate_limits == "venue" else None,
            OnTheWay(settings.latency, settings.seed),
        )
        self._server = DialectServer(self._backend, ServerSettings(book_mode=settings.book_mode))
        self._backend.server = self._server
        self._admin = Admin(self._backend, settings, secrets.admin_token)

    def web_app(self) -> web.Application:
        app = web.Application()
        self._server.add_to(app)
        self._admin.add_to(app)
        return app

    def short_way(self) -> ShortWay:
        return self._server.short_way

    async def on_start(self) -> None:
        """Back to where the last life ended, then the market goes on."""
        rows = self._store.load()
        try:
            self._exchange.restore(rows)
        except ValueError as error:
            raise ConfigError("VENUE_STORE", str(error), "list the pair as it was, or move venue_sim/ away") from error
        self._keys.reload()
        self._backend.advance()
        await self._commits.drain()
        self._backend.set_faults(self._scenario)
        self._backend.is_open = True
        self.log.info("venue.open", rows=len(rows), open_orders=len(self._exchange.open_orders()))

    async def on_tick(self, now_ms: int) -> None:
        if self._commits.failure is not None:
            raise RuntimeError("the store cannot be written; nothing is answered any more") from self._commits.failure
        started_ms = self.context.clock.monotonic_ms()
        self._backend.advance()
        self._metrics.advance_seconds.observe((self.context.clock.monotonic_ms() - started_ms) / 1000)
        if now_ms >= self._measure_at_ms:
            self._measure_at_ms = now_ms + MEASURE_EVERY_MS
            self._metrics.sessions.set(len(self._server.sessions()))
            self._metrics.open_orders.set(len(self._exchange.open_orders()))
            for account_id in self._exchange.accounts():
                self._metrics.tell_paper(account_id, self._exchange.paper_stats(account_id))

    async def on_stop(self) -> None:
        """Everything answered is on disk already; what is on its way there still goes out."""
        self._backend.is_open = False
        await self._commits.close()
        await self._server.close("the venue is stopping")
        await asyncio.to_thread(self._store.close)

    def counters(self) -> dict[str, int]:
        return {"open_orders": len(self._exchange.open_orders()), "sessions": len(self._server.sessions())}

    # ------------------------------------------------------------------------------------------------------ private

    def _instruments(self) -> tuple[Instrument, ...]:
        """The policy file's list, else the built-in one; only the pairs asked for."""
        policy = self.context.data_dir / "policies" / "instruments.yml"
        by_symbol = {instrument.rules.symbol: instrument for instrument in listed_instruments(policy)}
        unknown = [pair for pair in self._settings.pairs if pair not in by_symbol]
        if unknown:
            raise ConfigError(
                "E_CFG_INVALID",
                f"pairs={','.join(unknown)}, allowed: {', '.join(by_symbol)}",
                "list them in data/policies/instruments.yml, or choose others with --set pairs=BTC-USDT",
            )
        return tuple(by_symbol[pair] for pair in self._settings.pairs)

    def _fee_tiers(self) -> tuple[FeeTier, ...]:
        return tiers_from_policy(self._policy())

    def _policy(self) -> Mapping[str, Any]:
        """The owner's file, empty when there is none."""
        path = self.context.data_dir / "policies" / "instruments.yml"
        return read_yaml(path) if path.exists() else {}

    def _read_scenario(self) -> tuple[Rule, ...]:
        """Its times count from the moment the venue opens."""
        if not self._settings.faults:
            return ()
        path = Path(self._settings.faults)
        try:
            return rules_of(read_yaml(path).get("rules", []))
        except ValueError as error:
            raise ConfigError("E_CFG_INVALID", f"path={path}, {error}", "see data/scenarios/bad_hour.yml") from error

    def _read_keys(self) -> Mapping[str, KeyTriple]:
        return ensure_secrets(self.context.run_dir, self._settings.accounts).venue_accounts

    def _open_account(self, account_id: str) -> None:
        self._exchange.add_account(account_id, Decimal(self._settings.starting_quote))

    def _on_commit(self, rows: int, took_ns: int) -> None:
        self._metrics.commits.inc()
        self._metrics.commit_rows.inc(rows)
        self._metrics.commit_seconds.observe(took_ns / 1e9)
