"""Accounts and positions: who owns what, and what one fill does to it. Whole lots and 1e-8 quote, exact."""

from typing import NamedTuple

import msgspec

from services.common import venue
from services.simulation.units import divide_half_up


class PositionState(msgspec.Struct, kw_only=True):
    """A one-way position. ``cost_e8`` is what its lots were bought (long) or sold (short) for, never negative."""

    account_id: str
    symbol: str
    lots: int = 0  # signed, positive is long
    cost_e8: int = 0
    realized_e8: int = 0  # price moves realised since it was last flat
    isolated_margin_e8: int = 0  # wallet set aside for it in isolated mode
    created_ms: int = 0
    updated_ms: int = 0


class PairSetting(msgspec.Struct, kw_only=True):
    account_id: str
    symbol: str
    leverage: int
    margin_mode: venue.MarginMode = "crossed"


class AccountState(msgspec.Struct, kw_only=True):
    account_id: str
    wallet_e8: int
    position_mode: venue.PositionMode = "one_way_mode"
    adverse_e8: int = 0  # post-fill drift booked against it, see services.simulation.drift


class FillEffect(NamedTuple):
    """What a fill did to a position."""

    realized_e8: int  # price move only, before the fee
    closed_lots: int
    opened_lots: int


def apply_fill(position: PositionState, sign: int, lots: int, value_e8: int, now_ms: int) -> FillEffect:
    """Book ``lots`` bought (sign 1) or sold (-1) for ``value_e8`` in total; changes ``position``.

    The part that reduces is closed at average cost, rounded half up once; what rounding leaves stays in the cost of the
    rest, so realised plus remaining cost is exact. A fill larger than the position closes it and opens the other side.
    """
    held = position.lots
    closed = min(lots, abs(held)) if held * sign < 0 else 0
    opened = lots - closed
    realized = 0
    close_value = 0
    if closed:
        close_value = value_e8 if closed == lots else divide_half_up(value_e8 * closed, lots)
        cost = position.cost_e8 if closed == abs(held) else divide_half_up(position.cost_e8 * closed, abs(held))
        realized = (close_value - cost) * (1 if held > 0 else -1)
        position.cost_e8 -= cost
        position.lots += sign * closed
        position.realized_e8 += realized
    if opened:
        if position.lots == 0:
            position.created_ms = now_ms
            position.realized_e8 = 0
        position.lots += sign * opened
        position.cost_e8 += value_e8 - close_value
    position.updated_ms = now_ms
    return FillEffect(realized, closed, opened)


def unrealized_e8(position: PositionState, mark_value_e8: int) -> int:
    """Profit of holding, given what its absolute lots are worth at the mark price."""
    return mark_value_e8 - position.cost_e8 if position.lots > 0 else position.cost_e8 - mark_value_e8
