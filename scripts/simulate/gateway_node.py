"""The gateway in virtual time: its state machine, a journal that survives it, sessions with venue and bots."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from scripts.simulate.venue_node import VenueNode
from scripts.simulate.world import World
from services.common import venue
from services.contracts import events as e
from services.gateway import messages as m
from services.gateway.limits.policy import Policy
from services.gateway.logic import Gateway
from services.gateway.records import AccountRecord, BillRecord, FillRecord, OrderRecord, Record
from services.gateway.state import Timing

_COMMIT_MS = 2  # what is handed in meanwhile is one transaction
_CALLBACK_MS = 1  # from the writer's thread to the loop: a kill may fall between commit and what waits for it
_LOOPBACK_MS = 1
_BUS_MS = 20

_Batch = tuple[m.WriteJournal | None, list[m.Publish]]  # rows and the events that belong to them

OnAnswer = Callable[[venue.Answer | venue.Unknown], None]
MakeGateway = Callable[[Sequence[str], Policy, Timing], Gateway]


class BotListener(Protocol):
    def on_push(self, push: venue.Push) -> None: ...
    def on_session(self, is_up: bool) -> None: ...


def record_key(record: Record) -> tuple[str, str]:
    match record:
        case OrderRecord():
            return "order", record.gateway_order_id
        case FillRecord():
            return "fill", f"{record.account_id}/{record.fill.trade_id}"
        case BillRecord():
            return "bill", f"{record.account_id}/{record.bill.bill_id}"
        case AccountRecord():
            return "account", record.bot_id


class GatewayNode:
    def __init__(
        self,
        world: World,
        exchange: VenueNode,
        bots: tuple[str, ...],
        policy: Policy,
        make: MakeGateway = Gateway,
        timing: Timing = Timing(),
    ) -> None:
        self.world = world
        self.venue = exchange
        self.policy = policy
        self.bots: dict[str, BotListener] = {}
        self.gateway: Gateway | None = None
        self.life = 0
        self.started_ms = world.now_ms
        self.latch: Mapping[str, m.LatchEntry] = {}
        self.release: Mapping[str, m.Released] = {}
        self.journal: dict[tuple[str, str], Record] = {}  # what is durable
        self.fill_events: dict[str, int] = {}  # trade id -> times published
        self.events = 0
        self.tightened: dict[str, int] = {}  # reason code -> how often it tightened a scope of its own accord
        self.on_write: list[Callable[[], None]] = []  # a row was handed in that the wire waits for
        self.drained: int | None = None
        self._make, self._ids, self._timing = make, bots, timing
        self._uncommitted: list[_Batch] = []
        self._replies: dict[int, OnAnswer] = {}
        self._next_request = 0
        self._wake_serial = 0

    # ------------------------------------------------------------------------------------------------------ lifecycle

    @property
    def is_up(self) -> bool:
        return self.gateway is not None

    def start(self) -> None:
        """Crash-only: every start reads the journal and reconciles."""
        self.life += 1
        self.started_ms = self.world.now_ms
        self.gateway = self._make(self._ids, self.policy, self._timing)
        self._uncommitted = []
        self.feed(m.LatchChange(dict(self.latch)))
        self.feed(m.ReleaseChange(self.release))
        self.feed(m.Start(tuple(self.journal.values())))
        self.venue.connect()
        self.venue.listener = self

    def kill(self) -> None:
        """SIGKILL: replies never come, commits under way are lost, sessions are cut."""
        self.gateway = None
        self.life += 1
        self.venue.listener = None
        self._replies.clear()
        self._uncommitted = []
        for bot in self.bots.values():
            bot.on_session(False)

    def drain(self) -> None:
        self.drained = None
        self.feed(m.Drain())

    def set_latch(self, scope: str, state: m.LatchState, reason: str) -> None:
        """As the latch file would say it: survives restarts, read before every submit."""
        self.latch = {**self.latch, scope: m.LatchEntry(state, reason, "person", self.world.now_ms)}
        if self.gateway is not None:
            self.feed(m.LatchChange(dict(self.latch)))

    # ----------------------------------------------------------------------------------------------------- from below

    def on_push(self, push: venue.Push) -> None:
        if self.gateway is None:
            return
        self.feed(m.UpstreamPush(push))
        if isinstance(push, venue.BookPush | venue.TickerPush) and self.gateway.state.market.is_for_bots(push):
            for bot in self.bots.values():
                bot.on_push(push)

    def on_link(self, account_id: str, is_up: bool) -> None:
        if self.gateway is not None:
            self.feed(m.UpstreamLink(account_id, is_up))

    def on_heard(self, account_id: str) -> None:
        if self.gateway is not None and not account_id:
            self.feed(m.UpstreamHeard(account_id))

    # ----------------------------------------------------------------------------------------------------- from above

    def request(self, bot_id: str, request: venue.Request, then: OnAnswer, claims: m.Claims = m.Claims()) -> None:
        """A bot asks over loopback. No gateway: connection refused. A gateway that dies meanwhile: no answer at all."""
        if self.gateway is None:
            refused = venue.Refused(code="VENUE_UNREACHABLE", text="VENUE_UNREACHABLE: connection refused")
            self.world.after(_LOOPBACK_MS, lambda: then(refused))
            return
        life = self.life

        def arrive() -> None:
            if life != self.life:
                then(venue.Unknown(detail="connection reset"))
                return
            self._next_request += 1
            request_id = self._next_request
            self._replies[request_id] = then
            self.feed(m.BotRequest(request_id, bot_id, request, claims))

        def give_up() -> None:
            if life != self.life:
                then(venue.Unknown(detail="connection reset"))

        self.world.after(_LOOPBACK_MS, arrive)
        self.world.after(10_000, give_up)

    def session(self, bot_id: str, what: m.BotSessionKind) -> None:
        if self.gateway is not None:
            self.feed(m.BotSession(bot_id, what))

    def announce(self, bot_id: str, placed: int, config_hash: str) -> None:
        """A bot's decision reaches the gateway over the bus."""
        life = self.life

        def arrive() -> None:
            if life == self.life and self.gateway is not None:
                self.feed(m.BotQuoted(bot_id, placed, config_hash, _BUS_MS))

        self.world.after(_BUS_MS, arrive)

    # --------------------------------------------------------------------------------------------------- the machine

    def feed(self, message: m.Input) -> None:
        """Events go with the rows they belong to, and are told once those are durable; the rest is done in order."""
        assert self.gateway is not None
        outputs = self.gateway.handle(message, m.Instant(self.world.now_ms, self.world.elapsed_ms))
        events: list[m.Publish] = []
        for output in outputs:
            if isinstance(output, m.Publish):
                events.append(output)
            elif isinstance(output, m.WriteJournal):
                self._write((output, events))
                events = []
            else:
                self._carry_out(output)
        if events:
            self._write((None, events))

    def _carry_out(self, output: m.Output) -> None:
        life = self.life
        match output:
            case m.PushToBot():
                bot = self.bots.get(output.bot_id)
                if bot is not None:
                    self.world.after(_LOOPBACK_MS, lambda: bot.on_push(output.push) if life == self.life else None)
            case m.Reply():
                then = self._replies.pop(output.request_id, None)
                if then is not None:
                    self.world.after(_LOOPBACK_MS, lambda: then(output.answer))
            case m.AskUpstream():
                self.venue.ask(output.request, lambda answer: self._answered(life, output.op_id, answer))
            case m.WakeAt():
                self._wake_serial += 1
                serial = self._wake_serial
                delay_ms = max(0, output.mono_ms - self.world.elapsed_ms)
                self.world.after(delay_ms, lambda: self._wake(life, serial))
            case m.Tighten():
                self.latch = {**self.latch, output.scope: output.entry}
                code = output.entry.reason.partition(":")[0]
                self.tightened[code] = self.tightened.get(code, 0) + 1
                self.world.note(f"tighten {output.scope} {output.entry.reason}")
            case m.Drained():
                self.drained = output.open_orders

    def _write(self, batch: _Batch) -> None:
        self._uncommitted.append(batch)
        if len(self._uncommitted) == 1:
            life = self.life
            self.world.after(_COMMIT_MS, lambda: self._commit(life))
        if batch[0] is not None and batch[0].is_awaited:
            for hear in self.on_write:
                hear()

    def _commit(self, life: int) -> None:
        """One transaction of everything handed in. What waits for it hears a moment later."""
        if life != self.life:
            return
        batches, self._uncommitted = self._uncommitted, []
        for batch, events in batches:
            for record in batch.records if batch is not None else ():
                self.journal[record_key(record)] = record
            for event in events:
                self._tell(event)
        durable = [batch.batch_id for batch, _ in batches if batch is not None]
        self.world.after(_CALLBACK_MS, lambda: self._committed(life, durable))

    def _committed(self, life: int, batch_ids: list[int]) -> None:
        for batch_id in batch_ids:
            if life == self.life and self.gateway is not None:
                self.feed(m.JournalDurable(batch_id))

    def _tell(self, event: m.Publish) -> None:
        """What is in the outbox reaches the bus, in this life or the next, once."""
        self.events += 1
        if event.kind is e.FillV1:
            trade_id = str(event.fields["trade_id"])
            self.fill_events[trade_id] = self.fill_events.get(trade_id, 0) + 1

    def _answered(self, life: int, op_id: int, answer: venue.Answer | venue.Unknown) -> None:
        if life == self.life and self.gateway is not None:
            self.feed(m.UpstreamAnswer(op_id, answer))

    def _wake(self, life: int, serial: int) -> None:
        if life == self.life and serial == self._wake_serial and self.gateway is not None:
            self.feed(m.Tick())
