"""Market data as it went through the gateway, on disk: a tape that venue_sim can replay.

``<run-dir>/tapes/<pair>/<YYYYMMDD>.quotes.csv`` (timestamp,bid,ask,bid_size,ask_size; a row when the touch changed) and
``….trades.csv`` (timestamp,price,quantity,side). Written by a thread of its own in chunks, apart from orders; a disk
that is full, or a row that cannot be written, ends the tape and nothing else.
"""

import queue
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from services.common import venue
from services.common.logs import Logger

_CHUNK_MAX = 128
_FLUSH_S = 1.0
_HEADERS = {"quotes": "timestamp,bid,ask,bid_size,ask_size\n", "trades": "timestamp,price,quantity,side\n"}

Line = tuple[str, str, int, str]  # pair, kind, ts_ms, text


class Tape:
    """``record`` never blocks. Rows of one file ascend in time; what comes out of order is left out."""

    def __init__(self, directory: Path, log: Logger) -> None:
        self._directory = directory
        self._log = log
        self._queue: queue.SimpleQueue[Line | None] = queue.SimpleQueue()
        self._last_touch: dict[str, tuple[object, ...]] = {}
        self._last_ts_ms: dict[tuple[str, str], int] = {}
        self._thread: threading.Thread | None = None
        self.rows = 0
        self.is_broken = False

    def start(self) -> None:
        self._thread = threading.Thread(target=self._write_until_closed, name="gateway-tape", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what is queued. Blocks for as long as that takes."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(timeout=5)
            self._thread = None

    def record_book(self, book: venue.Book) -> None:
        """A sound book; only a changed touch makes a row."""
        (bid, bid_qty), (ask, ask_qty) = book.bids[0], book.asks[0]
        touch = (bid, ask, bid_qty, ask_qty)
        if self._last_touch.get(book.symbol) != touch:
            self._last_touch[book.symbol] = touch
            self._put(book.symbol, "quotes", book.ts_exch_ms, f"{bid},{ask},{bid_qty},{ask_qty}")

    def record_trades(self, trades: tuple[venue.PublicTrade, ...]) -> None:
        for trade in sorted(trades, key=lambda t: (t.ts_exch_ms, t.trade_id)):
            text = f"{trade.price},{trade.qty_base},{trade.taker_side}"
            self._put(trade.symbol, "trades", trade.ts_exch_ms, text)

    def _put(self, symbol: str, kind: str, ts_ms: int, text: str) -> None:
        if self.is_broken or ts_ms < self._last_ts_ms.get((symbol, kind), 0):
            return
        self._last_ts_ms[symbol, kind] = ts_ms
        self.rows += 1
        self._queue.put((symbol, kind, ts_ms, text))

    def _write_until_closed(self) -> None:
        files: dict[tuple[str, str, str], IO[str]] = {}
        try:
            while self._write_chunk(files):
                pass
        except (OSError, ValueError, OverflowError) as error:  # no room, or a time that no calendar has
            self.is_broken = True
            self._log.error("tape.ended", error=str(error))
        finally:
            for file in files.values():
                file.close()

    def _write_chunk(self, files: dict[tuple[str, str, str], IO[str]]) -> bool:
        """One chunk, or what came within the flush time. False after the end was asked for."""
        lines: list[Line] = []
        goes_on = True
        try:
            while len(lines) < _CHUNK_MAX:
                line = self._queue.get(timeout=_FLUSH_S)
                if line is None:
                    goes_on = False
                    break
                lines.append(line)
        except queue.Empty:
            pass
        for symbol, kind, ts_ms, text in lines:
            self._file(files, symbol, kind, ts_ms).write(f"{ts_ms},{text}\n")
        for file in files.values():
            file.flush()
        return goes_on

    def _file(self, files: dict[tuple[str, str, str], IO[str]], symbol: str, kind: str, ts_ms: int) -> IO[str]:
        day = datetime.fromtimestamp(ts_ms / 1000, UTC).strftime("%Y%m%d")
        file = files.get((symbol, kind, day))
        if file is None:
            for key in [key for key in files if key[:2] == (symbol, kind)]:
                files.pop(key).close()
            path = self._directory / symbol / f"{day}.{kind}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            is_new = not path.exists()
            file = files[symbol, kind, day] = path.open("a", encoding="ascii")
            if is_new:
                file.write(_HEADERS[kind])
        return file
