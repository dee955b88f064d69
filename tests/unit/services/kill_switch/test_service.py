import asyncio
import json
from decimal import Decimal
from pathlib import Path

import pytest

from services.common.bus import MemoryBroker, MemoryBus
from services.common.clock import ManualClock
from services.common.envelope import Source
from services.common.files import read_state, write_state
from services.common.hash_chain import verify
from services.common.ids import SeededIds
from services.common.service import run_service
from services.contracts import events as e
from services.contracts import streams
from services.kill_switch import service as kill_service
from services.kill_switch.service import KillSwitch
from services.kill_switch.settings import KillSwitchSettings
from tests.fakes.resting_venue import RestingVenue
from tests.fakes.service_context import make_context


class Desk:
    """A kill switch without a gateway that answers: the latch goes by file."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self.clock = ManualClock()
        self.broker = MemoryBroker()
        self.source = Source("desk_cli", clock=self.clock, ids=SeededIds(self.clock, 3))
        self.bus = MemoryBus(self.broker, source=self.source, clock=self.clock)
        self.venue = RestingVenue(bot1=["a", "b"], bot2=["c"])
        (run_dir / "gateway").mkdir()
        self.switch: KillSwitch
        self.task: asyncio.Task[None]

    async def start(self, **settings: object) -> None:
        context = make_context(self.run_dir, name="kill_switch", clock=self.clock, broker=self.broker)
        plain = {"venue_url": "http://127.0.0.1:1", "bots": ("bot1", "bot2"), **settings}
        self.switch = KillSwitch(context, KillSwitchSettings.model_validate(plain), ask=self.venue.ask)
        self.task = asyncio.create_task(run_service(self.switch))
        await self.clock.advance(10)

    async def crash(self) -> None:
        tasks = [self.task, *self.switch._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def stop(self) -> None:
        self.switch.context.stop.set()
        await self.clock.advance(2_000)
        await asyncio.wait_for(self.task, 5)

    async def intent(self, bot_id: str, *, expires_in_ms: int = 60_000) -> e.IntentV1:
        event = self.source.make(
            e.IntentV1,
            bot_id=bot_id,
            action="kill_switch",
            reason="DRAWDOWN_LIMIT",
            actor="bot.bot1",
            expires_at_ms=self.clock.now_ms() + expires_in_ms,
        )
        await self.bus.publish(event)
        await self.clock.advance(3_000)
        return event

    async def loosen(self, scope: str, actor: str) -> None:
        await self.bus.publish(
            self.source.make(e.LatchV1, bot_id="desk", scope=scope, state="ACTIVE", reason="MANUAL", actor=actor)
        )
        await self.clock.advance(1_000)

    def latch(self) -> dict:
        return read_state(self.run_dir / "gateway" / "latch.json")

    def report(self) -> dict:
        return json.loads((self.run_dir / "reports" / "kill_switch" / "latest.json").read_text())

    def actions(self) -> list[str]:
        path = self.run_dir / "kill_switch" / "audit.jsonl"
        return [json.loads(line)["action"] for line in path.read_text().splitlines()]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_an_intent_latches_cancels_and_proves_zero_in_its_scope_alone(desk: Desk) -> None:
    await desk.start()
    intent = await desk.intent("bot1")
    assert desk.venue.orders == {"bot1": [], "bot2": ["c"]}
    assert desk.latch()["bot:bot1"]["state"] == "HALTED"
    report = desk.report()
    assert (report["status"], report["kill"]["scope"], report["latched"]) == ("ZERO", "bot:bot1", True)
    assert desk.actions() == ["KILL_REQUESTED", "KILL_DONE"]
    assert verify(desk.run_dir / "kill_switch" / "audit.jsonl").text() == "AUDIT_VERIFY=OK"
    audits = [d.event for d in await desk.bus.tail([streams.AUDIT], count_max=10)]
    assert [audit.cause_id for audit in audits] == [intent.event_id, intent.event_id]
    assert [d.event.scope for d in await desk.bus.tail([streams.LATCH], count_max=10)] == ["bot:bot1"]
    assert desk.switch.context.health.is_ready
    await desk.stop()


async def test_a_disk_without_room_keeps_no_kill_from_killing(desk: Desk, monkeypatch) -> None:
    def no_room(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    await desk.start()
    with monkeypatch.context() as full:
        full.setattr(kill_service, "write_state", no_room)
        full.setattr(kill_service, "write_json", no_room)
        full.setattr("services.kill_switch.latch.write_state", no_room)
        full.setattr(desk.switch._audit._chain, "append", no_room)
        await desk.intent("bot1")
        assert desk.venue.orders == {"bot1": [], "bot2": ["c"]}
        assert desk.switch._kills["bot:bot1"].phase == "KILLING", "zero counts once the latch holds"
        assert not desk.task.done()
    await desk.clock.advance(5_000)
    assert desk.switch._kills["bot:bot1"].phase == "ZERO"
    assert desk.latch()["bot:bot1"]["state"] == "HALTED"
    await desk.crash()
    await desk.start()
    assert set(desk.switch._kills) == {"bot:bot1"}, "written when there was room"
    await desk.stop()


async def test_the_desk_scope_reaches_every_account(desk: Desk) -> None:
    await desk.start()
    await desk.intent("desk")
    assert desk.venue.orders == {"bot1": [], "bot2": []}
    assert set(desk.latch()) == {"desk"}
    await desk.stop()


async def test_asking_twice_is_written_down_and_changes_nothing(desk: Desk) -> None:
    await desk.start()
    await desk.intent("bot1")
    n_asked = len(desk.venue.asked)
    await desk.intent("bot1")
    assert desk.actions() == ["KILL_REQUESTED", "KILL_DONE", "KILL_REPEATED"]
    assert desk.venue.n_cancels == sum(1 for r in desk.venue.asked[:n_asked] if "Cancel" in type(r).__name__)
    await desk.stop()


async def test_an_intent_that_came_too_late_is_void_and_a_foreign_scope_is_refused(desk: Desk) -> None:
    await desk.start()
    await desk.intent("bot1", expires_in_ms=0)
    await desk.intent("bot9")
    assert desk.venue.orders["bot1"] == ["a", "b"]
    assert desk.actions() == ["KILL_EXPIRED"]
    letters = [d.event.error for d in await desk.bus.tail([streams.DEAD], count_max=5)]
    assert len(letters) == 1
    assert letters[0].startswith("UNKNOWN_SCOPE: scope=bot:bot9")
    await desk.stop()


async def test_a_kill_that_was_begun_is_finished_by_the_next_life(desk: Desk) -> None:
    desk.venue.unreachable = True
    await desk.start()
    await desk.intent("bot1")
    assert not desk.switch.context.health.is_ready
    await desk.crash()
    desk.venue.unreachable = False
    await desk.start()
    await desk.clock.advance(3_000)
    assert desk.venue.orders["bot1"] == []
    assert desk.report()["status"] == "ZERO"
    await desk.stop()


async def test_zero_is_kept_until_a_person_has_rearmed(desk: Desk) -> None:
    await desk.start()
    await desk.intent("bot1")
    desk.venue.orders["bot1"].append("stray")
    await desk.clock.advance(8_000)
    assert desk.venue.orders["bot1"] == []
    assert "ORDERS_AFTER_KILL" in desk.actions()
    await desk.loosen("bot:bot1", "gateway")
    assert "KILL_RELEASED" not in desk.actions()
    await desk.loosen("bot:bot1", "anna")
    assert desk.actions()[-1] == "KILL_RELEASED"
    desk.venue.orders["bot1"].append("wanted")
    await desk.clock.advance(12_000)
    assert desk.venue.orders["bot1"] == ["wanted"]
    await desk.stop()


async def test_a_restart_after_zero_neither_latches_nor_cancels_anew_before_it_has_heard_the_bus(desk: Desk) -> None:
    await desk.start()
    await desk.intent("bot1")
    await desk.stop()
    write_state(desk.run_dir / "gateway" / "latch.json", {})
    await desk.bus.publish(
        desk.source.make(e.LatchV1, bot_id="bot1", scope="bot:bot1", state="ACTIVE", reason="MANUAL", actor="anna")
    )
    desk.venue.orders["bot1"].append("wanted")
    await desk.start()
    await desk.clock.advance(12_000)
    assert desk.venue.orders["bot1"] == ["wanted"]
    assert desk.latch() == {}
    assert desk.actions()[-1] == "KILL_RELEASED"
    await desk.stop()


async def test_a_command_of_a_person_kills_too(desk: Desk) -> None:
    await desk.start()
    await desk.bus.publish(
        desk.source.make(
            e.CommandV1,
            bot_id="desk",
            action="kill",
            scope="venue:bitget",
            arguments={"reason": "MANUAL"},
            actor="anna",
            expires_at_ms=desk.clock.now_ms() + 1_000,
        )
    )
    await desk.clock.advance(3_000)
    assert desk.venue.orders == {"bot1": [], "bot2": []}
    await desk.stop()


async def test_a_dry_run_writes_the_audit_and_touches_neither_venue_nor_latch(desk: Desk) -> None:
    await desk.start(dry_run=True)
    await desk.intent("bot1")
    assert desk.venue.n_cancels == 0
    assert not (desk.run_dir / "gateway" / "latch.json").exists()
    assert desk.report()["status"] == "DRY_RUN"
    assert desk.report()["accounts"][0]["would_cancel"] == ["a", "b"]
    assert desk.actions() == ["KILL_REQUESTED", "KILL_DONE"]
    assert desk.switch.counters()["killed_scopes"] == 0
    await desk.stop()


@pytest.mark.parametrize(("flatten", "left"), [(False, {"bot1": Decimal(1)}), (True, {})])
async def test_a_position_is_closed_only_when_configured(desk: Desk, flatten: bool, left: dict) -> None:
    desk.venue.positions["bot1"] = Decimal(1)
    await desk.start(flatten=flatten)
    await desk.intent("bot1")
    assert desk.venue.positions == left
    await desk.stop()


async def test_f11_a_close_that_the_venue_refuses_is_repeated_until_the_account_is_flat(desk: Desk) -> None:
    desk.venue.positions["bot1"] = Decimal(1)
    desk.venue.closes_refused = 7
    await desk.start(flatten=True)
    await desk.intent("bot1")
    await desk.clock.advance(20_000)
    assert desk.venue.positions == {}
    assert desk.report()["accounts"][0]["positions"] == {}
    await desk.stop()


async def test_f11_a_close_that_is_refused_for_good_holds_up_no_zero_and_is_named_for_a_person(desk: Desk) -> None:
    desk.venue.positions |= {"bot1": Decimal(1), "bot2": Decimal(-2)}
    desk.venue.closes_refused = 1_000_000
    await desk.start(flatten=True, flatten_within_s=10)
    await desk.intent("desk")
    await desk.clock.advance(10_000)
    assert desk.venue.orders == {"bot1": [], "bot2": []}
    assert desk.report()["to_zero_ms"] < 3_000
    *_, last = (desk.run_dir / "kill_switch" / "audit.jsonl").read_text().splitlines()
    assert "not flat: bot1 BTC-USDT 1; bot2 BTC-USDT -2" in last
    assert desk.switch.counters() == {"killed_scopes": 1, "killing": 0}
    await desk.stop()


async def test_an_unreadable_latch_is_left_as_it_is_because_the_gateway_takes_it_for_halted(desk: Desk) -> None:
    path = desk.run_dir / "gateway" / "latch.json"
    path.write_text("{half")
    await desk.start()
    await desk.intent("bot1")
    assert path.read_text() == "{half"
    assert desk.report()["status"] == "ZERO"
    await desk.stop()
