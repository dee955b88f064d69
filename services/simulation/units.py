"""Money and sizes as integers: prices in ticks, quantities in lots, cash in 1e-8 of the quote asset.

Everything the venue computes is exact in these units; Decimals appear only where a value leaves or enters the venue.
Rounding happens in one place and is half up, away from zero on a tie, at 1e-8 of the quote asset.
"""

from decimal import Decimal, InvalidOperation
from typing import NamedTuple

E8 = 100_000_000
_E8_STEP = Decimal("1E-8")


class Grid(NamedTuple):
    """The integer grid of one instrument."""

    symbol: str
    tick_size: Decimal  # quote per base
    lot_size: Decimal  # base
    value_e8: int  # what one lot is worth per tick of price, in 1e-8 quote

    def price(self, ticks: int) -> Decimal:
        return ticks * self.tick_size

    def qty(self, lots: int) -> Decimal:
        return lots * self.lot_size

    def ticks(self, price: Decimal) -> int | None:
        """Whole ticks of a price; None when it does not lie on the grid."""
        return _whole(price, self.tick_size)

    def lots(self, qty: Decimal) -> int | None:
        """Whole lots of a quantity; None when it does not lie on the grid."""
        return _whole(qty, self.lot_size)

    def notional_e8(self, ticks: int, lots: int) -> int:
        return ticks * lots * self.value_e8

    def average_price(self, notional_e8: int, lots: int) -> Decimal:
        """Average price of ``lots`` worth ``notional_e8``, rounded half up at 1e-8; 0 for no lots."""
        if lots == 0:
            return Decimal(0)
        ticks_e8 = divide_half_up(notional_e8 * E8, lots * self.value_e8)
        return (ticks_e8 * self.tick_size * _E8_STEP).quantize(_E8_STEP)


def _whole(amount: Decimal, step: Decimal) -> int | None:
    """How many steps, when it is a whole number of them; None also beyond 28 digits, where that cannot be told."""
    try:
        count, rest = divmod(amount, step)
    except InvalidOperation:
        return None
    return None if rest else int(count)


def make_grid(symbol: str, tick_size: Decimal, lot_size: Decimal) -> Grid:
    """Raises ValueError when one tick on one lot is not a whole number of 1e-8 quote (cash could not be exact)."""
    value = tick_size * lot_size * E8
    if value != value.to_integral_value() or value <= 0:
        raise ValueError(
            f"instruments.{symbol}: tick_size {tick_size} x lot_size {lot_size} must be a multiple of 0.00000001"
            " above 0; example: tick_size 0.1, lot_size 0.0001"
        )
    return Grid(symbol, tick_size, lot_size, int(value))


def divide_half_up(numerator: int, denominator: int) -> int:
    """numerator / denominator to the nearest whole number, ties away from zero. denominator > 0."""
    if numerator >= 0:
        return (2 * numerator + denominator) // (2 * denominator)
    return -((-2 * numerator + denominator) // (2 * denominator))


def to_e8(amount: Decimal) -> int:
    """A quote amount in 1e-8 units, rounded half up."""
    return divide_half_up(*_ratio(amount * E8))


def from_e8(amount_e8: int) -> Decimal:
    return amount_e8 * _E8_STEP


def fraction_e8(fraction: Decimal) -> int:
    """A fraction such as a fee (0.0002) in 1e-8 units (20000)."""
    return to_e8(fraction)


def _ratio(value: Decimal) -> tuple[int, int]:
    return value.as_integer_ratio()
