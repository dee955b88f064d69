"""How much to quote. Number-generic kernels; counts of lots, never a rounded float."""

from controllers.core.numeric import Number
from controllers.core.rounding import ceil_units, floor_units


def least_lots(
    price: Number, lot_base: Number, min_qty_base: Number, min_notional_quote: Number, eps: Number
) -> Number:
    """The fewest lots the venue takes at this price."""
    by_notional = ceil_units(min_notional_quote / price, lot_base, eps)
    return max(ceil_units(min_qty_base, lot_base, eps), by_notional)


def order_lots(
    equity_quote: Number,
    size_pct: Number,
    price: Number,
    lot_base: Number,
    min_qty_base: Number,
    min_notional_quote: Number,
    max_order_quote: Number,
    eps: Number,
) -> Number:
    """Lots of one order: size_pct of equity, rounded down, at least the venue's minimum; 0 when even that is too
    much.
    """
    wanted = floor_units(equity_quote * size_pct / price, lot_base, eps)
    most = floor_units(max_order_quote / price, lot_base, eps)
    least = least_lots(price, lot_base, min_qty_base, min_notional_quote, eps)
    lots = max(min(wanted, most), least)
    return lots if lots <= most else most * 0
