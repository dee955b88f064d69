"""The fault catalogue as data, and which test shows that the desk stands each fault. `docs/reference/faults.md` and a
tidy test read it; that every test named here exists is checked, that it passes is what `make test` is for.

Only what shows the desk's own behaviour counts as proof. That the simulated venue can produce a fault is not.
"""

from typing import Literal, NamedTuple

Tier = Literal["logic", "simulation", "process", "host"]


class Proof(NamedTuple):
    tier: Tier
    bound: str
    test: str  # "tests/….py::test_name"


GATEWAY = "tests/unit/services/gateway"
E2E = "tests/e2e"


def _logic(test: str, bound: str) -> Proof:
    return Proof("logic", bound, test)


def _process(test: str, bound: str) -> Proof:
    return Proof("process", bound, f"{E2E}/{test}")


def _host(test: str, bound: str) -> Proof:
    return Proof("host", bound, f"{E2E}/{test}")


GROUPS: dict[str, dict[str, str]] = {
    "Order path": {
        "F01": "submit timeout, the order is live",
        "F02": "submit timeout, the order is not live",
        "F03": "ack lost, the fill arrives first",
        "F04": 'cancel returns "unknown order" (filled)',
        "F05": "cancel ack, then a late fill",
        "F06": "partial fill during cancel",
        "F07": "duplicate fill message or replayed trade id",
        "F08": "fill and ack out of order",
        "F09": "client id collision after a restart",
        "F10": "post-only reject storm (symptom of a stale book)",
        "F11": "reduce-only rejected during flatten",
        "F12": "batch cancel half-failed",
        "F13": "429/418 ban during a kill",
        "F14": "venue -1021: clock skew of 2 or 10 s, either way",
        "F15": "tick, lot or minimum notional changed in mid-session",
        "F16": "modify on a venue without modify",
    },
    "Market data": {
        "F20": "stream open, no data",
        "F21": "sequence gap",
        "F22": "crossed or locked book",
        "F23": "one-sided book",
        "F24": "stale snapshot after a resubscribe",
        "F25": "feed 2 to 10 s late",
        "F26": "wrong symbol map",
        "F27": "price x1000, zero, NaN, negative",
        "F28": "reference venue down while the quoting venue is up",
        "F29": "index or oracle depeg",
    },
    "Process and infrastructure": {
        "F30": "SIGKILL of the strategy with open orders",
        "F31": "SIGTERM, container stop",
        "F32": "SIGSTOP for longer than the lease, then SIGCONT",
        "F33": "out of memory",
        "F34": "disk full on the event log",
        "F35": "fsync error",
        "F36": "Redis killed, failed over, stream trimmed",
        "F37": "Postgres down for 10 min",
        "F38": "ClickHouse down",
        "F39": "pending entries of a consumer group stuck",
        "F40": "clock jump of 1 h, slew",
        "F41": "DNS failure",
        "F42": "partition: bot and bus, bot and venue, one lost",
        "F43": "two bots under one controller id",
        "F44": "configuration half written",
        "F45": "old image on one of n hosts",
        "F46": "key revoked, address not allow-listed",
        "F47": "certificate expired",
    },
    "Account and venue": {
        "F50": "a person trades or cancels on the account",
        "F51": "deposit or withdrawal in mid-session",
        "F52": "funding debit",
        "F53": "partial liquidation",
        "F54": "ADL closes the hedge leg",
        "F55": "symbol halted or delisted",
        "F56": "venue maintenance with orders open",
        "F57": "a balances endpoint returns a stale or empty set",
        "F58": "fee tier changes",
        "F59": "sub-accounts mixed up",
        "F60": "venue API degraded for 100 min",
    },
    "People and control plane": {
        "F70": "kill pressed twice, by two people, while a kill runs",
        "F71": "the kill's own code fails",
        "F72": "approving one's own change",
        "F73": "alert storm (1000 a minute)",
        "F74": "frozen dashboard shows the last value as live",
        "F75": "notifications down",
        "F76": "audit row edited or deleted",
        "F77": "rollback to a version whose schema is older",
        "F78": "canary ends while the market shocks",
    },
}

FAULTS: dict[str, str] = {fault: meaning for group in GROUPS.values() for fault, meaning in group.items()}

_WRONG_BOOK = (
    _logic(f"{GATEWAY}/test_market_quality.py::test_a_wrong_book_is_set_aside_with_its_reason", "the first wrong book"),
    _logic(
        f"{GATEWAY}/test_marketdata.py::test_f22_f23_f27_on_a_wrong_book_there_is_no_new_risk_until_sound_ones_come",
        "until three sound books",
    ),
)

