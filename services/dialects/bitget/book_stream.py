"""The ``books`` channel: a snapshot, then differences with checksum; written by the venue, kept up by the desk. Pure.

The checksum is CRC-32 (signed) of up to 25 levels, bid and ask in turn, as "price:size" joined by colons, in the very
text that was sent. A level of size 0 is gone.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from services.common import venue
from services.dialects.bitget.text import NotReadable, int_of
from services.dialects.bitget.wire_market import Row, levels, levels_from

CHECKSUM_LEVELS = 25

Texts = list[tuple[str, str]]  # (price, size), best first


def checksum(bids: Sequence[Sequence[str]], asks: Sequence[Sequence[str]]) -> int:
    """Signed 32 bit."""
    parts: list[str] = []
    for depth in range(CHECKSUM_LEVELS):
        for side in (bids, asks):
            if depth < len(side):
                parts += side[depth][:2]
    crc = zlib.crc32(":".join(parts).encode())
    return crc - (1 << 32) if crc & 0x8000_0000 else crc


class BookWriter:
    """One book of one session, venue side."""

    def __init__(self, mode: str) -> None:
        self._mode = mode
        self._bids: Texts = []
        self._asks: Texts = []
        self._seq = 0
        self._has_sent = False

    def message(self, book: venue.Book) -> tuple[str, Row]:
        """(action, row). The first is always a snapshot."""
        bids, asks = levels(book.bids), levels(book.asks)
        row: Row = {"ts": str(book.ts_exch_ms), "seq": book.seq, "checksum": checksum(bids, asks)}
        if self._mode == "snapshot" or not self._has_sent:
            action, row = "snapshot", {"asks": asks, "bids": bids, **row}
        else:
            action = "update"
            row = {"asks": _difference(self._asks, asks), "bids": _difference(self._bids, bids), **row}
            row["pseq"] = self._seq
        self._bids, self._asks, self._seq, self._has_sent = bids, asks, book.seq, True
        return action, row


class Broken(NamedTuple):
    detail: str


class BookReader:
    """One book of one session, desk side. Holds the sent texts, because the checksum is over them."""

    def __init__(self, symbol: str) -> None:
        self._symbol = symbol
        self._bids: dict[Decimal, list[str]] = {}
        self._asks: dict[Decimal, list[str]] = {}
        self._seq: int | None = None

    def read(self, action: str, row: Mapping[str, Any]) -> venue.Book | Broken:
        """The whole book after this message. Broken: it does not follow on the last one; ask for a snapshot.

        Raises NotReadable on a row that is not of the dialect.
        """
        seq = int_of(row, "seq", 0)
        if action == "snapshot":
            self._bids, self._asks = {}, {}
        elif self._seq is None:
            return Broken("update before any snapshot")
        elif row.get("pseq") and int_of(row, "pseq") != self._seq:
            return Broken(f"previous seq is {row['pseq']}, expected {self._seq}")
        elif seq and seq < self._seq:  # the same again is a quiet book that says it is alive
            return Broken(f"seq went from {self._seq} to {seq}")
        _apply(self._bids, row.get("bids") or ())
        _apply(self._asks, row.get("asks") or ())
        bids = [self._bids[price] for price in sorted(self._bids, reverse=True)]
        asks = [self._asks[price] for price in sorted(self._asks)]
        said = int_of(row, "checksum", 0)
        if action != "snapshot" and said and said != checksum(bids, asks):
            self._seq = None
            return Broken(f"checksum is {said}, ours {checksum(bids, asks)}")
        self._seq = seq
        return venue.Book(
            symbol=self._symbol,
            bids=levels_from(bids),
            asks=levels_from(asks),
            ts_exch_ms=int_of(row, "ts"),
            seq=seq,
        )


def _difference(before: Texts, after: Texts) -> Texts:
    """Levels to set, those that are gone with size 0."""
    old, new = dict(before), dict(after)
    changed = [(price, size) for price, size in new.items() if old.get(price) != size]
    return changed + [(price, "0") for price in old if price not in new]


def _apply(side: dict[Decimal, list[str]], rows: Iterable[Sequence[Any]]) -> None:
    for row in rows:
        ((price, size),) = levels_from([row])
        if price <= 0 or size < 0:
            raise NotReadable(f"book level {row!r}: price and size must be positive")
        if size == 0:
            side.pop(price, None)
        else:
            side[price] = [str(row[0]), str(row[1])]
