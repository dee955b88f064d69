"""Which fee is charged: the cascade of sources, and what stands in for a fee that cannot be read."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from controllers.core.values import OwnFill

FeeSource = Literal["venue", "profile", "manual"]
_CASCADE: Final[tuple[FeeSource, ...]] = ("venue", "profile", "manual")


class FeeOffer(NamedTuple):
    """What one source had to say. Rates are fractions of notional; a negative maker fee is a rebate."""

    source: FeeSource
    maker_fee_pct: Decimal | None
    taker_fee_pct: Decimal | None
    detail: str  # why it could not answer, or where it read


class ResolvedFees(NamedTuple):
    maker_fee_pct: Decimal
    taker_fee_pct: Decimal
    source: FeeSource
    is_resolved: bool  # False: no source answered and these are the fallback
    trail: tuple[str, ...]  # one line per source tried, for the log


def resolve_fees(offers: Sequence[FeeOffer], fallback_maker_pct: Decimal, fallback_taker_pct: Decimal) -> ResolvedFees:
    """Venue before profile before manual. With none: the fallback, marked unresolved, so that require_fee_resolution
    holds.
    """
    trail: list[str] = []
    by_source = {offer.source: offer for offer in offers}
    for source in _CASCADE:
        offer = by_source.get(source)
        if offer is None:
            trail.append(f"{source}: not asked")
            continue
        if not _is_rate(offer.maker_fee_pct) or not _is_rate(offer.taker_fee_pct):
            trail.append(f"{source}: no answer ({offer.detail})")
            continue
        assert offer.maker_fee_pct is not None and offer.taker_fee_pct is not None
        trail.append(f"{source}: maker={offer.maker_fee_pct}, taker={offer.taker_fee_pct} ({offer.detail})")
        return ResolvedFees(offer.maker_fee_pct, offer.taker_fee_pct, source, True, tuple(trail))
    return ResolvedFees(fallback_maker_pct, fallback_taker_pct, "manual", False, tuple(trail))


def fill_fee(fill: OwnFill, taker_fee_pct: Decimal) -> tuple[Decimal, bool]:
    """(fee in quote, is it estimated): a fee that cannot be read is booked as the taker's, never as nothing."""
    if fill.fee_quote.is_finite():
        return fill.fee_quote, False
    return fill.price * fill.qty_base * taker_fee_pct, True


def fill_is_maker(fill: OwnFill, mid_ref_price: Decimal | None) -> tuple[bool, bool]:
    """(is maker, is it inferred): where the venue does not say, a buy below mid or a sell above it was resting."""
    if fill.is_maker is not None:
        return fill.is_maker, False
    if mid_ref_price is None:
        return False, True
    return (fill.price < mid_ref_price) == (fill.side == "buy") and fill.price != mid_ref_price, True


def _is_rate(rate: Decimal | None) -> bool:
    return rate is not None and rate.is_finite() and Decimal(-1) < rate < Decimal(1)
