"""The fault plan of one run, drawn from its seed: which faults, when, how long. Ids are of the fault catalogue.

Message faults have a chance per message within windows; process and link faults have a moment. Calm seeds are part of
the plan too: a bug that shows without any fault must not hide behind them.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

from scripts.simulate.wrong_books import wrong
from services.common import venue


class Fault(NamedTuple):
    fault_id: str  # of the fault catalogue, or "P…" for what it has no number for
    name: str
    meaning: str


CATALOGUE: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("F01", "lose_reply", "the venue acts, the answer is lost"),
        Fault("F02", "lose_request", "the request never reaches the venue; the caller sees a timeout"),
        Fault("F03", "late_reply", "the answer comes after the pushes it causes, or after the bot was answered"),
        Fault("F07", "duplicate_push", "a private message is delivered twice"),
        Fault("F08", "late_push", "a private message overtakes another"),
        Fault("F13", "rate_limited", "the venue answers 429 without acting"),
        Fault("F60", "server_error", "the venue answers 5xx; it may or may not have acted"),
        Fault("F20", "frozen_feed", "the public stream is open and silent"),
        Fault("F25", "late_feed", "the public stream comes two to nine seconds late"),
        Fault(
            "F27", "wrong_book", "a book comes crossed, one-sided, at zero, or at a thousand times or part of its price"
        ),
        Fault("F42", "link_down", "a private stream is lost and comes back; what was pushed meanwhile is gone"),
        Fault("F42", "public_down", "the public stream is lost and comes back"),
        Fault("F30", "kill_bot", "SIGKILL of a bot with open orders; it starts again later"),
        Fault("F32", "stop_bot", "SIGSTOP of a bot; its session stays open but silent, then it goes on"),
        Fault("P1", "kill_gateway", "SIGKILL of the gateway; what was not durable is gone; it starts again"),
        Fault("P2", "kill_venue", "SIGKILL of the venue; it is restored from what it had written"),
        Fault("F43", "old_leader", "an instance that lost its lease goes on and submits with its old token"),
        Fault("F50", "person_cancels", "somebody cancels an order at the venue by hand"),
        Fault("F51", "transfer", "a deposit in mid-session"),
        Fault("P3", "halt", "a person or the kill switch latches desk or bot HALTED, and re-arms it later"),
    )
}

_MESSAGE = (
    "lose_reply",
    "lose_request",
    "late_reply",
    "duplicate_push",
    "late_push",
    "rate_limited",
    "server_error",
    "wrong_book",
)
_WINDOWED = ("frozen_feed", "late_feed", "link_down", "public_down", "stop_bot")
_MOMENT = ("kill_bot", "kill_gateway", "kill_venue", "old_leader", "person_cancels", "transfer", "halt")
SETTLE_MS = 120_000  # the last stretch of a run is free of faults, so that what must come true can
_WARMUP_MS = 60_000


class Window(NamedTuple):
    name: str
    start_ms: int
    end_ms: int
    chance: float  # per message; 1 for a state that simply holds


class Moment(NamedTuple):
    name: str
    at_ms: int
    length_ms: int  # how long until it starts again, or is re-armed
    trigger: str = ""  # "place", "cancel", "trade": at the next such message at the venue after at_ms; "write": as the
    # gateway's journal is given the next row that the wire waits for
    behind_ms: int = 0  # and so long behind it


class Plan(NamedTuple):
    windows: tuple[Window, ...]
    moments: tuple[Moment, ...]


def names(text: str) -> tuple[str, ...]:
    """ "all", "none", or a comma-separated list. Raises ValueError naming what is not known."""
    if text == "all":
        return tuple(CATALOGUE)
    if text == "none":
        return ()
    wanted = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in wanted or (repr(text),):
        if name not in CATALOGUE:
            raise ValueError(f"{name}; known: all, none, {', '.join(CATALOGUE)}")
    return wanted


def draw(seed: int, wanted: tuple[str, ...], length_ms: int) -> Plan:
    """About one stretch of trouble every five minutes; every tenth seed is calm."""
    rng = random.Random(f"faults-{seed}")
    latest_ms = length_ms - SETTLE_MS
    if seed % 10 == 0 or latest_ms <= _WARMUP_MS or not wanted:
        return Plan((), ())
    windows: list[Window] = []
    moments: list[Moment] = []
    for _ in range(max(1, round((latest_ms - _WARMUP_MS) / 300_000 * len(wanted) / 4))):
        name = rng.choice(wanted)
        start_ms = rng.randrange(_WARMUP_MS, latest_ms)
        if name in _MESSAGE:
            end_ms = min(latest_ms, start_ms + rng.randrange(5_000, 90_000))
            windows.append(Window(name, start_ms, end_ms, rng.choice((0.02, 0.1, 0.3, 1.0))))
        elif name in _WINDOWED:
            end_ms = min(latest_ms, start_ms + rng.randrange(500, 45_000))
            windows.append(Window(name, start_ms, end_ms, 1.0))
        else:
            moments.append(Moment(name, start_ms, rng.randrange(300, 25_000)))
    return Plan(tuple(sorted(windows, key=lambda w: w.start_ms)), tuple(sorted(moments, key=lambda m: m.at_ms)))


class Weather:
    """The plan as the links ask it: does this message meet a fault now? Draws from a stream of its own.

    It is asked with a time that does not go back.
    """

    def __init__(self, plan: Plan, seed: int) -> None:
        self.plan = plan
        self.injected: dict[str, int] = {}
        self._rng = random.Random(f"weather-{seed}")
        self._meeting: tuple[Window, ...] = ()  # message windows open now
        self._holding: frozenset[str] = frozenset()  # states that hold now
        self._same_until_ms = 0
        self._calm_since_ms: int | None = 0  # None while any window is open

    def count(self, name: str) -> None:
        self.injected[name] = self.injected.get(name, 0) + 1

    def meets(self, elapsed_ms: int, *candidates: str) -> str:
        """The fault a message meets, "" for none."""
        if elapsed_ms >= self._same_until_ms:
            self._look(elapsed_ms)
        for window in self._meeting:
            if window.name in candidates and self._rng.random() < window.chance:
                self.count(window.name)
                return window.name
        return ""

    def holds(self, elapsed_ms: int, name: str) -> bool:
        if elapsed_ms >= self._same_until_ms:
            self._look(elapsed_ms)
        return name in self._holding

    def late_feed_ms(self, elapsed_ms: int) -> int:
        """How late the public stream is now: the same through one window."""
        if not self.holds(elapsed_ms, "late_feed"):
            return 0
        window = next(w for w in self.plan.windows if w.name == "late_feed" and w.start_ms <= elapsed_ms < w.end_ms)
        return 2_000 + window.start_ms % 7_000

    def calm_since_ms(self, elapsed_ms: int) -> int:
        """Since when no window of the plan is open; now, while one is."""
        if elapsed_ms >= self._same_until_ms:
            self._look(elapsed_ms)
        return elapsed_ms if self._calm_since_ms is None else self._calm_since_ms

    def _look(self, elapsed_ms: int) -> None:
        """Which windows are open, and until when that stays so."""
        windows = self.plan.windows
        now_open = [w for w in windows if w.start_ms <= elapsed_ms < w.end_ms]
        self._meeting = tuple(w for w in now_open if w.name in _MESSAGE)
        self._holding = frozenset(w.name for w in now_open if w.name in _WINDOWED)
        ended = (w.end_ms for w in windows if w.end_ms <= elapsed_ms)
        self._calm_since_ms = None if now_open else max(ended, default=0)
        edges = (edge for w in windows for edge in (w.start_ms, w.end_ms) if edge > elapsed_ms)
        self._same_until_ms = min(edges, default=1 << 62)

    def delay_ms(self, least: int, most: int) -> int:
        return self._rng.randrange(least, most)

    def choice(self, count: int) -> int:
        return self._rng.randrange(count)

    def spoil(self, book: venue.Book) -> venue.Book:
        return wrong(book, self._rng)

    def pick(self, names: Sequence[str]) -> str:
        return self._rng.choice(names)
