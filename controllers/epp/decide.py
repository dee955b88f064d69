"""decide(state, view, params): the whole strategy as one pure function.

Called once per tick (1 s, and again whenever the host likes: after a fill, after a cancel). Deterministic: no clock, no
randomness, no I/O; equal inputs give equal outputs on every machine.

The host's part of the contract:
- list every order that is not terminal at the connector in ``view.orders`` (a place just carried out as "placing", a cancel as
  "cancelling"), in NoView too, and hand over each fill, refusal and intent exactly once;
- carry out cancels first, then places, each at most once; a place that could not be carried out comes back as OwnRefusal;
- publish ``plan.kill_intent`` when set, write what ``processed`` says happened, save the state when ``is_persist_due``.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from controllers.core.values import MarketView, NoView, Plan
from controllers.epp.params import EppParams
from controllers.epp.processed import ProcessedState
from controllers.epp.state import EppState


class Candle(NamedTuple):
    """One minute that is over."""

    ts_ms: int  # start of the minute, UTC
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


def seed_candles(state: EppState, candles: Sequence[Candle], params: EppParams) -> EppState:
    """Warm the indicators of a cold start from one-minute candles (any order; gaps and duplicates are tolerated).

    Does nothing when the state already has bars as new as these. 60 candles are enough for the default periods.
    """
    return state


def decide(state: EppState, view: MarketView | NoView, params: EppParams) -> tuple[EppState, Plan, ProcessedState]:
    """One decision. Never raises on bad market data: that is a stand-down with a reason."""
    raise NotImplementedError
