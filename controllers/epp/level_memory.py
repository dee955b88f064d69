"""What is remembered of each level: when it may quote again, and whether it is waiting to be filled anew.

A level is one order at most. It is occupied until its order is terminal at the connector; a level that lost its order
to anything decide did not ask for stays empty until its side is next thought over.
"""

from typing import Final, NamedTuple

from controllers.core.values import LiveOrder, OwnFill, OwnRefusal

LEVELS_MAX: Final = 10
BUY_IDS: Final = tuple(f"b{index}" for index in range(LEVELS_MAX))
SELL_IDS: Final = tuple(f"s{index}" for index in range(LEVELS_MAX))
DERISK_ID: Final = "d0"
KNOWN_IDS: Final = frozenset((*BUY_IDS, *SELL_IDS, DERISK_ID))
_ORDINALS: Final = {level_id: ordinal for ordinal, level_id in enumerate((*BUY_IDS, *SELL_IDS, DERISK_ID))}
_JITTER_MS: Final = 2_000


class LevelMemory(NamedTuple):
    blocked_until_ms: int = 0
    refusals: int = 0  # in a row
    is_awaited: bool = False  # to be quoted as soon as it is free, without waiting for the refresh
    cancel_ts_ms: int = 0  # when we last asked to cancel; 0: we did not


EMPTY: Final = LevelMemory()
_NO_LEVELS: Final[dict[str, LevelMemory]] = {}


class LevelsState(NamedTuple):
    levels: dict[str, LevelMemory] = _NO_LEVELS  # never mutated, always replaced
    buy_due_ms: int = 0  # when the side is next thought over; 0: at once
    sell_due_ms: int = 0
    tokens_milli: int = -1  # submits left, in thousandths; -1: full
    tokens_ts_ms: int = 0


def note_fill(levels: dict[str, LevelMemory], fill: OwnFill, cooldown_ms: int) -> None:
    """A level that traded waits: whoever traded with us may know more than we do."""
    memory = levels.get(fill.level_id, EMPTY)
    until = max(memory.blocked_until_ms, fill.ts_ms + cooldown_ms)
    levels[fill.level_id] = memory._replace(blocked_until_ms=until, refusals=0)


def note_refusal(
    levels: dict[str, LevelMemory], refusal: OwnRefusal, now_ms: int, cooldown_ms: int, cooldown_ms_max: int
) -> None:
    """Wait at least cooldown_ms, twice as long after each refusal in a row, plus a jitter that is a function of the
    level.
    """
    memory = levels.get(refusal.level_id, EMPTY)
    refusals = memory.refusals + 1
    wait_ms = min(cooldown_ms << min(refusals - 1, 16), cooldown_ms_max) + _jitter_ms(refusal.level_id, refusals)
    levels[refusal.level_id] = memory._replace(
        blocked_until_ms=max(memory.blocked_until_ms, now_ms + wait_ms), refusals=refusals, is_awaited=True
    )


def note_open(levels: dict[str, LevelMemory], orders: tuple[LiveOrder, ...]) -> None:
    """The venue has these: what went before on their levels is over, unless we are cancelling them."""
    for order in orders:
        memory = levels.get(order.level_id)
        if memory is None or not (memory.refusals or memory.is_awaited):
            continue
        if order.state == "open" and not memory.cancel_ts_ms:
            levels[order.level_id] = memory._replace(refusals=0, is_awaited=False)


def refill(state: LevelsState, now_ms: int, budget_per_min: int) -> LevelsState:
    """Token bucket of submits: a quarter of the minute's budget may go in a burst."""
    capacity = max(12, budget_per_min // 4) * 1000
    if state.tokens_milli < 0:
        return state._replace(tokens_milli=capacity, tokens_ts_ms=now_ms)
    elapsed_ms = max(0, min(now_ms - state.tokens_ts_ms, 60_000))
    tokens = min(capacity, state.tokens_milli + elapsed_ms * budget_per_min // 60)
    return state._replace(tokens_milli=tokens, tokens_ts_ms=now_ms)


def _jitter_ms(level_id: str, refusals: int) -> int:
    return (_ORDINALS.get(level_id, 31) * 7919 + refusals * 104_729) % _JITTER_MS
