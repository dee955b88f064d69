"""What the desk must be able to do, row by row of the capability inventory: what it is here, where, what shows it, and
what of the row is deliberately not here. `docs/reference/capabilities.md` and a tidy test read it.

A row counts as met when its purpose and its evidence are; where it names a mechanism that the design replaces, the
last cell says what stands in its place.
"""

from scripts.desk.capability import CAPS, CONDITIONS, DIALECT, E2E, GATEWAY, PAPER, SIM, VIRTUAL, Capability
from scripts.desk.capability_orders import ORDERS
from scripts.desk.capability_strategy import STRATEGY

_PAPER = {
    "PAP-02": Capability(
        "Depth fill model: seeded variance, gated partials, drift after a fill",
        "participation spread by a fifth either way, a partial fill in its ratios, the next one no sooner than the"
        " latency; drift after a fill is booked apart as paper_adverse_pnl_quote",
        ("services/simulation/fill_model.py", "services/simulation/drift.py"),
        (
            f"{PAPER}::test_same_seed_same_sequence_and_another_seed_another",
            f"{PAPER}::test_a_crossing_order_is_not_filled_whole_in_one_cycle_but_is_in_several",
            f"{PAPER}::test_a_partial_fill_stays_within_its_ratios",
            f"{PAPER}::test_participation_scales_what_reaches_the_order_by_a_fifth_either_way",
            f"{PAPER}::test_the_next_partial_fill_waits_for_the_gate",
            f"{PAPER}::test_drift_after_a_fill_is_booked_apart_from_the_wallet",
            f"{SIM}/test_determinism.py::test_the_log_does_not_depend_on_the_hash_seed",
        ),
    ),
    "PAP-03": Capability(
        "Paper statistics",
        "paper_fill_count, paper_reject_count and paper_avg_queue_delay_ms in the status and metrics of the simulated"
        " venue; what cannot be published spools and is counted",
        ("services/venue_sim/metrics.py", "services/simulation/engine.py"),
        (
            f"{PAPER}::test_the_statistics_count_fills_refusals_and_time_in_the_queue",
            "tests/ports/test_bus_contract.py::test_a_full_spool_refuses_capped_streams_and_keeps_what_must_not_be_lost",
        ),
        "a count of dropped relays: there is no relay between a paper connector and Hummingbot any more",
    ),
    "PAP-05": Capability(
        "Deterministic touch-fill mode",
        "not built: the same seed gives the same fills bit for bit, and a test that wants a fill at a touch tells its"
        " fake venue to trade",
        ("services/simulation/fill_model.py",),
        (
            f"{SIM}/test_determinism.py::test_everything_that_is_drawn_repeats_bit_for_bit_and_another_seed_differs",
            f"{PAPER}::test_same_seed_same_sequence_and_another_seed_another",
        ),
        "fill_after_ticks: our orders rest in the book that is matched, so mid never reaches their price, they trade"
        " before; an order that fills without a queue also looks better than it is. Determinism, the row's purpose,"
        " comes from the seed",
    ),
    "PAP-07": Capability(
        "Venue conformance and the book inside",
        "an exchange with price-time priority, our orders in the queue, partial bursts, amend by cancel and replace,"
        " rate-limit storms and bans, funding, liquidation, ADL, self-trade prevention; numbered cards played by"
        " unmodified ccxt and by Hummingbot's connector",
        ("services/simulation", "services/venue_sim", "scripts/desk/conformance"),
        (
            "desk conformance bitget --client ccxt --json",
            "desk conformance bitget --client hummingbot --json",
            f"{E2E}/test_conformance.py::test_every_card_passes_with_an_unmodified_client",
            "tests/property/test_simulation_exchange.py::test_books_orders_positions_and_cash_agree_at_every_step",
            f"{SIM}/test_risk.py::test_what_the_book_does_not_take_is_taken_from_the_other_sides_winners",
        ),
        "a second venue's suite: a dialect is a module; its table says what is not proven on the real venue",
    ),
    "PAP-08": Capability(
        "Chaos hooks and drills",
        "every fault of the catalogue that a venue, a wire or a clock can produce is a switch, from a scenario file, an"
        " admin endpoint or the page; drills with real processes leave a report",
        ("services/simulation/faults.py", "services/venue_sim/admin.py", "scripts/desk/drill.py"),
        (
            f"{SIM}/test_faults.py::test_every_fault_of_the_catalogue_has_a_switch_or_belongs_elsewhere",
            "tests/unit/services/venue_sim/test_admin.py::test_faults_are_set_by_rule_or_by_name_and_taken_back",
            f"{VIRTUAL}::test_every_fault_of_the_catalogue_is_injected_by_some_seed",
            f"{E2E}/test_event_store_survives_kill.py::test_store_and_redis_are_killed_under_load",
            f"{CONDITIONS}::test_i4_an_order_with_an_older_token_is_refused_also_after_a_restart",
        ),
        "takeover of a lease within its time: one gateway runs; the token that keeps an old holder out is judged",
    ),
}

