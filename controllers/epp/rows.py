"""Rows of minute.csv, fills.csv and daily.csv: exactly the locked columns, every cell as text.

The same row goes to the file and to the stream, so the two cannot differ. Numbers are written as they are, without
rounding and without exponent; an unknown number is an empty cell.
"""

from decimal import Decimal
from typing import Final

from controllers.epp.processed import (
    DAILY_COLUMNS,
    FILL_COLUMNS,
    MINUTE_COLUMNS,
    DailyReport,
    FillReport,
    ProcessedState,
)

_STATES: Final = {"RUNNING": "running", "SOFT_PAUSE": "soft_pause", "HARD_STOP": "hard_stop"}


def cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def bot_variant(bot_id: str, variant: str) -> str:
    return f"{bot_id}_{variant}"


def minute_row(processed: ProcessedState, trading_pair: str) -> dict[str, str]:
    """The row of the minute that ``processed.minute_due_ms`` names; ts is the end of that minute, in milliseconds."""
    p = processed
    values = (
        p.ts_ms if p.minute_due_ms is None else p.minute_due_ms + 60_000,
        bot_variant(p.bot_id, p.variant),
        p.exchange,
        p.trading_pair or trading_pair,
        _STATES[p.guard],
        p.regime,
        p.mid_price,
        p.equity_quote,
        p.base_pct,
        p.target_base_pct,
        p.spread_pct,
        p.spread_floor_pct,
        p.net_edge_pct,
        p.skew_pct,
        p.drift_30s_pct,
        p.soft_pause_edge,
        p.base_balance if p.base_balance is not None else p.position_base,
        p.quote_balance if p.quote_balance is not None else p.available_quote,
        p.turnover_today_x,
        p.cancel_per_min,
        p.orders_active,
        p.daily_loss_pct,
        p.drawdown_pct,
        "|".join(p.reasons),
        p.required_spread_pct,
        p.market_spread_pct,
        p.band_pct,
        p.drift_cost_pct,
        p.inventory_pct,
        p.fills_today,
        p.fees_today_quote,
        p.funding_rate_pct,
        p.funding_cost_today_quote,
        p.realized_pnl_today_quote,
        p.margin_ratio_pct,
        p.position_drift_pct,
        p.fee_source,
        p.modelled_edge_bps,
        p.realised_edge_bps,
        p.edge_samples,
        p.order_book_stale,
        p.ws_reconnect_count,
        p.paper_fill_count,
        p.paper_reject_count,
        p.paper_avg_queue_delay_ms,
        p.tick_duration_ms,
    )
    return dict(zip(MINUTE_COLUMNS, map(cell, values), strict=True))


def fill_row(fill: FillReport, processed: ProcessedState, trading_pair: str) -> dict[str, str]:
    values = (
        fill.ts_ms,
        bot_variant(processed.bot_id, processed.variant),
        processed.exchange,
        processed.trading_pair or trading_pair,
        fill.side,
        fill.price,
        fill.qty_base,
        fill.notional_quote,
        fill.fee_quote,
        fill.client_order_id,
        _STATES[fill.guard],
        fill.trade_id,
        fill.is_maker,
        fill.realized_pnl_quote,
        fill.mid_ref_price,
        fill.expected_spread_pct,
        fill.drift_30s_pct,
        fill.pnl_vs_mid_pct,
        fill.level_id,
        fill.modelled_edge_bps,
    )
    return dict(zip(FILL_COLUMNS, map(cell, values), strict=True))


def daily_row(report: DailyReport, processed: ProcessedState, trading_pair: str) -> dict[str, str]:
    values = (
        report.ts_ms,
        bot_variant(processed.bot_id, processed.variant),
        processed.exchange,
        processed.trading_pair or trading_pair,
        _STATES[report.guard],
        report.equity_open_quote,
        report.equity_now_quote,
        report.pnl_quote,
        report.pnl_pct,
        report.turnover_x,
        report.fills_count,
        report.ops_events,
        report.equity_peak_quote,
        report.fees_quote,
        report.funding_cost_quote,
        report.realized_pnl_quote,
        report.maker_fills_count,
    )
    return dict(zip(DAILY_COLUMNS, map(cell, values), strict=True))
