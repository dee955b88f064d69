"""Traps of the stock Hummingbot that are no row of `desk drill host`, and what shows that the desk avoids them."""

from typing import NamedTuple

from scripts.desk.fault_tiers import E2E, GATEWAY, KILL_SWITCH


class Elsewhere(NamedTuple):
    stock: str
    here: str
    test: str


ELSEWHERE: tuple[Elsewhere, ...] = (
    Elsewhere("an executor that failed too often leaves its position", "no executors; the position is the gateway's",
              f"{GATEWAY}/test_accounts.py::test_it_comes_back_from_its_record_whole"),
    Elsewhere("own orders of an earlier life cannot be told by their id", "ids name bot, level and life",
              f"{E2E}/test_host_quotes.py::test_the_bot_quotes_on_both_sides_with_ids_that_name_bot_and_level"),
    Elsewhere("orders are placed again while the controller is paused", "a paused bot has an empty book",
              f"{E2E}/test_host_quotes.py::"
              "test_a_soft_pause_empties_the_book_and_a_resume_fills_it_again_each_taken_once"),
    Elsewhere("start-up time grows with the stored rows", "tables are trimmed at the start",
              f"{E2E}/test_host_lives.py::test_the_first_order_comes_soon_also_after_seven_days_of_stored_history"),
    Elsewhere("position mode HEDGE by default, account-wide", "answered from policy, never forwarded",
              f"{GATEWAY}/test_submit.py::"
              "test_margin_mode_leverage_and_position_mode_are_answered_from_policy_and_never_forwarded"),
    Elsewhere("reduceOnly is never sent, not even to close", "the gateway computes what reduces",
              f"{GATEWAY}/test_reducing.py::test_a_derisk_order_within_the_position_goes_out_reduce_only"),
    Elsewhere("a cancel-all that the venue does not take", "order by order, until two empty lists",
              f"{KILL_SWITCH}/test_hand.py::"
              "test_a_venue_that_refuses_cancel_all_is_asked_order_by_order"),
    Elsewhere("a token counter in Redis can go back after a crash", "the highest token seen is in the journal",
              f"{GATEWAY}/limits/test_conditions.py::"
              "test_i4_an_order_with_an_older_token_is_refused_also_after_a_restart"),
)  # fmt: skip
