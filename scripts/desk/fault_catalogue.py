"""The fault catalogue as data, what a proof is, and what of it concerns a part that this desk does not have."""

from typing import Literal, NamedTuple

Tier = Literal["logic", "simulation", "process", "host"]


class Proof(NamedTuple):
    tier: Tier
    bound: str
    test: str  # "tests/….py::test_name", or the command of a drill


GROUPS: dict[str, dict[str, str]] = {
    "Order path": {
        "F01": "submit timeout, the order is live",
        "F02": "submit timeout, the order is not live",
        "F03": "ack lost, the fill arrives first",
        "F04": 'cancel returns "unknown order" (filled)',
        "F05": "cancel ack, then a late fill",
        "F06": "partial fill during cancel",
        "F07": "duplicate fill message or replayed trade id",
        "F08": "fill and ack out of order",
        "F09": "client id collision after a restart",
        "F10": "post-only reject storm (symptom of a stale book)",
        "F11": "reduce-only rejected during flatten",
        "F12": "batch cancel half-failed",
        "F13": "429/418 ban during a kill",
        "F14": "venue -1021: clock skew of 2 or 10 s, either way",
        "F15": "tick, lot or minimum notional changed in mid-session",
        "F16": "modify on a venue without modify",
    },
    "Market data": {
        "F20": "stream open, no data",
        "F21": "sequence gap",
        "F22": "crossed or locked book",
        "F23": "one-sided book",
        "F24": "stale snapshot after a resubscribe",
        "F25": "feed 2 to 10 s late",
        "F26": "wrong symbol map",
        "F27": "price x1000, zero, NaN, negative",
        "F28": "reference venue down while the quoting venue is up",
        "F29": "index or oracle depeg",
    },
    "Process and infrastructure": {
        "F30": "SIGKILL of the strategy with open orders",
        "F31": "SIGTERM, container stop",
        "F32": "SIGSTOP for longer than the lease, then SIGCONT",
        "F33": "out of memory",
        "F34": "disk full on the event log",
        "F35": "fsync error",
        "F36": "Redis killed, failed over, stream trimmed",
        "F37": "Postgres down for 10 min",
        "F38": "ClickHouse down",
        "F39": "pending entries of a consumer group stuck",
        "F40": "clock jump of 1 h, slew",
        "F41": "DNS failure",
        "F42": "partition: bot and bus, bot and venue, one lost",
        "F43": "two bots under one controller id",
        "F44": "configuration half written",
        "F45": "old image on one of n hosts",
        "F46": "key revoked, address not allow-listed",
        "F47": "certificate expired",
    },
    "Account and venue": {
        "F50": "a person trades or cancels on the account",
        "F51": "deposit or withdrawal in mid-session",
        "F52": "funding debit",
        "F53": "partial liquidation",
        "F54": "ADL closes the hedge leg",
        "F55": "symbol halted or delisted",
        "F56": "venue maintenance with orders open",
        "F57": "a balances endpoint returns a stale or empty set",
        "F58": "fee tier changes",
        "F59": "sub-accounts mixed up",
        "F60": "venue API degraded for 100 min",
    },
    "People and control plane": {
        "F70": "kill pressed twice, by two people, while a kill runs",
        "F71": "the kill's own code fails",
        "F72": "approving one's own change",
        "F73": "alert storm (1000 a minute)",
        "F74": "frozen dashboard shows the last value as live",
        "F75": "notifications down",
        "F76": "audit row edited or deleted",
        "F77": "rollback to a version whose schema is older",
        "F78": "canary ends while the market shocks",
    },
}

FAULTS: dict[str, str] = {fault: meaning for group in GROUPS.values() for fault, meaning in group.items()}


class Absent(NamedTuple):
    """``words`` name the part where it would be built; a tidy test fails once one of them is written in the code."""

    part: str
    words: tuple[str, ...]


ABSENT: dict[str, Absent] = {
    "F28": Absent(
        "a reference venue: quotes are made from the book, mark and index of the venue they go to",
        ("reference_venue", "hedge_venue"),
    ),
    "F38": Absent("ClickHouse: events are in files, and Redis carries them", ("clickhouse",)),
    "F73": Absent(
        "an alert manager: what happened is on the page and in the event files, and calls nobody",
        ("alertmanager", "alert_manager", "pagerduty"),
    ),
    "F75": Absent("notifications outside the page", ("telegram", "smtplib", "webhook")),
    "F78": Absent("a canary release", ("canary",)),
}
