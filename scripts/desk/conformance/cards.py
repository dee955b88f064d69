"""Numbered cards: one thing a venue must do, tried by a client, with what was seen."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from services.common.ports import Clock


class CardFailed(Exception):
    """The venue did something else; the text says what."""


class Skipped(Exception):
    """This client has no way of trying the card."""


class Card(NamedTuple):
    number: int
    group: str
    title: str
    run: Callable[[Any], str]  # takes the bench, returns what was seen in a few words


class Outcome(NamedTuple):
    number: int
    group: str
    title: str
    result: str  # "passed", "failed", "skipped"
    seen: str
    took_ms: int


class Deck:
    """The cards of one client. ``deck.card(31, "orders", "…")`` decorates a function of the bench."""

    def __init__(self) -> None:
        self.cards: list[Card] = []

    def card(self, number: int, group: str, title: str) -> Callable[[Callable[[Any], str]], Callable[[Any], str]]:
        def register(run: Callable[[Any], str]) -> Callable[[Any], str]:
            assert all(card.number != number for card in self.cards), f"card {number} is there twice"
            self.cards.append(Card(number, group, title, run))
            return run

        return register


def check(condition: object, said: object) -> None:
    if not condition:
        raise CardFailed(str(said))


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
        except Skipped as reason:
            result, seen = "skipped", str(reason)
        except (CardFailed, LookupError, TypeError, ValueError, OSError, client_error) as error:
            result, seen = "failed", f"{type(error).__name__}: {error}"
        took_ms = clock.monotonic_ms() - started_ms
        outcomes.append(Outcome(card.number, card.group, card.title, result, seen[:300], took_ms))
    return outcomes
