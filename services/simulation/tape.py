"""Recorded tapes: text rows in, typed rows out. No file is opened here; the shell hands over lines or parsed columns.

Three kinds are read. Every one is a CSV with a header; other columns are ignored, order does not matter.

* candles: ``timestamp,open,high,low,close,volume``, one row a minute, ascending, no minute twice. Missing minutes are
played
  as flat ones without volume. Prices positive, low <= open, close <= high, volume not negative.
* trades: ``timestamp,price,quantity`` (or ``amount``) and ``side`` (``buy``/``sell``, the taker's) or ``buyer_maker``
  (``true``/``false``); ascending timestamps.
* quotes: ``timestamp,bid,ask,bid_size,ask_size``; ascending timestamps, bid < ask.

``timestamp`` is UTC: ISO text ("2022-01-01 00:01:00", a "T" or a trailing "Z" is fine) or a whole number of seconds,
milliseconds, microseconds or nanoseconds, told apart by size.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Literal, NamedTuple, TypeVar

MINUTE_MS = 60_000
FLAT_MINUTES_MAX = 1_440
TapeKind = Literal["candles", "trades", "quotes"]

COLUMNS: dict[TapeKind, tuple[str, ...]] = {
    "candles": ("timestamp", "open", "high", "low", "close", "volume"),
    "trades": ("timestamp", "price", "quantity"),
    "quotes": ("timestamp", "bid", "ask", "bid_size", "ask_size"),
}


class TapeError(ValueError):
    """A tape that cannot be played: row number (the header is row 1), what was found, what is expected."""


class CandleRow(NamedTuple):
    ts_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class TradeRow(NamedTuple):
    ts_ms: int
    price: Decimal
    qty: Decimal
    taker_buys: bool


class QuoteRow(NamedTuple):
    ts_ms: int
    bid: Decimal
    ask: Decimal
    bid_qty: Decimal
    ask_qty: Decimal


class Tape(NamedTuple):
    """A whole recording; ``rows`` are all of the type that belongs to ``kind``, in time order."""

    kind: TapeKind
    rows: tuple[CandleRow, ...] | tuple[TradeRow, ...] | tuple[QuoteRow, ...]


Row = Mapping[str, object]
RowT = TypeVar("RowT", TradeRow, QuoteRow)


def read_csv(lines: Iterable[str]) -> Tape:
    """Read a tape from the lines of a CSV file; its kind is known from the header. Raises TapeError."""
    numbered = enumerate(lines, start=1)
    _, header = next(numbered, (0, ""))
    names = [name.strip().strip('"').lower() for name in header.split(",")]
    if not header.strip():
        raise TapeError(f"row 1: the file is empty; expected a header such as {','.join(COLUMNS['candles'])}")

    def rows() -> Iterator[tuple[int, Row]]:
        for number, line in numbered:
            if not line.strip():
                continue
            cells = [cell.strip().strip('"') for cell in line.split(",")]
            if len(cells) != len(names):
                raise TapeError(
                    f"row {number}: {len(cells)} cells, the header has {len(names)}; row: {line.strip()[:80]}"
                )
            yield number, dict(zip(names, cells, strict=True))

    return read_rows(names, rows())


def read_rows(names: Iterable[str], rows: Iterable[tuple[int, Row]]) -> Tape:
    """Read a tape from (row number, cells by lower-case name): what a parquet reader yields. Raises TapeError."""
    kind = kind_of(names)
    if kind == "candles":
        candles = tuple(_filled(_candle(number, row) for number, row in rows))
        _require_rows(candles)
        return Tape(kind, candles)
    if kind == "trades":
        trades = tuple(_ascending(_trade(number, row) for number, row in rows))
        _require_rows(trades)
        return Tape(kind, trades)
    quotes = tuple(_ascending(_quote(number, row) for number, row in rows))
    _require_rows(quotes)
    return Tape(kind, quotes)


def kind_of(names: Iterable[str]) -> TapeKind:
    """Which kind of tape has these columns. Raises TapeError that lists what each kind needs."""
    present = {"quantity" if name == "amount" else name for name in names}
    for kind, columns in COLUMNS.items():
        if present.issuperset(columns):
            return kind
    expected = "; ".join(f"{kind}: {','.join(columns)}" for kind, columns in COLUMNS.items())
    raise TapeError(f"row 1: columns {','.join(sorted(present))} are no tape; expected {expected}")


# ------------------------------------------------------------------------------------------------------------- rows


def _candle(number: int, row: Row) -> tuple[int, CandleRow]:
    ts_ms = _timestamp(number, row)
    open_, high, low, close = (_positive(number, row, name) for name in ("open", "high", "low", "close"))
    volume = _number(number, row, "volume")
    if volume < 0:
        raise TapeError(f"row {number}: volume {volume} is negative; expected 0 or more")
    if not low <= min(open_, close) <= max(open_, close) <= high:
        raise TapeError(
            f"row {number}: open {open_}, high {high}, low {low}, close {close}; expected low <= open, close <= high"
        )
    return number, CandleRow(ts_ms - ts_ms % MINUTE_MS, open_, high, low, close, volume)


def _trade(number: int, row: Row) -> tuple[int, TradeRow]:
    ts_ms = _timestamp(number, row)
    price = _positive(number, row, "price")
    qty = _positive(number, row, "quantity" if "quantity" in row else "amount")
    side = str(row.get("side", "")).lower()
    buyer_maker = str(row.get("buyer_maker", "")).lower()
    if side in ("buy", "sell"):
        return number, TradeRow(ts_ms, price, qty, side == "buy")
    if buyer_maker in ("true", "false"):
        return number, TradeRow(ts_ms, price, qty, buyer_maker == "false")
    raise TapeError(
        f"row {number}: side {side or buyer_maker!r}; expected side buy or sell, or buyer_maker true or false"
    )


def _quote(number: int, row: Row) -> tuple[int, QuoteRow]:
    ts_ms = _timestamp(number, row)
    bid, ask, bid_qty, ask_qty = (_positive(number, row, name) for name in ("bid", "ask", "bid_size", "ask_size"))
    if bid >= ask:
        raise TapeError(f"row {number}: bid {bid} is not below ask {ask}")
    return number, QuoteRow(ts_ms, bid, ask, bid_qty, ask_qty)


def _filled(rows: Iterable[tuple[int, CandleRow]]) -> Iterator[CandleRow]:
    """Ascending minutes, the missing ones flat at the last close."""
    last: CandleRow | None = None
    for number, row in rows:
        if last is not None:
            missing = (row.ts_ms - last.ts_ms) // MINUTE_MS - 1
            if missing < 0:
                raise TapeError(
                    f"row {number}: the minute {row.ts_ms} is not after {last.ts_ms}; expected ascending minutes"
                )
            if missing > FLAT_MINUTES_MAX:
                raise TapeError(
                    f"row {number}: {missing} minutes are missing before it; expected at most {FLAT_MINUTES_MAX}"
                    " (is this a one-minute tape?)"
                )
            for step in range(1, missing + 1):
                flat = last.close
                yield CandleRow(last.ts_ms + step * MINUTE_MS, flat, flat, flat, flat, Decimal(0))
        last = row
        yield row


def _ascending(rows: Iterable[tuple[int, RowT]]) -> Iterator[RowT]:
    last_ms = -1
    for number, row in rows:
        if row.ts_ms < last_ms:
            raise TapeError(f"row {number}: timestamp {row.ts_ms} is before {last_ms}; expected ascending timestamps")
        last_ms = row.ts_ms
        yield row


def _require_rows(rows: tuple[object, ...]) -> None:
    if len(rows) < 2:
        raise TapeError(f"row {len(rows) + 1}: the tape ends here; expected at least 2 rows")


def _timestamp(number: int, row: Row) -> int:
    value = row["timestamp"]
    if isinstance(value, datetime):
        return int((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp() * 1_000)
    text = str(value).strip()
    if text.isdecimal():
        count = int(text)
        for unit_ms, limit in ((1_000, 10**11), (1, 10**14)):
            if count < limit:
                return count * unit_ms
        return count // (1_000 if count < 10**17 else 1_000_000)
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise TapeError(
            f"row {number}: timestamp {text!r}; expected UTC such as 2022-01-01 00:01:00 or milliseconds 1640995260000"
        ) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000)


def _number(number: int, row: Row, name: str) -> Decimal:
    text = str(row[name]).strip()
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise TapeError(f"row {number}: {name} {text!r}; expected a number") from None
    if not value.is_finite():
        raise TapeError(f"row {number}: {name} {text!r}; expected a finite number")
    return value


def _positive(number: int, row: Row, name: str) -> Decimal:
    value = _number(number, row, name)
    if value <= 0:
        raise TapeError(f"row {number}: {name} {value}; expected above 0")
    return value
