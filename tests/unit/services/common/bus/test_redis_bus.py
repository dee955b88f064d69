import asyncio
from pathlib import Path

from services.common.bus.redis_bus import RedisBus
from services.common.clock import SystemClock
from services.common.envelope import Source
from services.common.ids import SystemIds
from services.contracts import events as e


async def test_a_full_disk_does_not_end_the_shipping(tmp_path: Path, monkeypatch) -> None:  # F34
    clock = SystemClock()
    source = Source("gateway", clock=clock, ids=SystemIds(clock))
    bus = RedisBus(f"unix://{tmp_path}/none.sock", source=source, clock=clock, spool_dir=tmp_path / "s")

    def full() -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(bus._spool, "write_out", full)
        await bus.start()
        bus.publish_nowait(
            source.make(e.LatchV1, bot_id="desk", scope="desk", state="HALTED", reason="MANUAL", actor="anna")
        )
        await asyncio.sleep(0.3)
        assert bus._task is not None
        assert not bus._task.done()
    await bus.close()
