"""What goes into the gateway's state machine and what comes out of it. Plain values; the shell does the rest.

Every input is handed over together with an ``Instant``; the outputs of one input are carried out in their order. A
``WriteJournal`` is answered with ``JournalDurable`` once it is on disk, an ``AskUpstream`` with ``UpstreamAnswer``.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from services.common import venue
from services.contracts import events as e
from services.gateway.records import Record

LatchState = Literal["ACTIVE", "REDUCING", "HALTED"]
BotSessionKind = Literal["opened", "closed", "heard", "silent"]


class Instant(NamedTuple):
    """Wall time stamps what is told to others, monotonic time measures how long something took. Milliseconds."""

    wall_ms: int
    mono_ms: int


class LatchEntry(NamedTuple):
    """The state of one scope ("bot:bot1", "account:bot1", "venue:bitget", "desk") and who set it, why, when."""

    state: LatchState
    reason: str
    actor: str
    ts_ms: int


# ------------------------------------------------------------------------------------------------------------ inputs


class Start(NamedTuple):
    """What the journal remembers. The first input of a life; the doors stay shut until the venue was read."""

    records: Sequence[Record]


class Claims(NamedTuple):
    """What a bot states about an order beside it (headers X-Hbot-View-Ms, -Config-Hash, -Code-Hash, -Fence)."""

    view_ts_ms: int | None = None  # of the market view it was decided on
    config_hash: str = ""
    fence: int = 0  # token of the lease it holds; 0 without leases
    code_hash: str = ""


class BotRequest(NamedTuple):
    """An authenticated bot asks something. ``request.account_id`` is the bot id."""

    request_id: int
    bot_id: str
    request: venue.Request
    claims: Claims = Claims()


class BotSession(NamedTuple):
    """A private session of a bot opened, closed, fell silent (not even a pong), or was heard again."""

    bot_id: str
    what: BotSessionKind


class BotQuoted(NamedTuple):
    """The bot published a decision: how many orders it meant to place, and by which configuration."""

    bot_id: str
    placed: int
    config_hash: str
    late_ms: int = 0  # how long the news took


class UpstreamAnswer(NamedTuple):
    op_id: int
    answer: venue.Answer | venue.Unknown


class UpstreamPush(NamedTuple):
    push: venue.Push


class UpstreamBookBroken(NamedTuple):
    """A message of the pair's book could not be read, or does not follow on the one before."""

    symbol: str
    detail: str


class UpstreamLink(NamedTuple):
    """A session with the venue came up (subscribed) or went down. ``account_id`` "" is the public one."""

    account_id: str
    is_up: bool
    detail: str = ""  # why it is down


class UpstreamHeard(NamedTuple):
    """A valid message or an answered ping on a session."""

    account_id: str


class JournalDurable(NamedTuple):
    batch_id: int


class JournalFailed(NamedTuple):
    """The journal could not be written. Nothing that depends on it is sent; every door shuts."""

    detail: str


class LatchChange(NamedTuple):
    """The latch file as it stands now; None when it cannot be read or does not verify: then everything is HALTED."""

    entries: Mapping[str, LatchEntry] | None


class BusBlind(NamedTuple):
    blind_ms: int


class Released(NamedTuple):
    """What a bot is released to run, and who approved it."""

    config_hash: str
    approver: str
    code_hash: str = ""  # of bot and gateway; "" where the release does not say


class ReleaseChange(NamedTuple):
    """The release as it stands: bot id -> what it must run. A bot that is not in it is not compared."""

    bots: Mapping[str, Released]


class Override(NamedTuple):
    """One order of one bot may pass one limit once. Comes from two persons, and expires."""

    override_id: str
    bot_id: str
    limit: str
    expires_at_ms: int
    approvers: tuple[str, ...]


class Tick(NamedTuple):
    """Time went on: whatever is due is done."""


class Drain(NamedTuple):
    """Stop: no new risk, cancel every bot's orders, read the venue as empty, say ``Drained``."""


Input = (
    Start
    | BotRequest
    | BotSession
    | BotQuoted
    | UpstreamAnswer
    | UpstreamPush
    | UpstreamBookBroken
    | UpstreamLink
    | UpstreamHeard
    | JournalDurable
    | JournalFailed
    | LatchChange
    | BusBlind
    | ReleaseChange
    | Override
    | Tick
    | Drain
)


# ----------------------------------------------------------------------------------------------------------- outputs


class Reply(NamedTuple):
    request_id: int
    answer: venue.Answer


class AskUpstream(NamedTuple):
    """``request.account_id`` says whose session; "" is the public one."""

    op_id: int
    request: venue.Request


class WriteJournal(NamedTuple):
    """One transaction."""

    batch_id: int
    records: tuple[Record, ...]
    is_awaited: bool = True  # something goes on only once it is durable


class PushToBot(NamedTuple):
    bot_id: str
    push: venue.PrivatePush


class Publish(NamedTuple):
    """An event for the bus. The shell adds the envelope and keeps it with the journal's next commit."""

    kind: type[e.Event]
    bot_id: str
    fields: dict[str, Any]


class Tighten(NamedTuple):
    """The gateway tightens a latch of its own; the shell writes it to disk."""

    scope: str
    entry: LatchEntry


class WakeAt(NamedTuple):
    """Hand in a ``Tick`` at this monotonic time at the latest."""

    mono_ms: int


class Drained(NamedTuple):
    """The venue was read as holding ``open_orders`` of ours; 0 is what is wanted, None that it could not be read."""

    open_orders: int | None


Output = Reply | AskUpstream | WriteJournal | PushToBot | Publish | Tighten | WakeAt | Drained
