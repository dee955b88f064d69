"""A venue key that is not taken any more: revoked, or used from an address that is not on its list.

The first refusal shuts the lane: no new risk, and instead of the usual polls one question every few seconds, because a
venue that is asked too often with a bad key bars the address of all. The door says why. A question that is answered
ends it, and the lane is read anew like after a lost connection. Cancels are tried all the while; what rests there now
only another key reaches (the kill switch has its own).
"""

from services.common import venue
from services.gateway import recovery
from services.gateway.core import Observer
from services.gateway.state import Lane, State

REASON = "AUTH_FAILED"


class WatchedKeys:
    """An Observer between the state machine and another one."""

    def __init__(self, state: State, inner: Observer) -> None:
        self._state = state
        self._inner = inner

    def asked(self, request: venue.Request, mono_ms: int) -> None:
        self._inner.asked(request, mono_ms)

    def answered(self, request: venue.Request, answer: venue.Answer | venue.Unknown, mono_ms: int) -> None:
        self._inner.answered(request, answer, mono_ms)
        lane = self._state.lanes.get(request.account_id)
        if lane is None or isinstance(answer, venue.Unknown):
            return
        if not isinstance(answer, venue.Refused):
            if lane.key_refused:
                _say(self._state, lane, "loosened", "NORMAL_STATE", "the key is taken again")
                lane.key_refused = ""
        elif answer.code == REASON and not lane.key_refused:
            lane.key_refused = f"{REASON}: {answer.text.removeprefix(REASON).lstrip(': ')}"
            self._state.count("keys_refused")
            _say(self._state, lane, "tightened", REASON, lane.key_refused)
            recovery.begin(self._state, lane)


def _say(state: State, lane: Lane, decision: str, reason: str, value: str) -> None:
    state.tell_decision(
        lane.bot_id,
        scope=f"account:{lane.bot_id}",
        decision=decision,
        reason=reason,
        limit="a key that the venue takes",
        value=value,
    )
