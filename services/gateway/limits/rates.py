"""How often: messages of every scope, the venue's own budget, operations that keep failing."""

from services.gateway.limits.candidate import Candidate, Refusal, exceeds
from services.gateway.state import State


def check_message_rate(state: State, order: Candidate) -> Refusal | None:
    """RTS6-15(1)(d): submits, and cancels too: they are never refused, so it is the next submit that waits."""
    if order.is_reducing:
        return None
    now_ms, counters = state.core.now.mono_ms, state.counters

    def in_second(scope: str) -> int:
        return counters.of(scope).submits_second.count(now_ms) + 1

    def in_minute(scope: str) -> int:
        return counters.of(scope).submits_minute.count(now_ms) + 1

    def cancels(scope: str) -> int:
        return counters.of(scope).cancels_minute.count(now_ms)

    def messages(scope: str) -> int:
        return in_minute(scope) + cancels(scope)

    return (
        exceeds(state, order, "submits_per_second_max", "SUBMIT_RATE_LIMIT", in_second)
        or exceeds(state, order, "submits_per_minute_max", "SUBMIT_RATE_LIMIT", in_minute)
        or exceeds(state, order, "cancels_per_minute_max", "CANCEL_RATE_LIMIT", cancels)
        or exceeds(state, order, "messages_per_minute_max", "SUBMIT_RATE_LIMIT", messages)
    )


def check_venue_budget(state: State, order: Candidate) -> Refusal | None:
    """A submit never takes from what is kept for cancels, and waits out what the venue asked for."""
    refused = state.governor.submit_barred(order.bot_id, state.core.now.mono_ms)
    if refused is None:
        return None
    return Refusal("RATE_LIMIT_EXCEEDED", f"account:{order.bot_id}", refused.limit, refused.value)


def check_circuit(state: State, order: Candidate) -> Refusal | None:
    """An operation that fails most of the time is left alone for a while; cancels are always tried."""
    verdict = state.breakers.of("place").barred(state.core.now.mono_ms)
    if verdict is None or order.is_reducing:
        return None
    return Refusal("CIRCUIT_OPEN", "venue:bitget", verdict.limit, verdict.value)
