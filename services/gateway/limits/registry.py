"""Every limit of the gateway, once: name, unit, where it must be set, reason code, and the control it answers.

docs/reference/controls.md is generated from this table, and a test exists per control id. ``controls`` names rows of
the safety specification: K1-K8 (Knight Capital), "RTS6-15(1)(a)" (Delegated Regulation 2017/589, article 15), I1-I7
(invariants).
"""

from decimal import Decimal
from typing import Literal, NamedTuple

Scope = Literal["bot", "account", "venue", "desk"]
SCOPES: tuple[Scope, ...] = ("bot", "account", "venue", "desk")


class Limit(NamedTuple):
    name: str
    unit: str
    required_in: tuple[Scope, ...]  # start is refused when it is missing there; any other scope may set it too
    reason: str  # registered reason code of the refusal
    controls: tuple[str, ...]
    example: str
    low: Decimal  # allowed range of the value in the policy file
    high: Decimal
    meaning: str

    @property
    def is_of_one_order(self) -> bool:
        """Judged order by order, so two persons may let one order pass it. The others latch or hold the bot."""
        return self.name not in _OF_A_BOT


_OF_A_BOT = frozenset(
    {
        "repeated_executions_max",
        "unexplained_orders_per_minute_max",
        "attempts_per_minute_max",
        "venue_rejects_per_minute_max",
        "unknown_outcomes_per_minute_max",
        "suspense_quote_max",
        "day_loss_quote_max",
        "month_loss_quote_max",
        "day_notional_quote_max",
        "month_notional_quote_max",
        "collar_drift_window_ms",
    }
)

_ALL: tuple[Scope, ...] = SCOPES
_BOT: tuple[Scope, ...] = ("bot",)
_DESK: tuple[Scope, ...] = ("desk",)
_BOT_AND_DESK: tuple[Scope, ...] = ("bot", "desk")


def _limit(
    name: str,
    unit: str,
    required_in: tuple[Scope, ...],
    reason: str,
    controls: str,
    example: str,
    allowed: tuple[int, int],
    meaning: str,
) -> Limit:
    low, high = map(Decimal, allowed)
    return Limit(name, unit, required_in, reason, tuple(controls.split()), example, low, high, meaning)


_MONEY = (0, 1_000_000_000)
_BPS = (0, 10_000)
_COUNT = (0, 100_000)
_MS = (1, 3_600_000)

