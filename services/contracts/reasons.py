"""Reason codes: every refusal, pause, halt and break names one of these.

A code is stable for ever; its meaning is one sentence; its next step is what a person does first. Adding a row is
additive. A text that goes with a code says the value and the limit: ``text(code, value=…, limit=…)``.
"""

from typing import NamedTuple

_Row = tuple[str, str, str]


class Reason(NamedTuple):
    code: str
    family: str
    meaning: str
    next_step: str


_WAIT = "nothing: clears by itself when the condition does"
_ASK = "desk explain --event <event_id>"
_REARM = "a person looks; then another rearm_token in data/<bot>/desk.yml and a restart"

GATEWAY: tuple[_Row, ...] = (
    ("DOOR_SHUT", "the gateway is still reconciling with the venue", "wait for /readyz, or desk status"),
    ("SCOPE_HALTED", "a latch holds this scope; only cancels and reducing orders pass", "desk latch show"),
    ("SCOPE_REDUCING", "this scope may only reduce its position", "desk latch show"),
    ("KILL_SWITCH_ACTIVE", "the kill switch has latched this scope", "desk latch show; re-arming takes a person"),
    ("NOT_LEADER", "the sender does not hold the lease of this bot", "desk status: see who leads"),
    ("ORDER_VALUE_LIMIT", "order value is above the limit per order", "lower the size or raise the limit by policy"),
    ("ORDER_QTY_LIMIT", "order quantity is above the limit per order", "lower the size or raise the limit by policy"),
    ("OPEN_ORDERS_LIMIT", "too many open orders in this scope", "cancel some, or raise the limit by policy"),
    ("POSITION_LIMIT", "position plus resting orders would pass the limit", "reduce, or raise the limit by policy"),
    ("NOTIONAL_LIMIT", "notional of the scope would pass the limit", "reduce, or raise the limit by policy"),
    ("PRICE_COLLAR_AGGRESSIVE", "price goes too far through the far touch", "check the strategy's reference price"),
    ("PRICE_COLLAR_PASSIVE", "price rests too far from the market", "check the strategy's reference price"),
    (
        "PRICE_COLLAR_DRIFT",
        "reference price moved too far within the window",
        "look at the market before anything else",
    ),
    ("SUBMIT_RATE_LIMIT", "too many submits in the window", _WAIT),
    ("CANCEL_RATE_LIMIT", "too many cancels in the window", _WAIT),
    ("RATE_LIMIT_EXCEEDED", "the venue's budget for this kind of message is used up", _WAIT),
    ("REPEATED_EXECUTION", "too many fills on one side in a short time", "a person looks, then desk latch set"),
    ("STALE_MARKET", "market data is older than allowed for new risk", "desk status: is the venue stream alive?"),
    ("UNKNOWN_OUTCOME", "an earlier order of this level has an unknown outcome", "wait: the gateway asks the venue"),
    ("DUPLICATE_CLIENT_ORDER_ID", "this client order id was used before", "desk orders show <id>"),
    ("BAD_CLIENT_ORDER_ID", "client order id is empty, too long or of a prefix that is not the sender's", _ASK),
    ("SYMBOL_NOT_ALLOWED", "this bot has no permission for the pair", "add the pair to the bot's policy"),
    ("ORDER_TYPE_NOT_ALLOWED", "this kind of order is not offered here", "cancel, then place limit orders one by one"),
    ("WOULD_FLIP", "a reducing order is larger than the position", "the size is cut to the position"),
    ("NOT_REDUCING", "the scope allows only orders that reduce", "cancel or reduce"),
    ("POLICY_ANSWERED", "the gateway answers this setting from policy and does not forward it", "change the policy"),
    ("NOT_IN_DIALECT", "this endpoint does not exist here (withdrawals and transfers never do)", "none"),
    ("SESSION_CLOSED", "the bot's private session closed; its orders were cancelled", "desk logs <bot>"),
    ("STARTUP_CANCEL", "left over from an earlier life; cancelled before the door opened", "none"),
    ("GHOST_ORDER", "alive at the venue although the journal calls it terminal; cancelled", "desk orders show <id>"),
    ("ORPHAN_ORDER", "an order at the venue that the journal does not know", "desk orders show <id>"),
    ("NOT_FOUND_FINAL", "the venue does not know the order after repeated asking", "none"),
    ("VENUE_UNREACHABLE", "the venue does not answer", "desk status; is the venue up?"),
    ("JOURNAL_FAILED", "the journal could not be written, so nothing is sent", "check the disk; desk doctor"),
    ("BUS_BLIND", "the bus has been out of reach longer than policy allows", "desk status: is redis up?"),
    ("HEARTBEAT_LOST", "the heartbeat stopped", "desk status"),
    ("AUTH_FAILED", "key, signature or timestamp is wrong", "desk doctor"),
    ("DUPLICATE_ORDER", "the same order, or one on the same level, is alive already", "wait until it has ended"),
    ("SELF_TRADE", "the order would trade with a resting order of the desk", "cancel that one first"),
    ("ORDERS_UNEXPLAINED", "orders went out that no decision announced", "a person looks, then desk latch set"),
    ("RUNAWAY", "far more submits than any strategy needs", "stop the bot; a person looks, then desk latch set"),
    ("QUARANTINED", "a pair or route that misbehaved waits", _WAIT),
    (
        "KILL_CAP_LOSS",
        "loss of the UTC day or month passed what the scope may lose at all",
        "a person looks; holds until the period is over or the policy is raised, then desk latch set",
    ),
    (
        "KILL_CAP_NOTIONAL",
        "notional of the UTC day or month would pass what the scope may trade at all",
        "holds until the period is over or the policy is raised; desk latch show",
    ),
    (
        "SUSPENSE_LIMIT",
        "fills that belong to no order of ours passed their limit",
        "desk events tail --kind break.v1; find the hand",
    ),
    ("RELEASE_MISMATCH", "the bot's settings or code are not those of its release", "deploy the release, or promote"),
    ("VIEW_TOO_OLD", "the market view behind the order is too old", "look at the bot's tick time"),
    ("CIRCUIT_OPEN", "this operation keeps failing at the venue and is left alone for a while", _WAIT),
    ("OVERRIDE_USED", "one order passed one limit by an override of two persons", "none"),
    ("BOOK_FROZEN", "the stream is silent and the venue gives another book by REST", "look at the market data source"),
    ("BOOK_JUMPED", "mid moved further between two books than a market does", "look at the market data source"),
    ("BOOK_SEQUENCE", "a book is older than the one before it", "look at the market data source"),
    (
        "BOOK_BROKEN",
        "a message of the book is unreadable or does not follow on the last",
        "look at the market data source",
    ),
    ("RULES_CHANGED", "tick, lot or minimums of a pair are not what they were", "none: bots read them anew"),
    ("BOOK_APART", "the book is far from the venue's mark or index price", "look at the market data source"),
    ("BOOK_LATE", "a book was too long on the way", "desk status: network and clock"),
    ("BOOK_DISTRUSTED", "not enough sound books in a row after a wrong one", _WAIT),
    ("KEY_RIGHTS", "the venue key can do more than read and trade", "make another key at the venue, then restart"),
    ("NOT_ARMED", "the upstream is not on this machine and not everything needed to arm is there", "see the list"),
)

