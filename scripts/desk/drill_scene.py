"""The stage of `desk drill host`: one running desk, what is done to it, and what is heard of it.

Everything asked here goes past the bot: the venue's own list, the gateway's list, the event store's files.
"""

import asyncio
import json
import os
import signal
from collections.abc import Callable
from typing import Any

from scripts.desk.drill_watch import Watch
from scripts.desk.supervisor.desk import Desk
from services.common.event_files import Position, events_dir, lines_since
from services.common.ports import Clock

BOT = "bot0"
SYMBOL = "BTC-USDT"
SAMPLE_S = 0.25
BOT_PROCESS = f"bot.{BOT}"


class Scene:
    """``problems`` fail the row, ``notes`` only tell. Both are emptied by ``begin``."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self.desk = desk
        self.clock = clock
        self.watch = Watch()
        self.events: list[dict[str, Any]] = []  # of this row, as the event store has them
        self.status: dict[str, Any] = {}  # the bot's newest status
        self.gateway: dict[str, Any] = {}  # the gateway's newest status
        self.problems: list[str] = []
        self.notes: list[str] = []
        self.began_ms = self.cleared_ms = clock.now_ms()
        self._position = Position()
        self._observer: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------------------------------------------ observing

    def start(self) -> None:
        self._observer = asyncio.create_task(self._observe(), name="observe")

    async def stop(self) -> None:
        if self._observer is not None:
            self._observer.cancel()
            await asyncio.gather(self._observer, return_exceptions=True)

    async def begin(self) -> None:
        self.problems, self.notes = [], []
        self.read_events()
        self.events = []
        self.began_ms = self.clock.now_ms()
        self.watch.begin()

    def cleared(self) -> None:
        """The fault is over; what follows is the desk's own doing."""
        self.cleared_ms = self.clock.now_ms()
        self.watch.cleared(self.clock.monotonic_ms())

    async def _observe(self) -> None:
        while True:
            await self._sample()
            self.read_events()
            await asyncio.sleep(SAMPLE_S)

    async def _sample(self) -> None:
        listed = await self.ask("venue_sim", "/sim/orders")
        status = await self.ask("gateway", "/desk/status")
        known = await self.ask("gateway", "/desk/orders")
        self.gateway = status or {}
        # A gateway that starts has its rows in the journal and does not show them yet: nobody to compare with.
        if listed is None or known is None or self.gateway.get("state") != "running":
            return
        self.watch.take([row for row in listed if row["account_id"] == BOT], known, self.clock.monotonic_ms())

    def read_events(self) -> None:
        directory = events_dir(self.desk.where.run_dir)
        for line, behind in lines_since(directory, self._position):
            self._position = behind
            event = json.loads(line)
            if event["kind"] == "bot_status.v1":
                self.status = event
            elif event["kind"] in (
                "order.v1",
                "risk_decision.v1",
                "quote_decision.v1",
                "fill.v1",
                "break.v1",
                "bot_fill.v1",
            ):
                self.events.append(event)
            if event["kind"] == "quote_decision.v1":
                asked = (text.split()[1] for text in event["cancelled"])
                self.watch.cancels_asked(asked, self.clock.monotonic_ms())

    def told(self, kind: str, since_ms: int, until_ms: int | None = None) -> list[dict[str, Any]]:
        until_ms = self.clock.now_ms() if until_ms is None else until_ms
        return [e for e in self.events if e["kind"] == kind and since_ms <= e["ts_ms"] <= until_ms]

    # ---------------------------------------------------------------------------------------------------------- acting

    async def ask(self, process: str, path: str, body: dict[str, Any] | None = None) -> Any | None:
        """The JSON of a 200, else None."""
        assert self.desk.admin is not None
        url = self.desk.children[process].plan.url + path
        return await (self.desk.admin.get(url) if body is None else self.desk.admin.post(url, body))

    async def faults(self, *rules: dict[str, Any]) -> None:
        if await self.ask("venue_sim", "/sim/faults", {"rules": list(rules)}) is None:
            self.problem(f"the venue did not take the fault plan {rules}")

    async def no_faults(self) -> None:
        struck = await self.struck()
        if struck:
            self.note("struck: " + ", ".join(f"{name} {times}" for name, times in struck.items()))
        await self.ask("venue_sim", "/sim/faults", {"rules": []})
        self.cleared()

    async def struck(self) -> dict[str, int]:
        """How often each fault of the plan has hit."""
        plan = await self.ask("venue_sim", "/sim/faults") or {"rules": []}
        return {rule["fault"]: rule["struck"] for rule in plan["rules"]}

    async def until_struck(self, fault: str, within_s: float) -> bool:
        async def has_struck() -> bool:
            return (await self.struck()).get(fault, 0) > 0

        hit = await self.until(has_struck, within_s)
        if not hit:
            self.problem(f"{fault} hit nothing within {within_s:g} s")
        return hit

    async def latch(self, state: str) -> None:
        body = {"scope": f"bot:{BOT}", "state": state, "reason": "DRILL", "actor": "drill"}
        if await self.ask("gateway", "/desk/latch", body) is None:
            self.problem(f"the gateway did not take the latch {state}")

    def send_signal(self, process: str, number: signal.Signals) -> int:
        pid = self.desk.children[process].pid
        if pid:
            os.kill(pid, number)
        return pid

    async def until_restarted(self, process: str, pid: int, within_s: float) -> bool:
        child = self.desk.children[process]

        async def is_back() -> bool:
            return child.pid not in (0, pid) and child.state == "ready"

        return await self.until(is_back, within_s)

    async def until(self, condition: Callable[[], Any], within_s: float) -> bool:
        """``condition`` is asked (awaited) until it holds."""
        until_ms = self.clock.monotonic_ms() + within_s * 1000
        while self.clock.monotonic_ms() < until_ms:
            if await condition():
                return True
            await asyncio.sleep(SAMPLE_S)
        return bool(await condition())

    # --------------------------------------------------------------------------------------------------------- judging

    def problem(self, text: str) -> None:
        self.problems.append(text)

    def note(self, text: str) -> None:
        self.notes.append(text)

    async def own_orders(self) -> list[dict[str, Any]]:
        """What rests at the venue on the bot's account, asked now; empty when the venue does not answer."""
        return [row for row in await self.ask("venue_sim", "/sim/orders") or [] if row["account_id"] == BOT]

    async def rests_something(self) -> bool:
        return bool(await self.own_orders())

    async def rests_nothing(self) -> bool:
        """The venue says so; no answer is not nothing."""
        listed = await self.ask("venue_sim", "/sim/orders")
        return listed is not None and not any(row["account_id"] == BOT for row in listed)

    def first_quote_ms(self, since_ms: int) -> int | None:
        """When the first order that was sent since then was accepted."""
        orders = self.told("order.v1", since_ms)
        sent = {e["client_order_id"] for e in orders if e["state"] == "SUBMITTING"}
        accepted = (e["ts_ms"] for e in orders if e["state"] == "ACCEPTED" and e["client_order_id"] in sent)
        return next(accepted, None)
