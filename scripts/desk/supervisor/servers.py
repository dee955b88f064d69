"""The servers behind the desk: Redis and PostgreSQL from their wheels, or wherever a URL says.

They outlive a killed desk on purpose: what they hold is on disk, the next start adopts them (ADR 0003). PostgreSQL
starts beside everything else, because nothing waits for it.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from services.common.addresses import ProcessAddress
from services.common.embedded import PostgresServer, RedisServer, ServerStatus
from services.common.errors import DeskError

WATCH_S = 1.0


class Server(Protocol):
    def start(self) -> str: ...
    def stop(self) -> None: ...
    def status(self) -> ServerStatus: ...


def embedded_servers(run_dir: Path) -> dict[str, Server]:
    return {"redis": RedisServer(run_dir), "postgres": PostgresServer(run_dir)}


class Servers:
    def __init__(
        self,
        run_dir: Path,
        say: Callable[[str], None],
        on_death: Callable[[str, int, str], None],
        on_change: Callable[[], None],
        *,
        redis_url: str | None = None,
        postgres_url: str | None = None,
    ) -> None:
        self.redis_url = redis_url or ""
        self.postgres_url = postgres_url or ""
        self._say = say
        self._on_death = on_death
        self._on_change = on_change
        self._embedded = embedded_servers(run_dir)
        self._statuses: dict[str, ServerStatus] = {}
        for name, url in (("redis", redis_url), ("postgres", postgres_url)):
            if url and name in self._embedded:
                del self._embedded[name]
        self._watchers: list[asyncio.Task[None]] = []
        self._starting: set[asyncio.Future[str]] = set()

    async def start(self) -> None:
        """Returns when Redis answers; PostgreSQL follows."""
        if "redis" in self._embedded:
            self.redis_url = await self._start("redis")
            self._watchers.append(asyncio.create_task(self._keep("redis"), name="keep redis"))
        if "postgres" in self._embedded:
            self._watchers.append(asyncio.create_task(self._start_then_keep_postgres(), name="keep postgres"))

    async def _start_then_keep_postgres(self) -> None:
        """No process of the desk asks for it, so a start that fails is only said, and tried again."""
        await self._tried("postgres")
        await self._keep("postgres")

    async def _start(self, name: str) -> str:
        server = self._embedded[name]
        adopted = (await asyncio.to_thread(server.status)).is_running
        starting = asyncio.ensure_future(asyncio.to_thread(server.start))
        self._starting.add(starting)
        starting.add_done_callback(self._starting.discard)
        url = await asyncio.shield(starting)  # a Ctrl-C now ends the waiting, not the thread: ``stop`` waits for it
        self._statuses[name] = await asyncio.to_thread(server.status)
        if name == "postgres":
            self.postgres_url = url
        self._say(f"{name} is ready" + (" (found running, adopted)" if adopted else ""))
        self._on_change()
        return url

    async def _keep(self, name: str) -> None:
        """Start it again when it dies. Its clients spool or wait meanwhile."""
        server = self._embedded[name]
        while True:
            await asyncio.sleep(WATCH_S)
            before = self._statuses.get(name)
            now = self._statuses[name] = await asyncio.to_thread(server.status)
            if now.is_running:
                continue
            if before is not None and before.is_running:  # one death, however many starts it takes
                self._on_change()
                self._on_death(name, before.pid or 0, now.detail)
                self._say(f"{name} (pid {before.pid}) died; starting it again")
            await self._tried(name)

    async def _tried(self, name: str) -> None:
        """A start that fails is said; the next look tries again."""
        try:
            await self._start(name)
        except DeskError as error:
            self._say(f"{error.code}: {error.text}; trying again")
        # whatever it was, a watch that ends by it would leave the server dead for good, and say nothing
        except Exception as error:
            self._say(f"{name} could not be started: {error!r}; trying again")

    def addresses(self) -> dict[str, ProcessAddress]:
        return {
            name: ProcessAddress(pid=status.pid or 0, state="ready" if status.is_running else "dead")
            for name, status in self._statuses.items()
        }

    async def stop(self) -> None:
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, *self._starting, return_exceptions=True)
        for name, server in self._embedded.items():
            await asyncio.to_thread(server.stop)
            self._statuses.pop(name, None)


def running_servers(run_dir: Path) -> list[str]:
    return [name for name, server in embedded_servers(run_dir).items() if server.status().is_running]


def stop_servers(run_dir: Path) -> list[str]:
    """Stop what a dead desk left. Returns one line for each."""
    names = running_servers(run_dir)
    servers = embedded_servers(run_dir)
    for name in names:
        servers[name].stop()
    return [f"{name} of an earlier desk: stopped" for name in names]
