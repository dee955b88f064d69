"""The gateway's process as its shell: what comes over the bus alone reaches the latch on disk."""

import pytest

from services.common.settings import load_settings
from services.contracts import events as e
from services.gateway.latch_file import LatchFile
from services.gateway.service import GatewayService
from services.gateway.settings import GatewaySettings
from tests.fakes.gateway_desk import POLICY_PATH
from tests.fakes.service_context import make_context

NOBODY = ["venue_url=http://127.0.0.1:1", "bots=bot1,bot2"]


@pytest.fixture
async def gateway(tmp_path):
    context = make_context(tmp_path, name="gateway")
    context.data_dir = POLICY_PATH.parents[1]
    settings = load_settings(GatewaySettings, service="gateway", overrides=NOBODY, environ={}).settings
    service = GatewayService(context, settings)
    await service._engine.start()
    yield service
    await service._engine.close()
    service._audit.close()


def latches(gateway: GatewayService) -> dict[str, str]:
    entries = LatchFile(gateway.context.run_dir / "gateway" / "latch.json").read()
    return {scope: entry.state for scope, entry in entries.items()}


def said(gateway: GatewayService, kind: type[e.Event], bot_id: str, source: str, **fields: object) -> e.AnyEvent:
    now_ms = gateway.context.clock.now_ms()
    return kind(  # type: ignore[return-value]
        event_id="e1", source=source, source_epoch=1, seq=1, bot_id=bot_id, ts_ms=now_ms, config_hash="", **fields
    )


async def test_a_latch_that_comes_over_the_bus_alone_is_on_disk_and_holds(gateway):
    halt = {"scope": "bot:bot1", "state": "HALTED", "reason": "KILL", "actor": "kill_switch"}
    await gateway.on_event(said(gateway, e.LatchV1, "bot1", "kill_switch", **halt))
    assert latches(gateway) == {"bot:bot1": "HALTED"}
    state = gateway._engine.gateway.state
    assert (state.latch_of("bot1").state, state.latch_of("bot2").state) == ("HALTED", "ACTIVE")


async def test_an_intent_to_kill_that_comes_over_the_bus_alone_is_on_disk_and_holds(gateway):
    expires_ms = gateway.context.clock.now_ms() + 10_000
    kill = {"action": "kill_switch", "reason": "DAILY_LOSS_LIMIT", "actor": "bot.bot2", "expires_at_ms": expires_ms}
    await gateway.on_event(said(gateway, e.IntentV1, "bot2", "bot.bot2", **kill))
    assert latches(gateway) == {"bot:bot2": "HALTED"}


async def test_nothing_on_the_bus_loosens(gateway):
    latch = {"scope": "bot:bot1", "reason": "MANUAL", "actor": "anna"}
    await gateway.on_event(said(gateway, e.LatchV1, "bot1", "kill_switch", state="HALTED", **latch))
    await gateway.context.clock.advance(5_000)
    for state in ("REDUCING", "ACTIVE"):
        await gateway.on_event(said(gateway, e.LatchV1, "bot1", "desk_api", state=state, **latch))
    assert latches(gateway) == {"bot:bot1": "HALTED"}


async def test_what_comes_over_the_bus_while_the_latch_is_unreadable_loosens_nothing(gateway):
    LatchFile(gateway.context.run_dir / "gateway" / "latch.json").path.write_text("{")
    halt = {"scope": "bot:bot1", "state": "HALTED", "reason": "KILL", "actor": "kill_switch"}
    await gateway.on_event(said(gateway, e.LatchV1, "bot1", "kill_switch", **halt))
    assert latches(gateway) == {"bot:bot1": "HALTED", "desk": "HALTED"}


async def test_the_gateway_knows_which_code_it_runs(gateway):
    assert len(gateway._engine.gateway.state.code_hash) == 64
