"""The bus: Redis Streams for processes, memory for one process in virtual time.

Both pass tests/ports/test_bus_contract.py. ``open_bus(url, …)`` chooses by URL: ``unix:///…`` or ``redis://…`` is
Redis, ``memory://`` a broker of this process alone.
"""

from pathlib import Path

from services.common.bus.memory_bus import MemoryBroker, MemoryBus
from services.common.bus.redis_bus import RedisBus
from services.common.ports import Clock, EventSource

__all__ = ["MemoryBroker", "MemoryBus", "RedisBus", "open_bus"]


async def open_bus(url: str, *, source: EventSource, clock: Clock, spool_dir: Path) -> RedisBus | MemoryBus:
    """A bus that is ready to publish. Redis need not be up: what is published waits in ``spool_dir``."""
    if url.startswith("memory:"):
        return MemoryBus(MemoryBroker(), source=source, clock=clock)
    bus = RedisBus(url, source=source, clock=clock, spool_dir=spool_dir)
    await bus.start()
    return bus