PROOFS: dict[str, tuple[Proof, ...]] = {
    "F01": (
        _logic(
            f"{GATEWAY}/test_submit.py::test_a_lost_answer_is_asked_for_and_the_bot_hears_accepted_with_a_final_id",
            "asked for at once, never sent again",
        ),
        _process(
            "test_gateway_sessions.py::test_f01_a_submit_whose_answer_is_lost_is_found_alive_and_not_sent_again",
            "one order",
        ),
    ),
    "F02": (
        _logic(
            f"{GATEWAY}/test_submit.py::test_not_found_is_believed_only_after_ten_seconds_and_several_polls", "10 s"
        ),
    ),
    "F03": (
        _logic(f"{GATEWAY}/test_submit.py::test_a_fill_that_arrives_before_the_answer_answers_the_bot", "at once"),
    ),
    "F04": (
        _logic(f"{GATEWAY}/test_pursuit.py::test_a_cancel_of_a_filled_order_says_so_and_counts_the_fill", "at once"),
    ),
    "F05": (_logic(f"{GATEWAY}/test_pursuit.py::test_a_fill_that_comes_after_the_cancel_is_counted", "at once"),),
    "F07": (_logic(f"{GATEWAY}/test_fills.py::test_a_fill_is_counted_once_however_often_it_is_heard", "once"),),
    "F09": (
        _logic(f"{GATEWAY}/test_submit.py::test_the_same_id_with_other_terms_is_refused", "at once"),
        _host(
            "test_host_lives.py::test_after_kill_9_the_old_orders_are_gone_within_5_s_and_new_ones_rest_within_25_s",
            "ids of two lives differ",
        ),
    ),
    "F10": (
        _logic(
            f"{GATEWAY}/limits/test_controls.py::test_f10_a_storm_of_venue_refusals_quarantines_the_pair_for_that_bot",
            "venue_rejects_per_minute_max",
        ),
    ),
    "F12": (
        _logic("tests/unit/services/kill_switch/test_hand.py::test_an_accepted_cancel_is_not_a_zero", "until zero"),
    ),
    "F13": (
        _logic(f"{GATEWAY}/test_pursuit.py::test_a_throttled_cancel_is_repeated_until_it_is_done", "until done"),
        _logic(
            f"{GATEWAY}/limits/test_controls.py::"
            "test_ord_04_after_too_many_requests_submits_stand_back_and_cancels_do_not",
            "the venue's retry-after",
        ),
        _process(
            "test_gateway_sessions.py::test_a_cancel_that_the_venue_throttles_is_repeated_until_it_is_done", "6 s"
        ),
    ),
    "F14": (
        _logic(
            f"{GATEWAY}/limits/test_controls.py::test_f14_no_new_risk_when_the_clocks_differ_by_more_than_a_second",
            "clock_skew_ms_max",
        ),
    ),
    "F16": (_logic(f"{GATEWAY}/test_requests.py::test_an_amendment_is_refused_with_what_to_do_instead", "at once"),),
    "F20": (
        _logic(
            f"{GATEWAY}/limits/test_controls.py::test_f20_a_stream_that_answers_pings_and_sends_nothing_goes_stale",
            "data_age_ms_max",
        ),
        _logic(f"{GATEWAY}/limits/test_controls.py::test_f20_a_frozen_stream_is_not_confirmed", "book_silent_ms_max"),
    ),
    "F21": _WRONG_BOOK[:1],
    "F22": _WRONG_BOOK,
    "F23": _WRONG_BOOK,
    "F25": _WRONG_BOOK[:1],
    "F27": _WRONG_BOOK,
    "F30": (
        _process("test_gateway_sessions.py::test_kill_9_of_a_bot_empties_its_book_within_five_seconds", "5 s"),
        _host(
            "test_host_lives.py::test_after_kill_9_the_old_orders_are_gone_within_5_s_and_new_ones_rest_within_25_s",
            "gone 5 s, quoting 25 s",
        ),
    ),
    "F31": (
        _process("test_gateway_front.py::test_a_stop_cancels_everything_and_ends_with_zero", "zero orders"),
        _host("test_host_lives.py::test_sigterm_leaves_no_order_and_exits_with_0", "10 s"),
    ),
    "F32": (
        _process(
            "test_gateway_sessions.py::"
            "test_a_stopped_bot_is_silent_and_its_book_is_empty_within_five_seconds_then_it_may_go_on",
            "5.5 s",
        ),
    ),
    "F34": (
        _logic(
            f"{GATEWAY}/test_stopping.py::"
            "test_a_journal_that_cannot_be_written_stops_new_risk_and_leaves_nothing_resting",
            "at once",
        ),
        _logic(
            "tests/unit/services/event_store/test_service.py::"
            "test_a_disk_that_fails_ends_the_store_and_the_next_life_stores_everything_once",
            "nothing lost",
        ),
    ),
    "F35": (
        _logic(
            f"{GATEWAY}/test_journal.py::test_a_write_that_fails_is_told_once_and_nothing_after_it_is_confirmed",
            "at once",
        ),
    ),
    "F36": (
        _process("test_event_store_survives_kill.py::test_store_and_redis_are_killed_under_load", "nothing lost"),
        _logic(
            "tests/unit/services/event_store/test_service.py::"
            "test_streams_are_trimmed_only_below_what_every_reader_has",
            "nothing lost",
        ),
        _logic(
            f"{GATEWAY}/test_stopping.py::"
            "test_a_bus_that_is_gone_stops_new_risk_after_fifteen_seconds_and_empties_the_book_after_two_minutes",
            "15 s, 120 s",
        ),
    ),
    "F39": (
        _logic(
            "tests/ports/test_bus_contract.py::test_what_was_not_acknowledged_is_given_to_the_next_life_of_the_reader",
            "the next life",
        ),
    ),
    "F40": (
        _logic(
            "tests/unit/controllers/epp/test_decide.py::test_a_clock_that_goes_back_pauses_and_time_never_does",
            "one tick",
        ),
        _logic(
            "tests/unit/controllers/epp/test_daily_state.py::"
            "test_a_clock_that_goes_back_over_midnight_does_not_reset_the_day",
            "",
        ),
    ),
    "F42": (
        _logic(
            f"{GATEWAY}/test_recovery.py::test_while_the_venue_does_not_answer_the_door_stays_shut_and_opens_after",
            "until it answers",
        ),
        _logic(
            f"{GATEWAY}/test_fills.py::test_a_fill_in_a_gap_of_the_private_stream_is_read_when_it_is_back",
            "fills_poll_ms",
        ),
    ),
    "F44": (
        _logic("tests/unit/services/bot/test_config.py::test_a_half_written_file_is_refused", "refuses the start"),
        _logic(f"{GATEWAY}/test_latch_file.py::test_half_a_file_is_unreadable", "counts as HALTED"),
    ),
    "F45": (
        _logic(
            f"{GATEWAY}/limits/test_controls.py::test_k1_a_bot_whose_settings_are_not_the_released_ones_does_not_quote",
            "the first order",
        ),
    ),
    "F50": (
        _logic(
            f"{GATEWAY}/test_differences.py::"
            "test_a_position_nobody_can_explain_is_a_break_after_ten_seconds_and_the_bot_may_only_reduce",
            "10 s",
        ),
        _host(
            "test_host_quotes.py::test_an_order_cancelled_by_hand_is_replaced_only_by_a_new_decision",
            "as many submits as decisions",
        ),
    ),
    "F51": (
        _logic(
            f"{GATEWAY}/test_accounts.py::test_funding_is_positive_when_paid_and_a_deposit_is_never_a_profit",
            "to the last digit",
        ),
    ),
    "F52": (
        _logic(
            f"{GATEWAY}/test_accounts.py::test_funding_is_positive_when_paid_and_a_deposit_is_never_a_profit",
            "to the last digit",
        ),
    ),
    "F54": (_logic(f"{GATEWAY}/test_differences.py::test_f54_a_leg_that_the_venue_closes_is_seen", "10 s"),),
    "F56": (
        _logic(
            f"{GATEWAY}/limits/test_controls.py::test_no_new_risk_during_announced_maintenance", "the announced time"
        ),
    ),
    "F57": (
        _logic(f"{GATEWAY}/test_recovery.py::test_a_failed_query_of_positions_is_not_taken_as_flat", "door stays shut"),
    ),
    "F59": (_process("test_gateway_front.py::test_a_bot_sees_nothing_of_another_bot", "nothing"),),
    "F70": (
        _logic(
            "tests/unit/services/kill_switch/test_service.py::test_asking_twice_is_written_down_and_changes_nothing",
            "at once",
        ),
    ),
    "F71": (
        _process(
            "test_kill_switch_process.py::test_a_kill_begun_while_the_venue_was_down_is_finished_by_the_next_life",
            "the next life",
        ),
    ),
    "F72": (_logic(f"{GATEWAY}/test_admin.py::test_one_person_is_not_two", "at once"),),
    "F74": (
        _logic(
            "tests/unit/services/desk_api/test_web.py::test_numbers_grow_old_on_the_server_when_nothing_is_heard", ""
        ),
        Proof(
            "process",
            "stale and greyed",
            "tests/browser/test_page_in_a_browser.py::test_a_number_whose_source_fell_silent_says_stale_and_is_greyed",
        ),
    ),
    "F76": (
        _logic("tests/unit/services/common/test_hash_chain.py::test_a_changed_line_is_found", "at the next look"),
        _logic("tests/unit/services/common/test_hash_chain.py::test_a_removed_line_is_found", "at the next look"),
    ),
    "F77": (_logic(f"{GATEWAY}/test_journal.py::test_a_journal_of_a_newer_release_is_refused", "refuses the start"),),
}


class Elsewhere(NamedTuple):
    """A trap of the stock Hummingbot that is no row of `desk drill host`."""

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
              "tests/unit/services/kill_switch/test_hand.py::"
              "test_a_venue_that_refuses_cancel_all_is_asked_order_by_order"),
    Elsewhere("a token counter in Redis can go back after a crash", "the highest token seen is in the journal",
              f"{GATEWAY}/limits/test_controls.py::"
              "test_i4_an_order_with_an_older_token_is_refused_also_after_a_restart"),
)  # fmt: skip
