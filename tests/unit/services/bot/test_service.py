"""The bot as a service: readiness, the stop, and the death of Hummingbot's clock. Hummingbot itself is a stand-in."""

import asyncio
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from services.bot.carrier import Counters
from services.bot.config import resolve_bot
from services.bot.launcher import ClockDied
from services.bot.memory import StateFile
from services.bot.service import BotService
from services.bot.settings import BotSettings
from services.common.clock import ManualClock
from services.common.envelope import Source
from services.common.health import Health
from services.common.ids import SeededIds
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.common.service import ServiceContext
from services.contracts.events import BotStatusV1, IntentV1

REPO = Path(__file__).resolve().parents[4]


class Bus:
    def __init__(self):
        self.published = []

    def publish_nowait(self, event):
        self.published.append(event)

    def blind_ms(self):
        return 0


class Host:
    def __init__(self):
        self.clock_error, self.is_ready, self.shut_downs = None, True, 0

    async def shut_down(self, timeout_s):
        self.shut_downs += 1
        return True


class Controller:
    faults = 0

    def daily_so_far(self):
        return None

    def dump_state(self):
        return {"day": 7}


class Connector:
    foreign_cancels = 0

    async def funding_bills(self, since_ms):
        return []


@pytest.fixture
def service(tmp_path):
    clock = ManualClock()
    ids = SeededIds(clock, 7)
    context = ServiceContext(
        name="bot.bot0",
        run_dir=tmp_path,
        data_dir=REPO / "data",
        bus=Bus(),
        clock=clock,
        ids=ids,
        source=Source("bot.bot0", clock=clock, ids=ids),
        health=Health("bot.bot0"),
        metrics=Metrics(),
        log=get_logger("test"),
    )
    settings = BotSettings(gateway_url="http://127.0.0.1:9")
    made = BotService(context, settings, resolve_bot(REPO / "data", "bot0"))
    made._host = Host()
    script = SimpleNamespace(
        controller=Controller(),
        connector=Connector(),
        execution=SimpleNamespace(counters=Counters(4, 3, 2, 1, 0), on_first_order=None),
    )
    made._on_script(script)
    made.script = script
    return made


def statuses(service):
    return [event for event in service.context.bus.published if isinstance(event, BotStatusV1)]


def test_it_is_ready_when_feeds_are_there_and_the_strategy_has_decided(service):
    async def ticks():
        await service.on_tick(0)
        before = service.context.health.state
        service._bridge.latest = decided()
        await service.on_tick(0)
        ready = service.context.health.state
        service._host.is_ready = False
        await service.on_tick(0)
        return before, ready, service.context.health.state

    assert asyncio.run(ticks()) == ("starting", "ready", "degraded")


def decided():
    from controllers.core.values import NoView
    from controllers.epp.decide import decide, initial_state
    from controllers.epp.params import EppParams

    params = EppParams()
    return decide(initial_state(params), NoView(1_700_000_000_000, "NO_VIEW", ""), params)[2]


def test_a_dead_clock_cancels_the_quotes_saves_the_state_and_ends_the_process(service, tmp_path):
    service._host.clock_error = "ZeroDivisionError()"
    with pytest.raises(ClockDied, match="ZeroDivisionError"):
        asyncio.run(service.on_tick(0))
    assert service._host.shut_downs == 1
    assert StateFile(tmp_path / "bots" / "bot0" / "daily_state.json").load() == {"day": 7}


def test_a_stop_shuts_the_host_down_and_saves_the_state(service, tmp_path):
    asyncio.run(service.on_stop())
    assert service._host.shut_downs == 1
    assert StateFile(tmp_path / "bots" / "bot0" / "daily_state.json").load() == {"day": 7}
    assert statuses(service)


def test_the_first_order_is_timed_from_the_start_of_the_process(service):
    service.script.execution.on_first_order()
    service._bridge.publish_status()
    assert statuses(service)[-1].first_order_s > Decimal(0)
    assert service.counters() == {"submits": 4, "cancels": 3, "fills": 2, "refusals": 1, "skipped": 0}


def test_intents_reach_the_strategy(service):
    clock = service.context.clock
    event = Source("desk_cli", clock=clock, ids=SeededIds(clock, 1)).make(
        IntentV1, bot_id="bot0", action="resume", reason="back", actor="anna", expires_at_ms=clock.now_ms() + 1
    )
    asyncio.run(service.on_event(event))
    assert [intent.action for intent in service._bridge.take_intents()] == ["resume"]


def test_the_keys_come_from_the_secrets_and_the_paths_are_the_bots_own(service, tmp_path):
    instance = service._instance(tmp_path / "bots" / "bot0")
    assert instance.api_key.startswith("bot_")
    assert instance.controllers_conf_dir == REPO / "data" / "bot0" / "conf" / "controllers"
    assert instance.instance_dir == tmp_path / "bots" / "bot0"
