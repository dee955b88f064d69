"""The board: a fold of everything the desk says into what a person sees. Pure: no clock, no I/O, no randomness.

Feed ``apply`` with events in any order, any number of times; ``view.py`` turns the board into JSON at one moment.
"""

from collections import OrderedDict
from typing import NamedTuple

from services.contracts import events as e
from services.desk_api.bots import BotBoard, is_newer
from services.desk_api.incidents import Incident, IncidentLog
from services.desk_api.readings import Now, Stamp, younger

EVENT_IDS_KEPT = 50_000
REFUSALS_KEPT = 2_000
MISSING_KEPT = 10_000
LATCH_ORDER = {"ACTIVE": 0, "REDUCING": 1, "HALTED": 2}


class BoardLimits(NamedTuple):
    """How long things are kept and believed. Times in milliseconds."""

    history_ms: int = 3_600_000
    edge_samples_max: int = 1_000
    incidents_max: int = 200
    status_age_max_ms: int = 5_000  # numbers a bot says every second
    price_age_max_ms: int = 5_000  # as in the gateway: no price older than this is a price
    account_age_max_ms: int = 10_000  # virtual accounts, open orders, latches: what the gateway says
    health_age_max_ms: int = 10_000  # heartbeats
    poll_age_max_ms: int = 5_000  # gateway and venue status, asked every second or so


class Poll(NamedTuple):
    """The last answer of an admin address, and why there was none after it."""

    answer: object | None
    stamp: Stamp | None
    error: str


class DeskFacts(NamedTuple):
    """What the supervisor and the configuration say: addresses.json, data/<bot>/desk.yml."""

    mode: str = "sim"
    bots: tuple[str, ...] = ()
    bundles: tuple[tuple[str, str], ...] = ()  # (bot id, label)
    edge_gate_off: tuple[str, ...] = ()  # bot ids whose configuration says so
    processes: tuple[tuple[str, str, int], ...] = ()  # (name, state, restarts)
    stamp: Stamp | None = None  # None: no supervisor was found


