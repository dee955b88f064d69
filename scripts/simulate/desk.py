"""One run: venue, gateway and bots in one process in virtual time, under the fault plan of one seed."""

import time
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from controllers.epp.params import EppParams
from scripts.desk.places import REPO
from scripts.simulate.bot_node import BotNode
from scripts.simulate.faults import Moment, Weather, draw
from scripts.simulate.gateway_node import GatewayNode, MakeGateway
from scripts.simulate.invariants import Judge, Violation
from scripts.simulate.venue_node import VenueNode
from scripts.simulate.world import World
from services.bot.config import resolve_bot
from services.gateway.limits.policy import Policy, load_policy
from services.gateway.logic import Gateway

MARKETS = ("calm", "normal", "volatile", "jumps", "trending", "lively")
_DRAIN_MS = 30_000


class RunResult(NamedTuple):
    seed: int
    market: str
    violations: tuple[Violation, ...]
    faults_injected: dict[str, int]
    orders: int
    fills: int
    events: int
    decisions: int
    refusals: dict[str, int]
    elapsed_s: float  # wall
    virtual_s: float
    digest: str

    @property
    def speedup(self) -> float:
        return self.virtual_s / self.elapsed_s


@lru_cache(maxsize=1)
def policy(path: Path = REPO / "data" / "policies" / "limits.yml") -> Policy:
    return load_policy(path)


@lru_cache(maxsize=1)
def quoting_params() -> EppParams:
    """The demonstration bundle: it quotes all the time, which is what a test of the order path wants."""
    return resolve_bot(REPO / "data", "bot0").params


class DeskRun:
    """Wires the parts and lets the plan happen to them."""

    def __init__(
        self,
        seed: int,
        *,
        faults: tuple[str, ...],
        length_ms: int,
        bots: int = 1,
        market: str | None = None,
        make_gateway: MakeGateway = Gateway,
        make_bot: type[BotNode] = BotNode,
        params: EppParams | None = None,
    ) -> None:
        self.seed, self.length_ms = seed, length_ms
        self.market = market or MARKETS[seed % len(MARKETS)]
        self.world = World()
        self.weather = Weather(draw(seed, faults, length_ms, bots), seed)
        ids = tuple(f"bot{number}" for number in range(1, bots + 1))
        symbols = ("BTC-USDT",)
        self.venue = VenueNode(self.world, self.weather, symbols, ids, self.market, seed)
        self.gateway = GatewayNode(self.world, self.venue, ids, policy(), make_gateway)
        base = params or quoting_params()
        self.bots = [
            make_bot(self.world, self.gateway, bot_id, symbols[0], base._replace(bot_id=bot_id)) for bot_id in ids
        ]
        self.judge = Judge(self.world, self.venue, self.gateway, self.bots)

    def run(self) -> RunResult:
        started = time.perf_counter()
        self.world.after(50, self.gateway.start)
        for number, bot in enumerate(self.bots):
            self.world.after(500 + 100 * number, bot.start)
        for moment in self.weather.plan.moments:
            self.world.after(moment.at_ms, self._happening(moment))
        self.world.every(1_000, self._second)
        self.world.run_until(self.length_ms)
        self._stop()
        return RunResult(
            seed=self.seed,
            market=self.market,
            violations=tuple(self.judge.violations),
            faults_injected=dict(sorted(self.weather.injected.items())),
            orders=sum(self.venue.placed_ids.values()),
            fills=len(self.gateway.fill_events),
            events=self.gateway.events,
            decisions=sum(bot.decisions for bot in self.bots),
            refusals=self._refusals(),
            elapsed_s=time.perf_counter() - started,
            virtual_s=self.world.elapsed_ms / 1000,
            digest=self.world.digest(),
        )

    def _second(self) -> None:
        self.judge.look()
        stopped = self.weather.holds(self.world.elapsed_ms, "stop_bot")
        bot = self.bots[0]
        if stopped and not bot.is_stopped and bot.is_up:
            self.weather.count("stop_bot")
            bot.pause()
        elif not stopped and bot.is_stopped:
            bot.resume()
        if self.weather.holds(self.world.elapsed_ms, "frozen_feed"):
            self.weather.count("frozen_feed")

    def _happening(self, moment: Moment):  # type: ignore[no-untyped-def]
        def happen() -> None:
            if getattr(self, f"_{moment.name}")(moment):
                self.weather.count(moment.name)
                self.world.note(f"fault {moment.name}")

        return happen

    def _kill_bot(self, moment: Moment) -> bool:
        bot = self.bots[self.weather.choice(len(self.bots))]
        if not bot.is_up:
            return False
        bot.kill()
        self.world.after(moment.length_ms, bot.start)
        return True

    def _kill_gateway(self, moment: Moment) -> bool:
        if not self.gateway.is_up:
            return False
        self.gateway.kill()
        self.world.after(moment.length_ms, self.gateway.start)
        return True

    def _kill_venue(self, moment: Moment) -> bool:
        if not self.venue.is_up:
            return False
        self.venue.kill()
        self.world.after(moment.length_ms, self.venue.start)
        return True

    def _person_cancels(self, _moment: Moment) -> bool:
        return self.venue.person_cancels(self.weather.choice(1_000))

    def _transfer(self, _moment: Moment) -> bool:
        if not self.venue.is_up:
            return False
        self.venue.exchange.transfer(self.bots[0].bot_id, Decimal(1_000), self.world.now_ms)
        return True

    def _halt(self, moment: Moment) -> bool:
        self.gateway.set_latch("desk", "HALTED", "drill")
        self.world.after(max(moment.length_ms, 5_000), lambda: self.gateway.set_latch("desk", "ACTIVE", "re-armed"))
        return True

    def _stop(self) -> None:
        """As `desk up` stops: bots, then the gateway proves zero, then the books are compared."""
        for bot in self.bots:
            bot.kill()
        self.world.run_until(self.length_ms + 10_000)
        if self.gateway.is_up:
            self.gateway.drain()
        self.world.run_until(self.length_ms + 10_000 + _DRAIN_MS)
        left = self.venue.open_orders()
        if left:
            self.judge.say("I6", f"{len(left)} orders open at the venue after the stop")
        if self.gateway.drained != 0:
            self.judge.say("I6", f"the gateway's drain ended with {self.gateway.drained}")
        self.judge.settle()

    def _refusals(self) -> dict[str, int]:
        if self.gateway.gateway is None:
            return {}
        tallies = self.gateway.gateway.state.tallies
        return {name[8:]: count for name, count in sorted(tallies.items()) if name.startswith("refused_")}


def simulate(
    seed: int, *, faults: tuple[str, ...], length_ms: int, bots: int = 1, market: str | None = None
) -> RunResult:
    return DeskRun(seed, faults=faults, length_ms=length_ms, bots=bots, market=market).run()
