"""The state machine on a clock: feeds it, and carries out what it says, in order. Knows no HTTP.

Events for the bus go through the journal's outbox with the rows they belong to, and are published after the commit, in
the order they were made. Market snapshots alone go straight: they are not evidence of an order.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol, cast

from services.common import venue
from services.common.clock import stopwatch_ns
from services.common.logs import Logger
from services.common.ports import Bus, Clock, EventSource, Timer
from services.contracts import events as e
from services.contracts.codec import Unreadable, decode, encode
from services.gateway import messages as m
from services.gateway.journal import Batch, Committed, Journal
from services.gateway.latch_file import LatchFile
from services.gateway.logic import Gateway
from services.gateway.publisher import Publisher
from services.gateway.records import OrderRecord
from services.gateway.stage_times import OrderKey, StageTimes


class _Tag(NamedTuple):
    """What comes back with a commit. ``submit`` names the order that waits for it."""

    batch_id: int | None
    events: list[e.AnyEvent]
    handed_in_ns: int
    submit: OrderKey | None


class Outside(Protocol):
    """What the engine needs of the shell around it."""

    async def ask(self, request: venue.Request) -> venue.Answer | venue.Unknown: ...

    def push_to_bot(self, bot_id: str, push: venue.PrivatePush) -> None: ...


class Engine:
    def __init__(
        self,
        gateway: Gateway,
        *,
        clock: Clock,
        bus: Bus,
        source: EventSource,
        journal: Journal,
        latch_file: LatchFile,
        outside: Outside,
        log: Logger,
    ) -> None:
        self.gateway = gateway
        self.events_made = 0
        self._clock = clock
        self._source = source
        self._journal = journal
        self._latch_file = latch_file
        self._outside = outside
        self._log = log
        self._replies: dict[int, asyncio.Future[venue.Answer]] = {}
        self._rest: list[m.Output] = []  # of the last outputs, after their replies
        self._next_request_id = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: Timer | None = None
        self._publisher = Publisher(bus, clock)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._drained: asyncio.Future[int | None] | None = None
        self._has_journal = True
        self.is_running = False
        self.stages = StageTimes()

    # ----------------------------------------------------------------------------------------------------- lifecycle

    async def start(self) -> None:
        """Read the journal, tell the bus what a crash kept from it, begin."""
        self._loop = asyncio.get_running_loop()
        recovered = self._journal.open(self._clock.now_ms())
        self._latch_file.create_if_first(is_first_start=not recovered.records)
        self._journal.start(self._on_committed_in_thread, self._on_failure_in_thread)
        self._publisher.start()
        for outbox_id, raws in recovered.unpublished:
            for raw in raws:
                event = decode(raw)
                if isinstance(event, Unreadable):
                    self._log.error("outbox.unreadable", outbox_id=outbox_id, error=event.error)
                else:
                    self._publisher.hand_in(event, outbox_id)
        self.is_running = True
        self.feed(m.LatchChange(self._latch_file.read()))
        self.feed(m.Start(recovered.records))
        self._log.info("journal.recovered", records=len(recovered.records), republished=len(recovered.unpublished))

    async def drain(self, timeout_ms: int) -> int | None:
        """Cancel everything and read the venue as empty. Open orders left, or None when nobody could say."""
        self._drained = asyncio.get_running_loop().create_future()
        self.feed(m.Drain())
        try:
            return await asyncio.wait_for(self._drained, timeout_ms / 1000)
        except TimeoutError:
            return None

    async def close(self) -> None:
        """Flush the journal, then the bus."""
        self.is_running = False
        self._carry_out_rest()
        if self._timer is not None:
            self._timer.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._journal.close)
        await asyncio.sleep(0)  # what the last commit called back with
        await self._publisher.close()
        for reply in self._replies.values():
            reply.cancel()

    # -------------------------------------------------------------------------------------------------------- inputs

    def feed(self, message: m.Input) -> None:
        """Hand one input to the state machine and carry out what comes of it."""
        now = m.Instant(self._clock.now_ms(), self._clock.monotonic_ms())
        started_ns = stopwatch_ns()
        outputs = self.gateway.handle(message, now)
        if isinstance(message, m.BotRequest) and isinstance(message.request, venue.PlaceOrder):
            self.stages.add((message.bot_id, message.request.client_order_id), "judge", stopwatch_ns() - started_ns)
        self._carry_out(outputs)

    async def request(self, bot_id: str, request: venue.Request, claims: m.Claims = m.Claims()) -> venue.Answer:
        """A bot's request; returns when the state machine answers it."""
        if not isinstance(request, venue.PlaceOrder):
            return await self._request(bot_id, request, claims)
        key = (bot_id, request.client_order_id)
        self.stages.begin(key)
        self.look_at_latch()
        try:
            return await self._request(bot_id, request, claims)
        finally:
            self.stages.end(key)

    async def _request(self, bot_id: str, request: venue.Request, claims: m.Claims) -> venue.Answer:
        self._next_request_id += 1
        request_id = self._next_request_id
        reply: asyncio.Future[venue.Answer] = asyncio.get_running_loop().create_future()
        self._replies[request_id] = reply
        try:
            self.feed(m.BotRequest(request_id, bot_id, request, claims))
            return await reply
        finally:
            self._replies.pop(request_id, None)

    def set_latch(self, scope: str, entry: m.LatchEntry) -> bool:
        """Write one scope to the latch file and obey it at once; what tightens also when it cannot be written. Whether
        it is on disk. Raises OSError for what loosens and cannot be written."""
        is_on_disk = self._write_latch(scope, entry)
        self.feed(m.LatchChange(self._latch_file.read()))
        bot_id = scope.partition(":")[2] if scope.startswith("bot:") else "desk"
        self.publish(e.LatchV1, bot_id, scope=scope, state=entry.state, reason=entry.reason, actor=entry.actor)
        return is_on_disk

    def look_at_latch(self) -> None:
        """Before every submit, and a few times a second: one stat; read again when it is another file."""
        if self._latch_file.changed():
            self._latch_file.write_again()
            self.feed(m.LatchChange(self._latch_file.read()))

    def note_published(self) -> None:
        """Let the journal forget events that have long been on the bus."""
        last = self._publisher.long_published()
        if last is not None:
            self._journal.note_published(last)

    def publish(self, kind: type[e.Event], bot_id: str, **fields: object) -> None:
        """An event of the shell's own, by the same path."""
        self._carry_out([m.Publish(kind, bot_id, dict(fields))])

    # ------------------------------------------------------------------------------------------------------- outputs

    def _carry_out(self, outputs: Sequence[m.Output]) -> None:
        """In order, but for replies: who waits for one has it before the rest, which is carried out a turn of the loop
        later, or before the next outputs. A tightening is on disk before anything is said.
        """
        self._carry_out_rest()
        is_answering = any(isinstance(output, m.Reply) for output in outputs)
        if not is_answering or any(isinstance(output, m.Tighten) for output in outputs):
            self._carry_out_now(outputs)
            return
        for output in outputs:
            if isinstance(output, m.Reply):
                self._reply(output)
        self._rest = [output for output in outputs if not isinstance(output, m.Reply)]
        if self._rest:
            asyncio.get_running_loop().call_soon(self._carry_out_rest)

    def _carry_out_rest(self) -> None:
        rest, self._rest = self._rest, []
        if rest:
            self._carry_out_now(rest)

    def _carry_out_now(self, outputs: Sequence[m.Output]) -> None:
        events: list[e.AnyEvent] = []
        for output in outputs:
            match output:
                case m.Publish():
                    self._make(output, events)
                case m.WriteJournal():
                    self._write(output.records, events, output.batch_id, is_urgent=output.is_awaited)
                    events = []
                case m.AskUpstream():
                    self._spawn(self._ask(output))
                case m.Reply():
                    self._reply(output)
                case m.PushToBot():
                    self._outside.push_to_bot(output.bot_id, output.push)
                case m.WakeAt():
                    self._wake_at(output.mono_ms)
                case m.Tighten():
                    self._tighten(output)
                case m.Drained():
                    if self._drained is not None and not self._drained.done():
                        self._drained.set_result(output.open_orders)
        if events:
            self._write((), events, None, is_urgent=False)

    def _reply(self, output: m.Reply) -> None:
        reply = self._replies.get(output.request_id)
        if reply is not None and not reply.done():
            reply.set_result(output.answer)

    def _make(self, output: m.Publish, events: list[e.AnyEvent]) -> None:
        event: Any = self._source.make(output.kind, bot_id=output.bot_id, **output.fields)
        self.events_made += 1
        if output.kind is e.MarketSnapshotV1:
            self._publisher.hand_in(event, 0)
        else:
            events.append(event)

    def _write(
        self, records: Sequence[object], events: list[e.AnyEvent], batch_id: int | None, *, is_urgent: bool
    ) -> None:
        if not self._has_journal:
            for event in events:  # the bus's own spool is all that is left
                self._publisher.hand_in(event, 0)
            return
        encoded = [encode(event) for event in events]
        first = records[0] if is_urgent and records else None
        submit = (first.bot_id, first.client_order_id) if isinstance(first, OrderRecord) else None
        tag = _Tag(batch_id, events, stopwatch_ns(), submit)
        self._journal.write(Batch(records, encoded, tag, is_urgent))  # type: ignore[arg-type]

    async def _ask(self, output: m.AskUpstream) -> None:
        if isinstance(output.request, venue.PlaceOrder):
            self.stages.asked((output.request.account_id, output.request.client_order_id))
        try:
            answer = await self._outside.ask(output.request)
        except Exception as error:  # the boundary to the venue: nobody can say what happened, so Unknown it is
            self._log.error("upstream.ask_failed", error=repr(error), ask=type(output.request).__name__, exc_info=True)
            answer = venue.Unknown(detail=f"{type(error).__name__}: {error}")
        if self.is_running:
            self.feed(m.UpstreamAnswer(output.op_id, answer))

    def _tighten(self, output: m.Tighten) -> None:
        """On disk before anything else happens; the file then holds what the state machine already obeys."""
        self._write_latch(output.scope, output.entry)
        self._log.warning("scope.tightened", scope=output.scope, to=output.entry.state, reason=output.entry.reason)

    def _write_latch(self, scope: str, entry: m.LatchEntry) -> bool:
        """Raises OSError for what loosens and cannot be written."""
        is_on_disk = self._latch_file.set(scope, entry)
        if not is_on_disk:
            self._log.critical("latch.unwritten", scope=scope, state=entry.state, path=str(self._latch_file.path))
        return is_on_disk

    def _wake_at(self, mono_ms: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.call_at(mono_ms, partial(self._on_timer, mono_ms))

    def _on_timer(self, due_mono_ms: int) -> None:
        self._timer = None
        if self.is_running and self._clock.monotonic_ms() < due_mono_ms:  # a loop may be a little early
            self._wake_at(due_mono_ms)
        elif self.is_running:
            self.feed(m.Tick())

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ------------------------------------------------------------------------------------------------------- journal

    def _on_committed_in_thread(self, done: Committed) -> None:
        self._call_in_loop(self._on_committed, done)

    def _on_failure_in_thread(self, detail: str) -> None:
        self._call_in_loop(self._on_failure, detail)

    def _call_in_loop(self, callback: Callable[..., None], argument: object) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(callback, argument)

    def _on_committed(self, done: Committed) -> None:
        for tag, outbox_id in done:
            batch_id, events, handed_in_ns, submit = cast(_Tag, tag)
            if submit is not None:
                self.stages.add(submit, "journal", stopwatch_ns() - handed_in_ns)
                if self.is_running:  # the order goes to the wire next
                    self.look_at_latch()
            for event in events:
                self._publisher.hand_in(event, outbox_id)
            if batch_id is not None and self.is_running:
                self.feed(m.JournalDurable(batch_id))

    def _on_failure(self, detail: str) -> None:
        self._log.critical("journal.failed", error=detail)
        self._has_journal = False
        if self.is_running:
            self.feed(m.JournalFailed(detail))
