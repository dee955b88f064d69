"""Faults of a venue, a wire or a clock, as rules: what, for whom, when, how often. Pure, drawn from a seed.

The venue's shell and an in-process harness consult one plan: ``rest`` for a request
(``services.simulation.fault_rest`` says what a rule does to it), ``private`` and ``public`` for a push
(``fault_feed``), ``events`` for what the venue does by itself (``fault_events``), ``closings`` and ``skew_ms`` for
sessions and the clock. Every F01-F59 that a venue, a wire or a clock can produce has its switches in ``CATALOGUE``;
the others belong to processes and hosts.

A rule is in effect from ``after_ms`` to ``after_ms + for_ms`` after it was set. Within that it strikes with a
probability, or at the n-th message only, and at most ``count_max`` times. Two runs with one seed and the same messages
strike the same ones.
"""

import random
from collections.abc import Sequence, Set
from decimal import Decimal
from typing import Annotated, Literal, get_args

import msgspec

from services.common import venue

RestFault = Literal[
    "drop_request",  # the connection is cut before the venue acts                         F02
    "drop_reply",  # the venue acts, the answer never comes                                F01, F03
    "error_before",  # HTTP status instead of acting                                       F60
    "error_after",  # the venue acts, the answer is an HTTP status                         F01
    "delay_request",  # acts late
    "delay_reply",  # acts at once, answers late
    "rate_limited",  # 429                                                                 F13
    "maintenance",  # the venue's maintenance refusal                                      F56
    "refuse",  # a refusal with ``code``                                                   F10, F11, F55
    "key_revoked",  # authentication refused                                               F46
    "empty_lists",  # lists come empty though they are not                                 F57
    "stale_lists",  # lists as they were when they were last asked for                     F57
    "banned",  # 429 for the whole of delay_ms, not only for this request                  F13
    "filled_on_cancel",  # the order fills (by ``fraction``) just before its cancel acts   F04, F06
    "half_batch",  # a batch cancel acts on every other order, the rest fail               F12
    "wrong_account",  # answered as if account ``other`` had asked                         F59
]
PrivateFault = Literal[
    "lose_private",  # pushes are lost
    "duplicate_private",  # every push twice                                               F07
    "delay_private",  # pushes come late                                                   F03
    "reorder_private",  # held, then the newest first                                      F08
    "close_private",  # the session is closed                                              F42
    "late_fill",  # only fills come late, after what was caused later                      F05
]
PublicFault = Literal[
    "freeze_public",  # open, and silent                                                   F20
    "delay_public",  # late                                                                F25
    "gap_public",  # a book is left out, its sequence number is used up                    F21
    "crossed_book",  # best bid above best ask                                             F22
    "one_sided_book",  # no asks                                                           F23
    "price_spike",  # every price times ``factor`` (1000, 0, -1)                           F27
    "stale_snapshot",  # an old book again                                                 F24
    "wrong_symbol",  # another pair's book under this name                                 F26
    "close_public",  # the session is closed
    "locked_book",  # best bid equal to best ask                                           F22
    "nan_price",  # the best prices are not numbers                                        F27
    "index_depeg",  # the index is ``fraction`` of what it was                             F29
]
VenueFault = Literal[
    "manual_trade",  # a person trades on the account: market, ``side``, ``amount`` base   F50
    "transfer",  # ``amount`` quote comes (positive) or goes (negative)                    F51
    "funding_charge",  # funding is paid now, at rate ``amount``                           F52
    "reduce_position",  # the venue liquidates ``fraction`` of the position                F53
    "adl",  # the venue closes ``fraction`` of the position against a liquidated one       F54
    "halt_symbol",  # no new orders in the pair, while the rule is on                      F55
    "change_rules",  # tick, lot or minimum become ``factor`` times what they were         F15
    "fee_change",  # maker and taker rates become ``factor`` times what they were          F58
    "price_shock",  # somebody knows: the price moves by ``amount`` bps
]
ClockFault = Literal["clock_skew"]  # the venue's clock runs ``skew_ms`` ahead                 F14
FaultName = RestFault | PrivateFault | PublicFault | VenueFault | ClockFault

