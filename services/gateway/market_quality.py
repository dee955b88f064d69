"""Is a book fit to judge orders by? A wrong one is set aside, and the pair goes stale until sound ones come
again.

Checked: two sides, finite positive prices and quantities, best bid below best ask, sequence and age (an old book again
after a resubscribe), lateness and dates ahead, a jump of mid that no market makes between two messages (a price a
thousand times too high), and a mid far from what the ticker says: mark and index are another channel, so a symbol
mapped to another, or an index that comes loose, shows there however long it lasts. After a bad book the pair is
trusted again when ``SOUND_IN_A_ROW`` sound ones agree with each other.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from services.common import venue

JUMP_PCT_MAX = Decimal("0.2")  # of mid, between two consecutive books
LATE_MS_MAX = 5_000
APART_PCT_MAX = Decimal("0.1")  # of mark and index, from mid
WITNESS_AGE_MS_MAX = 60_000  # an older ticker says nothing about a book
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
    last_ts_ms: int = 0  # venue's clock, of the last sound book; a new session does not make it forget
    candidate_mid: Decimal | None = None  # of the last book that jumped; others near it make it the new truth
    sound: int = SOUND_IN_A_ROW
    is_trusted: bool = True

    def judge(self, book: venue.Book, wall_ms: int, witness: venue.Ticker | None = None) -> Fault | None:
        """None: take the book over. While trust is being regained the fault is ``BOOK_DISTRUSTED``."""
        fault = _shape_fault(book) or _late_fault(book, wall_ms) or self._sequence_fault(book)
        if fault is not None:
            return self.distrust(fault)
        mid = (book.bids[0][0] + book.asks[0][0]) / 2
        self.last_seq = book.seq
        if witness is not None and (fault := _apart_fault(book, mid, witness)) is not None:
            return self.distrust(fault)
        reference = self.last_mid if self.is_trusted or self.candidate_mid is None else self.candidate_mid
        if reference is not None and abs(mid / reference - 1) > JUMP_PCT_MAX:
            self.candidate_mid = mid
            return self.distrust(Fault("BOOK_JUMPED", f"mid {reference} -> {mid}"))
        if not self.is_trusted:
            self.sound += 1
            if self.sound < SOUND_IN_A_ROW:
                return Fault("BOOK_DISTRUSTED", f"{self.sound} of {SOUND_IN_A_ROW} sound books")
        self.is_trusted, self.candidate_mid, self.last_mid = True, None, mid
        self.last_ts_ms = book.ts_exch_ms
        return None

    def forget_sequence(self) -> None:
        """A new session begins a new sequence."""
        self.last_seq = 0

    def _sequence_fault(self, book: venue.Book) -> Fault | None:
        if book.seq < self.last_seq:
            return Fault("BOOK_SEQUENCE", f"seq {book.seq} after {self.last_seq}")
        if book.ts_exch_ms < self.last_ts_ms:
            return Fault("BOOK_SEQUENCE", f"a book {self.last_ts_ms - book.ts_exch_ms} ms older than the last")
        return None

    def distrust(self, fault: Fault) -> Fault:
        """Set the pair aside for this; sound books in a row bring it back."""
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
    """Also one of the future: taken as the newest, it would make every book after it an old one."""
    late_ms = wall_ms - book.ts_exch_ms
    if late_ms > LATE_MS_MAX:
        return Fault("BOOK_LATE", f"{late_ms} ms on the way")
    return Fault("BOOK_LATE", f"dated {-late_ms} ms ahead of our clock") if -late_ms > LATE_MS_MAX else None


def _apart_fault(book: venue.Book, mid: Decimal, witness: venue.Ticker) -> Fault | None:
    if abs(book.ts_exch_ms - witness.ts_exch_ms) > WITNESS_AGE_MS_MAX:
        return None
    for name, price in (("mark", witness.mark_price), ("index", witness.index_price)):
        if is_price(price) and not is_near(mid, price):
            return Fault("BOOK_APART", f"mid {mid}, {name} price {price}")
    return None


def is_price(price: Decimal) -> bool:
    return price.is_finite() and price > 0


def is_near(one: Decimal, other: Decimal) -> bool:
    """No further apart than a premium may be. What is no price is near to nothing."""
    return is_price(one) and is_price(other) and abs(one - other) <= other * APART_PCT_MAX
