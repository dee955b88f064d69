import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from services.common import venue
from services.common.bus import MemoryBroker, MemoryBus
from services.common.clock import SystemClock
from services.common.envelope import Source
from services.common.ids import SystemIds
from services.common.logs import get_logger
from services.contracts import events as e
from services.contracts.streams import BY_KIND
from services.gateway import messages as m
from services.gateway.engine import Engine
from services.gateway.journal import Journal
from services.gateway.latch_file import LatchFile
from services.gateway.limits.policy import load_policy
from services.gateway.logic import Gateway
from tests.fakes.fake_venue import FakeVenue
from tests.fakes.gateway_desk import POLICY_PATH


class Rig:
    """A real engine, journal and latch file between a fake venue and a bus in memory."""

    def __init__(self, directory: Path, broker: MemoryBroker, venue_: FakeVenue) -> None:
        clock = SystemClock()
        self.venue = venue_
        self.pushed: list[venue.PrivatePush] = []
        self.answers: list[type[venue.Request]] = []  # kinds whose answer raises
        source = Source("gateway", clock=clock, ids=SystemIds(clock))
        self.bus = MemoryBus(broker, source=source, clock=clock)
        self.latch = LatchFile(directory / "latch.json")
        self.journal = Journal(directory / "journal.sqlite")
        self.engine = Engine(
            Gateway(("bot1",), load_policy(POLICY_PATH)),
            clock=clock,
            bus=self.bus,
            source=source,
            journal=self.journal,
            latch_file=self.latch,
            outside=self,
            log=get_logger("test"),
        )

    async def start(self) -> "Rig":
        await self.engine.start()
        self.engine.feed(m.UpstreamLink("", True))
        self.engine.feed(m.UpstreamPush(venue.BookPush(book=self.venue.book())))
        self.engine.feed(m.UpstreamLink("bot1", True))
        for _ in range(400):
            if self.engine.gateway.state.lanes["bot1"].is_door_open:
                return self
            await asyncio.sleep(0.005)
        raise AssertionError(self.engine.gateway.state.lanes["bot1"].door_detail)

    async def ask(self, request: venue.Request) -> venue.Answer | venue.Unknown:
        if type(request) in self.answers:
            raise ValueError("not of this world")
        answer = self.venue.answer(request)
        for push in self.venue.take_pushes():
            self.engine.feed(m.UpstreamPush(push))
        return answer

    def push_to_bot(self, bot_id: str, push: venue.PrivatePush) -> None:
        self.pushed.append(push)

    async def place(self, client_id: str = "hb1-b0-a.1", price: str = "59990") -> venue.Answer:

        request = venue.PlaceOrder(
            symbol="BTC-USDT",
            client_order_id=client_id,
            side="buy",
            order_type="limit",
            time_in_force="gtc",
            qty_base=Decimal("0.001"),
            price=Decimal(price),
        )
        return await asyncio.wait_for(self.engine.request("bot1", request), 5)

    async def published(self, kind: type[e.Event]) -> list[e.AnyEvent]:
        await asyncio.sleep(0.05)
        found = await self.bus.tail([BY_KIND[kind]], count_max=1_000)
        return [d.event for d in found if isinstance(d.event, kind)]


@pytest.fixture
async def rig(tmp_path):
    rig = await Rig(tmp_path, MemoryBroker(), FakeVenue(SystemClock().now_ms)).start()
    yield rig
    await rig.engine.close()


async def test_a_submit_goes_through_journal_and_wire_and_is_answered(rig):
    answer = await rig.place()
    assert isinstance(answer, venue.Placed)
    assert rig.journal.commits > 0
    steps = await rig.published(e.OrderV1)
    assert [step.state for step in steps] == ["SUBMITTING", "ACCEPTED"]


async def test_seq_has_no_gap_on_any_stream(rig):
    for number in range(5):
        await rig.place(f"hb1-b{number}-a.1", str(59_990 - number))
    await rig.place("hb1-b9-a.1", "1")
    events = await rig.bus.tail([BY_KIND[e.OrderV1]], count_max=1_000)
    assert [d.event.seq for d in events] == list(range(1, len(events) + 1))


