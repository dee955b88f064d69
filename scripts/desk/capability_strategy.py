"""What the strategy EPP v2.4 must be able to do: its own rows, and those of risk, fees and accounting it carries."""

from scripts.desk.capability import E2E, EPP, PROPERTIES, Capability

_BOT = "tests/unit/services/bot"
_CONTROLLER = "tests/unit/controllers/market_making"
_PAGE = "docs/reference/epp_v2_4.md"

STRATEGY = {
    "EPP-01": Capability(
        "Regimes with hysteresis and volatility-normalised shock",
        "five regimes with a hold of three samples; shock is judged against the band, so it adapts to volatility",
        ("controllers/epp/regime.py", "controllers/epp/regime_table.py"),
        (
            f"{EPP}/test_regime.py::test_each_regime_begins_exactly_at_its_threshold",
            f"{EPP}/test_regime.py::test_a_new_regime_must_be_seen_in_three_samples_in_a_row",
            f"{EPP}/test_regime.py::test_shock_sensitivity_adapts_to_volatility",
            f"{EPP}/test_decide.py::test_each_regime_sets_its_spread_range_levels_refresh_and_size",
        ),
    ),
    "EPP-02": Capability(
        "The stale side stops at once on a flip",
        "orders of a side that the new regime does not quote are pulled in the same tick",
        ("controllers/epp/order_step.py",),
        (
            f"{EPP}/test_levels.py::test_a_side_taken_away_by_the_regime_is_pulled_at_once_not_at_the_refresh",
            f"{EPP}/test_decide.py::test_a_regime_that_changes_requotes_at_once",
        ),
        "StopExecutorAction: quotes are carried by orders of the desk's own, not by executors",
    ),
    "EPP-03": Capability(
        "O(1) running indicators on minute bars",
        "EMA and ATR are carried on, equal to a computation from scratch; the buffer is bounded",
        ("controllers/epp/indicators.py",),
        (
            f"{EPP}/test_indicators.py::test_running_values_equal_a_computation_from_scratch_to_12_decimals",
            f"{EPP}/test_indicators.py::test_the_buffer_is_bounded_and_the_averages_do_not_notice",
        ),
    ),
    "EPP-04": Capability(
        "Spread with capped skew and level steps",
        "spread from regime, turnover and floors; skew is a bounded share of it; levels step out",
        ("controllers/epp/spread.py", "controllers/epp/quote_kernel.py"),
        (
            f"{PROPERTIES}::test_the_spread_is_at_least_what_is_required_and_every_floor",
            f"{PROPERTIES}::test_the_distances_add_up_to_the_spread_and_the_skew_stays_within_its_cap",
            f"{EPP}/test_spread.py::test_levels_step_out_by_the_multiplier",
        ),
    ),
    "EPP-05": Capability(
        "Floor by cost, never inside the market spread",
        "the floor rises at once and falls only after its time; no side stands inside the market",
        ("controllers/epp/spread.py",),
        (
            f"{EPP}/test_spread.py::test_the_held_floor_rises_at_once_and_falls_only_after_its_time",
            f"{EPP}/test_spread.py::test_no_side_is_inside_the_market_spread",
            f"{PROPERTIES}::test_quotes_never_cross_each_other_nor_the_market",
        ),
    ),
    "EPP-06": Capability(
        "Net edge and its gate",
        "net edge after fees, slippage, drift, turnover and funding; the gate has hysteresis, a hold and says when the"
        " edge cannot be reached",
        ("controllers/epp/edge.py",),
        (
            f"{EPP}/test_edge.py::test_every_transition_of_the_gate",
            f"{EPP}/test_edge.py::test_between_minimum_and_resume_the_gate_keeps_its_state",
            f"{PROPERTIES}::test_net_edge_increases_with_the_spread",
        ),
    ),
    "EPP-07": Capability(
        "Sizes and prices in Decimal",
        "sizes on the lot and at least the minimum, prices on the tick; no binary float in what is priced",
        ("controllers/epp/sizing.py", "controllers/core/rounding.py"),
        (
            f"{EPP}/test_sizing.py::test_size_is_the_share_of_equity_on_the_lot_and_at_least_the_minimum",
            f"{EPP}/test_levels.py::test_prices_are_on_the_tick_and_rounded_away_from_the_market",
            f"{EPP}/test_decide.py::test_the_digits_of_a_decision_do_not_depend_on_the_hosts_decimal_context",
        ),
    ),
    "EPP-08": Capability(
        "Inventory target and skew",
        "long inventory bids further away and offers nearer; quotes never add beyond the limit",
        ("controllers/epp/inventory.py",),
        (
            f"{PROPERTIES}::test_a_long_inventory_never_bids_nearer_nor_offers_further_than_a_flat_one",
            f"{EPP}/test_decide.py::test_quotes_never_add_beyond_the_inventory_limit",
            "tests/simulation/test_epp_recorded_month.py::test_with_the_sign_of_the_skew_flipped_inventory_is_not_held",
        ),
    ),
    "EPP-09": Capability(
        "Intents from outside",
        "pause, resume, kill and target: once by id, until they expire, clamped and audited",
        ("controllers/epp/intents.py",),
        (
            f"{EPP}/test_intents.py::test_an_intent_told_twice_acts_once",
            f"{EPP}/test_intents.py::test_a_pause_outlives_its_expiry_and_a_target_does_not",
            f"{E2E}/test_host_quotes.py::test_a_target_is_clamped_to_the_bundle_and_audited",
        ),
    ),
    "EPP-10": Capability(
        "Variants",
        "live, paper only, disabled and no trade; what does not trade places nothing",
        ("controllers/epp/decide.py",),
        (
            f"{EPP}/test_decide.py::test_variants_that_place_nothing_place_nothing",
            f"{E2E}/test_host_start.py::test_a_variant_that_does_not_trade_tells_everything_and_sends_nothing",
        ),
    ),
    "EPP-11": Capability(
        "Guard of the bot",
        "running, soft pause, hard stop with reasons; a hard stop is lifted by another token and a restart",
        ("controllers/epp/ops_guard.py",),
        (
            f"{EPP}/test_ops_guard.py::test_every_transition_of_the_guard",
            f"{E2E}/test_host_quotes.py::"
            "test_a_soft_pause_empties_the_book_and_a_resume_fills_it_again_each_taken_once",
            f"{E2E}/test_host_lives.py::test_a_kill_intent_stops_the_bot_for_good_also_over_a_restart",
        ),
    ),
    "EPP-12": Capability(
        "A thin controller over pure modules",
        "the controller translates; what decides is pure, one idea a module, and held to its columns",
        ("controllers/market_making/epp_v2_4.py", "controllers/epp"),
        (
            "tests/tidy/test_code_is_tidy.py::test_modules_are_small",
            f"{EPP}/test_decide.py::test_equal_inputs_give_equal_outputs_and_inputs_are_never_changed",
            f"{EPP}/test_rows.py::test_the_columns_as_first_used_keep_their_place_and_names",
        ),
    ),
    "EPP-13": Capability(
        "Typed state, documented settings",
        "every field of the processed state and of the settings has a unit, a range and a description",
        ("controllers/epp/processed_doc.py", "controllers/epp/params_doc.py", _PAGE),
        (
            f"{EPP}/test_rows.py::test_every_field_of_the_processed_state_is_documented",
            f"{_CONTROLLER}/test_epp_v2_4.py::test_every_parameter_is_a_field_with_its_sentence_unit_range_and_group",
            "tests/tidy/test_commands_teach.py::test_the_generated_references_are_up_to_date",
        ),
    ),
    "EPP-14": Capability(
        "Minute, fill and day rows off the tick",
        "a writer of its own with a bounded buffer; the same rows on the bus",
        ("services/bot/csv_files.py", "services/bot/bridge.py"),
        (
            f"{_BOT}/test_csv_files.py::test_rows_are_on_disk_in_order_after_close",
            f"{_BOT}/test_csv_files.py::test_rows_that_could_not_be_written_are_kept_and_said",
            f"{E2E}/test_host_lives.py::test_the_files_hold_the_rows_that_went_over_the_bus",
        ),
    ),
    "EPP-15": Capability(
        "The day survives a restart",
        "open, peak, traded notional, fees, funding and the guard are saved and read back",
        ("controllers/epp/daily_state.py", "services/bot/memory.py"),
        (
            f"{EPP}/test_decide.py::test_a_restart_in_mid_day_keeps_the_daily_loss",
            f"{EPP}/test_daily_state.py::"
            "test_a_new_utc_day_resets_every_counter_and_opens_at_the_equity_of_its_first_look",
            f"{_BOT}/test_memory.py::test_the_newest_state_is_read_back",
        ),
    ),
    "EPP-16": Capability(
        "Hot path within its budget",
        "one decision is timed and repeated; nothing grows with the day",
        ("scripts/desk/bench_decide.py", "scripts/desk/bench_host_tick.py"),
        (
            "desk bench decide --ticks 86400 --json",
            "desk bench host-tick --minutes 20 --json",
            f"{EPP}/test_state.py::test_a_saved_state_is_small_whatever_the_length_of_the_run",
        ),
    ),
    "EPP-17": Capability(
        "Failures of the connector are told apart",
        "a failed read is no empty book; a balance that cannot be read pauses within one tick",
        ("controllers/epp/health.py", "controllers/market_making/view_reader.py"),
        (
            f"{EPP}/test_health.py::test_a_failed_read_is_told_apart_from_an_empty_book",
            f"{EPP}/test_decide.py::test_each_doubt_pauses_within_one_tick_pulls_the_quotes_and_clears_by_itself",
        ),
    ),
    "EPP-18": Capability(
        "No patch of the host",
        "nothing of Hummingbot is replaced; a connector type of the desk's own is registered, seen in the real host",
        ("services/bot/registration.py", "services/bot/connector.py"),
        (
            f"{E2E}/test_host_quotes.py::test_the_bot_quotes_on_both_sides_with_ids_that_name_bot_and_level",
            f"{_CONTROLLER}/test_epp_v2_4.py::test_hummingbot_gets_no_executor_actions",
            "desk drill host",
        ),
        "a matrix of Hummingbot's versions: one release is pinned",
    ),
    "EPP-19": Capability(
        "A strategy without its host",
        "decide is a function over values; Hummingbot, virtual time and benchmarks run the same one",
        ("controllers/epp/decide.py", "scripts/simulate/bot_node.py"),
        (
            f"{EPP}/test_decide.py::test_equal_inputs_give_equal_outputs_and_inputs_are_never_changed",
            "tests/simulation/test_epp_recorded_month.py::test_inventory_is_held_far_below_its_limit",
        ),
        "a runner on ccxt: no reason to leave the host has come up",
    ),
    "EPP-20": Capability(
        "Catalogue of strategies",
        "bundles with a risk envelope; a bot chooses by its file; drift and unapproved overrides are found",
        ("data/catalog", "services/bot/catalog.py"),
        (
            f"{_BOT}/test_config.py::test_the_catalogue_check_finds_an_override_nobody_approved",
            f"{_BOT}/test_config.py::test_the_catalogue_check_finds_a_bundle_that_changed_since_it_was_pinned",
            f"{_BOT}/test_config.py::test_a_value_outside_the_envelope_of_its_bundle_is_refused",
        ),
    ),
    "ORD-01": Capability(
        "Orders of an earlier life",
        "cancelled and said before anything is placed, by the gateway behind a shut door and by the bot",
        ("services/gateway/recovery.py", "controllers/epp/order_step.py"),
        (
            f"{E2E}/test_host_lives.py::"
            "test_after_kill_9_the_old_orders_are_gone_within_5_s_and_new_ones_rest_within_25_s",
            f"{EPP}/test_decide.py::test_orders_of_an_earlier_life_are_cancelled_and_said_before_anything_is_placed",
        ),
    ),
    "ORD-02": Capability(
        "One order per level",
        "an order without an id is cancelled after 30 s, a level is occupied until it has ended, carriers are counted",
        ("controllers/epp/levels.py", "services/bot/carrier.py"),
        (
            f"{EPP}/test_levels.py::"
            "test_an_order_without_a_venue_id_is_cancelled_after_thirty_seconds_and_its_level_waits",
            f"{EPP}/test_levels.py::test_no_more_live_orders_than_carriers",
            "tests/property/test_carrier_properties.py::test_the_carrier_keeps_its_promises",
        ),
    ),
    "ORD-03": Capability(
        "Cancel budget",
        "too many cancels pause, three times in a row stop",
        ("controllers/epp/risk_policy.py",),
        (
            f"{EPP}/test_risk_policy.py::test_fifty_cancels_a_minute_are_allowed_and_one_more_pauses",
            f"{EPP}/test_decide.py::test_three_cancel_budget_pauses_in_a_row_stop",
        ),
    ),
    "RSK-01": Capability(
        "Limits of loss, drawdown and turnover",
        "each leads to a hard stop, a kill intent and an empty book, also over a restart",
        ("controllers/epp/risk_policy.py", "controllers/epp/ops_guard.py"),
        (
            f"{EPP}/test_decide.py::test_each_hard_limit_stops_cancels_everything_and_stays_through_a_restart",
            f"{EPP}/test_decide.py::test_drawdown_from_the_days_peak_stops",
            f"{EPP}/test_decide.py::test_turnover_of_the_day_stops",
        ),
    ),
    "RSK-02": Capability(
        "Perpetual equity, leverage, margin ladder",
        "equity is the virtual account's; margin pauses, then stops; too much leverage is refused at the start",
        ("controllers/epp/risk_policy.py", "controllers/epp/account_step.py"),
        (
            f"{EPP}/test_risk_policy.py::test_the_margin_ladder",
            f"{EPP}/test_risk_policy.py::test_leverage_above_its_limit_is_refused",
        ),
    ),
    "RSK-05": Capability(
        "Losing round trips in a row",
        "counted flat to flat, said, and a pause where it is asked for",
        ("controllers/epp/ledger.py",),
        (
            f"{EPP}/test_ledger.py::test_losing_round_trips_are_counted_flat_to_flat_and_a_winning_one_ends_the_streak",
            f"{EPP}/test_decide.py::test_losing_round_trips_in_a_row_are_said_and_pause_only_where_asked",
        ),
    ),
    "FEE-01": Capability(
        "Fee cascade",
        "the first source that answers, else a fallback that says that it is one",
        ("controllers/epp/fees.py",),
        (
            f"{EPP}/test_fees.py::test_the_cascade_takes_the_first_source_that_answers",
            f"{EPP}/test_fees.py::test_with_no_answer_the_fallback_is_marked_unresolved_and_every_source_is_told",
        ),
        "an adapter for a second exchange",
    ),
    "ACC-02": Capability(
        "Realised result of each fill",
        "price move less fee, per fill; a fee that cannot be read is the taker's",
        ("controllers/epp/ledger.py",),
        (
            f"{EPP}/test_ledger.py::test_the_fee_is_part_of_the_realised_result_of_each_fill",
            f"{EPP}/test_fees.py::test_a_fee_that_cannot_be_read_is_booked_as_the_takers",
        ),
    ),
    "ACC-03": Capability(
        "Funding",
        "as the venue booked it, and as we reckon it at each funding time; both in the row of the day",
        ("controllers/epp/account_step.py", "services/bot/funding.py"),
        (
            f"{EPP}/test_decide.py::test_expected_funding_is_reckoned_at_each_funding_time",
            f"{_BOT}/test_funding.py::test_what_left_the_account_today_is_paid",
            f"{EPP}/test_rows.py::test_a_daily_row_has_the_day",
        ),
    ),
    "FEA-06": Capability(
        "Freshness of market data",
        "a silent stream pauses, an unchanged top of book on a living one after 30 s",
        ("controllers/epp/market_step.py", "controllers/epp/risk_policy.py"),
        (
            f"{EPP}/test_risk_policy.py::test_why_market_data_cannot_be_trusted",
            f"{EPP}/test_lessons.py::"
            "test_lesson_7_an_unchanged_book_is_not_stale_until_its_limit_on_a_living_connection",
        ),
    ),
    "REC-03": Capability(
        "Drift of the position within the tick",
        "every 300 s against the venue's position: warns at 1 %, pauses at 5 %",
        ("controllers/epp/position_check.py",),
        (
            f"{EPP}/test_decide.py::test_position_that_drifts_from_our_fills_warns_pauses_and_is_lifted_by_resume",
            f"{EPP}/test_position_check.py::test_a_difference_must_be_seen_twice_before_it_counts",
        ),
    ),
}