# fmt: off
LIMITS: tuple[Limit, ...] = (
    # ------------------------------------------------------------------------------------------------ order by order
    _limit("order_value_quote_max", "quote", _ALL, "ORDER_VALUE_LIMIT", "RTS6-15(1)(b)", "1000", _MONEY,
           "value of one order at its price, a market order at the collar"),
    _limit("collar_aggressive_bps", "bps", _DESK, "PRICE_COLLAR_AGGRESSIVE", "RTS6-15(1)(a)", "50", _BPS,
           "how far a price may go through the far touch"),
    _limit("collar_passive_bps", "bps", _DESK, "PRICE_COLLAR_PASSIVE", "RTS6-15(1)(a)", "500", _BPS,
           "how far a price may rest behind the near touch"),
    _limit("collar_reducing_bps", "bps", _DESK, "PRICE_COLLAR_AGGRESSIVE", "RTS6-15(1)(a)", "300", _BPS,
           "how far a reducing order may go through the far touch"),
    _limit("collar_drift_bps", "bps", _DESK, "PRICE_COLLAR_DRIFT", "RTS6-15(1)(a)", "300", _BPS,
           "how far mid may have moved within collar_drift_window_ms before new risk waits"),
    _limit("collar_drift_window_ms", "ms", _DESK, "PRICE_COLLAR_DRIFT", "RTS6-15(1)(a)", "300000", _MS,
           "the period over which the drift of mid is measured"),
    _limit("duplicate_orders_max", "orders", _BOT, "DUPLICATE_ORDER", "RTS6-15(1)(d) K3", "1", _COUNT,
           "living orders of the same pair, side, price and quantity that may stand beside a new one"),
    _limit("level_orders_max", "orders", _BOT, "DUPLICATE_ORDER", "K3", "1", (1, 100),
           "living orders on one level of a bot, this one included"),
    # ------------------------------------------------------------------------------------------- all counted at once
    _limit("open_orders_max", "orders", _ALL, "OPEN_ORDERS_LIMIT", "RTS6-15(2) I7", "20", _COUNT,
           "orders that are not terminal, counted from the moment they are checked"),
    _limit("position_long_quote_max", "quote", _BOT, "POSITION_LIMIT", "RTS6-17(4)", "100000", _MONEY,
           "long position of one pair at the mark, with every resting buy filled"),
    _limit("position_short_quote_max", "quote", _BOT, "POSITION_LIMIT", "RTS6-17(4)", "100000", _MONEY,
           "short position of one pair at the mark, with every resting sell filled"),
    _limit("gross_notional_quote_max", "quote", _ALL, "NOTIONAL_LIMIT", "K8 RTS6-15(4)", "200000", _MONEY,
           "sum over pairs and bots of the larger of both positions after all fills: the capital threshold, before"
           " the trade"),
    _limit("net_notional_quote_max", "quote", _ALL, "NOTIONAL_LIMIT", "K8 RTS6-17(4)", "100000", _MONEY,
           "sum over pairs and bots of signed positions, in the direction of the order, after all fills"),
    # ------------------------------------------------------------------------------- a day and a month, UTC, absolute
    _limit("day_loss_quote_max", "quote", _BOT_AND_DESK, "KILL_CAP_LOSS", "RSK-11", "4000", _MONEY,
           "loss of the UTC day: price moves, fees, funding, what is open at the mark; then the scope may only reduce"),
    _limit("month_loss_quote_max", "quote", _BOT_AND_DESK, "KILL_CAP_LOSS", "RSK-11", "15000", _MONEY,
           "loss of the UTC month, likewise"),
    _limit("day_notional_quote_max", "quote", _BOT_AND_DESK, "KILL_CAP_NOTIONAL", "RSK-11", "5000000", _MONEY,
           "notional traded in the UTC day with this order filled; when passed the scope may only reduce"),
    _limit("month_notional_quote_max", "quote", _BOT_AND_DESK, "KILL_CAP_NOTIONAL", "RSK-11", "50000000", _MONEY,
           "notional traded in the UTC month, likewise"),
    # ---------------------------------------------------------------------------------------------------- messages
    _limit("submits_per_second_max", "submits", _ALL, "SUBMIT_RATE_LIMIT", "RTS6-15(1)(d)", "10", _COUNT,
           "submits in any second"),
    _limit("submits_per_minute_max", "submits", _ALL, "SUBMIT_RATE_LIMIT", "RTS6-15(1)(d)", "120", _COUNT,
           "submits in any minute"),
    _limit("cancels_per_minute_max", "cancels", _ALL, "CANCEL_RATE_LIMIT", "RTS6-15(1)(d)", "240", _COUNT,
           "cancels in any minute; above it new risk is refused, never a cancel"),
    _limit("messages_per_minute_max", "messages", _ALL, "SUBMIT_RATE_LIMIT", "RTS6-15(1)(d)", "360", _COUNT,
           "submits, amendments and cancels together in any minute"),
    # --------------------------------------------------------------------------------------------------- behaviour
    _limit("repeated_executions_max", "orders", _BOT, "REPEATED_EXECUTION", "RTS6-15(3)", "30", _COUNT,
           "different orders executed on one side within 60 s; then the bot may only reduce until a person re-arms"),
    _limit("unexplained_orders_per_minute_max", "orders", _BOT, "ORDERS_UNEXPLAINED", "K3", "5", _COUNT,
           "orders above those that the bot's decisions announced, per minute; then the bot may only reduce"),
    _limit("attempts_per_minute_max", "submits", _BOT, "RUNAWAY", "RTS6-15(3)", "600", _COUNT,
           "submits asked for per minute, refused ones included; then the bot may only reduce"),
    _limit("venue_rejects_per_minute_max", "orders", _BOT, "QUARANTINED", "RTS6-15(3)", "20", _COUNT,
           "orders of one pair that the venue refused within a minute; then the pair waits 30 s"),
    _limit("unknown_outcomes_per_minute_max", "orders", _BOT, "QUARANTINED", "RTS6-15(3)", "5", _COUNT,
           "orders of unknown outcome within a minute; then the route of that bot waits 30 s"),
    _limit("suspense_quote_max", "quote", _BOT, "SUSPENSE_LIMIT", "K5", "0", _MONEY,
           "notional of fills that belong to no order of ours; above it the bot may only reduce"),
    # --------------------------------------------------------------------------------------------------- conditions
    _limit("data_age_ms_max", "ms", _DESK, "STALE_MARKET", "I5", "5000", _MS,
           "age of market data, since its stream was last heard, above which there is no new risk"),
    _limit("book_silent_ms_max", "ms", _DESK, "STALE_MARKET", "I5", "30000", _MS,
           "time without a new or confirmed book of the pair above which there is no new risk"),
    _limit("clock_skew_ms_max", "ms", _DESK, "CLOCK_SKEW", "I5", "1000", _MS,
           "difference between our clock and the venue's above which there is no new risk"),
    _limit("view_age_ms_max", "ms", _DESK, "VIEW_TOO_OLD", "I5", "3000", _MS,
           "age of the market view behind a post-only order, where the bot states it"),
)
# fmt: on

