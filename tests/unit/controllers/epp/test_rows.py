from decimal import Decimal

from controllers.epp.daily_state import DailyState, report
from controllers.epp.processed import DAILY_COLUMNS, FILL_COLUMNS, MINUTE_COLUMNS, ProcessedState
from controllers.epp.processed_doc import FIELD_DOCS
from controllers.epp.rows import cell, daily_row, fill_row, minute_row
from tests.fakes.epp_world import DEMO, START_MS, World

D = Decimal

FIRST_USED_MINUTE = [
    "ts",
    "bot_variant",
    "exchange",
    "trading_pair",
    "state",
    "regime",
    "mid",
    "equity_quote",
    "base_pct",
    "target_base_pct",
    "spread_pct",
    "spread_floor_pct",
    "net_edge_pct",
    "skew",
    "adverse_drift_30s",
    "soft_pause_edge",
    "base_balance",
    "quote_balance",
    "turnover_today_x",
    "cancel_per_min",
    "orders_active",
]
FIRST_USED_FILL = [
    "ts",
    "bot_variant",
    "exchange",
    "trading_pair",
    "side",
    "price",
    "amount_base",
    "notional_quote",
    "fee_quote",
    "order_id",
    "state",
]
ADDED_FILL = [
    "trade_id",
    "is_maker",
    "realized_pnl_quote",
    "mid_ref",
    "expected_spread_pct",
    "adverse_drift_30s",
    "pnl_vs_mid_pct",
]
FIRST_USED_DAILY = [
    "ts",
    "bot_variant",
    "exchange",
    "trading_pair",
    "state",
    "equity_open_quote",
    "equity_now_quote",
    "pnl_quote",
    "pnl_pct",
    "turnover_x",
    "fills_count",
    "ops_events",
]


def test_the_columns_as_first_used_keep_their_place_and_names():
    assert list(MINUTE_COLUMNS[:21]) == FIRST_USED_MINUTE
    assert list(FILL_COLUMNS[:18]) == FIRST_USED_FILL + ADDED_FILL
    assert list(DAILY_COLUMNS[:12]) == FIRST_USED_DAILY


def test_the_newer_columns_are_locked_too():
    assert MINUTE_COLUMNS[21:] == (
        "daily_loss_pct", "drawdown_pct", "risk_reasons", "required_spread_pct", "market_spread_pct", "band_pct",
        "drift_cost_pct", "inventory_pct", "fills_today", "fees_today_quote", "funding_rate",
        "funding_cost_today_quote", "realized_pnl_today_quote", "margin_ratio", "position_drift_pct", "fee_source",
        "modelled_edge_bps", "realised_edge_bps", "edge_samples", "order_book_stale", "ws_reconnect_count",
        "paper_fill_count", "paper_reject_count", "paper_avg_queue_delay_ms", "tick_duration_ms",
    )  # fmt: skip
    assert FILL_COLUMNS[18:] == ("level_id", "modelled_edge_bps")
    assert DAILY_COLUMNS[12:] == (
        "equity_peak_quote", "fees_quote", "funding_cost_quote", "realized_pnl_quote", "maker_fills_count",
    )  # fmt: skip


def test_a_cell_is_text_without_exponent_and_the_unknown_is_empty():
    assert cell(D("1E-7")) == "0.0000001"
    assert cell(D("12300")) == "12300"
    assert [cell(value) for value in (None, True, False, 5, "x")] == ["", "true", "false", "5", "x"]


def test_a_minute_row_names_the_minute_that_is_over():
    world = World(DEMO)
    while True:
        world.tick()
        if world.processed.minute_due_ms is not None:
            break
    row = minute_row(world.processed, "BTC-USDT")
    assert tuple(row) == MINUTE_COLUMNS
    assert row["ts"] == str(START_MS + 60_000)
    assert (row["state"], row["regime"], row["bot_variant"]) == ("running", "neutral_low_vol", "bot1_a")
    assert row["mid"] == "50000.0"
    assert row["risk_reasons"] == "WARMUP_INSUFFICIENT|EDGE_GATE_OFF"
    assert row["paper_fill_count"] == ""


def test_a_minute_row_can_be_made_without_a_view():
    world = World(DEMO)
    world.tick()
    world.tick_blind()
    row = minute_row(world.processed, "BTC-USDT")
    assert (row["trading_pair"], row["mid"], row["state"]) == ("BTC-USDT", "", "soft_pause")


def test_a_fill_row_has_what_reconciliation_and_calibration_read():
    world = World(DEMO)
    world.tick()
    sold = world.trade("s0")
    world.tick()
    row = fill_row(world.processed.fills[0], world.processed, "BTC-USDT")
    assert tuple(row) == FILL_COLUMNS
    assert (row["trade_id"], row["order_id"], row["side"], row["is_maker"]) == (
        sold.trade_id, sold.client_order_id, "sell", "true",
    )  # fmt: skip
    assert D(row["notional_quote"]) == sold.price * sold.qty_base


def test_a_daily_row_has_the_day():
    world = World(DEMO)
    world.tick()
    row = daily_row(report(DailyState(5, D(100), D(110), D(90)), 7, "HARD_STOP"), world.processed, "BTC-USDT")
    assert tuple(row) == DAILY_COLUMNS
    assert (row["state"], row["pnl_quote"], row["pnl_pct"]) == ("hard_stop", "-10", "-0.1")


def test_every_field_of_the_processed_state_is_documented():
    assert [doc.name for doc in FIELD_DOCS] == list(ProcessedState._fields)
    hints = ProcessedState.__annotations__
    for doc in FIELD_DOCS:
        assert doc.unit and doc.range and doc.description.endswith(".")
        assert doc.is_optional is ("None" in str(hints[doc.name])), doc.name
    assert len(FIELD_DOCS) > 40
