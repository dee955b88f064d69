"""Everything the gateway's state machine holds, and the few questions that all its parts ask of it."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from services.common import venue
from services.contracts import events as e
from services.contracts import reasons
from services.gateway.accounts import VirtualAccount
from services.gateway.breaker import Breakers
from services.gateway.core import Core
from services.gateway.governor import Governor
from services.gateway.history import History
from services.gateway.latches import Effective, Latches
from services.gateway.limits.counters import Counters
from services.gateway.limits.policy import Policy
from services.gateway.market import Market
from services.gateway.messages import Override, Released
from services.gateway.orders import Orders
from services.gateway.public_cache import PublicAnswers
from services.gateway.traffic import Traffic

VENUE = "bitget"


class Timing(NamedTuple):
    """Milliseconds of monotonic time."""

    reply_held_ms: int = 3_000  # a bot waits this long for the truth, then gets the provisional answer
    not_found_final_ms: int = 10_000  # "not found" is believed after this long and so many polls
    not_found_polls_min: int = 5
    ask_first_ms: int = 200  # first poll of an unknown order; doubles up to the next
    ask_slowest_ms: int = 2_000
    cancel_retry_ms: int = 250  # doubles up to ask_slowest_ms
    cancel_confirm_ms: int = 1_000  # a cancel that was taken but not heard of is asked about
    session_grace_ms: int = 1_500  # a bot that reconnects within this keeps its orders
    rest_silence_ms: int = 30_000  # a bot that never opened a private session lives by its signed requests
    fills_poll_ms: int = 5_000
    fills_overlap_ms: int = 60_000
    hunt_ms: int = 5_000
    bills_poll_ms: int = 30_000
    clock_poll_ms: int = 10_000
    clock_known_ms: int = 60_000  # a comparison of the clocks that is older proves nothing
    position_watch_ms: int = 5_000  # sum of fills against the venue's position
    position_grace_ms: int = 10_000  # a difference that lasts is a break
    watch_ms: int = 1_000  # in/out compare, quiet books
    market_speed: Decimal = Decimal(1)  # of a replayed market: its periods pass so much faster
    stale_rest_ms: int = 10_000  # nothing that could open rests on a pair without a sound book for longer
    book_confirm_ms: int = 4_000  # a book that has not changed for this long is confirmed by REST
    listing_poll_ms: int = 60_000  # the venue's pairs and their rules
    key_refused_retry_ms: int = 10_000  # while the venue refuses our key
    snapshot_ms: int = 10_000
    account_publish_ms: int = 5_000
    recovery_retry_ms: int = 500
    key_rights_retry_ms: int = 5_000  # the venue is asked what a key may do at most this often
    key_rights_check_ms: int = 3_600_000  # and again after this
    drain_ms: int = 5_000
    bus_blind_soft_ms: int = 15_000  # no new risk while the bus is gone for longer
    bus_blind_hard_ms: int = 120_000  # and nothing resting
    book_age_ms_max: int = 2_000  # book and tickers that a bot asks for come from our feed when it is not older


class Held(NamedTuple):
    """A quarantine: until when, and why."""

    until_mono_ms: int
    why: str


class Granted(NamedTuple):
    """An override, and how long it holds by a clock that nobody sets."""

    override: Override
    until_mono_ms: int


class CapUse(NamedTuple):
    """How much of an absolute cap a scope has used, as of the last look."""

    code: str
    scope: str
    limit: str
    limit_quote: Decimal
    used_quote: Decimal
    is_traded: bool  # notional, which an order adds to; else a loss


@dataclass(slots=True)
class Lane:
    """What the gateway knows of one bot and its venue sub-account, besides orders and money."""

    bot_id: str
    is_door_open: bool = False
    door_detail: str = "starting: not yet reconciled with the venue"
    is_link_up: bool = False  # private session with the venue
    link_detail: str = ""  # why it is down, as the shell says
    is_synced: bool = False  # everything missed while the link was down has been asked for
    key_refused: str = ""  # what the venue says of our key; "" while it takes it
    sync_round: int = 0  # a newer round makes an older one stop
    positions: dict[str, venue.Position] | None = None  # as the venue last said; None before the first reading
    # the bot's private sessions with us
    sessions: int = 0
    has_had_session: bool = False
    guard_detail: str = ""  # why new risk is refused: its session is closed or silent
    heard_mono_ms: int = 0
    # trades already counted
    trades: set[str] = field(default_factory=set)
    trades_order: deque[str] = field(default_factory=deque)
    bills: set[str] = field(default_factory=set)
    config_hash: str = ""
    announced_late_ms: int = 0  # how late its latest decision reached us
    is_key_told: bool = False  # that the venue key can do too much
    differs_since_mono_ms: int | None = None  # positions: our count and the venue's
    is_difference_told: bool = False
    has_early_fills: bool = False  # read before it was known which order of ours, if any, they belong to
    has_announced: bool = False  # its decisions reach us, so orders can be held against them
    foreign: set[str] = field(default_factory=set)  # venue ids of orders that are not ours and were reported
    ghosts: set[str] = field(default_factory=set)  # venue ids being hunted
    ghost_cancels: set[str] = field(default_factory=set)  # those whose cancel is under way or due again

    @property
    def why_shut(self) -> str:
        """Why new risk waits, the cause before its effects; "" when the lane is open."""
        return self.key_refused or ("" if self.is_link_up else self.link_detail) or self.door_detail

    def knows_trade(self, trade_id: str) -> bool:
        return trade_id in self.trades

    def remember_trade(self, trade_id: str, kept_max: int = 50_000) -> None:
        self.trades.add(trade_id)
        self.trades_order.append(trade_id)
        if len(self.trades_order) > kept_max:
            self.trades.discard(self.trades_order.popleft())


class State:
    """One gateway in front of one venue. Owned by ``logic.Gateway``; its parts are functions over it."""

    def __init__(self, bots: Sequence[str], policy: Policy, timing: Timing) -> None:
        self.core = Core()
        self.policy = policy
        self.timing = timing
        self.market = Market()
        self.orders = Orders()
        self.latches = Latches()
        self.counters = Counters()
        self.history = History()
        self.public = PublicAnswers()
        self.lanes: dict[str, Lane] = {bot: Lane(bot) for bot in bots}
        self.accounts: dict[str, VirtualAccount] = {
            bot: VirtualAccount(bot_id=bot, capital_quote=policy.account.capital_quote) for bot in bots
        }
        self.epoch_ms = 0  # wall time at which this life began
        self.minted = 0  # client order ids made for callers that gave none
        self.governor = Governor(policy.budget)
        self.breakers = Breakers()
        self.traffic = Traffic(self.governor, self.breakers)
        self.quarantine: dict[str, Held] = {}  # by "pair:…", "bot:…:<pair>", "route:…"
        self.former_accounts: list[VirtualAccount] = []  # of bots that this life does not serve
        self.cap_uses: dict[str, tuple[CapUse, ...]] = {}  # by bot
        self.overrides: list[Granted] = []
        self.release: Mapping[str, Released] = {}
        self.code_hash = ""  # of this process
        self.clock_skew_ms: int | None = None  # ours minus the venue's; None before it was measured
        self.clock_measured_mono_ms = 0
        self.clock_stepped_mono_ms = 0  # a comparison of before says nothing
        self.headroom_low_looks = 0  # in a row, at the venue's budget
        self.maintenance_said: set[tuple[int, int]] = set()  # (begin of a window, how long ahead it was said)
        self.is_draining = False
        self.tightened: list[str] = []  # scopes tightened by the input at hand, not yet acted upon
        self.journal_failure = ""
        self.bus_blind_ms = 0
        self.confirmed_mono_ms: dict[str, int] = {}  # when a quiet book was last asked for, by pair
        self.tallies: dict[str, int] = {}
        self._limit_rows: dict[tuple[str, str], tuple[tuple[str, Decimal], ...]] = {}

    def count(self, name: str) -> None:
        self.tallies[name] = self.tallies.get(name, 0) + 1

    def tell_decision(
        self,
        bot_id: str,
        *,
        scope: str,
        decision: str,
        reason: str,
        limit: str,
        value: str,
        next_step: str = "",
        client_order_id: str = "",
        symbol: str = "",
    ) -> None:
        """One risk_decision.v1 on the bus. The next step is that of the reason code, unless a better one is given."""
        self.core.publish(
            e.RiskDecisionV1,
            bot_id,
            scope=scope,
            decision=decision,
            reason=reason,
            limit=limit,
            value=value,
            next_step=next_step or reasons.next_step(reason),
            client_order_id=client_order_id,
            symbol=symbol,
        )

    def tell_of_pair(self, symbol: str, decision: str, reason: str, *, limit: str, value: str) -> None:
        """A decision about a pair, which concerns every bot."""
        self.tell_decision(
            "desk",
            scope=f"instrument:{symbol}",
            decision=decision,
            reason=reason,
            limit=limit,
            value=value,
            symbol=symbol,
        )

    def members(self, bot_id: str) -> dict[str, str]:
        """scope -> member of that scope, for an order of this bot."""
        return {"bot": bot_id, "account": bot_id, "venue": VENUE, "desk": "desk"}

    def scopes(self) -> tuple[str, ...]:
        """Every scope that can be latched: the desk, the venue, each bot and its account."""
        return ("desk", f"venue:{VENUE}", *(f"{kind}:{bot}" for bot in self.lanes for kind in ("bot", "account")))

    def limits_of(self, name: str, bot_id: str) -> tuple[tuple[str, Decimal], ...]:
        """(scope, figure) of every scope of the bot that sets this limit, narrowest first."""
        rows = self._limit_rows.get((name, bot_id))
        if rows is None:
            members = self.members(bot_id)
            found = []
            for (scope, member), key in zip(members.items(), scope_names(members), strict=True):
                limit = self.policy.limit(name, scope, member)
                if limit is not None:
                    found.append((key, limit))
            rows = self._limit_rows[name, bot_id] = tuple(found)
        return rows

    def tightest(self, name: str, bot_id: str) -> Decimal:
        """The smallest figure of this limit over all scopes of the bot."""
        return min(limit for _, limit in self.limits_of(name, bot_id))

    def latch_of(self, bot_id: str) -> Effective:
        return self.latches.effective((f"bot:{bot_id}", f"account:{bot_id}", f"venue:{VENUE}", "desk"))

    def position_base(self, bot_id: str, symbol: str) -> Decimal:
        """Signed position by our own count of fills."""
        return self.accounts[bot_id].holding(symbol).qty_base


def scope_names(members: Mapping[str, str]) -> tuple[str, ...]:
    """ "bot:bot1", "account:bot1", "venue:bitget", "desk": the keys of counters and latches."""
    return tuple("desk" if scope == "desk" else f"{scope}:{member}" for scope, member in members.items())
