"""The page over a board of fabricated events, served on a free loopback port by a thread, with a clock held by hand."""

import asyncio
import threading
import time
from collections.abc import Iterable
from typing import Any

from services.desk_api.acts import Said
from services.desk_api.assets import load_assets
from services.desk_api.http_server import HttpServer
from services.desk_api.logic import Board, BoardLimits, DeskFacts, Poll
from services.desk_api.pages import BoardPages
from services.desk_api.readings import Now, Stamp
from services.desk_api.web import create_app


class HeldClock:
    """Wall and monotonic time that move only when told, or with the machine's when ``running``."""

    def __init__(self, now_ms: int) -> None:
        self.wall_ms = now_ms
        self.mono_ms = 1_000
        self.running = False
        self._mark = time.monotonic()

    def _catch_up(self) -> None:
        mark = time.monotonic()
        if self.running:
            passed_ms = int((mark - self._mark) * 1000)
            self.wall_ms += passed_ms
            self.mono_ms += passed_ms
            self._mark += passed_ms / 1000
        else:
            self._mark = mark

    def now_ms(self) -> int:
        self._catch_up()
        return self.wall_ms

    def monotonic_ms(self) -> int:
        self._catch_up()
        return self.mono_ms

    def advance(self, by_ms: int) -> None:
        self._catch_up()
        self.wall_ms += by_ms
        self.mono_ms += by_ms


class RecordingHand:
    """Stands in for the acts of the page: keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    async def fault(self, switch: str, is_on: bool, for_ms: int | None) -> Said:
        self.asked.append((switch, is_on, for_ms))
        return Said(200, "DONE", f"{switch} {'set' if is_on else 'ended'}")

    async def kill_bot(self, bot_id: str) -> Said:
        self.asked.append(("kill_bot", bot_id))
        return Said(200, "DONE", f"{bot_id} (pid 4711) killed; the supervisor starts it again")


class PageServer:
    def __init__(self, clock: HeldClock, *, limits: BoardLimits | None = None, period_ms: int = 100) -> None:
        self.clock = clock
        self.board = Board(limits or BoardLimits())
        self.blind_ms = 0
        self.period_ms = period_ms
        self.lives = 0
        self.port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping: asyncio.Event | None = None
        self._assets = load_assets()
        self.hand = RecordingHand()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def say(self, events: Iterable[Any]) -> None:
        for event in events:
            self.board.apply(event, Now(self.clock.now_ms(), self.clock.monotonic_ms()))

    def answer_of_the_venue(self, *faults: dict[str, object], mode: str = "sim") -> None:
        """A supervised desk whose simulated exchange answers now, under these faults."""
        stamp = Stamp(self.clock.now_ms(), self.clock.monotonic_ms())
        self.board.facts = DeskFacts(mode=mode, bots=tuple(self.board.bots), stamp=stamp)
        self.board.venue = Poll({"open_orders": 0, "accounts": {}, "faults": list(faults)}, stamp, "")

    def start(self) -> None:
        """Start, or start again on the same port after ``stop``."""
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True)
        self._thread.start()
        assert ready.wait(10), "the page did not start within 10 s"

    def stop(self) -> None:
        if self._loop and self._stopping and self._thread and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(10)

    async def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self.lives += 1
        pages = BoardPages(
            self.board,
            clock=self.clock,  # type: ignore[arg-type]
            life=f"life-{self.lives}",
            version="0.0.test",
            period_ms=self.period_ms,
            blind_ms=lambda: self.blind_ms,
            problem=lambda: "",
            metrics=lambda: (b"", "text/plain"),
            token=f"token-{self.lives}",
        )
        app = create_app(
            pages,
            assets=self._assets,
            version="0.0.test",
            period_ms=self.period_ms,
            stopping=self._stopping,
            hand=self.hand,
            token=pages.token,
        )
        server = HttpServer(app, port=self.port)
        self.port = server.port
        await server.start()
        ready.set()
        await self._stopping.wait()
        await server.stop()