REST: frozenset[str] = frozenset(get_args(RestFault))
PRIVATE: frozenset[str] = frozenset(get_args(PrivateFault))
PUBLIC: frozenset[str] = frozenset(get_args(PublicFault))
VENUE: frozenset[str] = frozenset(get_args(VenueFault))
LASTING = frozenset({"halt_symbol", "change_rules", "fee_change"})  # of the venue's events; the others happen once

# The ids of the fault catalogue that each switch produces.
CATALOGUE: dict[str, str] = {
    "drop_request": "F02",
    "drop_reply": "F01 F03",
    "error_before": "F60",
    "error_after": "F01",
    "delay_request": "F60",
    "delay_reply": "F03",
    "rate_limited": "F13",
    "maintenance": "F56",
    "refuse": "F10 F11 F16",
    "key_revoked": "F46 F47",
    "empty_lists": "F57",
    "lose_private": "F42",
    "duplicate_private": "F07",
    "delay_private": "F03",
    "reorder_private": "F08",
    "close_private": "F42",
    "freeze_public": "F20 F28",
    "delay_public": "F25",
    "gap_public": "F21",
    "crossed_book": "F22",
    "one_sided_book": "F23",
    "price_spike": "F27",
    "stale_snapshot": "F24",
    "wrong_symbol": "F26",
    "close_public": "F42",
    "stale_lists": "F57",
    "banned": "F13",
    "filled_on_cancel": "F04 F06",
    "half_batch": "F12",
    "wrong_account": "F59",
    "late_fill": "F05",
    "locked_book": "F22",
    "nan_price": "F27",
    "index_depeg": "F29",
    "manual_trade": "F50",
    "transfer": "F51",
    "funding_charge": "F52",
    "reduce_position": "F53",
    "adl": "F54",
    "halt_symbol": "F55",
    "change_rules": "F15",
    "fee_change": "F58",
    "price_shock": "F29",
    "clock_skew": "F14 F40",
}


