"""Everything the strategy remembers between two decisions. One frozen value; only ``decide`` makes a new one.

The host treats it as opaque: it keeps the newest one, saves ``to_dict`` when ``ProcessedState.is_persist_due`` says
so, and starts a new life from ``from_dict`` (or ``initial_state`` where nothing was saved).
"""

from decimal import Decimal
from typing import Any, Final, NamedTuple

from controllers.core.plain import PlainError, from_plain, to_plain
from controllers.epp import ops_guard
from controllers.epp.book import BookMemory
from controllers.epp.daily_state import DailyState
from controllers.epp.derisk import DeriskState
from controllers.epp.indicators import IndicatorState
from controllers.epp.intents import IntentState
from controllers.epp.ledger import LedgerState
from controllers.epp.level_memory import LevelsState
from controllers.epp.markouts import MarkoutState
from controllers.epp.ops_guard import GuardState
from controllers.epp.params import EppParams
from controllers.epp.position_check import PositionCheckState
from controllers.epp.quotes import FloorState
from controllers.epp.risk_policy import CancelBudgetState

VERSION: Final = 1
# Running values are saved exactly; bars only as far back as a reader of the buffer could want after a restart.
_BARS_SAVED: Final = 240


class StateRefused(ValueError):
    """A saved state that cannot be read. The text says what and what to do; starting cold loses the daily limits."""


class RegimeState(NamedTuple):
    regime: int = 0
    candidate: int = 0
    samples: int = 0  # in a row that spoke for the candidate


class GateState(NamedTuple):
    is_open: bool = False
    bad_ts_ms: int = 0  # when the edge was last not good enough to open
    code: int = 0  # edge.GATE_*


class FundingState(NamedTuple):
    slot: int = -1  # ts_ms // funding period of the latest view
    rate_pct: Decimal = Decimal(0)
    notional_quote: Decimal = Decimal(0)  # signed


class LastLook(NamedTuple):
    """What the previous decision saw; a fill is judged by the quotes it came from."""

    mid_price: Decimal | None = None
    spread_pct: Decimal | None = None
    net_edge_pct: Decimal | None = None
    taker_fee_pct: Decimal = Decimal("0.0006")


class EppState(NamedTuple):
    is_started: bool = False  # no order of an earlier life is left
    last_ts_ms: int = 0  # of the latest decision, in whichever life
    clock_ms: int = 0  # the same in this life; time never goes back before it
    minute_ms: int = 0  # start of the minute under way
    indicators: IndicatorState = IndicatorState()
    regime: RegimeState = RegimeState()
    book: BookMemory = BookMemory()
    floor: FloorState = FloorState()
    gate: GateState = GateState()
    guard: GuardState = GuardState()
    budget: CancelBudgetState = CancelBudgetState()
    intents: IntentState = IntentState()
    levels: LevelsState = LevelsState()
    derisk: DeriskState = DeriskState()
    daily: DailyState = DailyState()
    ledger: LedgerState = LedgerState()
    position_check: PositionCheckState = PositionCheckState()
    markouts: MarkoutState = MarkoutState()
    funding: FundingState = FundingState()
    last: LastLook = LastLook()


def initial_state(params: EppParams) -> EppState:
    """A cold start: no history, nothing traded today, no latch."""
    return EppState()


def to_dict(state: EppState) -> dict[str, Any]:
    """JSON-able: str, int, bool, None, list and dict only. Decimals become text, nothing is rounded."""
    indicators = state.indicators._replace(bars=state.indicators.bars[-_BARS_SAVED:])
    return {"version": VERSION, "state": to_plain(state._replace(indicators=indicators))}


def from_dict(data: dict[str, Any], params: EppParams) -> EppState:
    """A new life that remembers the old one: daily figures, latches, indicators, seen intents, edge samples.

    What belongs to a life (orders, cool-downs, timers, the clock, the edge gate, the view of the book) starts empty. A
    HARD_STOP stays latched unless ``params.rearm_token`` is another than the one the latch was set under. Raises
    StateRefused.
    """
    version = data.get("version") if isinstance(data, dict) else None
    if version != VERSION:
        raise StateRefused(
            f"STATE_VERSION: value={version!r}, readable={VERSION}; keep the file and start from one this release wrote"
        )
    try:
        old: EppState = from_plain(EppState, data.get("state"))
    except PlainError as error:
        raise StateRefused(
            f"STATE_UNREADABLE: {error}; restore the last good daily_state.json: without it the daily loss is forgotten"
        ) from error
    return EppState(
        last_ts_ms=old.last_ts_ms,
        indicators=old.indicators._replace(last_slot=-1),
        regime=old.regime,
        guard=ops_guard.new_life(old.guard, params.rearm_token),
        budget=old.budget,
        intents=old.intents,
        daily=old.daily,
        ledger=old.ledger._replace(is_based=False),
        markouts=old.markouts._replace(waiting=((), (), ())),
        funding=old.funding,
        last=old.last,
    )
