"""The stream table: the only place where stream names stand, who writes each, and what may be in it."""

from typing import NamedTuple

from services.contracts import events as e


class Stream(NamedTuple):
    name: str
    producers: tuple[str, ...]  # one producer per stream and source; "bot" stands for bot.<id>, "*" for every service
    kinds: tuple[type[e.Event], ...]
    maxlen: int | None  # approximate cap; None: trimmed only below what the event store has on disk
    purpose: str


MARKET = Stream("hb.market.v1", ("gateway",), (e.MarketSnapshotV1,), 500_000, "market snapshots, 10 s")
ORDER = Stream("hb.order.v1", ("gateway",), (e.OrderV1, e.RiskDecisionV1, e.VirtualAccountV1), None, "order drop copy")
FILL = Stream("hb.fill.v1", ("gateway",), (e.FillV1,), None, "fill drop copy, once per trade id")
DECISION = Stream("hb.decision.v1", ("bot",), (e.QuoteDecisionV1,), 200_000, "decisions that changed something")
TELEMETRY = Stream(
    "hb.bot_telemetry.v1",
    ("bot",),
    (e.BotMinuteV1, e.BotFillV1, e.BotDailyV1, e.BotMarkoutV1, e.BotStatusV1),
    200_000,
    "what the bot itself saw",
)
INTENT = Stream(
    "hb.intent.v1", ("coordination", "portfolio_risk", "desk_api", "bot", "desk_cli"), (e.IntentV1,), None, "intents"
)
LATCH = Stream("hb.latch.v1", ("kill_switch", "gateway"), (e.LatchV1,), None, "scope states")
COMMAND = Stream("hb.command.v1", ("desk_api", "desk_cli"), (e.CommandV1,), None, "what people asked for")
STATE = Stream("hb.state.v1", ("*",), (e.StateSnapshotV1,), 100_000, "health of every service")
AUDIT = Stream("hb.audit.v1", ("*",), (e.AuditV1,), None, "who did what")
RECON = Stream("hb.recon.v1", ("reconciliation", "gateway"), (e.BreakV1,), None, "breaks")
DEAD = Stream("hb.dead.v1", ("*",), (e.DeadLetterV1, e.DuplicateV1), None, "dead letters")

ALL: tuple[Stream, ...] = (MARKET, ORDER, FILL, DECISION, TELEMETRY, INTENT, LATCH, COMMAND, STATE, AUDIT, RECON, DEAD)
BY_NAME: dict[str, Stream] = {stream.name: stream for stream in ALL}
BY_KIND: dict[type[e.Event], Stream] = {kind: stream for stream in ALL for kind in stream.kinds}