class Board:
    def __init__(self, limits: BoardLimits) -> None:
        self.limits = limits
        self.bots: dict[str, BotBoard] = {}
        self.markets: dict[str, tuple[e.MarketSnapshotV1, Stamp]] = {}
        self.services: dict[str, tuple[e.StateSnapshotV1, Stamp]] = {}
        self.heard: dict[str, Stamp] = {}  # newest word of each source, whatever it was about
        self.latches: dict[str, tuple[e.LatchV1, Stamp]] = {}
        self.breaks: dict[str, tuple[e.BreakV1, Stamp]] = {}
        self.incidents = IncidentLog(limits.incidents_max)
        self.gateway = Poll(None, None, "not asked yet")
        self.venue = Poll(None, None, "not asked yet")
        self.facts = DeskFacts()
        self.events = 0
        self.repeats = 0
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._refused: OrderedDict[str, None] = OrderedDict()
        self._last_seq: dict[tuple[str, int, str], int] = {}
        self._missing: set[tuple[tuple[str, int, str], int]] = set()

    def bot(self, bot_id: str) -> BotBoard:
        if bot_id not in self.bots:
            self.bots[bot_id] = BotBoard(
                bot_id, history_ms=self.limits.history_ms, edge_samples_max=self.limits.edge_samples_max
            )
        return self.bots[bot_id]

    def apply(self, event: e.AnyEvent, now: Now, *, stream: str = "") -> bool:
        """Fold one event in. False when it was known already. ``now`` is the moment it was heard."""
        if event.event_id in self._seen:
            self.repeats += 1
            return False
        self._seen[event.event_id] = None
        while len(self._seen) > EVENT_IDS_KEPT:
            self._seen.popitem(last=False)
        self.events += 1
        stamp = Stamp(event.ts_ms, now.mono_ms)
        self._hear(event, stamp, stream, now)
        self._fold(event, stamp)
        return True

    @property
    def gaps(self) -> int:
        """Events known to exist that were not seen here, up to a bound; one that comes late fills its gap."""
        return len(self._missing)

    def desk_latch(self) -> tuple[e.LatchV1, Stamp] | None:
        """The tightest scope above a single bot; what holds for every order of the desk."""
        above = [entry for scope, entry in self.latches.items() if not scope.startswith("bot:")]
        return max(above, key=lambda entry: LATCH_ORDER[entry[0].state], default=None)

    def _hear(self, event: e.AnyEvent, stamp: Stamp, stream: str, now: Now) -> None:
        self.heard[event.source] = younger(stamp, self.heard.get(event.source), now) or stamp
        key = (event.source, event.source_epoch, stream)
        last = self._last_seq.get(key, event.seq - 1)  # where this page began to listen is no gap
        self._missing.discard((key, event.seq))
        if len(self._missing) < MISSING_KEPT:
            self._missing.update((key, seq) for seq in range(last + 1, min(event.seq, last + 1 + MISSING_KEPT)))
        self._last_seq[key] = max(last, event.seq)

    def _fold(self, event: e.AnyEvent, stamp: Stamp) -> None:
        match event:
            case e.BotStatusV1():
                before = self.bot(event.bot_id).on_status(event, stamp)
                if before is not None and before.guard != event.guard:
                    self._guard_changed(event, before.guard)
            case e.QuoteDecisionV1():
                self.bot(event.bot_id).on_decision(event, stamp)
            case e.BotMinuteV1():
                self.bot(event.bot_id).on_minute(event, stamp)
            case e.BotMarkoutV1():
                self.bot(event.bot_id).edge.add(event)
            case e.BotFillV1():
                self.bot(event.bot_id).fills.apply_bot(event)
            case e.FillV1():
                self.bot(event.bot_id).fills.apply_gateway(event)
            case e.OrderV1():
                self._order(event)
            case e.VirtualAccountV1():
                self.bot(event.bot_id).on_account(event, stamp)
            case e.MarketSnapshotV1():
                known = self.markets.get(event.symbol)
                if is_newer(event, known[0] if known else None):
                    self.markets[event.symbol] = (event, stamp)
            case e.StateSnapshotV1():
                self._health(event, stamp)
            case e.LatchV1():
                self._latch(event, stamp)
            case e.BreakV1():
                self._break(event, stamp)
            case e.RiskDecisionV1():
                self._risk(event)
            case e.DeadLetterV1():
                self._incident(event, "dead letter", "warning", event.reader, "DEAD_LETTER", event.error)
            case e.IntentV1():
                self._incident(
                    event, "intent", "info", event.bot_id, event.action.upper(), f"{event.reason} ({event.actor})"
                )
            case e.CommandV1():
                self._incident(event, "command", "info", event.scope, event.action.upper(), f"asked by {event.actor}")

    def _order(self, event: e.OrderV1) -> None:
        bot = self.bot(event.bot_id)
        if not bot.on_order(event):
            return
        if event.state == "REFUSED":
            bot.refusals += 1
            if not self._first_word_of_refusal(event.client_order_id):
                return
            text = event.detail or f"{event.side} {event.base_qty} {event.symbol}"
            self._incident(event, "refusal", "warning", event.bot_id, event.reason or "REFUSED", text)
        elif event.state in ("UNKNOWN", "GHOST"):
            severity: e.Severity = "critical" if event.state == "GHOST" else "warning"
            text = event.detail or f"order {event.client_order_id}: {event.reason or 'outcome not known yet'}"
            self._incident(event, "order", severity, event.bot_id, f"ORDER_{event.state}", text)

    def _risk(self, event: e.RiskDecisionV1) -> None:
        if event.decision == "refused" and not self._first_word_of_refusal(event.client_order_id):
            return
        severity: e.Severity = {"refused": "warning", "warned": "warning", "tightened": "critical"}.get(
            event.decision, "info"
        )  # type: ignore[assignment]
        text = f"{event.decision}: {event.value}" + (f" (limit: {event.limit})" if event.limit else "")
        self._incident(event, "limit", severity, event.scope, event.reason, text, event.next_step)

    def _first_word_of_refusal(self, client_order_id: str) -> bool:
        """An order's step to REFUSED and the decision about it tell the same refusal; it is shown once."""
        if not client_order_id:
            return True
        if client_order_id in self._refused:
            return False
        self._refused[client_order_id] = None
        while len(self._refused) > REFUSALS_KEPT:
            self._refused.popitem(last=False)
        return True

    def _guard_changed(self, event: e.BotStatusV1, before: str) -> None:
        severity: e.Severity = {"RUNNING": "info", "SOFT_PAUSE": "warning"}.get(event.guard, "critical")  # type: ignore[assignment]
        text = f"{before} → {event.guard}" + (f": {', '.join(event.reasons)}" if event.reasons else "")
        self._incident(event, "guard", severity, event.bot_id, f"GUARD_{event.guard}", text)

    def _health(self, event: e.StateSnapshotV1, stamp: Stamp) -> None:
        known = self.services.get(event.source)
        if not is_newer(event, known[0] if known else None):
            return
        self.services[event.source] = (event, stamp)
        if known is not None and known[0].health != event.health:
            severity: e.Severity = "info" if event.health in ("ready", "starting") else "warning"
            text = f"{known[0].health} → {event.health}" + (f": {event.detail}" if event.detail else "")
            self._incident(event, "health", severity, event.source, f"SERVICE_{event.health.upper()}", text)

    def _latch(self, event: e.LatchV1, stamp: Stamp) -> None:
        known = self.latches.get(event.scope)
        if not is_newer(event, known[0] if known else None):
            return
        self.latches[event.scope] = (event, stamp)
        if event.scope.startswith("bot:"):
            self.bot(event.scope.removeprefix("bot:")).on_latch(event, stamp)
        severity: e.Severity = {"ACTIVE": "info", "REDUCING": "warning"}.get(event.state, "critical")  # type: ignore[assignment]
        self._incident(event, "latch", severity, event.scope, f"LATCH_{event.state}", f"{event.reason} ({event.actor})")

    def _break(self, event: e.BreakV1, stamp: Stamp) -> None:
        known = self.breaks.get(event.break_id)
        if not is_newer(event, known[0] if known else None):
            return
        self.breaks[event.break_id] = (event, stamp)
        severity: e.Severity = "info" if event.state == "closed" else event.severity
        text = f"{event.state}: ours {event.ours}, theirs {event.theirs}, owner {event.owner or 'nobody yet'}"
        self._incident(event, "break", severity, event.scope, event.what.upper(), text)

    def _incident(
        self, event: e.AnyEvent, kind: str, severity: e.Severity, scope: str, code: str, text: str, next_step: str = ""
    ) -> None:
        text = text.removeprefix(f"{code}: ")  # a detail often begins with its code
        self.incidents.add(
            Incident(kind, severity, scope, code, text, next_step, event.ts_ms, event.ts_ms, 1, event.event_id)
        )
