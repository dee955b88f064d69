"""I2: the sum of our fills is the venue's position. Where it is not, both truths are told; the bot may only reduce."""

from functools import partial

from services.gateway import reading, steps
from services.gateway.state import Lane, State
from services.gateway.tightening import tighten


def watch_positions(state: State) -> None:
    """Every few seconds. A difference is read again before it is believed: a push may be lost, a fill late."""
    for lane in state.lanes.values():
        if not (lane.is_door_open and lane.is_synced):
            continue
        if not reading.position_differences(state, lane.bot_id):
            lane.differs_since_mono_ms, lane.is_difference_told = None, False
            continue
        now_ms = state.core.now.mono_ms
        if lane.differs_since_mono_ms is None:
            lane.differs_since_mono_ms = now_ms
        reading.read_fills(state, lane.bot_id, "poll", partial(_read_positions, state, lane))


def _read_positions(state: State, lane: Lane, is_read: bool) -> None:
    if is_read:
        reading.read_positions(state, lane.bot_id, partial(_judge, state, lane))


def _judge(state: State, lane: Lane, is_read: bool) -> None:
    since_ms = lane.differs_since_mono_ms
    if not is_read or since_ms is None or lane.is_difference_told or lane.has_early_fills:
        return
    if state.core.now.mono_ms - since_ms >= state.timing.position_grace_ms:
        for symbol, ours, theirs in reading.position_differences(state, lane.bot_id):
            tell(state, lane, symbol, ours, theirs)


def tell(state: State, lane: Lane, symbol: str, ours: str, theirs: str) -> None:
    """A break with both truths; what the desk does not understand it may only reduce."""
    lane.is_difference_told = True
    truths = (f"{symbol} {ours}", f"{symbol} {theirs}")
    steps.open_break(state, lane.bot_id, "position_mismatch", ours=truths[0], theirs=truths[1], severity="critical")
    tighten(state, f"bot:{lane.bot_id}", "POSITION_MISMATCH", "sum of fills = position", " and ".join(truths))