_REST = {
    "EVT-05": Capability(
        "Order journal, exactly once",
        "the row is on disk before the wire, its events in the same commit; at a start nothing is sent from a row, what"
        " is not known is asked for; unpublished events come again under the same ids",
        ("services/gateway/journal.py", "services/gateway/recovery.py", "services/gateway/engine.py"),
        (
            f"{GATEWAY}/test_submit.py::test_an_order_is_durable_before_the_venue_sees_it",
            f"{GATEWAY}/test_recovery.py::test_nothing_is_ever_sent_from_a_row_of_an_earlier_life",
            f"{GATEWAY}/test_journal.py::test_what_was_confirmed_is_there_after_kill_9",
            f"{GATEWAY}/test_engine.py::"
            "test_what_a_crash_kept_from_the_bus_is_published_by_the_next_life_under_the_same_ids",
            f"{E2E}/test_gateway_front.py::"
            "test_kill_9_of_the_gateway_leaves_no_duplicate_no_lost_fill_and_no_order_nobody_knows",
            f"{E2E}/test_desk_up.py::test_a_short_crash_drill_finds_venue_journal_and_drop_copy_equal",
            "desk drill crash --kills 30 --json",
        ),
    ),
    "EVT-09": Capability(
        "Executions recorded and replayed",
        "orders, fills and refusals are in the event files of each day; desk events replay plays them through and says"
        " what they add up to, per pair and position",
        ("services/event_store", "scripts/desk/executions.py"),
        (
            "tests/unit/scripts/desk/test_executions.py::test_the_totals_of_a_replay_are_those_of_the_files",
            "tests/unit/scripts/desk/test_executions.py::"
            "test_orders_fills_and_rejects_are_counted_by_pair_with_what_they_moved",
            "tests/unit/services/event_store/test_writer.py::test_lines_go_to_the_file_of_the_day",
        ),
        "a recorder that is switched on and rotated: the store always records; a replay at 1x or 10x of executions: a"
        " recorded market is replayed with desk up --market replay:<path> --speed",
    ),
    "FEA-07": Capability(
        "Continuity of sequences, quarantine of a feed, clock guard",
        "a gap in the book is asked for afresh and ignored until then; a wrong, late or jumped book makes the market"
        " stale until three sound ones came; clocks 250 ms apart are said, 1 000 ms apart stop new risk; sessions that"
        " were lost together come back apart",
        (
            "services/dialects/bitget/book_stream.py",
            "services/gateway/market_quality.py",
            "services/gateway/marketdata.py",
        ),
        (
            f"{DIALECT}/test_book_stream.py::test_an_update_that_does_not_follow_is_broken",
            f"{DIALECT}/test_book_stream.py::"
            "test_a_client_asks_for_a_broken_book_afresh_and_ignores_what_is_still_on_its_way",
            f"{GATEWAY}/test_market_quality.py::test_after_a_wrong_book_three_sound_ones_bring_trust_back",
            f"{CONDITIONS}::test_f14_no_new_risk_when_the_clocks_differ_by_more_than_a_second",
            f"{CONDITIONS}::test_f14_a_clock_that_was_not_compared_lately_is_not_known_and_takes_no_new_risk",
            f"{DIALECT}/test_client_address.py::"
            "test_sessions_that_were_lost_together_come_back_apart_and_the_same_way_every_time",
        ),
        "a quorum of several views: one venue is read, by stream and, when it is quiet, by REST",
    ),
    "RSK-04": Capability(
        "Gating chain and reason codes",
        "one registry of codes, each with meaning and next step; every refusal carries code, limit, value and scope, to"
        " the bot and to the bus; a renamed code fails its contract test",
        ("services/contracts/reasons.py", "services/gateway/limits/gate.py"),
        (
            "tests/unit/services/contracts/test_reasons.py::test_no_code_that_was_published_is_renamed_or_taken_away",
            "tests/unit/services/contracts/test_reasons.py::test_the_codes_of_the_allow_list_are_registered",
            f"{GATEWAY}/limits/test_registry.py::test_every_refusal_has_a_registered_reason",
            f"{GATEWAY}/test_submit.py::test_a_refused_submit_is_a_risk_decision_on_the_bus",
        ),
    ),
    "RSK-11": Capability(
        "Kill caps, identities",
        "absolute caps on loss and traded notional of the UTC day and month, for a bot and for the desk, counted from"
        " the journal; a scope that passed one may only reduce, and re-arming it does not help before the period is"
        " over; sums of fills, cash and positions are compared all the time",
        ("services/gateway/kill_caps.py", "services/gateway/differences.py", "scripts/simulate/settle.py"),
        (
            f"{CAPS}::test_rsk_11_a_loss_of_the_day_above_the_cap_leaves_a_bot_only_what_reduces",
            f"{CAPS}::test_rsk_11_the_losses_of_bots_count_together_for_the_desk",
            f"{CAPS}::test_rsk_11_for_the_desk_a_bot_counts_also_when_it_is_not_started_again",
            f"{CAPS}::test_rsk_11_a_restart_forgets_no_loss_and_a_person_cannot_re_arm_over_it",
            f"{CAPS}::test_rsk_11_a_new_day_begins_anew_and_the_month_goes_on",
            f"{CAPS}::test_rsk_11_an_order_that_would_pass_what_may_be_traded_is_refused_and_reducing_ones_pass",
            f"{CAPS}::test_rsk_11_traded_notional_of_the_month_survives_a_restart_and_midnight",
            f"{GATEWAY}/test_differences.py::"
            "test_a_position_nobody_can_explain_is_a_break_after_ten_seconds_and_the_bot_may_only_reduce",
            f"{GATEWAY}/test_accounts.py::test_funding_is_positive_when_paid_and_a_deposit_is_never_a_profit",
        ),
        "self-healing: a difference is a break, never repaired silently; value at risk belongs to the risk of the"
        " portfolio",
    ),
    "SEC-03": Capability(
        "Withdrawing is impossible",
        "no dialect has an endpoint that moves money; every path of the venue's public list and every spelling of it is"
        " refused, logged and told; a key that may do more than read and trade opens no door; nothing is sent on to"
        " where a redirect points",
        ("services/dialects/bitget/endpoints.py", "services/gateway/key_rights.py"),
        (
            f"{DIALECT}/test_no_way_out.py::test_every_endpoint_that_moves_money_is_refused_as_not_existing",
            f"{DIALECT}/test_no_way_out.py::test_spelling_it_otherwise_does_not_help",
            f"{DIALECT}/test_no_way_out.py::test_each_try_is_told_to_the_owner_with_the_key_that_asked",
            f"{GATEWAY}/test_key_rights.py::test_sec_03_a_key_that_may_do_more_than_trade_keeps_the_door_shut",
            f"{E2E}/test_gateway_controls.py::test_sec_03_a_venue_key_that_may_withdraw_opens_no_door",
            f"{DIALECT}/test_client_address.py::test_an_order_is_never_sent_on_to_where_a_redirect_points",
        ),
        "an allowlist of outgoing addresses in the network: that is set where the desk is deployed",
    ),
    "KS-08": Capability(
        "Isolation of bots",
        "one sub-account, key, pairs, limits and modes per bot in the policy; a bot sees and cancels its own only; on"
        " an exchange it runs only where its policy names that mode; each bot is a process of its own",
        ("services/gateway/limits/policy.py", "services/gateway/arming.py", "services/gateway/views.py"),
        (
            f"{GATEWAY}/test_arming.py::"
            "test_ks_08_a_bot_whose_policy_does_not_name_an_exchange_keeps_the_gateway_from_starting",
            f"{GATEWAY}/test_arming.py::test_ks_08_a_bot_for_tests_only_does_not_run_in_paper",
            f"{GATEWAY}/test_submit.py::test_rts6_15_5_a_bot_trades_only_the_pairs_it_was_given",
            f"{GATEWAY}/limits/test_policy.py::test_an_override_replaces_the_figure_of_its_member_only",
            f"{E2E}/test_gateway_front.py::test_a_bot_sees_nothing_of_another_bot",
            f"{GATEWAY}/test_sessions.py::test_one_bots_lost_session_leaves_the_others_orders_alone",
        ),
        "processor and memory of a bot: set where the desk is deployed; a gate run for a new bot belongs to promotion",
    ),
    "FEE-04": Capability(
        "Maintenance calendar",
        "announced windows of the venue in the policy: said a day and an hour ahead, no new risk from a minute before,"
        " nothing that opens rests through it",
        ("services/gateway/maintenance.py", "services/gateway/limits/conditions.py"),
        (
            f"{CONDITIONS}::test_fee_04_maintenance_is_said_a_day_and_an_hour_ahead_once_each",
            f"{CONDITIONS}::test_fee_04_no_new_risk_from_a_minute_before_announced_maintenance_to_its_end",
            f"{CONDITIONS}::test_fee_04_f56_nothing_that_could_open_rests_when_the_venue_stops",
        ),
        "treasury: no part of this desk moves money",
    ),
}

GROUPS: dict[str, dict[str, Capability]] = {
    "Orders": ORDERS,
    "Paper engine and simulator": _PAPER,
    "Records, market data, risk, security": _REST,
    "Strategy EPP v2.4": STRATEGY,
}

# The rows that the exchange, the door to it and the strategy answer for.
LISTED = (
    *(f"ORD-{number:02}" for number in (*range(1, 15), 16)),
    *(f"PAP-{number:02}" for number in (2, 3, 5, 7, 8)),
    *("EVT-05", "EVT-09", "FEA-06", "FEA-07", "SEC-03", "KS-08", "FEE-01", "FEE-04", "ACC-02", "ACC-03", "REC-03"),
    *(f"RSK-{number:02}" for number in (1, 2, 4, 5, 11)),
    *(f"EPP-{number:02}" for number in range(1, 21)),
)

CAPABILITIES: dict[str, Capability] = {row: one for group in GROUPS.values() for row, one in group.items()}