BY_NAME: dict[str, Limit] = {limit.name: limit for limit in LIMITS}


class Rule(NamedTuple):
    """A check of the chain that has no figure, or whose figures stand elsewhere in the policy."""

    name: str
    reason: str
    controls: tuple[str, ...]
    meaning: str


# fmt: off
RULES: tuple[Rule, ...] = (
    Rule("instrument allowlist", "SYMBOL_NOT_ALLOWED", ("RTS6-15(5)",), "only pairs of the policy and of the bot"),
    Rule("order type", "ORDER_TYPE_NOT_ALLOWED", ("RTS6-5(4)",), "limit and market orders, nothing with a trigger"),
    Rule("order quantity", "ORDER_QTY_LIMIT", ("RTS6-15(1)(c)",), "instruments.<pair>.order_qty_base_max"),
    Rule("door", "DOOR_SHUT", ("RTS6-14",), "no new risk before the venue was read and reconciled"),
    Rule("key rights", "KEY_RIGHTS", ("SEC-03",), "no door for a venue key that can do more than read and trade"),
    Rule("latch", "SCOPE_HALTED", ("RTS6-12(1)", "I6"), "HALTED: cancels and immediate reduce-only; unreadable: too"),
    Rule("reducing", "SCOPE_REDUCING", ("RTS6-17(1)",), "REDUCING: only what ends at flat or before, computed here"),
    Rule("reduce-only", "WOULD_FLIP", ("RTS6-17(1)",), "an order that asks for reduce-only never passes flat"),
    Rule("bus", "BUS_BLIND", ("RTS6-14",), "no new risk while nobody else can see it; after two minutes nothing rests"),
    Rule("heartbeat guard", "SESSION_CLOSED", ("RTS6-12(1)",), "a bot that is gone or silent has nothing resting"),
    Rule("unknown outcome", "UNKNOWN_OUTCOME", ("I1",), "no new risk on a level whose order nobody can account for"),
    Rule("own orders", "SELF_TRADE", ("RTS6-13(1)",), "no order that would trade with a resting order of the desk"),
    Rule("client order id", "DUPLICATE_CLIENT_ORDER_ID", ("RTS6-12(3)",), "an id is used once"),
    Rule("release", "RELEASE_MISMATCH", ("K1", "I9"), "a bot quotes only with the code and settings of its release"),
    Rule("fencing", "NOT_LEADER", ("I4",), "an order with an older token than was seen is refused"),
    Rule("maintenance calendar", "MAINTENANCE", ("RTS6-5(4)", "FEE-04"), "nothing that opens rests during a window"),
    Rule("quarantine", "QUARANTINED", ("RTS6-15(3)",), "a pair or route that misbehaves waits"),
    Rule("circuit", "CIRCUIT_OPEN", ("RTS6-15(3)",), "an operation that keeps failing waits; cancels never do"),
    Rule("venue budget", "RATE_LIMIT_EXCEEDED", ("RTS6-15(1)(d)",), "submits leave the reserve of cancels untouched"),
    Rule("override", "OVERRIDE_USED", ("RTS6-15(6)",), "one order, one limit, expiring, two persons, audited"),
)
# fmt: on
