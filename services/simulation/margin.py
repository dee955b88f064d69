"""Margin: what positions and resting orders hold, what is free, and where a position would be liquidated.

Crossed positions share the wallet. Per pair the margin held is the worst of three exposures (the position as it is,
with all resting buys filled, with all resting sells filled) over the leverage, so orders that only reduce hold
nothing. An isolated position has its own margin, set aside from the wallet, and is judged by that alone.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from services.common import venue
from services.simulation.accounts import PositionState, unrealized_e8
from services.simulation.units import E8, divide_half_up, fraction_e8


class Exposure(NamedTuple):
    """One pair of one account, in 1e-8 quote."""

    symbol: str
    position: PositionState | None
    mark_value_e8: int  # absolute lots at the mark price
    buys_e8: int  # notional of resting orders that may add
    sells_e8: int
    leverage: int
    margin_mode: venue.MarginMode


class Standing(NamedTuple):
    """An account's money at the current marks, in 1e-8 quote."""

    equity_e8: int  # wallet + unrealised
    unrealized_e8: int
    position_margin_e8: int
    frozen_e8: int  # held by resting orders, beyond the positions' margin
    available_e8: int  # may be negative after a loss


def margin_held_e8(exposure: Exposure) -> tuple[int, int]:
    """(margin of the position, margin its resting orders hold beyond it)."""
    position = exposure.position
    signed = 0
    if position is not None and position.lots:
        signed = exposure.mark_value_e8 if position.lots > 0 else -exposure.mark_value_e8
    worst = max(abs(signed), abs(signed + exposure.buys_e8), abs(signed - exposure.sells_e8))
    of_position = divide_half_up(abs(signed), exposure.leverage)
    return of_position, divide_half_up(worst, exposure.leverage) - of_position


def standing(wallet_e8: int, exposures: Iterable[Exposure]) -> Standing:
    """What the account is worth and what of it is free."""
    unrealized = of_positions = frozen = isolated = isolated_pnl = 0
    for exposure in exposures:
        position_margin, order_margin = margin_held_e8(exposure)
        frozen += order_margin
        position = exposure.position
        if position is None or not position.lots:
            continue
        pnl = unrealized_e8(position, exposure.mark_value_e8)
        unrealized += pnl
        if exposure.margin_mode == "isolated":
            isolated += position.isolated_margin_e8
            isolated_pnl += pnl
        else:
            of_positions += position_margin
    available = wallet_e8 - isolated + (unrealized - isolated_pnl) - of_positions - frozen
    return Standing(wallet_e8 + unrealized, unrealized, of_positions + isolated, frozen, available)


def tier_of(tiers: tuple[venue.LeverageTier, ...], notional_e8: int) -> venue.LeverageTier:
    """The bracket a position of this notional falls into; the last one when it is beyond all."""
    notional = Decimal(notional_e8) / E8
    return next((tier for tier in tiers if notional <= tier.notional_max_quote), tiers[-1])


def maintenance_e8(tiers: tuple[venue.LeverageTier, ...], notional_e8: int) -> int:
    """Margin below which the position is liquidated: the bracket's rate on the whole notional."""
    return divide_half_up(notional_e8 * fraction_e8(tier_of(tiers, notional_e8).maintenance_margin_pct), E8)


def leverage_allowed(tiers: tuple[venue.LeverageTier, ...], leverage: int, notional_e8: int) -> bool:
    return leverage <= tier_of(tiers, notional_e8).leverage_max


def liquidation_ticks(
    position: PositionState, mark_ticks: int, value_e8: int, backing_e8: int, maintenance_pct: Decimal
) -> int | None:
    """The mark price at which the backing is down to maintenance; None when no positive price does that.

    backing_e8: equity behind the position at the current mark, minus the maintenance of everything else behind it.
    Solves backing + lots x (p - mark) = |lots| x p x maintenance for p.
    """
    lots = position.lots
    if not lots:
        return None
    denominator = lots * E8 - abs(lots) * fraction_e8(maintenance_pct)
    numerator = (lots * mark_ticks * value_e8 - backing_e8) * E8
    ticks = divide_half_up(numerator if denominator > 0 else -numerator, abs(denominator) * value_e8)
    return ticks if ticks > 0 else None
