"""Which test shows that the desk stands each fault of the catalogue. `docs/reference/faults.md`, `desk report faults`
and a tidy test read it; that every test named here exists is checked, that it passes is what `make test` is for.

Only what shows the desk's own behaviour counts as proof. That the simulated venue can produce a fault is not.
"""

from scripts.desk.fault_catalogue import Proof
from scripts.desk.fault_market_proofs import MARKET_PROOFS
from scripts.desk.fault_tiers import (
    CERTIFICATES,
    CONDITIONS,
    CONNECTOR,
    CRASH,
    GATEWAY,
    KILL_SWITCH,
    RATES,
    SERVERS,
    host,
    logic,
    process,
)

_EACH_KILLED = (
    process(
        "test_desk_up.py::test_kill_nine_of_each_process_in_turn_loses_nothing_and_leaves_no_unknown_order",
        "back 90 s, nothing lost",
    ),
    Proof("process", "nothing lost, twice or unknown", CRASH),
)

PROOFS: dict[str, tuple[Proof, ...]] = {
    "F01": (
        logic(
            f"{GATEWAY}/test_submit.py::test_a_lost_answer_is_asked_for_and_the_bot_hears_accepted_with_a_final_id",
            "asked for at once, never sent again",
        ),
        process(
            "test_gateway_sessions.py::test_f01_a_submit_whose_answer_is_lost_is_found_alive_and_not_sent_again",
            "one order",
        ),
    ),
    "F02": (
        logic(f"{GATEWAY}/test_submit.py::test_not_found_is_believed_only_after_ten_seconds_and_several_polls", "10 s"),
    ),
    "F03": (logic(f"{GATEWAY}/test_submit.py::test_a_fill_that_arrives_before_the_answer_answers_the_bot", "at once"),),
    "F04": (
        logic(f"{GATEWAY}/test_pursuit.py::test_a_cancel_of_a_filled_order_says_so_and_counts_the_fill", "at once"),
    ),
    "F05": (logic(f"{GATEWAY}/test_pursuit.py::test_a_fill_that_comes_after_the_cancel_is_counted", "at once"),),
    "F07": (logic(f"{GATEWAY}/test_fills.py::test_a_fill_is_counted_once_however_often_it_is_heard", "once"),),
    "F09": (
        logic(f"{GATEWAY}/test_submit.py::test_the_same_id_with_other_terms_is_refused", "at once"),
        host(
            "test_host_lives.py::test_after_kill_9_the_old_orders_are_gone_within_5_s_and_new_ones_rest_within_25_s",
            "ids of two lives differ",
        ),
    ),
    "F10": (
        logic(
            f"{GATEWAY}/test_quarantine.py::test_f10_a_storm_of_venue_refusals_quarantines_the_pair_for_that_bot",
            "venue_rejects_per_minute_max",
        ),
    ),
    "F11": (
        logic(
            f"{KILL_SWITCH}/test_service.py::"
            "test_f11_a_close_that_the_venue_refuses_is_repeated_until_the_account_is_flat",
            "until flat",
        ),
        logic(
            f"{KILL_SWITCH}/test_service.py::"
            "test_f11_a_close_that_is_refused_for_good_holds_up_no_zero_and_is_named_for_a_person",
            "zero 3 s, flatten_within_s",
        ),
    ),
    "F12": (
        logic("tests/unit/services/kill_switch/test_hand.py::test_an_accepted_cancel_is_not_a_zero", "until zero"),
    ),
    "F13": (
        logic(f"{GATEWAY}/test_pursuit.py::test_a_throttled_cancel_is_repeated_until_it_is_done", "until done"),
        logic(
            f"{RATES}::test_ord_04_after_too_many_requests_submits_stand_back_and_cancels_do_not",
            "the venue's retry-after",
        ),
        process("test_gateway_sessions.py::test_a_cancel_that_the_venue_throttles_is_repeated_until_it_is_done", "6 s"),
    ),
    "F14": (
        logic(
            f"{CONDITIONS}::test_f14_no_new_risk_when_the_clocks_differ_by_more_than_a_second",
            "clock_skew_ms_max",
        ),
    ),
    "F15": (
        logic(
            f"{GATEWAY}/test_listing.py::test_f15_rules_that_change_are_read_anew_within_a_minute_and_told_once",
            "listing_poll_ms",
        ),
        logic(
            f"{GATEWAY}/test_listing.py::"
            "test_f15_after_a_refusal_by_the_rules_a_bot_that_asks_gets_the_new_ones_at_once",
            "the first refusal",
        ),
        logic(
            f"{CONNECTOR}::test_f15_an_order_refused_by_the_rules_makes_them_be_read_at_once", "the first refusal, 60 s"
        ),
    ),
    "F16": (logic(f"{GATEWAY}/test_requests.py::test_an_amendment_is_refused_with_what_to_do_instead", "at once"),),
    **MARKET_PROOFS,
    "F30": (
        process("test_gateway_sessions.py::test_kill_9_of_a_bot_empties_its_book_within_five_seconds", "5 s"),
        host(
            "test_host_lives.py::test_after_kill_9_the_old_orders_are_gone_within_5_s_and_new_ones_rest_within_25_s",
            "gone 5 s, quoting 25 s",
        ),
        _EACH_KILLED[1],
    ),
    "F31": (
        process("test_gateway_front.py::test_a_stop_cancels_everything_and_ends_with_zero", "zero orders"),
        host("test_host_lives.py::test_sigterm_leaves_no_order_and_exits_with_0", "10 s"),
    ),
    "F32": (
        process(
            "test_gateway_sessions.py::"
            "test_a_stopped_bot_is_silent_and_its_book_is_empty_within_five_seconds_then_it_may_go_on",
            "5.5 s",
        ),
    ),
    "F33": _EACH_KILLED,
    "F34": (
        logic(
            f"{GATEWAY}/test_stopping.py::"
            "test_a_journal_that_cannot_be_written_stops_new_risk_and_leaves_nothing_resting",
            "at once",
        ),
        logic(
            "tests/unit/services/event_store/test_service.py::"
            "test_a_disk_that_fails_ends_the_store_and_the_next_life_stores_everything_once",
            "nothing lost",
        ),
        logic(
            f"{GATEWAY}/test_engine.py::test_a_kill_on_a_full_disk_is_obeyed_and_written_when_there_is_room", "at once"
        ),
    ),
    "F35": (
        logic(
            f"{GATEWAY}/test_journal.py::test_a_write_that_fails_is_told_once_and_nothing_after_it_is_confirmed",
            "at once",
        ),
        logic(f"{GATEWAY}/test_stopping.py::test_an_order_that_the_disk_holds_up_is_refused_and_never_sent", "3 s"),
    ),
    "F36": (
        process("test_event_store_survives_kill.py::test_store_and_redis_are_killed_under_load", "nothing lost"),
        logic(
            "tests/unit/services/event_store/test_service.py::"
            "test_streams_are_trimmed_only_below_what_every_reader_has",
            "nothing lost",
        ),
        logic(
            f"{GATEWAY}/test_stopping.py::"
            "test_a_bus_that_is_gone_stops_new_risk_after_fifteen_seconds_and_empties_the_book_after_two_minutes",
            "15 s, 120 s",
        ),
    ),
    "F37": (
        _EACH_KILLED[0],
        logic(
            f"{SERVERS}::test_f37_ten_minutes_without_postgres_end_nothing_and_it_comes_back_by_itself", "the next look"
        ),
        logic(f"{SERVERS}::test_f37_no_process_of_the_desk_is_told_of_postgres", "nothing depends on it"),
        logic(f"{SERVERS}::test_f37_the_order_path_does_not_even_load_a_client_of_postgres", "nothing depends on it"),
    ),
    "F39": (
        logic(
            "tests/ports/test_bus_contract.py::test_what_was_not_acknowledged_is_given_to_the_next_life_of_the_reader",
            "the next life",
        ),
    ),
    "F40": (
        logic(
            "tests/unit/controllers/epp/test_decide.py::test_a_clock_that_goes_back_pauses_and_time_never_does",
            "one tick",
        ),
        logic(
            "tests/unit/controllers/epp/test_daily_state.py::"
            "test_a_clock_that_goes_back_over_midnight_does_not_reset_the_day",
            "",
        ),
        logic(f"{GATEWAY}/test_clock_steps.py::test_f40_no_new_risk_from_the_moment_the_clock_steps", "at once"),
    ),
    "F41": (
        logic(
            f"{CERTIFICATES}::test_f41_a_name_that_does_not_resolve_is_a_refusal_and_the_session_comes_up_once_it_does",
            "nothing sent; the next attempt",
        ),
    ),
    "F42": (
        logic(
            f"{GATEWAY}/test_recovery.py::test_while_the_venue_does_not_answer_the_door_stays_shut_and_opens_after",
            "until it answers",
        ),
        logic(
            f"{GATEWAY}/test_fills.py::test_a_fill_in_a_gap_of_the_private_stream_is_read_when_it_is_back",
            "fills_poll_ms",
        ),
    ),
    "F43": (
        logic(
            "tests/unit/services/bot/test_config.py::"
            "test_f43_a_second_bot_made_by_copying_the_first_is_refused_for_its_controller_id",
            "refuses the start",
        ),
        host(
            "test_host_start.py::test_f43_a_second_process_of_a_bot_is_refused_at_its_start",
            "refuses the start",
        ),
    ),
    "F44": (
        logic("tests/unit/services/bot/test_config.py::test_a_half_written_file_is_refused", "refuses the start"),
        logic(f"{GATEWAY}/test_latch_file.py::test_half_a_file_is_unreadable", "counts as HALTED"),
    ),
    "F45": (
        logic(
            f"{CONDITIONS}::test_k1_a_bot_whose_settings_are_not_the_released_ones_does_not_quote",
            "the first order",
        ),
    ),
    "F46": (
        logic(
            f"{GATEWAY}/test_keys.py::"
            "test_f46_a_revoked_key_shuts_the_door_by_its_name_and_is_asked_for_every_ten_seconds",
            "the first refusal, 10 s",
        ),
        logic(
            f"{GATEWAY}/test_keys.py::test_f46_a_cancel_is_tried_all_the_while_and_done_once_the_key_is_taken_again",
            "ask_slowest_ms",
        ),
        logic(
            f"{GATEWAY}/test_keys.py::test_f46_a_login_that_is_refused_at_the_start_is_why_the_door_is_shut",
            "the door says why",
        ),
    ),
    "F47": (
        logic(
            f"{CERTIFICATES}::test_f47_an_expired_or_unknown_certificate_ends_before_anything_is_sent", "nothing sent"
        ),
    ),
    "F50": (
        logic(
            f"{GATEWAY}/test_differences.py::"
            "test_a_position_nobody_can_explain_is_a_break_after_ten_seconds_and_the_bot_may_only_reduce",
            "10 s",
        ),
        host(
            "test_host_quotes.py::test_an_order_cancelled_by_hand_is_replaced_only_by_a_new_decision",
            "as many submits as decisions",
        ),
    ),
    "F51": (
        logic(
            f"{GATEWAY}/test_accounts.py::test_funding_is_positive_when_paid_and_a_deposit_is_never_a_profit",
            "to the last digit",
        ),
    ),
    "F52": (
        logic(
            f"{GATEWAY}/test_accounts.py::test_funding_is_positive_when_paid_and_a_deposit_is_never_a_profit",
            "to the last digit",
        ),
    ),
    "F53": (
        logic(
            f"{GATEWAY}/test_fills.py::"
            "test_k5_a_fill_of_an_unknown_order_goes_to_suspense_and_lets_the_bot_only_reduce",
            "suspense_quote_max",
        ),
    ),
    "F54": (logic(f"{GATEWAY}/test_differences.py::test_f54_a_leg_that_the_venue_closes_is_seen", "10 s"),),
    "F55": (
        logic(
            f"{GATEWAY}/test_listing.py::"
            "test_f55_a_halted_pair_waits_for_every_bot_and_is_tried_again_after_half_a_minute",
            "30 s",
        ),
        logic(
            f"{GATEWAY}/test_listing.py::"
            "test_f55_a_delisted_pair_takes_no_new_risk_and_its_orders_are_cancelled_as_the_venue_says",
            "listing_poll_ms",
        ),
    ),
    "F56": (
        logic(
            f"{CONDITIONS}::test_fee_04_no_new_risk_from_a_minute_before_announced_maintenance_to_its_end",
            "the announced time",
        ),
        logic(
            f"{CONDITIONS}::test_fee_04_f56_nothing_that_could_open_rests_when_the_venue_stops",
            "the announced time",
        ),
    ),
    "F57": (
        logic(f"{GATEWAY}/test_recovery.py::test_a_failed_query_of_positions_is_not_taken_as_flat", "door stays shut"),
    ),
    "F58": (
        logic(f"{CONNECTOR}::test_f58_the_fees_are_the_accounts_own_and_stay_while_they_cannot_be_read", "60 s + 60 s"),
        logic(
            f"{GATEWAY}/test_requests.py::test_a_fee_rate_is_asked_for_with_the_bots_own_account", "the account's own"
        ),
    ),
    "F59": (process("test_gateway_front.py::test_a_bot_sees_nothing_of_another_bot", "nothing"),),
    "F70": (
        logic(
            "tests/unit/services/kill_switch/test_service.py::test_asking_twice_is_written_down_and_changes_nothing",
            "at once",
        ),
    ),
    "F71": (
        process(
            "test_kill_switch_process.py::test_a_kill_begun_while_the_venue_was_down_is_finished_by_the_next_life",
            "the next life",
        ),
    ),
    "F72": (logic(f"{GATEWAY}/test_admin.py::test_one_person_is_not_two", "at once"),),
    "F74": (
        logic(
            "tests/unit/services/desk_api/test_web.py::test_numbers_grow_old_on_the_server_when_nothing_is_heard", ""
        ),
        Proof(
            "process",
            "stale and greyed",
            "tests/browser/test_page_in_a_browser.py::test_a_number_whose_source_fell_silent_says_stale_and_is_greyed",
        ),
    ),
    "F76": (
        logic("tests/unit/services/common/test_hash_chain.py::test_a_changed_line_is_found", "at the next look"),
        logic("tests/unit/services/common/test_hash_chain.py::test_a_removed_line_is_found", "at the next look"),
    ),
    "F77": (logic(f"{GATEWAY}/test_journal.py::test_a_journal_of_a_newer_release_is_refused", "refuses the start"),),
}
