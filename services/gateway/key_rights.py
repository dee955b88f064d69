"""SEC-03: a venue key that can do more than read and trade opens no door.

Asked of the venue itself, for every sub-account, before its door opens and every hour after. What the key may do beyond
that is named in a critical break; resting orders are cancelled and new risk waits until the key is another one. A venue
that does not say counts as a key that may do anything.
"""

from collections.abc import Callable
from functools import partial

from services.common import venue
from services.gateway import sessions, steps
from services.gateway.state import Lane, State

HARMLESS = frozenset({"read", "trade"})


def prove(state: State, lane: Lane, then: Callable[[bool], None]) -> None:
    """Ask what the lane's key may do; ``then`` hears whether it is harmless. ``lane.door_detail`` says why not."""
    state.core.ask(lane.bot_id, venue.GetKeyRights(), partial(_on_rights, state, lane, then))


def prove_again(state: State, read_anew: Callable[[Lane], None]) -> None:
    """Every hour: rights can be added to a key while it is in use. Silence does not shut an open door; behind one that
    was shut the lane is read anew until it may open again."""

    def on_proven(lane: Lane, _is_harmless: bool) -> None:
        if not lane.is_door_open:
            read_anew(lane)

    for lane in state.lanes.values():
        if lane.is_door_open:
            prove(state, lane, partial(on_proven, lane))


def _on_rights(state: State, lane: Lane, then: Callable[[bool], None], answer: venue.Answer | venue.Unknown) -> None:
    if not isinstance(answer, venue.KeyRights):
        if not lane.is_door_open:
            lane.door_detail = "the venue does not say what the key may do"
        then(False)
        return
    beyond = sorted(set(answer.rights) - HARMLESS)
    if beyond:
        _shut(state, lane, beyond)
    else:
        lane.is_key_told = False
    then(not beyond)


def _shut(state: State, lane: Lane, beyond: list[str]) -> None:
    lane.is_door_open = lane.is_synced = False
    lane.door_detail = f"KEY_RIGHTS: the venue key may {', '.join(beyond)}; allowed: {', '.join(sorted(HARMLESS))}"
    sessions.cancel_all_of(state, lane.bot_id, "KEY_RIGHTS")
    if not lane.is_key_told:
        lane.is_key_told = True
        ours = "a venue key may read and trade, nothing else"
        theirs = f"it may {', '.join(beyond)}"
        steps.open_break(state, lane.bot_id, "key_rights", ours=ours, theirs=theirs, severity="critical")
