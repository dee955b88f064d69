"""One run: venue, gateway and bots in one process in virtual time, under the fault plan of one seed."""

import random
import time
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from controllers.epp.params import EppParams
from scripts.desk.places import REPO
from scripts.simulate.bot_node import BotNode
from scripts.simulate.faults import Moment, Plan, Weather, draw
from scripts.simulate.findings import Violation
from scripts.simulate.gateway_node import GatewayNode, MakeGateway
from scripts.simulate.invariants import Judge
from scripts.simulate.venue_node import VenueNode
from scripts.simulate.world import Then, World
from services.bot.config import resolve_bot
from services.common import venue
from services.gateway.limits.policy import Policy, load_policy
from services.gateway.logic import Gateway

MARKETS = ("calm", "normal", "volatile", "jumps", "trending", "lively")
_DRAIN_MS = 30_000
_TWO_BOTS_PCT = 0.2  # of the seeds
_REARMED_AFTER_MS = 60_000  # a person looks at what the gateway tightened by itself, and re-arms it
_SHARED = {"open_orders_max": Decimal(6), "gross_notional_quote_max": Decimal(10_000)}  # too little for two bots


class RunResult(NamedTuple):
    seed: int
    market: str
    bots: int
    wires: str
    violations: tuple[Violation, ...]
    faults_injected: dict[str, int]
    orders: int
    fills: int
    events: int
    decisions: int
    refusals: dict[str, int]
    tightened: dict[str, int]  # by the gateway itself, by reason code
    elapsed_s: float  # wall
    cpu_s: float
    virtual_s: float
    digest: str


@lru_cache(maxsize=1)
def policy(path: Path = REPO / "data" / "policies" / "limits.yml") -> Policy:
    return load_policy(path)


@lru_cache(maxsize=1)
def quoting_params() -> EppParams:
    """The demonstration bundle: it quotes all the time, which is what a test of the order path wants."""
    return resolve_bot(REPO / "data", "bot0").params


def shared_policy() -> Policy:
    """Limits of the desk that two bots reach together, and neither alone."""
    whole = policy()
    return whole._replace(by_scope={**whole.by_scope, "desk": {**whole.by_scope["desk"], **_SHARED}})


def bots_of(seed: int) -> int:
    return 2 if random.Random(f"desk-{seed}").random() < _TWO_BOTS_PCT else 1


