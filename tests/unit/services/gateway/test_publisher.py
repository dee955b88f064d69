import asyncio

import pytest

from services.common.bus import MemoryBroker, MemoryBus
from services.common.clock import ManualClock
from services.common.envelope import Source
from services.common.ids import SeededIds
from services.contracts import events as e
from services.contracts.streams import BY_KIND
from services.gateway.publisher import Publisher


class Rig:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.source = Source("gateway", clock=self.clock, ids=SeededIds(self.clock, 7))
        self.bus = MemoryBus(MemoryBroker(), source=self.source, clock=self.clock)
        self.publisher = Publisher(self.bus, self.clock)

    def hand_in(self, outbox_id: int) -> None:
        event = self.source.make(e.LatchV1, bot_id="desk", scope="desk", state="HALTED", reason="MANUAL", actor="anna")
        self.publisher.hand_in(event, outbox_id)

    async def seqs(self) -> list[int]:
        return [delivery.event.seq for delivery in await self.bus.tail([BY_KIND[e.LatchV1]], count_max=100)]


@pytest.fixture
async def rig():
    rig = Rig()
    rig.publisher.start()
    yield rig
    await rig.publisher.close()


async def test_what_is_handed_in_within_a_few_milliseconds_is_published_together_and_in_order(rig):
    rig.hand_in(1)
    await asyncio.sleep(0)
    rig.hand_in(2)
    rig.hand_in(3)
    assert await rig.seqs() == []
    await asyncio.sleep(0.05)
    assert await rig.seqs() == [1, 2, 3]


async def test_closing_publishes_what_waits_first(rig):
    rig.hand_in(1)
    await asyncio.sleep(0)
    await rig.publisher.close()
    assert await rig.seqs() == [1]


async def test_an_outbox_row_is_forgotten_two_seconds_after_its_events_were_published(rig):
    rig.hand_in(0)
    rig.hand_in(4)
    rig.hand_in(5)
    assert rig.publisher.long_published() is None
    await asyncio.sleep(0.05)
    assert rig.publisher.long_published() is None
    await rig.clock.advance(2_000)
    assert rig.publisher.long_published() == 5
    assert rig.publisher.long_published() is None


async def test_a_bus_without_room_keeps_nothing_from_being_published_later(rig, monkeypatch):  # F34
    def full(_event):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(rig.bus, "publish", full)
        rig.hand_in(1)
        rig.hand_in(2)
        await asyncio.sleep(0.05)
    rig.hand_in(3)
    await asyncio.sleep(0.7)
    assert await rig.seqs() == [1, 2, 3]