Ms = Annotated[int, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    fault: FaultName
    account: str = ""  # "" is everybody
    endpoint: str = ""  # "" is every one; else its name, or the beginning of it: "mix/order"
    symbol: str = ""  # "" is every pair (public faults)
    after_ms: Ms = 0
    for_ms: Ms | None = None  # None: until it is taken back
    probability: Fraction = 1.0
    nth: Count | None = None  # only the n-th matching message, counted from 1
    count_max: Count | None = None
    delay_ms: Ms = 1_000
    status: int = 502
    code: str = "POST_ONLY_WOULD_CROSS"
    factor: int = 1_000
    skew_ms: int = 10_000
    amount: Decimal = Decimal(0)
    fraction: Decimal = Decimal(1)
    side: venue.Side = "buy"
    other: str = ""
    switch: str = ""  # the name it was set under, and can be ended by


class _Armed:
    """A rule, when it was set, and how often it has matched and struck."""

    def __init__(self, rule: Rule, set_ms: int) -> None:
        self.rule = rule
        self.from_ms = set_ms + rule.after_ms
        self.until_ms = None if rule.for_ms is None else self.from_ms + rule.for_ms
        self.matched = 0
        self.struck = 0
        self.ended = False

    def is_on(self, now_ms: int) -> bool:
        return self.from_ms <= now_ms and (self.until_ms is None or now_ms < self.until_ms)

    def is_armed(self, now_ms: int) -> bool:
        """Whether it may still strike, or is being suffered now."""
        rule = self.rule
        if self.until_ms is not None and now_ms >= self.until_ms:
            return False
        if rule.nth is not None and self.matched >= rule.nth:
            return False
        if rule.fault in VENUE - LASTING and self.matched:
            return False
        return rule.count_max is None or self.struck < rule.count_max

    def strikes(self, chance: random.Random) -> bool:
        """Count one matching message and say whether this one is hit."""
        rule = self.rule
        self.matched += 1
        if rule.nth is not None and self.matched != rule.nth:
            return False
        if rule.count_max is not None and self.struck >= rule.count_max:
            return False
        if rule.probability < 1.0 and chance.random() >= rule.probability:
            return False
        self.struck += 1
        return True


class FaultPlan:
    """What is set now. ``put`` replaces it all; an empty plan is a venue without faults."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._chance = random.Random(seed)
        self._armed: list[_Armed] = []
        self._bans: dict[str, tuple[int, Rule]] = {}  # account -> until when, and the rule that did it

    def put(self, rules: Sequence[Rule], now_ms: int) -> None:
        self._chance = random.Random(self._seed)
        self._armed = [_Armed(rule, now_ms) for rule in rules]
        self._bans = {}

    def add(self, rules: Sequence[Rule], now_ms: int) -> None:
        """Set these besides what is set already, of which nothing begins anew; a switch that is set again begins
        again.
        """
        again = {rule.switch for rule in rules} - {""}
        self._armed = [armed for armed in self._armed if armed.rule.switch not in again]
        self._armed += [_Armed(rule, now_ms) for rule in rules]

    def end(self, switch: str) -> list[Rule]:
        """Take back what was set under this name; returns the venue's own events that still have to be undone."""
        ended = [armed for armed in self._armed if armed.rule.switch == switch]
        self._armed = [armed for armed in self._armed if armed.rule.switch != switch]
        self._bans = {who: ban for who, ban in self._bans.items() if ban[1].switch != switch}
        return _to_undo(ended)

    def rest(self, account: str, endpoint: str, now_ms: int) -> list[Rule]:
        """Faults that hit this request, in the order of the plan; a ban hits everything until it is over."""
        struck = [
            armed.rule
            for armed in self._on(REST, now_ms)
            if armed.rule.account in ("", account)
            and endpoint.startswith(armed.rule.endpoint)
            and armed.strikes(self._chance)
        ]
        for rule in struck:
            if rule.fault == "banned":
                self._bans[account] = (now_ms + rule.delay_ms, rule)
        until_ms, ban = self._bans.get(account, (0, None))
        return [ban, *struck] if ban is not None and now_ms < until_ms and ban not in struck else struck

    def private(self, account: str, now_ms: int) -> list[Rule]:
        """Faults that hit this private push."""
        return [
            armed.rule
            for armed in self._on(PRIVATE - {"close_private"}, now_ms)
            if armed.rule.account in ("", account) and armed.strikes(self._chance)
        ]

    def public(self, symbol: str, now_ms: int) -> list[Rule]:
        """Faults that hit this public push."""
        return [
            armed.rule
            for armed in self._on(PUBLIC - {"close_public"}, now_ms)
            if armed.rule.symbol in ("", symbol) and armed.strikes(self._chance)
        ]

    def closings(self, now_ms: int) -> list[Rule]:
        """Sessions to be closed now: each such rule once, when it comes into effect."""
        due = []
        for armed in self._on({"close_private", "close_public"}, now_ms):
            if armed.struck == 0 and armed.strikes(self._chance):
                due.append(armed.rule)
        return due

    def events(self, now_ms: int) -> list[tuple[Rule, bool]]:
        """What the venue does by itself now: (rule, True) when it comes into effect, (rule, False) when its time is
        over.
        """
        due: list[tuple[Rule, bool]] = []
        for armed in self._armed:
            if armed.rule.fault not in VENUE:
                continue
            if armed.is_on(now_ms) and not armed.matched:
                if armed.strikes(self._chance):
                    due.append((armed.rule, True))
            elif armed.struck and not armed.ended and not armed.is_on(now_ms):
                armed.ended = True
                due.append((armed.rule, False))
        return due

    def withdraw(self) -> list[Rule]:
        """Take the whole plan back; returns the venue's own events that still have to be undone."""
        armed, self._armed = self._armed, []
        return _to_undo(armed)

    def skew_ms(self, now_ms: int) -> int:
        return sum(armed.rule.skew_ms for armed in self._on({"clock_skew"}, now_ms))

    def report(self, now_ms: int) -> list[dict[str, object]]:
        """Every rule, whether it is in effect, and how often it has struck."""
        return [
            {
                **msgspec.to_builtins(armed.rule),
                "catalogue": CATALOGUE[armed.rule.fault],
                "is_on": armed.is_on(now_ms),
                "armed": armed.is_armed(now_ms),
                "left_ms": None if armed.until_ms is None else max(0, armed.until_ms - now_ms),
                "matched": armed.matched,
                "struck": armed.struck,
            }
            for armed in self._armed
        ]

    def _on(self, kinds: Set[str], now_ms: int) -> list[_Armed]:
        return [armed for armed in self._armed if armed.rule.fault in kinds and armed.is_on(now_ms)]


def _to_undo(armed: Sequence[_Armed]) -> list[Rule]:
    return [one.rule for one in armed if one.rule.fault in VENUE and one.struck and not one.ended]
