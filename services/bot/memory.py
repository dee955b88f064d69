"""What a bot remembers over restarts: daily state and warm-up buffer in one file, and history for a cold start.

Implements ``services.common.strategy_ports.Memory``. The last file but one is kept: a file that cannot be read costs a
minute, not the day's loss. When neither can be read the bot does not start, because a forgotten daily loss is a limit
that does not hold.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from controllers.core.values import Candle
from services.common.errors import ConfigError
from services.common.files import BadFile, read_state, write_state

_log = logging.getLogger(__name__)


class StateFile:
    def __init__(self, path: Path, candles: Sequence[Candle] = ()) -> None:
        self._path = path
        self._previous = path.with_name(f"{path.stem}.previous{path.suffix}")
        self._candles = tuple(candles)
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state-writer")
        self._pending: Future[None] | None = None
        self.errors = 0

    def load(self) -> Mapping[str, Any] | None:
        problems: list[str] = []
        for path in (self._path, self._previous):
            try:
                state: Mapping[str, Any] = read_state(path)
            except FileNotFoundError:
                continue
            except BadFile as error:
                problems.append(str(error).splitlines()[0])
                _log.warning("STATE_UNREADABLE: %s", error)
                continue
            return state
        if problems:
            raise ConfigError(
                "STATE_UNREADABLE",
                "; ".join(problems),
                f"restore {self._path} from a backup, or remove it and its .previous to begin the day anew on purpose",
            )
        return None

    def save(self, make_state: Callable[[], Mapping[str, Any]]) -> None:
        """One save may wait behind the one under way; it will read the newest state, so a third is not needed."""
        is_one_waiting = self._pending is not None and not self._pending.running() and not self._pending.done()
        if not is_one_waiting:
            self._pending = self._writer.submit(self._write, make_state)

    def candles(self) -> Sequence[Candle]:
        return self._candles

    def offer_candles(self, candles: Sequence[Candle]) -> None:
        self._candles = tuple(candles)

    def save_and_close(self, make_state: Callable[[], Mapping[str, Any]] | None) -> None:
        """The last save of this life, waited for."""
        if make_state is not None:
            self._writer.submit(self._write, make_state)
        self._writer.shutdown(wait=True)

    def _write(self, make_state: Callable[[], Mapping[str, Any]]) -> None:
        try:
            if self._path.exists():
                self._previous.write_bytes(self._path.read_bytes())
            write_state(self._path, make_state())
        except OSError as error:  # the disk: the old file stays, the next minute tries again
            self.errors += 1
            _log.error("STATE_NOT_SAVED: %s: %s", self._path, error)
