"""Books that no venue should send and every feed one day does: crossed, one-sided, at nothing, a thousand times off."""

import random
from decimal import Decimal

import msgspec

from services.common import venue

_KINDS = ("crossed", "one_sided", "zero", "thousandfold", "thousandth")


def wrong(book: venue.Book, rng: random.Random) -> venue.Book:
    """The same book, spoilt. It must have both sides."""
    kind = rng.choice(_KINDS)
    if kind == "crossed":
        return msgspec.structs.replace(book, bids=book.asks, asks=book.bids)
    if kind == "one_sided":
        return msgspec.structs.replace(book, asks=()) if rng.random() < 0.5 else msgspec.structs.replace(book, bids=())
    if kind == "zero":
        return msgspec.structs.replace(book, bids=((Decimal(0), book.bids[0][1]), *book.bids[1:]))
    factor = Decimal(1_000) if kind == "thousandfold" else Decimal("0.001")
    return msgspec.structs.replace(
        book,
        bids=tuple((price * factor, qty) for price, qty in book.bids),
        asks=tuple((price * factor, qty) for price, qty in book.asks),
    )
