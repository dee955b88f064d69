"""Is a book fit to judge orders by? A wrong one is set aside, and the pair goes stale until sound ones come
again.

Checked: two sides, finite positive prices and quantities, best bid below best ask, sequence, lateness, and a jump of
mid that no market makes between two messages (a price a thousand times too high, a symbol mapped to another). After a
bad book the pair is trusted again when ``SOUND_IN_A_ROW`` sound ones agree with each other.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from services.common import venue

JUMP_PCT_MAX = Decimal("0.2")  # of mid, between two consecutive books
LATE_MS_MAX = 5_000
SOUND_IN_A_ROW = 3


class Fault(NamedTuple):
    """What is wrong, as a reason code, and the evidence."""

    code: str
    detail: str


@dataclass(slots=True)
class BookJudge:
    """Judges the books of one pair, one after the other."""

    last_mid: Decimal | None = None
    last_seq: int = 0
    candidate_mid: Decimal | None = None  # of the last book that jumped; others near it make it the new truth
    sound: int = SOUND_IN_A_ROW
    is_trusted: bool = True

    def judge(self, book: venue.Book, wall_ms: int) -> Fault | None:
        """None: take the book over. While trust is being regained the fault is ``BOOK_DISTRUSTED``."""
        fault = _shape_fault(book) or self._sequence_fault(book) or _late_fault(book, wall_ms)
        if fault is not None:
            return self._distrust(fault)
        mid = (book.bids[0][0] + book.asks[0][0]) / 2
        self.last_seq = book.seq
        reference = self.last_mid if self.is_trusted or self.candidate_mid is None else self.candidate_mid
        if reference is not None and abs(mid / reference - 1) > JUMP_PCT_MAX:
            self.candidate_mid = mid
            return self._distrust(Fault("BOOK_JUMPED", f"mid {reference} -> {mid}"))
        if not self.is_trusted:
            self.sound += 1
            if self.sound < SOUND_IN_A_ROW:
                return Fault("BOOK_DISTRUSTED", f"{self.sound} of {SOUND_IN_A_ROW} sound books")
        self.is_trusted, self.candidate_mid, self.last_mid = True, None, mid
        return None

    def forget_sequence(self) -> None:
        """A new session begins a new sequence."""
        self.last_seq = 0

    def _sequence_fault(self, book: venue.Book) -> Fault | None:
        if book.seq < self.last_seq:
            return Fault("BOOK_SEQUENCE", f"seq {book.seq} after {self.last_seq}")
        return None

    def _distrust(self, fault: Fault) -> Fault:
        self.is_trusted = False
        self.sound = 0
        return fault


def _shape_fault(book: venue.Book) -> Fault | None:
    if not book.bids or not book.asks:
        return Fault("BOOK_EMPTY", f"{len(book.bids)} bids, {len(book.asks)} asks")
    for price, qty in (book.bids[0], book.asks[0], book.bids[-1], book.asks[-1]):
        if not price.is_finite() or not qty.is_finite() or price <= 0 or qty <= 0:
            return Fault("BOOK_NOT_FINITE", f"price {price}, quantity {qty}")
    if book.bids[0][0] >= book.asks[0][0]:
        return Fault("BOOK_CROSSED", f"bid {book.bids[0][0]}, ask {book.asks[0][0]}")
    return None


def _late_fault(book: venue.Book, wall_ms: int) -> Fault | None:
    late_ms = wall_ms - book.ts_exch_ms
    return Fault("BOOK_LATE", f"{late_ms} ms on the way") if late_ms > LATE_MS_MAX else None