async def test_an_answer_that_cannot_be_read_is_an_unknown_outcome(rig):
    rig.answers = [venue.PlaceOrder]
    task = asyncio.ensure_future(rig.place())
    await asyncio.sleep(0.1)
    assert rig.engine.gateway.state.orders.by_client_id("bot1", "hb1-b0-a.1").state == "UNKNOWN"
    task.cancel()


async def test_a_latch_written_by_another_hand_holds_before_the_next_submit(rig):
    LatchFile(rig.latch.path).write({"bot:bot1": m.LatchEntry("HALTED", "MANUAL", "anna", 1)})
    answer = await rig.place()
    assert answer.code == "SCOPE_HALTED"


async def test_a_latch_that_is_gone_holds_everything(rig):
    rig.latch.path.unlink()
    assert (await rig.place()).code == "SCOPE_HALTED"


async def test_the_gateways_own_tightening_is_on_disk_at_once(rig):

    stranger = rig.venue.place_by_hand("bot1", "web-1", Decimal("0.001"), Decimal(59_000))
    rig.venue.trade(stranger.venue_id, Decimal("0.001"))
    for push in rig.venue.take_pushes():
        rig.engine.feed(m.UpstreamPush(push))
    assert LatchFile(rig.latch.path).read()["bot:bot1"].state == "REDUCING"


async def test_what_a_crash_kept_from_the_bus_is_published_by_the_next_life_under_the_same_ids(tmp_path):
    clock = SystemClock()
    silent = await Rig(tmp_path, MemoryBroker(), FakeVenue(clock.now_ms)).start()
    await silent.place()
    await asyncio.sleep(0.05)
    lost = await silent.published(e.OrderV1)
    silent.engine.is_running = False  # kill -9: the broker of that life is never looked at again
    silent.journal.close()

    broker = MemoryBroker()
    second = await Rig(tmp_path, broker, silent.venue).start()
    again = await second.published(e.OrderV1)
    assert [event.event_id for event in lost] == [event.event_id for event in again][: len(lost)]
    await second.engine.close()


async def test_a_journal_that_breaks_refuses_what_waits_and_everything_after(rig):
    rig.journal._connection.execute("DROP TABLE orders")
    assert (await rig.place()).code == "JOURNAL_FAILED"
    assert (await rig.place("hb1-b1-a.1")).code == "JOURNAL_FAILED"
    assert not [r for r in rig.venue.asked if isinstance(r, venue.PlaceOrder)]


async def test_draining_answers_with_what_is_left(rig):
    await rig.place()
    assert await rig.engine.drain(5_000) == 0
    assert rig.venue.open_orders() == []


async def test_a_tightening_while_the_latch_is_unreadable_leaves_everything_halted(rig):
    rig.latch.path.write_text("{")
    rig.engine.look_at_latch()
    stranger = rig.venue.place_by_hand("bot1", "web-1", Decimal("0.001"), Decimal(59_000))
    rig.venue.trade(stranger.venue_id, Decimal("0.001"))
    for push in rig.venue.take_pushes():
        rig.engine.feed(m.UpstreamPush(push))
    assert LatchFile(rig.latch.path).read()["desk"].state == "HALTED"
    assert (await rig.place()).code == "SCOPE_HALTED"
    rig.latch.path.write_text("{")
    rig.engine.set_latch("bot:bot9", m.LatchEntry("HALTED", "MANUAL", "kill_switch", 1))  # as the bus asks for it
    assert (await rig.place()).code == "SCOPE_HALTED"


async def test_the_bot_has_its_answer_before_the_rest_is_carried_out(rig):
    told: list[str] = []
    rig.engine._outside.push_to_bot = lambda bot_id, push: told.append("push")  # type: ignore[method-assign]
    rig.engine._replies[77] = asyncio.get_running_loop().create_future()

    async def asking() -> None:
        await rig.engine._replies[77]
        told.append("answer")

    task = asyncio.ensure_future(asking())
    await asyncio.sleep(0)
    push = m.PushToBot("bot1", venue.PositionsPush(account_id="bot1", positions=()))
    rig.engine._carry_out([push, m.Reply(77, venue.ServerTime(ts_ms=1)), push])
    await task
    assert told == ["answer", "push", "push"]
    del rig.engine._replies[77]


