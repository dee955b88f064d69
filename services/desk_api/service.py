"""The shell of the page: rebuilds the board from what the bus still holds, follows the bus, asks gateway and venue, and
serves the routes. It never judges, publishes but its own health and what a person asked for on the page, and nothing it
serves can trade.
"""

import asyncio
from collections.abc import Awaitable, Callable
from importlib import metadata

from prometheus_client import CONTENT_TYPE_LATEST

from services.common.event_files import events_dir, last_lines
from services.common.service import Service, ServiceContext, sleep_or_stop
from services.contracts import streams
from services.contracts.codec import Unreadable, decode
from services.contracts.events import AnyEvent, CommandV1
from services.contracts.streams import BY_KIND, Stream
from services.desk_api.acts import Acts
from services.desk_api.assets import load_assets
from services.desk_api.facts import addresses_of, read_facts
from services.desk_api.http_server import HttpServer
from services.desk_api.logic import Board, Poll
from services.desk_api.metrics import DeskApiMetrics
from services.desk_api.pages import BoardPages
from services.desk_api.polls import AdminPolls
from services.desk_api.settings import DeskApiSettings
from services.desk_api.switches import why_not
from services.desk_api.web import create_app

# How much of each stream is read back at start: about the last hour of a few bots.
TAIL_COUNTS: dict[Stream, int] = {
    streams.LATCH: 2_000,
    streams.RECON: 2_000,
    streams.STATE: 500,
    streams.MARKET: 500,
    streams.FILL: 2_000,
    streams.DECISION: 500,
    streams.ORDER: 12_000,
    streams.TELEMETRY: 15_000,
    streams.DEAD: 50,
    streams.INTENT: 50,
    streams.COMMAND: 50,
}
STORE_LINES = 40_000  # read back from the event store's files, which survive a bus that lost its memory
COMMAND_MS = 5_000  # a command of the page is carried out at once or not at all
CHUNK = 500  # events folded before others get their turn


