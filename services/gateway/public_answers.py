"""Public questions of bots that the gateway passes on: asked once for all who wait, kept while they hardly change."""

from functools import partial

import msgspec

from services.common import venue
from services.contracts import reasons
from services.gateway.public_cache import Kept
from services.gateway.state import State

_KEPT_MS: dict[type[venue.Request], int] = {
    venue.GetCoins: 3_600_000,
    venue.GetInstruments: 600_000,
    venue.GetLeverageTiers: 600_000,
    venue.GetFeeRate: 60_000,
}
_KEPT_MAX = 1_000


def pass_on(state: State, request_id: int, account_id: str, request: venue.Request) -> venue.Answer | None:
    """The answer when it is known, else None: it comes when the venue has answered. ``account_id`` "" is public."""
    public = state.public
    key = msgspec.structs.replace(request, account_id=account_id)
    kept = public.kept.get(key)
    if kept is not None and state.core.now.mono_ms < kept.until_mono_ms:
        return kept.answer
    waiting = public.waiting.get(key)
    if waiting is not None:
        waiting.append(request_id)
        return None
    public.waiting[key] = [request_id]
    state.core.ask(account_id, request, partial(_on_answer, state, key))
    return None


def _on_answer(state: State, key: venue.Request, answer: venue.Answer | venue.Unknown) -> None:
    public = state.public
    if isinstance(answer, venue.Unknown):
        text = f"VENUE_UNREACHABLE: {answer.detail}; next: {reasons.next_step('VENUE_UNREACHABLE')}"
        answer = venue.Refused(code="VENUE_UNREACHABLE", text=text)
    kept_ms = _KEPT_MS.get(type(key), 0)
    if kept_ms and not isinstance(answer, venue.Refused) and _has_room(state):
        public.kept[key] = Kept(answer, state.core.now.mono_ms + kept_ms)
    for request_id in public.waiting.pop(key, []):
        state.core.reply(request_id, answer)


def _has_room(state: State) -> bool:
    """What is out of date makes room."""
    kept = state.public.kept
    if len(kept) >= _KEPT_MAX:
        for key in [key for key, one in kept.items() if one.until_mono_ms <= state.core.now.mono_ms]:
            del kept[key]
    return len(kept) < _KEPT_MAX
