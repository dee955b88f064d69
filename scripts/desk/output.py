"""How commands print: JSON on request, a rich table for a person, one line per failure with the next step."""

import os
import sys
from decimal import Decimal
from typing import Any, TextIO

import msgspec

from services.common.errors import DeskError

_encoder = msgspec.json.Encoder(decimal_format="number", enc_hook=str)


def json_text(value: Any) -> str:
    """Decimals are JSON numbers with all their digits."""
    return msgspec.json.format(_encoder.encode(value), indent=2).decode() + "\n"


def print_json(value: Any) -> None:
    sys.stdout.write(json_text(value))
    sys.stdout.flush()


def print_failure(error: DeskError, as_json: bool) -> None:
    if as_json:
        print_json({"error": {"code": error.code, "text": error.text, "next": error.next_step}})
    sys.stderr.write(f"{error.code}: {error.text}\nnext  {error.next_step}\n")


class OutlivesItsReader:
    """Standard output for `desk … | head`: once the reader is gone what is printed is dropped, and the command goes on
    to its own end, so that its exit code is its verdict and not that of a pipe.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._drop()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._drop()

    def _drop(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def wide_console() -> Any:
    """A console that does not squeeze tables when its output goes to a file or a pipe."""
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=160)


def amount(value: Decimal | None, places: int = 2, signed: bool = False) -> str:
    """For a person's eye only: rounded, with a dash where there is nothing."""
    if value is None:
        return "–"
    shown = round(value, places) + 0  # a loss too small to be shown is not "-0.00"
    return f"{shown:+,.{places}f}" if signed else f"{shown:,.{places}f}"


def age(age_ms: int | None) -> str:
    """ "0.4s", "12s", "3m": how old a number is."""
    if age_ms is None:
        return "never"
    seconds = max(age_ms, 0) / 1000
    if seconds < 10:
        return f"{seconds:.1f}s"
    return f"{seconds:.0f}s" if seconds < 120 else f"{seconds / 60:.0f}m"