class DeskRun:
    """Wires the parts and lets the plan happen to them. ``bots`` None: one or two, by the seed."""

    def __init__(
        self,
        seed: int,
        *,
        faults: tuple[str, ...],
        length_ms: int,
        bots: int | None = None,
        market: str | None = None,
        plan: Plan | None = None,
        make_gateway: MakeGateway = Gateway,
        make_bot: type[BotNode] = BotNode,
        params: EppParams | None = None,
    ) -> None:
        self.seed, self.length_ms = seed, length_ms
        self.market = market or MARKETS[seed % len(MARKETS)]
        self.world = World()
        self.weather = Weather(plan if plan is not None else draw(seed, faults, length_ms), seed)
        bots = bots or bots_of(seed)
        ids = tuple(f"bot{number}" for number in range(1, bots + 1))
        symbols = ("BTC-USDT",)
        self.venue = VenueNode(self.world, self.weather, symbols, ids, self.market, seed)
        self.gateway = GatewayNode(
            self.world, self.venue, ids, policy() if bots == 1 else shared_policy(), make_gateway
        )
        base = params or quoting_params()
        self.bots = [
            make_bot(self.world, self.gateway, bot_id, symbols[0], base._replace(bot_id=bot_id)) for bot_id in ids
        ]
        self._armed: dict[str, list[Moment]] = {}
        self.venue.on_request.append(self._on_request)
        self.venue.on_trade.append(lambda _account_id: self._pull("trade"))
        self.gateway.on_write.append(lambda: self._pull("write"))
        self.judge = Judge(self.world, self.weather, self.venue, self.gateway, self.bots)

    def run(self) -> RunResult:
        started, cpu_started = time.perf_counter(), time.process_time()
        self.world.after(50, self.gateway.start)
        for number, bot in enumerate(self.bots):
            self.world.after(500 + 100 * number, bot.start)
        for moment in self.weather.plan.moments:
            self.world.after(moment.at_ms, self._arming(moment) if moment.trigger else self._happening(moment))
        self.world.every(1_000, self._second)
        self.world.every(2_000, self.judge.look)
        self.world.run_until(self.length_ms)
        self._stop()
        return RunResult(
            seed=self.seed,
            market=self.market,
            bots=len(self.bots),
            wires=self.venue.wires.place,
            violations=tuple(self.judge.violations),
            faults_injected=dict(sorted(self.weather.injected.items())),
            orders=sum(self.venue.placed_ids.values()),
            fills=len(self.gateway.fill_events),
            events=self.gateway.events,
            decisions=sum(bot.decisions for bot in self.bots),
            refusals=self._refusals(),
            tightened=dict(sorted(self.gateway.tightened.items())),
            elapsed_s=time.perf_counter() - started,
            cpu_s=time.process_time() - cpu_started,
            virtual_s=self.world.elapsed_ms / 1000,
            digest=self.world.digest(),
        )

    def _second(self) -> None:
        stopped = self.weather.holds(self.world.elapsed_ms, "stop_bot")
        bot = self.bots[0]
        if stopped and not bot.is_stopped and bot.is_up:
            self.weather.count("stop_bot")
            bot.pause()
        elif not stopped and bot.is_stopped:
            bot.resume()
        for name in ("frozen_feed", "late_feed"):
            if self.weather.holds(self.world.elapsed_ms, name):
                self.weather.count(name)
        for scope, entry in self.gateway.latch.items():
            if entry.actor == "gateway" and self.world.now_ms - entry.ts_ms >= _REARMED_AFTER_MS:
                self.gateway.set_latch(scope, "ACTIVE", "looked at, re-armed")

    def _arming(self, moment: Moment) -> Then:
        return lambda: self._armed.setdefault(moment.trigger, []).append(moment)

    def _pull(self, trigger: str) -> None:
        """A message of that kind is at the venue: what waited for one follows it."""
        for moment in self._armed.pop(trigger, ()):
            self.world.after(moment.behind_ms, self._happening(moment))

    def _on_request(self, request: venue.Request) -> None:
        if self._armed and isinstance(request, venue.PlaceOrder | venue.CancelOrder):
            self._pull("place" if isinstance(request, venue.PlaceOrder) else "cancel")

    def _happening(self, moment: Moment) -> Then:
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

    def _old_leader(self, _moment: Moment) -> bool:
        return self.bots[self.weather.choice(len(self.bots))].submit_as_old_leader()

    def _person_cancels(self, _moment: Moment) -> bool:
        return self.venue.person_cancels(self.weather.choice(1_000))

    def _transfer(self, _moment: Moment) -> bool:
        if not self.venue.is_up:
            return False
        self.venue.exchange.transfer(self.bots[0].bot_id, Decimal(1_000), self.world.now_ms)
        return True

    def _halt(self, moment: Moment) -> bool:
        scope = self.weather.pick(("desk", *(f"bot:{bot.bot_id}" for bot in self.bots)))
        self.gateway.set_latch(scope, "HALTED", "drill")
        self.world.after(max(moment.length_ms, 5_000), lambda: self.gateway.set_latch(scope, "ACTIVE", "re-armed"))
        return True

    def _stop(self) -> None:
        """As `desk up` stops: bots, then the gateway proves zero, then the books are compared."""
        for bot in self.bots:
            bot.kill()
        self.world.run_until(self.length_ms + 10_000)
        if self.gateway.is_up:
            self.gateway.drain()
        self.world.run_until(self.length_ms + 10_000 + _DRAIN_MS)
        self.judge.settle()

    def _refusals(self) -> dict[str, int]:
        if self.gateway.gateway is None:
            return {}
        tallies = self.gateway.gateway.state.tallies
        return {name[8:]: count for name, count in sorted(tallies.items()) if name.startswith("refused_")}


def simulate(
    seed: int, *, faults: tuple[str, ...], length_ms: int, bots: int | None = None, market: str | None = None
) -> RunResult:
    return DeskRun(seed, faults=faults, length_ms=length_ms, bots=bots, market=market).run()
