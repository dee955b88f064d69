"""Which processes a desk consists of, how each is started, and in which order they stop. Pure."""

import sys
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

from services.common.errors import ConfigError

BOT_PREFIX = "bot."
MODE = "sim"


class Stage(IntEnum):
    """Processes of one stage stop together, lower stages first: quotes, then the door, then what remembers."""

    BOT = 0
    GATEWAY = 1
    KILL = 2
    VENUE = 3
    STORE = 4
    PAGE = 5


class UpOptions(NamedTuple):
    """What was asked of `desk up`."""

    bots: tuple[str, ...]
    data_dir: Path
    run_dir: Path
    market: str | None = None
    seed: int | None = None
    speed: str | None = None
    for_s: int | None = None
    page: bool = True
    page_port: int | None = None
    overrides: tuple[str, ...] = ()  # "gateway.order_value_quote_max=500"
    redis_url: str | None = None  # None: the embedded one
    postgres_url: str | None = None


class ProcessPlan(NamedTuple):
    name: str
    argv: tuple[str, ...]
    port: int
    stage: Stage
    ready_s: float  # longest time until /readyz answers 200, at the first start
    stop_s: float  # after SIGTERM; then it is killed, and said so
    nice: int = 0  # above 0: never takes the processor from what trades

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


SERVICE_NAMES = ("venue_sim", "gateway", "kill_switch", "event_store", "desk_api", "bot")


def process_names(options: UpOptions) -> tuple[str, ...]:
    """In start order. Everything starts at once; the order only decides who gets the processor first."""
    page = ("desk_api",) if options.page else ()
    return ("venue_sim", "gateway", *(BOT_PREFIX + bot for bot in options.bots), "event_store", "kill_switch", *page)


def process_plans(options: UpOptions, ports: dict[str, int], redis_url: str) -> tuple[ProcessPlan, ...]:
    """``ports`` has one for every name of process_names."""
    overrides = overrides_by_service(options.overrides, options.bots)
    common = ("--run-dir", str(options.run_dir), "--data-dir", str(options.data_dir))
    bus = ("--redis-url", redis_url)

    def url(name: str) -> str:
        return f"http://127.0.0.1:{ports[name]}"

    def plan(
        name: str, module: str, stage: Stage, flags: tuple[str, ...], ready_s: float, stop_s: float
    ) -> ProcessPlan:
        sets = tuple(flag for key in overrides.get(name, ()) for flag in ("--set", key))
        argv = (sys.executable, "-m", module, *common, "--port", str(ports[name]), *flags, *sets)
        return ProcessPlan(name, argv, ports[name], stage, ready_s, stop_s, nice=5 if stage == Stage.PAGE else 0)

    venue_flags: tuple[str, ...] = ()
    for flag, value in (("--market", options.market), ("--seed", options.seed), ("--speed", options.speed)):
        if value is not None:
            venue_flags += (flag, str(value))
    plans = [
        plan("venue_sim", "services.venue_sim", Stage.VENUE, venue_flags, 45, 15),
        plan(
            "gateway",
            "services.gateway",
            Stage.GATEWAY,
            ("--venue-url", url("venue_sim"), *bus, "--bots", ",".join(options.bots)),
            45,
            20,
        ),
    ]
    for bot in options.bots:
        flags = ("--bot", bot, "--gateway-url", url("gateway"), *bus)
        plans.append(plan(BOT_PREFIX + bot, "services.bot", Stage.BOT, flags, 90, 30))
    killing = ("--venue-url", url("venue_sim"), "--gateway-url", url("gateway"), *bus, "--bots", ",".join(options.bots))
    plans.append(plan("kill_switch", "services.kill_switch", Stage.KILL, killing, 45, 15))
    plans.append(plan("event_store", "services.event_store", Stage.STORE, bus, 45, 20))
    if options.page:
        plans.append(plan("desk_api", "services.desk_api", Stage.PAGE, bus, 45, 10))
    return tuple(plans)


def overrides_by_service(overrides: tuple[str, ...], bots: tuple[str, ...]) -> dict[str, list[str]]:
    """gateway.key=value goes to the gateway, bot.key=value to every bot, bot1.key=value to bot1."""
    by_process: dict[str, list[str]] = {}
    for override in overrides:
        head, separator, rest = override.partition(".")
        if not separator or "=" not in rest or not rest.partition("=")[0]:
            raise _bad_override(override, "it is not <service>.<key>=<value>", bots)
        if head == "bot":
            names = [BOT_PREFIX + bot for bot in bots]
        elif head in bots:
            names = [BOT_PREFIX + head]
        elif head in SERVICE_NAMES:
            names = [head]
        else:
            raise _bad_override(override, f"no process is called {head!r}", bots)
        for name in names:
            by_process.setdefault(name, []).append(rest)
    return by_process


def _bad_override(override: str, why: str, bots: tuple[str, ...]) -> ConfigError:
    return ConfigError(
        "SET_INVALID",
        f"--set {override}: {why}; services: {', '.join((*SERVICE_NAMES, *bots))}",
        "desk up --set gateway.order_value_quote_max=500",
    )