VENUE: tuple[_Row, ...] = (
    ("POST_ONLY_WOULD_CROSS", "a post-only order would have traded at once", "quote again from a fresh book"),
    ("PRICE_NOT_ON_TICK", "price is not a multiple of the tick", "round to the tick"),
    ("PRICE_OUT_OF_RANGE", "the venue refuses the price (zero, negative, outside its band)", "check the price"),
    ("QTY_NOT_ON_LOT", "quantity is not a multiple of the lot", "round to the lot"),
    ("QTY_BELOW_MIN", "quantity is below the venue's minimum", "raise the size"),
    ("QTY_ABOVE_MAX", "quantity is above the venue's maximum", "split the order"),
    ("NOTIONAL_BELOW_MIN", "order value is below the venue's minimum", "raise the size"),
    ("INSUFFICIENT_MARGIN", "available balance does not cover the order", "lower the size or add capital"),
    ("REDUCE_ONLY_REJECTED", "a reduce-only order would have opened a position", "re-read the position"),
    ("ORDER_NOT_FOUND", "the venue does not know the order", "it may be filled or cancelled: read its history"),
    ("ORDER_NOT_OPEN", "the order is already terminal", "none"),
    ("UNKNOWN_SYMBOL", "the venue does not list the pair", "check the spelling and the product"),
    ("SYMBOL_HALTED", "the venue has stopped trading in the pair", _WAIT),
    ("RATE_LIMITED", "the venue refuses for too many requests", "back off for retry_after_ms"),
    ("MAINTENANCE", "the venue is in maintenance", _WAIT),
    ("CLOCK_SKEW", "our clock differs from the venue's by more than allowed", "repair NTP; desk doctor"),
    ("BAD_REQUEST", "the venue cannot read the request", "see the detail; a dialect fault"),
    ("LEVERAGE_TOO_HIGH", "leverage is outside the bracket", "lower the leverage"),
    ("SELF_TRADE_PREVENTED", "the order would have traded with our own", "none"),
    ("IOC_EXPIRED", "the rest of an immediate order was not filled", "none"),
    ("FOK_NOT_FILLED", "a fill-or-kill order could not be filled whole", "none"),
    ("LIQUIDATION", "the venue closed the position for lack of margin", "docs/runbooks: Liquidation"),
    ("REPLACED", "amended: another order stands in its place", "none"),
    ("CANCELLED_BY_USER", "a cancel was asked for and done", "none"),
    ("NO_LIQUIDITY", "a market order found nobody on the other side", "look at the book"),
    ("POSITION_MODE_LOCKED", "the mode cannot change while positions or orders exist", "close and cancel first"),
    ("POSITION_MODE_MISMATCH", "the order is for hedge mode and the account is one-way", "send no tradeSide"),
    ("UNSUPPORTED", "the venue does not offer this", "none: a limit of the venue"),
    ("POST_ONLY_CANCELLED", "a resting post-only order could not stay without taking", "quote again from a fresh book"),
    ("ADL", "the venue reduced the position against a liquidated one", "hedge the leg that is gone; desk status"),
    ("UNKNOWN_ACCOUNT", "the venue has no such account", "check the key; desk doctor"),
    ("PARAMETER_INVALID", "a parameter is missing or of the wrong form", "see the detail; a dialect fault"),
    ("FAULT_INJECTED", "a test asked for this failure", "POST /sim/faults with an empty plan"),
)

