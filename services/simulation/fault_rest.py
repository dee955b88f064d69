"""What a request suffers under faults: a verdict before the venue acts, another after. Pure; the shell only waits or
cuts.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from services.common import venue
from services.simulation.exchange import Exchange
from services.simulation.faults import Rule

LISTS_KEPT = 256


class Cut(NamedTuple):
    """Nothing is answered: the connection just ends."""


class Status(NamedTuple):
    """A bare HTTP status instead of an answer."""

    code: int


class Verdict(NamedTuple):
    """``instead`` (if any) is what the caller gets; wait ``wait_ms`` first."""

    instead: venue.Refused | Cut | Status | None
    wait_ms: int = 0


def before(rules: Sequence[Rule]) -> Verdict:
    """Judge a request before the venue acts on it; ``instead`` set means that it does not act at all."""
    wait_ms = 0
    for rule in rules:
        match rule.fault:
            case "drop_request":
                return Verdict(Cut(), wait_ms)
            case "error_before":
                return Verdict(Status(rule.status), wait_ms)
            case "delay_request":
                wait_ms += rule.delay_ms
            case "rate_limited" | "banned":
                return Verdict(_refused("RATE_LIMITED", rule.delay_ms), wait_ms)
            case "maintenance":
                return Verdict(_refused("MAINTENANCE"), wait_ms)
            case "key_revoked":
                return Verdict(venue.Refused(code="AUTH_FAILED", text="Apikey does not exist"), wait_ms)
            case "refuse":
                return Verdict(_refused(rule.code), wait_ms)
    return Verdict(None, wait_ms)


def after(rules: Sequence[Rule]) -> Verdict:
    """The venue has acted; what becomes of its answer."""
    wait_ms = 0
    for rule in rules:
        match rule.fault:
            case "drop_reply":
                return Verdict(Cut(), wait_ms)
            case "error_after":
                return Verdict(Status(rule.status), wait_ms)
            case "delay_reply":
                wait_ms += rule.delay_ms
    return Verdict(None, wait_ms)


class FaultyDesk:
    """The exchange as it acts under faults that change the act itself. Without any it is the exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._last: OrderedDict[str, venue.Answer] = OrderedDict()  # lists by request, as they were last answered

    def handle(self, request: venue.Request, rules: Sequence[Rule], now_ms: int) -> venue.Answer:
        act: Callable[[venue.Request], venue.Answer] = lambda asked: self._exchange.handle(asked, now_ms)  # noqa: E731
        key = msgspec.json.encode(request).decode()
        for rule in rules:
            match rule.fault:
                case "wrong_account" if request.account_id and rule.other:
                    request = msgspec.structs.replace(request, account_id=rule.other)
                case "filled_on_cancel" if isinstance(request, venue.CancelOrder):
                    self._exchange.operator.fill_order(request, rule.fraction, now_ms)
                case "half_batch" if isinstance(request, venue.CancelOrders):
                    return self._half(request, act)
                case "stale_lists" if key in self._last:
                    return self._last[key]
        answer = act(request)
        if isinstance(answer, tuple) and request.account_id:
            self._remember(key, answer)
        is_emptied = isinstance(answer, tuple) and any(rule.fault == "empty_lists" for rule in rules)
        return () if is_emptied else answer

    def _remember(self, key: str, answer: venue.Answer) -> None:
        """The newest ones only: clients ask from a time on, or order by order, so hardly two requests are equal."""
        self._last[key] = answer
        self._last.move_to_end(key)
        if len(self._last) > LISTS_KEPT:
            self._last.popitem(last=False)

    def _half(self, request: venue.CancelOrders, act: Callable[[venue.Request], venue.Answer]) -> venue.Answer:
        """Every other order is cancelled, the rest fail."""
        ids = request.venue_order_ids or tuple(
            order.venue_order_id
            for account_id, order in self._exchange.open_orders()
            if account_id == request.account_id and request.symbol in (None, order.symbol)
        )
        if not ids:
            return act(request)
        done = act(msgspec.structs.replace(request, venue_order_ids=ids[::2]))
        failed = tuple(("", venue_order_id, "FAULT_INJECTED") for venue_order_id in ids[1::2])
        return msgspec.structs.replace(done, failed=done.failed + failed) if isinstance(done, venue.Cancelled) else done


def _refused(code: str, retry_after_ms: int | None = None) -> venue.Refused:
    return venue.Refused(code=code, text=f"{code}: FAULT_INJECTED, a test asked for it", retry_after_ms=retry_after_ms)
