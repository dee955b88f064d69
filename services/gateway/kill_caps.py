"""RSK-11: what a bot and the desk may lose and trade in a UTC day and month at all, whatever a strategy believes.

Counted from the bots' own accounts, which are in the journal: a restart forgets nothing, a new day begins anew. Losses
count what is open at the mark, deposits are no profit. One look a second and after each trade; an order only compares.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from services.gateway.accounts import VirtualAccount
from services.gateway.limits.registry import BY_NAME
from services.gateway.records import PeriodRecord
from services.gateway.state import CapUse, State
from services.gateway.tightening import tighten

ZERO = Decimal(0)
_CENT = Decimal("0.01")
_OF_ONE = ("bot:", "account:")  # scopes of one bot; venue and desk add up all of them


class _Cap(NamedTuple):
    limit: str
    period: Literal["day", "month"]
    counts: Literal["loss", "traded"]


CAPS = (
    _Cap("day_loss_quote_max", "day", "loss"),
    _Cap("month_loss_quote_max", "month", "loss"),
    _Cap("day_notional_quote_max", "day", "traded"),
    _Cap("month_notional_quote_max", "month", "traded"),
)


def look(state: State) -> None:
    """Count anew; a scope that has passed a cap may only reduce.

    A person who re-arms it before the period is over, or before the policy was raised, sees it tightened again within a
    second. A bot that is not served any more still counts for the desk.
    """
    marks = state.market.marks()
    day = datetime.fromtimestamp(state.core.now.wall_ms // 1_000, UTC).strftime("%Y-%m-%d")
    for account in state.accounts.values():
        _turn(state, account, day, marks)
    used = {bot_id: _used_by(account, marks) for bot_id, account in state.accounts.items()}
    former = [_used_by(account, marks, (day, day[:7])) for account in state.former_accounts]
    of_all = {cap.limit: sum((one[cap.limit] for one in (*used.values(), *former)), ZERO) for cap in CAPS}
    for bot_id, account in state.accounts.items():
        if unmarked(state, account, marks):
            state.cap_uses.pop(bot_id, None)
            continue
        state.cap_uses[bot_id] = tuple(
            CapUse(
                code=BY_NAME[cap.limit].reason,
                scope=scope,
                limit=cap.limit,
                limit_quote=limit,
                used_quote=max(ZERO, (used[bot_id] if scope.startswith(_OF_ONE) else of_all)[cap.limit]),
                is_traded=cap.counts == "traded",
            )
            for cap in CAPS
            for scope, limit in state.limits_of(cap.limit, bot_id)
        )
        for use in state.cap_uses[bot_id]:
            if use.used_quote > use.limit_quote and state.latches.is_readable:
                figure, value = f"{use.limit}={use.limit_quote}", str(use.used_quote.quantize(_CENT))
                tighten(state, use.scope, use.code, figure, value)


def unmarked(state: State, account: VirtualAccount, marks: dict[str, Decimal]) -> str:
    """A pair that is held and has no mark yet: the loss is not known. Pairs outside the policy never get one here, and
    count at their entry; "" when everything has its mark."""
    for symbol, held in account.holdings.items():
        if held.qty_base and symbol not in marks and symbol in state.policy.instruments:
            return symbol
    return ""


def _turn(state: State, account: VirtualAccount, day: str, marks: dict[str, Decimal]) -> None:
    """Begin the next day and month. Without a mark for everything that is open the old period goes on, and so does its
    cap; a clock that steps back reopens nothing."""
    if not account.is_connected_before or account.day.name >= day:
        return
    if unmarked(state, account, marks):
        return
    result = account.result_quote(marks)
    account.day = PeriodRecord(day, result, ZERO)
    if account.month.name < day[:7]:
        account.month = PeriodRecord(day[:7], result, ZERO)
    state.core.write(account.record())


def _used_by(account: VirtualAccount, marks: dict[str, Decimal], only: tuple[str, ...] = ()) -> dict[str, Decimal]:
    """Limit -> how much of it this bot has used; a gain is negative. ``only``: periods of other names count nothing."""
    result = account.result_quote(marks)
    used = {}
    for cap in CAPS:
        period = account.day if cap.period == "day" else account.month
        if not period.name or (only and period.name not in only):
            used[cap.limit] = ZERO
        else:
            used[cap.limit] = period.opening_quote - result if cap.counts == "loss" else period.traded_quote
    return used
