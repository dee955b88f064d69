"""Proofs against faults of market data: F20 to F29 of the catalogue."""

from scripts.desk.fault_catalogue import Proof
from scripts.desk.fault_tiers import CONDITIONS, GATEWAY, logic

_WRONG_BOOK = (
    logic(f"{GATEWAY}/test_market_quality.py::test_a_wrong_book_is_set_aside_with_its_reason", "the first wrong book"),
    logic(
        f"{GATEWAY}/test_marketdata.py::test_f22_f23_f27_on_a_wrong_book_there_is_no_new_risk_until_sound_ones_come",
        "until three sound books",
    ),
    logic(
        f"{GATEWAY}/test_stale_pairs.py::test_f21_after_ten_seconds_without_a_sound_book_nothing_that_could_open_rests",
        "nothing that could open rests after 10 s",
    ),
)

MARKET_PROOFS: dict[str, tuple[Proof, ...]] = {
    "F20": (
        logic(
            f"{CONDITIONS}::test_f20_a_stream_that_answers_pings_and_sends_nothing_goes_stale",
            "data_age_ms_max",
        ),
        logic(f"{CONDITIONS}::test_f20_a_frozen_stream_is_not_confirmed", "book_silent_ms_max"),
        logic(
            f"{GATEWAY}/test_stale_pairs.py::test_f20_a_stream_that_answers_pings_and_says_nothing_is_the_same",
            "nothing that could open rests after 10 s",
        ),
    ),
    "F21": (_WRONG_BOOK[0], _WRONG_BOOK[2]),
    "F22": _WRONG_BOOK,
    "F23": _WRONG_BOOK,
    "F24": (
        logic(
            f"{GATEWAY}/test_market_quality.py::"
            "test_f24_an_old_book_after_a_resubscribe_is_set_aside_until_one_as_new_as_the_last_comes",
            "the first wrong book",
        ),
    ),
    "F25": _WRONG_BOOK[:1],
    "F26": (
        logic(
            f"{GATEWAY}/test_marketdata.py::"
            "test_f26_another_pairs_book_under_this_name_lets_no_new_risk_through_for_as_long_as_it_lasts",
            "the first wrong book",
        ),
    ),
    "F27": (
        *_WRONG_BOOK,
        logic(f"{GATEWAY}/test_marketdata.py::test_f27_a_mark_a_thousand_times_too_high_is_no_profit", "at once"),
    ),
    "F29": (
        logic(
            f"{GATEWAY}/test_marketdata.py::"
            "test_f29_while_the_index_is_off_there_is_no_new_risk_and_what_reduces_passes",
            "the next book",
        ),
    ),
}
