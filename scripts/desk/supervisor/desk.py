"""The desk as one thing: start all, keep all, stop in order. Says what died and why, and what it did about it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import IO, NamedTuple

import aiohttp

from scripts.desk.places import Places
from scripts.desk.supervisor.admin import Admin
from scripts.desk.supervisor.backoff import deaths_in_a_row, restart_delay_s
from scripts.desk.supervisor.child import Child
from scripts.desk.supervisor.leftovers import stop_leftovers
from scripts.desk.supervisor.lock import take_lock
from scripts.desk.supervisor.plan import MODE, ProcessPlan, Stage, UpOptions, process_names, process_plans
from scripts.desk.supervisor.ports import free_port, holder, is_free, next_free_port
from scripts.desk.supervisor.servers import Servers
from scripts.desk.supervisor.summary import Death
from scripts.desk.supervisor.table import ProcessState
from services.common.addresses import Addresses, DeskProcess, ProcessAddress, read_addresses, write_addresses
from services.common.errors import ConfigError, DeskError, ExitCode, TimedOut
from services.common.ports import Clock
from services.common.secrets import ensure_secrets

PAGE_PORT = 8000
SILENT_S_MAX = 30.0  # a process that answers nothing for this long is killed and started again
PROBE_S = 2.0
PROBE_STARTING_S = 0.2
PROBE_TIMEOUT_S = 5.0
SETTINGS_REFUSED = int(ExitCode.CONFIG)

Say = Callable[[str], None]


class StopReport(NamedTuple):
    open_orders: int | None  # at the venue, re-read after the gateway has gone; None: the venue did not say
    lines: tuple[str, ...]


class Desk:
    def __init__(self, options: UpOptions, where: Places, clock: Clock, say: Say) -> None:
        self.options = options
        self.where = where
        self.clock = clock
        self.say = say
        self.started_ms = clock.now_ms()
        self.silent_s_max = SILENT_S_MAX
        self.children: dict[str, Child] = {}
        self.deaths: list[Death] = []
        self.servers = Servers(
            where.run_dir,
            say,
            self._note_death,
            self._on_server_change,
            redis_url=options.redis_url,
            postgres_url=options.postgres_url,
        )
        self.admin: Admin | None = None
        self.page_url: str | None = None
        self._lock: IO[str] | None = None
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._stopping: set[str] = set()
        self._is_stopping = False
        self._refused: asyncio.Future[None] | None = None

    # ------------------------------------------------------------------------------------------------------- start

    async def start(self) -> None:
        """Returns when every process is ready. Raises ConfigError, TimedOut or DeskError after stopping what it had."""
        loop = asyncio.get_running_loop()
        self._refused = loop.create_future()
        run_dir = self.where.run_dir
        self._lock = take_lock(self.where.lock_file)
        before = read_previous(run_dir)
        for line in await loop.run_in_executor(None, stop_leftovers, run_dir):
            self.say(line)
        secrets = ensure_secrets(run_dir, self.options.bots)
        self.admin = Admin(secrets.admin_token)
        await self.servers.start()
        plans = process_plans(self.options, self._ports(before), self.servers.redis_url)
        self.children = {
            plan.name: Child(plan, self.where.output_of(plan.name), self.where.log_of(plan.name), self.clock)
            for plan in plans
        }
        for name, child in self.children.items():
            self._keepers[name] = asyncio.create_task(self._keep(child), name=f"keep {name}")
        await self._until_ready(max(plan.ready_s for plan in plans))

    def _ports(self, before: Addresses | None) -> dict[str, int]:
        ports: dict[str, int] = {}
        for name in process_names(self.options):
            if name == "desk_api":
                ports[name] = self._page_port()
                self.page_url = f"http://127.0.0.1:{ports[name]}"
                continue
            known = before.processes.get(name) if before else None
            port = free_port((known.port or None) if known else None)
            while port in ports.values():
                port = free_port()
            ports[name] = port
        return ports

    def _page_port(self) -> int:
        asked = self.options.page_port
        if asked is not None:
            if not is_free(asked):
                raise DeskError(
                    "PORT_TAKEN",
                    f"port {asked} (page) is held by {holder(asked)}",
                    "stop it, or desk up --page-port 0 for any free port",
                )
            return asked or free_port()
        if is_free(PAGE_PORT):
            return PAGE_PORT
        port = next_free_port(PAGE_PORT + 1) or free_port()
        self.say(f"port {PAGE_PORT} (page) is held by {holder(PAGE_PORT)}; the page takes {port}")
        return port

    async def _until_ready(self, longest_s: float) -> None:
        assert self._refused is not None
        deadline_ms = self.clock.monotonic_ms() + int(longest_s * 1000)
        while not all(child.was_ready for child in self.children.values()):
            if self._refused.done():
                self._refused.result()
            if self.clock.monotonic_ms() > deadline_ms:
                late = next(child for child in self.children.values() if not child.was_ready)
                raise TimedOut(
                    "NOT_READY",
                    f"{late.plan.name} was not ready within {longest_s:.0f} s:\n" + "\n".join(late.last_words(3)),
                    f"less {late.log_file}",
                )
            await asyncio.sleep(0.1)

    # -------------------------------------------------------------------------------------------------------- keep

    async def _keep(self, child: Child) -> None:
        name = child.plan.name
        deaths = 0
        while name not in self._stopping:
            await self._await_port(child.plan)
            await child.start()
            self.write_addresses()
            probe = asyncio.create_task(self._probe(child), name=f"probe {name}")
            pid = child.pid
            how = await child.wait()
            probe.cancel()
            self.write_addresses()
            if name in self._stopping:
                return
            deaths = deaths_in_a_row(deaths, child.lived_s)
            if not child.was_ready and child.returncode == SETTINGS_REFUSED:
                self._refuse(ConfigError(*refusal_of(child)))
                return
            delay_s = restart_delay_s(deaths)
            self._note_death(name, pid, how)
            why = "".join(f"\n    {line}" for line in child.last_words(3))
            self.say(f"{name} (pid {pid}) died: {how}; starting it again in {delay_s:g} s; it said last:{why}")
            await asyncio.sleep(delay_s)
            child.restarts += 1

    def _note_death(self, process: str, pid: int, how: str) -> None:
        self.deaths.append(Death(self.clock.now_ms(), process, pid, how))

    async def _await_port(self, plan: ProcessPlan) -> None:
        said = False
        while plan.name not in self._stopping and not is_free(plan.port):
            if not said:
                self.say(f"port {plan.port} ({plan.name}) is held by {holder(plan.port)}; waiting for it")
                said = True
            await asyncio.sleep(0.5)

    async def _probe(self, child: Child) -> None:
        """Ask /readyz; notice a process that lives and answers nothing."""
        heard_ms = self.clock.monotonic_ms()
        timeout = aiohttp.ClientTimeout(total=PROBE_TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                try:
                    async with session.get(f"{child.plan.url}/readyz") as answer:
                        heard_ms = self.clock.monotonic_ms()
                        ready = answer.status == 200
                        child.detail = "" if ready else reason_of(await answer.text())
                except (aiohttp.ClientError, TimeoutError, OSError):
                    ready = False
                if ready and child.state == "starting":
                    child.state = "ready"
                    first, child.was_ready = not child.was_ready, True
                    self.write_addresses()
                    if not self._is_stopping:
                        self.say(f"{child.plan.name} is ready" + ("" if first else " again"))
                silent_s = (self.clock.monotonic_ms() - heard_ms) / 1000
                if child.was_ready and child.state == "ready" and silent_s > self.silent_s_max:
                    self.say(f"{child.plan.name} (pid {child.pid}) answers nothing for {silent_s:.0f} s: killing it")
                    child.kill()
                    return
                await asyncio.sleep(PROBE_S if child.state == "ready" else PROBE_STARTING_S)

    def _refuse(self, error: DeskError) -> None:
        if self._refused is not None and not self._refused.done():
            self._refused.set_exception(error)

    def process_states(self) -> list[ProcessState]:
        """Every process, servers first, as the table shows them."""
        servers = [ProcessState(name, address.state, 0) for name, address in self.servers.addresses().items()]
        return servers + [ProcessState(name, child.state, child.restarts) for name, child in self.children.items()]

    def _on_server_change(self) -> None:
        if self.children:
            self.write_addresses()

    def write_addresses(self) -> None:
        processes = {
            name: ProcessAddress(
                pid=child.pid,
                port=child.plan.port,
                url=child.plan.url,
                started_ms=child.started_ms,
                restarts=child.restarts,
                state=child.state,
            )
            for name, child in self.children.items()
        }
        write_addresses(
            self.where.run_dir,
            Addresses(
                desk=DeskProcess(
                    pid=own_pid(self.where), started_ms=self.started_ms, mode=MODE, bots=tuple(self.options.bots)
                ),
                redis_url=self.servers.redis_url,
                postgres_url=self.servers.postgres_url,
                processes={**self.servers.addresses(), **processes},
            ),
        )

    # -------------------------------------------------------------------------------------------------------- stop

    async def stop(self, before_servers: Callable[[], Awaitable[None]] | None = None) -> StopReport:
        """Bots, gateway, count at the venue, kill switch, venue, event store, page, servers. Safe after a failed start.

        ``before_servers`` runs when every producer has gone and Redis still answers. Without the run directory's lock
        nothing is touched: what runs there belongs to another desk.
        """
        if self._lock is None:
            return StopReport(None, ())
        lines: list[str] = []
        self._is_stopping = True
        self.say("stopping: bots first, then the gateway")
        lines += await self._stop_stage(Stage.BOT)
        lines += await self._stop_stage(Stage.GATEWAY)
        open_orders = await self._open_orders_at_venue()
        lines += await self._stop_stage(Stage.KILL)
        lines += await self._stop_stage(Stage.VENUE)
        lines += await self._stop_stage(Stage.STORE)
        lines += await self._stop_stage(Stage.PAGE)
        if before_servers is not None:
            await before_servers()
        await self.servers.stop()
        if self.children:
            self.write_addresses()
        if self.admin is not None:
            await self.admin.close()
        self._lock.close()
        for line in lines:
            self.say(line)
        return StopReport(open_orders, tuple(lines))

    @property
    def venue_was_up(self) -> bool:
        """False: no order of this run can have reached it."""
        venue = self.children.get("venue_sim")
        return venue is not None and venue.was_ready

    async def stop_bots(self) -> None:
        """Only the bots: what rests is cancelled, everything else can still be asked. ``stop`` does the rest."""
        await self._stop_stage(Stage.BOT)

    async def _stop_stage(self, stage: Stage) -> list[str]:
        names = [name for name, child in self.children.items() if child.plan.stage == stage]
        self._stopping.update(names)
        said = await asyncio.gather(*(self.children[name].stop() for name in names))
        for name in names:
            keeper = self._keepers.pop(name, None)
            if keeper is not None:
                keeper.cancel()
                await asyncio.gather(keeper, return_exceptions=True)
            await self.children[name].stop()  # started again between the two
        return [line for line in said if line]

    async def _open_orders_at_venue(self) -> int | None:
        venue = self.children.get("venue_sim")
        if venue is None or self.admin is None or not venue.was_ready:
            return None
        for _ in range(20):  # it may be on its way back from a death
            count = await self.admin.open_orders(venue.plan.url)
            if count is not None:
                return count
            await asyncio.sleep(0.5)
        return None


def reason_of(body: str) -> str:
    """The reason in the body of a /readyz that is not 200."""
    try:
        answer = json.loads(body)
    except ValueError:
        return body[:200]
    return str(answer.get("reason") or answer.get("state") or answer) if isinstance(answer, dict) else body[:200]


def refusal_of(child: Child) -> tuple[str, str, str]:
    """Code, text and next step as the process printed them, for the person who started the desk."""
    lines = child.last_lines(12)
    next_step = next((line[5:].strip() for line in lines if line.startswith("next ")), f"less {child.log_file}")
    told = [line for line in lines if not line.startswith("next ")]
    text = "\n".join(told) or "it said nothing"
    code, separator, rest = text.partition(": ")
    if separator and code.isupper() and " " not in code:
        return code, f"{child.plan.name}: {rest}", next_step
    return "SETTINGS_REFUSED", f"{child.plan.name}: {text}", next_step


def read_previous(run_dir: Path) -> Addresses | None:
    try:
        return read_addresses(run_dir)
    except ValueError:  # half-written by something else, or of an older release: it is only a hint
        return None


def own_pid(where: Places) -> int:
    return int(where.lock_file.read_text(encoding="ascii").strip() or 0)
