"""A whole simulated venue in this process: exchange, dialect and admin on a loopback port, and a client of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import NamedTuple

from aiohttp import web

from services.common import venue
from services.common.clock import SystemClock
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.common.secrets import KeyTriple
from services.dialects.bitget.client import BitgetUpstream, ClientSettings
from services.dialects.bitget.rate_limits import RateLimits
from services.dialects.bitget.server import DialectServer, ServerSettings
from services.dialects.bitget.signing import Credentials
from services.simulation.exchange import Exchange
from services.simulation.instruments import default_instruments
from services.simulation.latency import LatencySettings
from services.venue_sim.admin import Admin
from services.venue_sim.backend import SimBackend
from services.venue_sim.faults import FaultPlan, Rule
from services.venue_sim.group_commit import GroupCommit
from services.venue_sim.keys import Keys
from services.venue_sim.metrics import VenueSimMetrics
from services.venue_sim.on_the_way import OnTheWay
from services.venue_sim.settings import VenueSimSettings
from tests.unit.services.dialects.bitget.shell import Listener

ADMIN_TOKEN = "the-admin-token"
KEYS = {"bot1": KeyTriple("k1", "s1", "p1"), "bot2": KeyTriple("k2", "s2", "p2")}
BOT1, BOT2 = Credentials(*KEYS["bot1"]), Credentials(*KEYS["bot2"])
BTC = next(i for i in default_instruments() if i.rules.symbol == "BTC-USDT")


class Venue(NamedTuple):
    backend: SimBackend
    upstream: BitgetUpstream
    listener: Listener
    written: list
    url: str

    def strike(self, *rules: Rule) -> None:
        self.backend.faults.put(rules, self.backend.exchange.now_ms)


@contextlib.asynccontextmanager
async def running(limits: RateLimits | None = None, latency: LatencySettings | None = None) -> AsyncIterator[Venue]:
    clock, written = SystemClock(), []
    exchange = Exchange([BTC], {}, "calm", 7, clock.now_ms())
    keys = Keys(lambda: KEYS, lambda account: exchange.add_account(account, Decimal(100_000)), clock.monotonic_ms)
    commits = GroupCommit(written.append)
    metrics = VenueSimMetrics(Metrics())
    way = OnTheWay(latency or LatencySettings(), 7)
    backend = SimBackend(exchange, commits, keys, clock, metrics, get_logger("test"), FaultPlan(7), limits, way)
    server = backend.server = DialectServer(backend, ServerSettings(book_mode="diff"))
    keys.reload()
    backend.advance()
    backend.is_open = True
    app = web.Application()
    server.add_to(app)
    Admin(backend, VenueSimSettings(market="calm"), ADMIN_TOKEN).add_to(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    settings = ClientSettings(url, reconnect_ms_min=10, reconnect_ms_max=50)
    listener = Listener()
    upstream = BitgetUpstream(settings, listener, clock)
    await upstream.start()
    ticking = asyncio.create_task(ticks(backend))
    try:
        yield Venue(backend, upstream, listener, written, url)
    finally:
        ticking.cancel()
        await upstream.close()
        await runner.cleanup()
        await commits.close()


async def ticks(backend: SimBackend) -> None:
    while True:
        backend.advance()
        await asyncio.sleep(0.01)


def resting(client_order_id: str = "t-1", price: str = "50000") -> venue.PlaceOrder:
    return venue.PlaceOrder(
        symbol="BTC-USDT",
        client_order_id=client_order_id,
        side="buy",
        order_type="limit",
        time_in_force="gtc",
        qty_base=Decimal("0.01"),
        price=Decimal(price),
    )


MARKET_BUY = venue.PlaceOrder(
    symbol="BTC-USDT",
    client_order_id="m-1",
    side="buy",
    order_type="market",
    time_in_force="gtc",
    qty_base=Decimal("0.01"),
    price=None,
)