async def test_a_tightening_is_on_disk_before_anybody_is_answered(rig):
    entry = m.LatchEntry("REDUCING", "MANUAL", "gateway", 1)
    reply = rig.engine._replies[77] = asyncio.get_running_loop().create_future()
    reply.add_done_callback(lambda _: found.append(LatchFile(rig.latch.path).read()))
    found: list[object] = []
    rig.engine._carry_out([m.Tighten("bot:bot1", entry), m.Reply(77, venue.ServerTime(ts_ms=1))])
    await asyncio.sleep(0)
    assert found == [{"bot:bot1": entry}]
    del rig.engine._replies[77]


async def test_what_waits_for_a_turn_is_carried_out_before_anything_that_comes_after_it(rig):
    first = asyncio.ensure_future(rig.place("hb1-b0-a.1", "0"))
    second = asyncio.ensure_future(rig.place("hb1-b0-a.2", "0"))
    await asyncio.gather(first, second)
    refusals = await rig.published(e.RiskDecisionV1)
    said_of = [event.client_order_id for event in refusals if event.client_order_id]
    assert said_of == ["hb1-b0-a.1", "hb1-b0-a.2"]


async def test_a_timer_that_fires_too_early_is_set_again(rig):
    ticks: list[m.Input] = []
    rig.engine.feed = ticks.append  # type: ignore[method-assign]
    due_ms = SystemClock().monotonic_ms() + 40
    rig.engine._on_timer(due_ms)
    assert m.Tick() not in ticks
    await asyncio.sleep(0.08)
    assert ticks.count(m.Tick()) == 1


async def test_where_the_time_of_a_submit_went_is_known(rig):
    await rig.place()
    await asyncio.sleep(0)
    stages = rig.engine.stages.summary()
    assert {stage: figures["n"] for stage, figures in stages.items()} == dict.fromkeys(
        ("judge", "journal", "venue", "inside"), 1
    )
    assert stages["inside"]["max_ms"] >= stages["journal"]["max_ms"] > 0


async def test_a_kill_on_a_full_disk_is_obeyed_and_written_when_there_is_room(rig, monkeypatch):
    await rig.place()

    def full(_entries):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(rig.latch, "write", full)
        rig.engine.set_latch("bot:bot1", m.LatchEntry("HALTED", "MANUAL", "kill_switch", 1))
        rig.engine.look_at_latch()
        await asyncio.sleep(0.05)
        assert rig.venue.open_orders() == []
        assert (await rig.place("hb1-b1-a.1")).code == "KILL_SWITCH_ACTIVE"
    rig.engine.look_at_latch()
    assert LatchFile(rig.latch.path).read()["bot:bot1"].state == "HALTED"
    assert (await rig.place("hb1-b1-a.2")).code == "KILL_SWITCH_ACTIVE"


async def test_what_becomes_of_the_orders_is_on_the_bus_although_the_journal_is_broken(rig):
    await rig.place()
    rig.journal._connection.execute("DROP TABLE orders")
    assert (await rig.place("hb1-b1-a.1")).code == "JOURNAL_FAILED"
    await asyncio.sleep(0.1)
    told = {(event.client_order_id, event.state) for event in await rig.published(e.OrderV1)}
    assert ("hb1-b0-a.1", "CANCELLED") in told
    assert ("hb1-b1-a.1", "REFUSED") in told


async def test_whatever_ends_the_writing_breaks_the_journal_and_leaves_nobody_waiting(rig, monkeypatch):
    def unwritable(_connection, _batches):
        raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")

    monkeypatch.setattr(rig.journal, "_commit", unwritable)
    assert (await rig.place()).code == "JOURNAL_FAILED"
