"""A service's context in virtual time: memory bus, manual clock, seeded ids."""

from pathlib import Path

from services.common.bus import MemoryBroker, MemoryBus
from services.common.clock import ManualClock
from services.common.envelope import Source
from services.common.health import Health
from services.common.ids import SeededIds
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.common.service import ServiceContext


def make_context(
    run_dir: Path, *, name: str = "judge", clock: ManualClock | None = None, broker: MemoryBroker | None = None
) -> ServiceContext:
    clock = clock or ManualClock()
    ids = SeededIds(clock, 7)
    source = Source(name, clock=clock, ids=ids, config_hash="test")
    return ServiceContext(
        name=name,
        run_dir=run_dir,
        data_dir=run_dir,
        bus=MemoryBus(broker or MemoryBroker(), source=source, clock=clock),
        clock=clock,
        ids=ids,
        source=source,
        health=Health(name),
        metrics=Metrics(),
        log=get_logger(name),
    )
