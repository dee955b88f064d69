"""Watches every question to the venue and every answer: feeds the rate budget and the circuit breakers."""

import re

from services.common import venue
from services.gateway.breaker import Breakers, Outcome
from services.gateway.governor import Governor

THROTTLED_CODES = frozenset({"RATE_LIMITED"})
_SERVER_FAULT = re.compile(r"(?:status=|HTTP )5\d\d\b")  # as the dialect and the simulation say it


def operation_of(request: venue.Request) -> str:
    if isinstance(request, venue.PlaceOrder):
        return "place"
    if isinstance(request, venue.CancelOrder | venue.CancelOrders):
        return "cancel"
    return "query"


def outcome_of(answer: venue.Answer | venue.Unknown) -> Outcome:
    """A refusal is an answer: only what says something about the venue's health counts against it."""
    if isinstance(answer, venue.Unknown):
        return "fault" if _SERVER_FAULT.match(answer.detail) else "error"
    if isinstance(answer, venue.Refused):
        if answer.code in THROTTLED_CODES:
            return "throttled"
        if answer.code == "VENUE_UNREACHABLE":
            return "error"
    return "ok"


class Traffic:
    def __init__(self, governor: Governor, breakers: Breakers) -> None:
        self._governor = governor
        self._breakers = breakers

    def asked(self, request: venue.Request, mono_ms: int) -> None:
        operation = operation_of(request)
        if operation != "place":  # submits were counted when they were let through
            self._governor.sent(request.account_id, is_order=operation == "cancel", mono_ms=mono_ms)
        self._breakers.of(operation).tried()

    def answered(self, request: venue.Request, answer: venue.Answer | venue.Unknown, mono_ms: int) -> None:
        operation, outcome = operation_of(request), outcome_of(answer)
        self._breakers.of(operation).record(outcome, mono_ms)
        if outcome == "throttled":
            retry_after_ms = answer.retry_after_ms if isinstance(answer, venue.Refused) else None
            self._governor.throttled(request.account_id, retry_after_ms, mono_ms)
        elif outcome == "ok" and operation == "place":
            self._governor.answered(request.account_id)