BOT: tuple[_Row, ...] = (
    ("NORMAL_STATE", "nothing stops the strategy", "none"),
    ("WARMUP_INSUFFICIENT", "not enough history for the indicators yet", _WAIT),
    ("BOOK_EMPTY", "no best bid or ask", _WAIT),
    ("BOOK_CROSSED", "best bid is not below best ask", _WAIT),
    ("BOOK_NOT_FINITE", "a price in the book is not a finite positive number", "look at the market data source"),
    ("BOOK_READ_FAILED", "the book could not be read", "desk logs <bot>"),
    ("ORDER_BOOK_STALE", "top of book identical for longer than allowed, on a living connection", "look at the venue"),
    ("DATA_AGE", "the market stream said nothing for longer than allowed", "desk status: is the gateway alive?"),
    ("NOT_CONNECTED", "the connector is not connected", "desk logs <bot>"),
    ("CONNECTOR_NOT_READY", "the connector has no balances, rules or book yet", _WAIT),
    ("BALANCE_READ_FAILED", "balances could not be read", "desk logs <bot>"),
    ("NO_VIEW", "nothing to judge by", "desk logs <bot>"),
    ("EDGE_GATE_BLOCKED", "net edge is below the minimum", "none: the market pays too little; desk report run"),
    ("EDGE_GATE_OFF", "quotes without asking whether it pays", "none: a demonstration, never in live"),
    ("EDGE_UNREACHABLE", "the required spread is above the regime's maximum", "see docs: minimum viable fee tier"),
    ("EDGE_GAP", "fills were worth less than the model said", "desk report run; it opens again by itself"),
    ("FEE_UNREADABLE", "the fee of a fill could not be read; booked as taker", "compare with the venue's record"),
    ("FEE_UNRESOLVED", "no fee source answered", "set a fee profile"),
    ("DAILY_LOSS_LIMIT", "loss of the day passed the limit", _REARM),
    ("DRAWDOWN_LIMIT", "drawdown from the day's peak passed the limit", _REARM),
    ("TURNOVER_LIMIT", "traded notional of the day passed the limit", _REARM),
    ("MARGIN_LOW", "margin ratio is below the soft limit", "reduce or add margin"),
    ("MARGIN_CRITICAL", "margin ratio is below the hard limit", "reduce or add margin, then re-arm"),
    ("CANCEL_BUDGET", "too many cancels a minute", _WAIT),
    ("CANCEL_BUDGET_REPEATED", "the cancel budget was passed three times in a row", _REARM),
    ("CANCEL_RETRY", "a cancel is not terminal in time and is asked for again", "none"),
    ("EQUITY_NOT_POSITIVE", "the virtual account has nothing left", "a person looks; add capital"),
    ("LOSING_STREAK", "too many losing round trips in a row", _REARM),
    ("BUS_BLIND_STOP", "out of reach of the bus for so long that the bot stopped", "desk status, then re-arm"),
    ("HARD_STOP_LATCHED", "a hard stop is lifted only by another rearm_token and a restart", _REARM),
    ("GUARD_CHANGED", "the guard of the bot went to another state", "none"),
    ("PRICE_DEVIATION", "a fill traded far from its order's price", "compare with the venue's record"),
    (
        "POSITION_REBASED",
        "at start the venue's position differed from the saved one",
        "desk events tail --kind break.v1",
    ),
    (
        "POSITION_DRIFT_WARN",
        "our position differs from the venue's by more than the warning",
        "desk events tail --kind break.v1",
    ),
    (
        "POSITION_DRIFT",
        "our position differs from the venue's by more than allowed",
        "desk events tail --kind break.v1",
    ),
    ("INVENTORY_FULL", "inventory is at its limit; this side is not quoted", _WAIT),
    ("DERISK", "inventory is being brought back", "none"),
    ("REGIME_CHANGED", "the regime changed and with it the sides quoted", "none"),
    ("REFRESH", "the quote was due for refresh", "none"),
    ("ORDER_TTL", "the quote reached its time to live", "none"),
    ("ACK_TIMEOUT", "the order got no venue id in time", "desk orders show <id>"),
    ("LEVEL_OCCUPIED", "the order of the level is not terminal yet", _WAIT),
    ("LEVEL_COOLING", "the level waits after a refusal", _WAIT),
    ("COOLDOWN_ACTIVE", "waiting after a fill or a pause", _WAIT),
    ("TOO_MANY_CARRIERS", "as many live orders as the bot may have", _WAIT),
    ("INTENT_SOFT_PAUSE", "an intent asked to pause", "desk resume --bot <bot>"),
    ("INTENT_RESUME", "an intent asked to go on", "none"),
    ("INTENT_KILL", "an intent asked to stop for good", "desk latch show"),
    ("INTENT_EXPIRED", "an intent came after its time", "none"),
    ("NO_TRADE_VARIANT", "the bundle's variant does not trade", "none"),
    ("STOPPING", "the process is stopping", "none"),
    ("INTERNAL_ERROR", "the strategy raised; it stands down", "desk logs <bot>"),
    ("SPREAD_SPIKE", "the market's spread is above the allowed maximum", _WAIT),
    ("PRICE_IMPACT_HIGH", "the order would move the price too far", "lower the size"),
    ("VOL_SHOCK", "the latest move is large against the band", _WAIT),
    ("THIN_BOOK", "too little depth near the touch", _WAIT),
    ("EXEC_QTY_BELOW_MIN_QTY", "the computed size is below the venue's minimum", "raise total_amount_quote"),
    ("EXEC_L2_STALE", "depth is older than allowed", _WAIT),
    ("EXEC_L2_INSUFFICIENT_DEPTH_BID", "not enough depth on the bid", _WAIT),
    ("EXEC_L2_INSUFFICIENT_DEPTH_ASK", "not enough depth on the ask", _WAIT),
    ("EXEC_L2_IMPACT_BID_HIGH", "impact on the bid would be too high", "lower the size"),
    ("EXEC_L2_IMPACT_ASK_HIGH", "impact on the ask would be too high", "lower the size"),
    ("PARTIAL_FILL", "an order was filled in part", "none"),
)

