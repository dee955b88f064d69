"""How orders are kept safe: the ORD rows of the gateway."""

from scripts.desk.capability import COMMON, CONDITIONS, DIALECT, E2E, EPP, GATEWAY, RATES, SIM, VIRTUAL, Capability

ORDERS = {
    "ORD-04": Capability(
        "Rate-limit governor of the exchange",
        "token buckets of each sub-account and of the address, shared by all bots; 30 % kept for cancels, 10 % for the"
        " kill switch; after a 429 submits stand back, cancels do not; headroom is a gauge, warned of below one half",
        ("services/gateway/governor.py",),
        (
            f"{GATEWAY}/test_governor.py::test_submits_stop_at_the_reserve_and_refill_with_time",
            f"{GATEWAY}/test_governor.py::"
            "test_the_address_is_shared_by_all_accounts_and_keeps_a_share_for_the_kill_switch",
            f"{RATES}::test_ord_04_submits_leave_the_reserve_of_cancels_untouched",
            f"{RATES}::test_ord_04_after_too_many_requests_submits_stand_back_and_cancels_do_not",
            f"{RATES}::test_ord_04_a_budget_that_stays_below_half_is_warned_of_once",
        ),
        "headroom over a soak: no soak is kept here; the simulated venue refuses with 429 and bans, and no seed breaks"
        " an invariant under it",
    ),
    "ORD-05": Capability(
        "Throttle windows and deterministic back-off",
        "submits per second and minute, cancels, messages per scope in sliding windows; back-off 100 to 5 000 ms,"
        " doubling, with a jitter of 10 % that is the same for a key within 5 s",
        ("services/gateway/limits/rates.py", "services/gateway/governor.py", "services/common/retry.py"),
        (
            f"{GATEWAY}/test_governor.py::test_each_throttling_doubles_the_wait_up_to_its_cap_and_success_resets_it",
            f"{GATEWAY}/test_governor.py::test_jitter_is_within_ten_per_cent_and_the_same_for_the_same_key_and_time",
            f"{RATES}::test_rts6_15_1_d_at_most_so_many_submits_in_any_second",
            f"{RATES}::test_rts6_15_1_d_15_5_messages_are_counted_in_every_scope_and_shared_where_it_is_shared",
            f"{COMMON}/test_retry.py::test_waits_grow_to_the_cap_and_repeat_from_the_seed",
        ),
        "a snapshot of the windows on disk: a new life begins behind a shut door with an empty book, longer than the"
        " windows of a second; those of a minute begin empty. 10/20/25 a second: the figures are the policy's",
    ),
    "ORD-06": Capability(
        "Retries and deadlines",
        "a submit is never sent twice: without an answer its truth is asked for, the bot has its reply in 3 s; cancels"
        " are repeated until they are done; reads are asked again with bounded attempts; every request has a deadline",
        ("services/common/retry.py", "services/gateway/pursuit.py", "services/dialects/bitget/client.py"),
        (
            f"{COMMON}/test_retry.py::test_it_asks_until_it_succeeds_or_the_attempts_are_used_up",
            f"{COMMON}/test_retry.py::test_another_exception_is_not_asked_again",
            f"{GATEWAY}/test_submit.py::test_the_reply_is_held_three_seconds_then_says_accepted_under_an_id_that_stays",
            f"{GATEWAY}/test_pursuit.py::test_a_cancel_without_answer_is_accepted_after_three_seconds_and_pursued",
            f"{GATEWAY}/test_stopping.py::test_draining_gives_up_in_time_when_the_venue_is_away_and_says_what_it_knows",
            f"{DIALECT}/test_server.py::test_an_answer_that_takes_too_long_is_unknown",
        ),
        "retries of a place or amend by error class: an order whose outcome is not known is looked up instead",
    ),
    "ORD-07": Capability(
        "Idempotent exchange port",
        "the key is the client order id without time: under way is refused at once, done is answered from memory,"
        " refused may be tried again; hits and conflicts are counted",
        ("services/gateway/submit.py", "services/gateway/orders.py"),
        (
            f"{GATEWAY}/test_submit.py::test_the_same_order_again_gets_the_same_answer_and_is_not_sent_again",
            f"{GATEWAY}/test_submit.py::test_the_same_id_while_the_first_is_under_way_is_refused",
            f"{GATEWAY}/test_submit.py::test_the_same_id_with_other_terms_is_refused",
            f"{GATEWAY}/test_submit.py::test_an_order_refused_by_the_venue_may_be_tried_again_under_its_id",
            f"{VIRTUAL}::test_a_resend_on_timeout_is_found",
        ),
        "a counter of misses: that is the counter of submits",
    ),
    "ORD-08": Capability(
        "Circuit breaker per operation",
        "errors, server faults and throttlings in shares over 60 s open an operation for 30 s, five probes close it;"
        " cancels never ask; breaker, idempotency, journal, wire in this order",
        ("services/gateway/breaker.py",),
        (
            f"{GATEWAY}/test_breaker.py::test_it_opens_on_the_share_of_each_kind_of_failure",
            f"{GATEWAY}/test_breaker.py::test_it_bars_for_its_time_then_lets_five_probes_through",
            f"{GATEWAY}/test_breaker.py::test_a_failed_probe_opens_it_again_for_a_shorter_time",
            f"{RATES}::test_ord_08_an_operation_that_keeps_failing_is_left_alone_then_probed",
        ),
    ),
    "ORD-09": Capability(
        "Client order identity",
        "hb<bot>-<level>-<life>.<counter>, unique over lives, at most 32 characters; what carries the prefix and has no"
        " row is cancelled, what does not is reported and left alone",
        ("services/common/ids.py", "services/gateway/orders.py", "services/gateway/hunter.py"),
        (
            "tests/unit/services/bot/test_carrier.py::"
            "test_a_plan_becomes_one_submit_with_an_id_that_names_bot_level_and_life",
            "tests/unit/services/bot/test_carrier.py::test_ids_of_two_lives_never_meet",
            f"{GATEWAY}/test_submit.py::test_rts6_12_3_a_client_order_id_names_one_order_for_ever",
            f"{GATEWAY}/test_hunter.py::test_an_order_with_our_prefix_and_no_row_is_cancelled_and_reported",
            f"{GATEWAY}/test_hunter.py::test_an_order_that_is_not_ours_is_reported_once_and_left_alone",
        ),
        "ids of the older form and the variable that allows them: there is no earlier release whose orders could live",
    ),
    "ORD-10": Capability(
        "Layered gates before a real order",
        "any upstream that is not this machine wants armed, mode, ALLOW_MAINNET_TRADE=1, pairs, largest order value,"
        " unattended policy and a dead man's timer or watchdog; every missing one is named, and the bot's own policy"
        " must name the mode",
        ("services/gateway/arming.py",),
        (
            f"{GATEWAY}/test_arming.py::test_each_condition_alone_keeps_it_from_arming",
            f"{GATEWAY}/test_arming.py::test_every_missing_condition_is_named_at_once",
            f"{GATEWAY}/test_arming.py::test_the_confirmation_must_be_exactly_one",
            f"{GATEWAY}/test_arming.py::test_armed_limits_are_the_narrower_ones",
            f"{GATEWAY}/test_arming.py::"
            "test_ks_08_a_bot_whose_policy_does_not_name_an_exchange_keeps_the_gateway_from_starting",
        ),
        "max_orders_per_run and max_open_orders of a first live run: open_orders_max in an override of the policy says"
        " it; a dry run is mode sim",
    ),
    "ORD-11": Capability(
        "Gate chain and states of an order",
        "one pass over release, fence, conditions, price, behaviour, exposure and rates; a cancel always passes, what"
        " reduces passes where new risk may not; the row of an order moves only in one place",
        ("services/gateway/limits/gate.py", "services/gateway/steps.py", "services/gateway/reducing.py"),
        (
            "tests/property/test_gateway_order_life.py::test_any_interleaving_leaves_one_truth",
            f"{GATEWAY}/limits/test_registry.py::test_every_limit_and_rule_has_a_test_that_says_it_proves_it",
            f"{GATEWAY}/test_submit.py::test_rts6_17_1_in_reducing_only_what_ends_at_flat_passes",
            f"{GATEWAY}/test_submit.py::test_rts6_12_1_any_scope_can_be_halted_at_once",
            f"{EPP}/test_ops_guard.py::test_every_transition_of_the_guard",
        ),
        "a smart order router: one venue, one route",
    ),
    "ORD-12": Capability(
        "Order attributes, self-trade, quantities, bands",
        "post-only with the age of the view behind it, reduce-only computed here and never beyond flat, no order"
        " against the desk's own, sizes down to the lot with a reason when too small, a collar on both sides",
        ("services/gateway/limits", "services/gateway/reducing.py", "controllers/epp/sizing.py"),
        (
            f"{CONDITIONS}::test_a_post_only_order_from_an_old_view_is_refused_where_the_bot_states_it",
            f"{GATEWAY}/test_submit.py::test_rts6_17_1_a_reduce_only_order_never_passes_flat",
            f"{SIM}/test_trading.py::test_a_reduce_only_order_never_passes_flat",
            f"{GATEWAY}/limits/test_behaviour.py::test_rts6_13_1_an_order_that_would_trade_with_another_bot_of_the_desk_is_refused",
            f"{SIM}/test_trading.py::test_self_trade_prevention_ends_what_its_mode_says",
            f"{GATEWAY}/limits/test_single.py::test_rts6_15_1_a_a_price_at_most_fifty_bps_through_the_far_touch",
            f"{SIM}/test_trading.py::test_an_order_that_breaks_a_rule_is_refused_with_code_value_and_limit",
            f"{GATEWAY}/test_listing.py::test_f15_rules_that_change_are_read_anew_within_a_minute_and_told_once",
        ),
        "500 ms of post-only staleness and 400/300 ms deadlines belong to a faster quoter (3 000 ms here); a mode of"
        " self-trade prevention on the wire: the gateway keeps such orders from leaving; a 24 h cache of rules: they"
        " are read every minute",
    ),
    "ORD-13": Capability(
        "Cancel on disconnect, heartbeat guard, runaway breakers",
        "a bot that is gone or silent has nothing resting within 5 s; a halt leaves nothing within 1.5 s in 19 of 20;"
        " too many attempts, refusals, lost outcomes or unexplained orders stop the bot or quarantine pair or route",
        ("services/gateway/sessions.py", "services/gateway/watches.py", "services/gateway/quarantine.py"),
        (
            f"{GATEWAY}/test_cancel_all_in_time.py::"
            "test_ord_13_a_halt_leaves_nothing_resting_within_a_second_and_a_half_in_nineteen_of_twenty",
            f"{GATEWAY}/test_sessions.py::test_they_are_gone_within_five_seconds_even_when_two_cancels_are_refused",
            f"{E2E}/test_gateway_sessions.py::test_kill_9_of_a_bot_empties_its_book_within_five_seconds",
            f"{GATEWAY}/test_watches.py::test_rts6_15_3_a_loop_of_refused_submits_stops_the_bot",
            f"{GATEWAY}/test_quarantine.py::test_f10_a_storm_of_venue_refusals_quarantines_the_pair_for_that_bot",
            f"{CONDITIONS}::test_i4_an_order_with_an_older_token_is_refused_also_after_a_restart",
        ),
    ),
    "ORD-14": Capability(
        "Partial fills",
        "every partial fill is on the bus with what was wanted, what came, the time it took and what becomes of the"
        " rest; the strategy ends the rest when little is done and the market has become wide",
        ("services/gateway/fills.py", "controllers/epp/order_step.py"),
        (
            f"{GATEWAY}/test_fills.py::"
            "test_ord_14_every_partial_fill_is_told_with_wanted_filled_time_and_what_becomes_of_the_rest",
            f"{EPP}/test_decide.py::"
            "test_the_rest_of_a_partly_filled_order_goes_only_when_little_is_done_and_the_market_is_wide",
        ),
    ),
    "ORD-16": Capability(
        "Fills with a monotone cursor, drop copy",
        "heard on the private stream, read by poll, counted once by trade id; the venue time up to which fills are"
        " known only grows and is in the journal with the trade; every fill is on the bus",
        ("services/gateway/fills.py", "services/gateway/reading.py", "services/gateway/accounts.py"),
        (
            f"{GATEWAY}/test_recovery.py::test_fills_missed_while_it_was_down_are_imported_before_the_door_opens",
            f"{GATEWAY}/test_recovery.py::test_a_fill_is_not_counted_again_by_the_next_life",
            f"{GATEWAY}/test_fills.py::test_a_fill_is_counted_once_however_often_it_is_heard",
            f"{GATEWAY}/test_fills.py::test_more_fills_than_a_page_holds_are_all_read",
            f"{VIRTUAL}::test_a_lost_fill_is_found",
            f"{VIRTUAL}::test_a_fill_counted_twice_is_found",
        ),
        "seven alerts: what differs is a break on the bus and on the page; there is no alert manager",
    ),
}
