"""The board behind the routes: frames built at most a few times a second, however many browsers look."""

from collections.abc import Callable

import msgspec

from services.common.ports import Clock
from services.desk_api.logic import Board
from services.desk_api.readings import Now
from services.desk_api.view import frame, history


class BoardPages:
    """``blind_ms`` is how long the bus has been out of reach, ``problem`` "" or why the page is not ready."""

    def __init__(
        self,
        board: Board,
        *,
        clock: Clock,
        life: str,
        version: str,
        period_ms: int,
        blind_ms: Callable[[], int],
        problem: Callable[[], str],
        metrics: Callable[[], tuple[bytes, str]],
        token: str = "",
    ) -> None:
        self.board = board
        self._clock = clock
        self._life = life
        self._version = version
        self._period_ms = period_ms
        self._blind_ms = blind_ms
        self._problem = problem
        self._metrics = metrics
        self.token = token
        self._cached = b""
        self._cached_mono_ms = 0

    def moment(self) -> Now:
        return Now(self._clock.now_ms(), self._clock.monotonic_ms())

    def frame(self) -> bytes:
        """JSON of the board now. A frame younger than half a period is given again: its ages are of its own time."""
        now = self.moment()
        if not self._cached or now.mono_ms - self._cached_mono_ms >= self._period_ms // 2:
            values = frame(
                self.board,
                now,
                life=self._life,
                version=self._version,
                bus_blind_ms=self._blind_ms(),
                token=self.token,
            )
            self._cached = msgspec.json.encode(values)
            self._cached_mono_ms = now.mono_ms
        return self._cached

    def history(self, bot_id: str) -> bytes | None:
        found = history(self.board, bot_id)
        return None if found is None else msgspec.json.encode(found)

    def now_ms(self) -> int:
        return self._clock.now_ms()

    def health(self) -> str:
        return self._problem() or "ok"

    def metrics(self) -> tuple[bytes, str]:
        return self._metrics()
