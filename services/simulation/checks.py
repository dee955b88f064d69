"""What an order must satisfy before it reaches the book. A refusal names value, limit and rule."""

from decimal import Decimal

from services.common import venue
from services.contracts import reasons
from services.simulation import margin
from services.simulation.ledger import AccountBook
from services.simulation.listing import Listing
from services.simulation.matching import worst_ticks
from services.simulation.orders import OpenOrder
from services.simulation.standing import Standings
from services.simulation.units import from_e8


def refuse(code: str, **values: object) -> venue.Refused:
    return venue.Refused(code=code, text=reasons.text(code, **values))


def shape(request: venue.PlaceOrder, listing: Listing) -> tuple[int, int] | venue.Refused:
    """(limit ticks, lots) when price and quantity lie on the venue's grid and inside its limits. Ticks are 0 for
    market.
    """
    rules, grid = listing.rules, listing.grid
    if not request.qty_base.is_finite() or request.qty_base <= 0:
        return refuse("QTY_BELOW_MIN", value=request.qty_base, limit=rules.min_qty_base)
    if request.qty_base > rules.max_qty_base:
        return refuse("QTY_ABOVE_MAX", value=request.qty_base, limit=rules.max_qty_base)
    lots = grid.lots(request.qty_base)
    if lots is None or request.qty_base % rules.lot_size:
        return refuse("QTY_NOT_ON_LOT", value=request.qty_base, lot_size=rules.lot_size)
    if request.qty_base < rules.min_qty_base:
        return refuse("QTY_BELOW_MIN", value=request.qty_base, limit=rules.min_qty_base)
    if request.order_type == "market":
        ticks, price = 0, grid.price(listing.last_ticks)
    else:
        if request.price is None or not request.price.is_finite() or request.price <= 0:
            return refuse("PRICE_OUT_OF_RANGE", value=request.price, limit="above 0")
        price = request.price
        on_grid = grid.ticks(price)
        if on_grid is None or price % rules.tick_size:
            return refuse("PRICE_NOT_ON_TICK", value=price, tick_size=rules.tick_size)
        ticks = on_grid
    notional = price * request.qty_base
    if notional < rules.min_notional_quote and not request.reduce_only:
        return refuse("NOTIONAL_BELOW_MIN", value=notional, limit=rules.min_notional_quote)
    return ticks, lots


def price_band(order: OpenOrder, listing: Listing, band_pct: Decimal | None) -> venue.Refused | None:
    """A limit price may not lie further than ``band_pct`` through the mark on the side that would trade."""
    if band_pct is None or order.order_type == "market":
        return None
    mark = listing.mark_ticks
    limit = mark * (1 + band_pct) if order.sign > 0 else mark * (1 - band_pct)
    if order.ticks > limit if order.sign > 0 else order.ticks < limit:
        return refuse("PRICE_OUT_OF_RANGE", value=listing.grid.price(order.ticks), limit=limit * listing.grid.tick_size)
    return None


def reduce_only(order: OpenOrder, book: AccountBook) -> venue.Refused | None:
    position = book.positions.get(order.symbol)
    held = position.lots if position is not None else 0
    if order.reduce_only and held * order.sign >= 0:
        return refuse("REDUCE_ONLY_REJECTED", value=order.side, limit="no position to reduce")
    return None


def post_only(order: OpenOrder, listing: Listing) -> venue.Refused | None:
    if order.time_in_force == "post_only" and listing.book.would_cross(order.sign, order.ticks):
        best = listing.book.opposite(order.sign).best() or 0
        return refuse("POST_ONLY_WOULD_CROSS", value=listing.grid.price(order.ticks), limit=listing.grid.price(best))
    return None


def margin_for(
    order: OpenOrder, book: AccountBook, listing: Listing, standings: Standings, taker_fee_e8: int
) -> venue.Refused | None:
    """Whether the account can carry the order. What only reduces always passes.

    taker_fee_e8: the taker rate in 1e-8, the most the order can cost in fees.
    """
    if order.reduce_only:
        return None
    if order.order_type == "market":
        ticks = worst_ticks(listing.book.opposite(order.sign), order.lots) or listing.mark_ticks
        order = _priced(order, ticks)
    before = standings.exposure(book, order.symbol)
    after = standings.exposure(book, order.symbol, order)
    held_before, held_after = sum(margin.margin_held_e8(before)), sum(margin.margin_held_e8(after))
    if held_after <= held_before:
        return None
    notional = _worst_notional_e8(after)
    if not margin.leverage_allowed(listing.instrument.tiers, after.leverage, notional):
        tier = margin.tier_of(listing.instrument.tiers, notional)
        return refuse("LEVERAGE_TOO_HIGH", value=after.leverage, limit=tier.leverage_max, notional=from_e8(notional))
    fee = listing.grid.notional_e8(order.ticks or listing.mark_ticks, order.lots) * max(0, taker_fee_e8) // 100_000_000
    needed = held_after - held_before + fee
    available = standings.standing(book).available_e8
    if needed > available:
        return refuse("INSUFFICIENT_MARGIN", value=from_e8(needed), limit=from_e8(max(0, available)))
    return None


def _worst_notional_e8(exposure: margin.Exposure) -> int:
    position = exposure.position
    sign = 0 if position is None or not position.lots else (1 if position.lots > 0 else -1)
    signed = sign * exposure.mark_value_e8
    return max(abs(signed), abs(signed + exposure.buys_e8), abs(signed - exposure.sells_e8))


def _priced(order: OpenOrder, ticks: int) -> OpenOrder:
    copy = OpenOrder(**{name: getattr(order, name) for name in order.__struct_fields__})
    copy.ticks = ticks
    return copy