class DeskApi(Service):
    name = "desk_api"
    streams = tuple(TAIL_COUNTS)
    from_start = False

    def __init__(self, context: ServiceContext, settings: DeskApiSettings) -> None:
        super().__init__(context)
        self._settings = settings
        self._page_port, context.port = context.port, 0  # the page has the port; the worker's endpoints any free one
        self._own = DeskApiMetrics(context.metrics)
        self.board = Board(settings.limits())
        self._acts = Acts(context.run_dir, self._why_not, self._publish_command, context.log)
        self._pages = BoardPages(
            self.board,
            clock=context.clock,
            life=context.ids.token(8),
            version=_version(),
            period_ms=settings.period_ms,
            blind_ms=context.bus.blind_ms,
            problem=self._problem,
            metrics=self._exposition,
            token=context.ids.token(16),
        )
        self._polls = AdminPolls(context.run_dir)
        self._stopping = asyncio.Event()
        self._server: HttpServer | None = None
        self._asking: list[asyncio.Task[None]] = []
        self._caught_up = False

    @property
    def page_port(self) -> int:
        return self._page_port

    async def on_start(self) -> None:
        app = create_app(
            self._pages,
            assets=load_assets(),
            version=_version(),
            period_ms=self._settings.period_ms,
            stopping=self._stopping,
            streams_open=self._own.streams.set,
            hand=self._acts,
            token=self._pages.token,
        )
        self._server = HttpServer(app, port=self._page_port)
        self.context.port = self._page_port = self._server.port
        await self._server.start()
        await self._fold(await asyncio.to_thread(self._stored_events))
        await self._read_back()
        await self._read_facts()
        self._asking = [
            asyncio.create_task(self._every(act), name=f"desk_api{act.__name__}")
            for act in (self._read_facts, self._ask_gateway, self._ask_venue)
        ]
        self.log.info("page.serving", url=f"http://127.0.0.1:{self._page_port}/", events=self.board.events)

    async def on_event(self, event: AnyEvent) -> None:
        self.board.apply(event, self._pages.moment(), stream=BY_KIND[type(event)].name)

    async def on_tick(self, now_ms: int) -> None:
        if not self._caught_up:  # what came between the first reading back and the first poll of the group
            self._caught_up = True
            await self._read_back()
        self._own.events.set(self.board.events)
        self._own.events_missing.set(self.board.gaps)

    async def on_stop(self) -> None:
        self._stopping.set()
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        await self._polls.close()
        if self._server is not None:
            await self._server.stop()

    def counters(self) -> dict[str, int]:
        return {"events": self.board.events, "gaps": self.board.gaps, "bots": len(self.board.bots)}

    async def _read_back(self) -> None:
        """The newest entries of the bus; what comes again from the store or the group is known by its id."""
        events: list[AnyEvent] = []
        for stream, count_max in TAIL_COUNTS.items():
            events += [delivery.event for delivery in await self.context.bus.tail((stream,), count_max=count_max)]
        await self._fold(events)

    def _stored_events(self) -> list[AnyEvent]:
        """What the event store's files say of the time that the charts show."""
        oldest_ts_ms = self.context.clock.now_ms() - self._settings.history_ms
        try:
            lines = last_lines(events_dir(self.context.run_dir), STORE_LINES)
        except OSError as error:
            self.log.warning("history.unread", error=str(error))
            return []
        events = (decode(line) for line in lines)
        return [event for event in events if not isinstance(event, Unreadable) and event.ts_ms >= oldest_ts_ms]

    async def _fold(self, events: list[AnyEvent]) -> None:
        """History, oldest first over all streams, in chunks."""
        started_ms = self.context.clock.monotonic_ms()
        events.sort(key=lambda event: (event.ts_ms, event.source_epoch, event.seq))
        for index, event in enumerate(events):
            await self.on_event(event)
            if index % CHUNK == 0:
                await asyncio.sleep(0)
        self._own.history_seconds.inc((self.context.clock.monotonic_ms() - started_ms) / 1000)

    async def _every(self, act: Callable[[], Awaitable[None]]) -> None:
        """Each on its own: a venue that hangs must not make the gateway's answers look old."""
        clock = self.context.clock
        while not await sleep_or_stop(clock, clock.monotonic_ms() + self._settings.poll_every_ms, self.context.stop):
            await act()

    async def _read_facts(self) -> None:
        addresses = addresses_of(self.context.run_dir)
        self.board.facts = read_facts(self.context.data_dir, addresses, self.board.facts, self._pages.moment())
        for bot_id in self.board.facts.bots:
            self.board.bot(bot_id)  # a bot that has not spoken yet is shown as silent, not left out

    async def _ask_gateway(self) -> None:
        self.board.gateway = await self._ask("gateway", self.board.gateway)

    async def _ask_venue(self) -> None:
        self.board.venue = await self._ask("venue_sim", self.board.venue)

    async def _ask(self, process: str, before: Poll) -> Poll:
        addresses = addresses_of(self.context.run_dir)
        poll = await self._polls.ask(process, addresses, before, self._pages.moment())
        if poll.error:
            self._own.poll_failures.labels(process).inc()
        return poll

    def _why_not(self) -> str:
        return why_not(self.board, self._pages.moment())

    def _publish_command(self, action: str, scope: str, arguments: dict[str, str]) -> None:
        context = self.context
        command = context.source.make(
            CommandV1,
            bot_id="desk",
            action=action,
            scope=scope,
            arguments=arguments,
            actor="page",
            expires_at_ms=context.clock.now_ms() + COMMAND_MS,
        )
        context.bus.publish_nowait(command)

    def _problem(self) -> str:
        if not self.context.health.is_ready:
            return self.context.health.detail or self.context.health.state
        blind_ms = self.context.bus.blind_ms()
        return f"bus out of reach for {blind_ms} ms" if blind_ms > self._settings.status_age_max_ms else ""

    def _exposition(self) -> tuple[bytes, str]:
        return self.context.metrics.exposition(), CONTENT_TYPE_LATEST


def _version() -> str:
    try:
        return metadata.version("hbot-desk")
    except metadata.PackageNotFoundError:
        return "0+source"