DESK: tuple[_Row, ...] = (
    ("MANUAL", "a person asked for it", "none"),
    ("ERROR", "a fault, not a judgement", "desk logs <process>"),
    ("HA_LOCK_LOST", "the lease was lost", "desk status"),
    ("FLAT_ALL_EXECUTED", "all positions were flattened", "desk latch show"),
    ("GAP_HALT", "events are missing", "desk events integrity"),
    ("CORR_BLOCK", "correlated positions are too large together", "reduce one of them"),
    ("RISK_ADAPT_APPLIED", "limits were tightened from conditions", "none"),
    ("NUCLEAR_LOCKED", "the desk is locked down", "two persons: nuclear re-enable"),
    ("NUCLEAR_RESUMED", "the lock-down ended", "none"),
    ("DD_PORTFOLIO_BREACH", "drawdown of the desk passed the limit", "a person looks"),
    ("DD_SYMBOL_BREACH", "drawdown in one pair passed the limit", "a person looks"),
    ("PORTFOLIO_DAILY_LOSS", "loss of the desk today passed the limit", "a person looks"),
    ("REDUCE_RISK_ALLOWED", "only orders that reduce risk pass", "none"),
    ("CANCEL_ALWAYS_ALLOWED", "cancels pass whatever else is refused", "none"),
    ("UNATTENDED_POSITION", "a position has no running bot", "start the bot: desk up --bots <bot>"),
    ("FILL_MISMATCH", "bot and venue differ about a fill", "desk events tail --kind break.v1"),
    ("POSITION_MISMATCH", "bot and venue differ about a position", "desk events tail --kind break.v1"),
    ("BALANCE_MISMATCH", "bot and venue differ about a balance", "desk events tail --kind break.v1"),
    (
        "UNKNOWN_KIND",
        "an event of a kind this release does not know",
        "desk events tail --kind dead_letter.v1; upgrade the reader",
    ),
    ("MALFORMED_EVENT", "an event that cannot be read", "desk events tail --kind dead_letter.v1"),
    ("EVENT_REFUSED", "a reader refused the event", "desk events tail --kind dead_letter.v1"),
    ("EVENT_CONFLICT", "two events claim one place in a source's sequence", "desk events integrity"),
    ("SPOOL_FULL", "the spool reached its limit while the bus was away", "repair redis; desk doctor"),
    ("UNKNOWN_SCOPE", "the scope names no bot, account or venue of this desk", "desk status: which bots are there?"),
    ("APPROVAL_MISSING", "a second person or a waiting time is needed", "ask the second person"),
    ("REDIS_RESTARTED", "the bus came back with another life; unconfirmed events are sent again", "none"),
)

