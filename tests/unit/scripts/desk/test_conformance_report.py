"""Results of a deck: what the gateway answers in its own way is told apart from what failed."""

from scripts.desk.conformance import _otherwise, report
from scripts.desk.conformance.ccxt_decks import CARDS
from scripts.desk.conformance.through_gateway import OTHERWISE
from services.dialects.cards import Outcome

PASSED = Outcome(20, "orders", "rests", "passed", "id 7", 5)
FAILED = Outcome(25, "orders", "is amended", "failed", "refused", 5)


def test_a_card_the_gateway_answers_in_its_own_way_is_no_failure_and_says_why():
    told = _otherwise(FAILED, "amending is refused")
    assert (told.result, told.seen) == ("otherwise", "amending is refused; seen: refused")


def test_a_card_that_passes_or_has_no_reason_stays_what_it_is():
    assert _otherwise(PASSED, "amending is refused") == PASSED
    assert _otherwise(FAILED, "") == FAILED


def test_the_report_names_what_was_asked_and_counts_three_kinds():
    outcomes = (PASSED, FAILED, _otherwise(FAILED, "amending is refused"))
    run = report.Run("bitget", "ccxt", "4.5.18", 1_700_000_000_000, outcomes, "gateway")
    told = report.as_json(run)
    assert (told["passed"], told["failed"], told["otherwise"], told["through"]) == (1, 1, 1, "gateway")
    assert "1 passed, 1 failed, 1 otherwise" in report.as_html(run)
    assert report.file_name(run, "json").startswith("bitget-gateway-ccxt-")


def test_every_card_that_is_named_as_different_exists_and_has_its_reason():
    assert set(OTHERWISE) <= {card.number for card in CARDS}
    assert all(len(why) > 20 for why in OTHERWISE.values())


def test_card_numbers_are_given_once_and_without_a_gap():
    assert sorted(card.number for card in CARDS) == list(range(1, len(CARDS) + 1))
