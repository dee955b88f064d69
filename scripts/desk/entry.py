"""The first lines of the `desk` command: Ctrl-C while the rest is still being imported ends it and says nothing.

Imports nothing but the standard library, so that the handler is there before anything that takes time.
"""

import os
import signal
from types import FrameType

INTERRUPTED = 130  # what a shell calls a command that Ctrl-C ended


def main() -> None:
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a shell may have said to ignore it
        signal.signal(signal.SIGINT, _end)
    from scripts.desk.main import main as command

    command()


def is_ready() -> None:
    """The verb is loaded: from here on Ctrl-C is its own affair."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(_signal: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)  # an exception could be caught, or told, by whatever is being imported
