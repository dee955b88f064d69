"""Playing cards: what passes, what fails, and which are chosen."""

import asyncio

import pytest

from services.common.clock import ManualClock
from services.dialects.cards import CardFailed, Deck, check, numbers, play, play_async


class ClientError(Exception):
    pass


def outcomes(deck: Deck) -> list[tuple[int, str, str]]:
    played = play(deck.cards, object(), ManualClock(), ClientError, lambda: None)
    return [(outcome.number, outcome.result, outcome.seen) for outcome in played]


def test_cards_are_played_by_number_and_a_failed_one_does_not_stop_the_others():
    deck = Deck()

    @deck.card(3, "g", "raises what the client raises")
    def third(bench):
        raise ClientError("no")

    @deck.card(1, "g", "passes")
    def first(bench):
        return "seen"

    @deck.card(2, "g", "sees something else")
    def second(bench):
        check(1 + 1 == 3, "two")

    assert outcomes(deck) == [(1, "passed", "seen"), (2, "failed", "CardFailed: two"), (3, "failed", "ClientError: no")]


def test_a_card_whose_account_cannot_be_cleaned_fails():
    deck = Deck()
    deck.card(1, "g", "t")(lambda bench: "seen")

    def reset():
        raise CardFailed("not clean")

    (outcome,) = play(deck.cards, object(), ManualClock(), ClientError, reset)
    assert (outcome.result, outcome.seen) == ("failed", "CardFailed: not clean")


def test_a_number_given_twice_is_our_mistake():
    deck = Deck()
    deck.card(1, "g", "t")(lambda bench: "")
    with pytest.raises(AssertionError, match="card 1 is there twice"):
        deck.card(1, "g", "t")(lambda bench: "")


def test_cards_that_are_coroutines_are_awaited():
    deck = Deck()

    @deck.card(1, "g", "t")
    async def first(bench):
        await asyncio.sleep(0)
        return "seen"

    async def reset():
        await asyncio.sleep(0)

    (outcome,) = asyncio.run(play_async(deck.cards, object(), ManualClock(), reset))
    assert (outcome.result, outcome.seen) == ("passed", "seen")


@pytest.mark.parametrize(("text", "chosen"), [("", None), ("7", {7}), ("1-3,9", {1, 2, 3, 9}), (" 4 , 5 ", {4, 5})])
def test_cards_are_chosen_by_number_and_range(text, chosen):
    assert numbers(text) == (None if chosen is None else frozenset(chosen))


@pytest.mark.parametrize("text", ["a", "1-", "-3", "1,,2", "1-b"])
def test_a_choice_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="20-26,80"):
        numbers(text)