# The venue refused an order by its rules of the pair, or because nobody may trade it: what is known is old.
NO_TRADING = frozenset({"SYMBOL_HALTED", "UNKNOWN_SYMBOL"})
BY_RULES = NO_TRADING | {"PRICE_NOT_ON_TICK", "QTY_NOT_ON_LOT", "QTY_BELOW_MIN", "QTY_ABOVE_MAX", "NOTIONAL_BELOW_MIN"}

_FAMILIES: dict[str, tuple[_Row, ...]] = {"gateway": GATEWAY, "venue": VENUE, "bot": BOT, "desk": DESK}

REASONS: dict[str, Reason] = {
    code: Reason(code, family, meaning, next_step)
    for family, rows in _FAMILIES.items()
    for code, meaning, next_step in rows
}


def is_registered(code: str) -> bool:
    return code in REASONS


def next_step(code: str) -> str:
    """What a person does first; a code nobody registered says so instead of failing."""
    reason = REASONS.get(code)
    return reason.next_step if reason else f"{code} is not registered in services/contracts/reasons.py: add it"


def text(code: str, **values: object) -> str:
    """``CODE: value=…, limit=…``: the form every refusal takes on the wire, in logs and on the page."""
    listed = ", ".join(f"{name}={value}" for name, value in values.items())
    return f"{code}: {listed}" if listed else code
