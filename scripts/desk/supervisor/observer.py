"""Reads every stream of the run from its start on, without a reader group, into the ledger. Shows, never judges."""

import asyncio
import contextlib
from typing import Any

import redis.asyncio as redis
from redis.exceptions import RedisError

from scripts.desk.supervisor.ledger import RunLedger
from services.contracts.codec import Unreadable, decode
from services.contracts.streams import ALL

FIELD = b"e"
PAGE = 1_000
PAUSE_S = 0.25


class Observer:
    def __init__(self, redis_url: str, ledger: RunLedger) -> None:
        self.ledger = ledger
        self._redis: Any = redis.Redis.from_url(redis_url)
        # Entry ids begin with Redis' own wall clock in ms, which is this machine's: earlier runs are not even read.
        self._cursors: dict[bytes, bytes] = {
            stream.name.encode(): f"{max(ledger.started_ms - 1, 0)}-0".encode() for stream in ALL
        }

    async def run(self) -> None:
        """Until cancelled. Redis may be away for a while: then the numbers grow old, and are shown so."""
        while True:
            with contextlib.suppress(RedisError, OSError):
                await self.catch_up()
            await asyncio.sleep(PAUSE_S)

    async def catch_up(self) -> None:
        """Read until there is nothing new."""
        while True:
            answer = await self._redis.xread(self._cursors, count=PAGE)
            entries = 0
            for name, items in answer:
                for entry_id, fields in items:
                    self._cursors[name] = entry_id
                    entries += 1
                    event = decode(fields[FIELD])
                    if not isinstance(event, Unreadable):
                        self.ledger.apply(event)
            if entries < PAGE:
                return

    async def finish(self) -> None:
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            await asyncio.wait_for(self.catch_up(), 5)
        await self._redis.aclose()
