"""Numbered cards: one thing a venue must do, tried by a client, with what was seen."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from services.common.ports import Clock


class CardFailed(Exception):
    """The venue did something else; the text says what."""


class Card(NamedTuple):
    number: int
    group: str
    title: str
    run: Callable[[Any], Any]  # takes the bench, returns what was seen in a few words, or a coroutine of it


class Outcome(NamedTuple):
    number: int
    group: str
    title: str
    result: str  # "passed" or "failed"
    seen: str
    took_ms: int


Run = TypeVar("Run", bound=Callable[[Any], Any])


class Deck:
    """The cards of one client. ``deck.card(31, "orders", "…")`` decorates a function of the bench."""

    def __init__(self) -> None:
        self.cards: list[Card] = []

    def card(self, number: int, group: str, title: str) -> Callable[[Run], Run]:
        def register(run: Run) -> Run:
            assert all(card.number != number for card in self.cards), f"card {number} is there twice"
            self.cards.append(Card(number, group, title, run))
            return run

        return register


def check(condition: object, said: object) -> None:
    if not condition:
        raise CardFailed(str(said))


_FAULTS = (CardFailed, LookupError, TypeError, ValueError, OSError, AssertionError)


def play(
    cards: Iterable[Card], bench: Any, clock: Clock, client_error: type[Exception], reset: Callable[[], None]
) -> list[Outcome]:
    """Every card in order, each from a clean account. ``client_error`` is what the client's own errors derive from."""
    outcomes = []
    for card in sorted(cards, key=lambda card: card.number):
        started_ms = clock.monotonic_ms()
        try:
            reset()
            result, seen = "passed", card.run(bench)
        except (*_FAULTS, client_error) as error:
            result, seen = "failed", f"{type(error).__name__}: {error}"
        outcomes.append(_outcome(card, result, seen, clock.monotonic_ms() - started_ms))
    return outcomes


async def play_async(
    cards: Iterable[Card], bench: Any, clock: Clock, reset: Callable[[], Awaitable[None]]
) -> list[Outcome]:
    """The same for cards that are coroutines."""
    outcomes = []
    for card in sorted(cards, key=lambda card: card.number):
        started_ms = clock.monotonic_ms()
        try:
            await reset()
            result, seen = "passed", await card.run(bench)
        except _FAULTS as error:
            result, seen = "failed", f"{type(error).__name__}: {error}"
        outcomes.append(_outcome(card, result, seen, clock.monotonic_ms() - started_ms))
    return outcomes


def numbers(text: str) -> frozenset[int] | None:
    """ "20-22,80" as numbers; "" is all (None). Raises ValueError on anything else."""
    if not text:
        return None
    chosen: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise ValueError(f"cards={text!r}: expected numbers and ranges, for example 20-26,80")
        chosen.update(range(int(first), int(last or first) + 1))
    return frozenset(chosen)


def _outcome(card: Card, result: str, seen: object, took_ms: int) -> Outcome:
    return Outcome(card.number, card.group, card.title, result, str(seen)[:300], took_ms)
