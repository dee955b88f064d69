"""From a finished tick to ProcessedState: nothing is decided here."""

from decimal import Decimal
from typing import Final

from controllers.epp import daily_state, indicators, markouts
from controllers.epp.guard_step import reasons
from controllers.epp.processed import ProcessedState
from controllers.epp.quote_kernel import Signals
from controllers.epp.regime_table import REGIME_NAMES
from controllers.epp.tick import Tick

_TEN_THOUSAND: Final = Decimal(10_000)
_NOTHING_SEEN: Final = Signals(*(None for _ in Signals._fields))  # type: ignore[arg-type]


def processed_state(
    tick: Tick, minute_due_ms: int | None, is_persist_due: bool, orders_active: int, bus_blind_ms: int
) -> ProcessedState:
    view, top, signals = tick.view, tick.top, tick.signals
    params, daily, marks = tick.params, tick.daily, tick.markouts
    has_day = daily.day >= 0
    seen = signals if signals is not None else _NOTHING_SEEN
    modelled, realised = markouts.window_edges_bps(marks)
    soft = tick.soft
    return ProcessedState(
        ts_ms=tick.now_ms,
        bot_id=params.bot_id,
        variant=params.variant,
        variant_mode=params.variant_mode,
        exchange=params.exchange,
        trading_pair=view.instrument.pair if view is not None else None,
        minute_due_ms=minute_due_ms,
        is_persist_due=is_persist_due,
        guard=tick.guard.name,
        reasons=reasons(tick),
        hard_stop_reason=tick.guard.hard_reason,
        soft_pause_edge="EDGE_GATE_BLOCKED" in soft or "EDGE_UNREACHABLE" in soft or "EDGE_GAP" in soft,
        gate_is_open=tick.gate.is_open and not marks.gap_closed_until_ms,
        is_external_pause=tick.intents.pause_reason is not None,
        is_derisking=tick.derisk.since_ms > 0,
        mid_price=top.mid_price if top is not None else None,
        bid_price=top.bid_price if top is not None else None,
        ask_price=top.ask_price if top is not None else None,
        market_spread_pct=top.spread_pct if top is not None else None,
        mark_price=view.mark_price if view is not None and view.mark_price.is_finite() else None,
        regime=REGIME_NAMES[tick.regime.regime],
        regime_candidate=REGIME_NAMES[tick.regime.candidate],
        is_warm=indicators.is_warm(tick.indicators, params),
        bars_count=tick.indicators.bars_count,
        ema_price=tick.indicators.ema,
        atr_quote=tick.indicators.atr,
        band_pct=tick.indicators.band_pct,
        drift_30s_pct=tick.indicators.drift_30s_pct if tick.indicators.last_slot >= 0 else None,
        drift_ewma_pct=tick.indicators.drift_ewma_pct,
        spread_pct=seen.spread_pct,
        pick_spread_pct=seen.pick_pct,
        required_spread_pct=seen.required_pct,
        spread_floor_pct=seen.floor_pct,
        volatility_floor_pct=seen.volatility_floor_pct,
        costs_pct=seen.costs_pct,
        drift_cost_pct=seen.drift_cost_pct,
        turnover_penalty_pct=seen.turnover_penalty_pct,
        funding_cost_est_pct=seen.funding_cost_pct,
        net_edge_pct=seen.net_edge_pct,
        skew_pct=seen.skew_pct,
        buy_distance_pct=seen.buy_distance_pct,
        sell_distance_pct=seen.sell_distance_pct,
        levels_count=int(signals.levels) if signals is not None else 0,
        refresh_s=tick.spec.refresh_s,
        order_qty_base=tick.order_qty_base,
        base_pct=tick.base_pct,
        target_base_pct=tick.target_base_pct,
        inventory_pct=seen.inventory_pct,
        position_base=_finite(view.position_base) if view is not None else None,
        own_position_base=tick.ledger.position_base if tick.ledger.is_based else None,
        position_drift_pct=tick.position_check.drift_pct if tick.position_check.next_ts_ms else None,
        entry_price=_finite(view.entry_price) if view is not None else None,
        equity_quote=tick.equity_quote,
        available_quote=_finite(view.available_quote) if view is not None else None,
        margin_ratio_pct=view.margin_ratio_pct if view is not None else None,
        equity_open_quote=daily.equity_open_quote if has_day else None,
        equity_peak_quote=daily.equity_peak_quote if has_day else None,
        daily_loss_pct=daily_state.loss_pct(daily) if has_day else None,
        drawdown_pct=daily_state.drawdown_pct(daily) if has_day else None,
        turnover_today_x=daily_state.turnover_x(daily) if has_day else None,
        traded_notional_today_quote=daily.traded_notional_quote,
        fills_today=daily.fills_count,
        maker_fills_today=daily.maker_fills_count,
        fees_today_quote=daily.fees_quote,
        funding_cost_today_quote=daily.funding_paid_quote,
        funding_expected_today_quote=daily.funding_expected_quote,
        realized_pnl_today_quote=daily.realized_pnl_quote,
        ops_events_today=daily.ops_events,
        fee_source=view.fee_source if view is not None else None,
        maker_fee_pct=_finite(view.maker_fee_pct) if view is not None else None,
        taker_fee_pct=_finite(view.taker_fee_pct) if view is not None else None,
        funding_rate_pct=_finite(view.funding_rate_pct) if view is not None else None,
        modelled_edge_bps=_modelled_edge_bps(tick, modelled),
        realised_edge_bps=realised,
        edge_gap_bps=modelled - realised if modelled is not None and realised is not None else None,
        edge_samples=len(marks.window),
        markout_5s_bps=markouts.mean_bps(marks, 0),
        markout_30s_bps=markouts.mean_bps(marks, 1),
        markout_60s_bps=markouts.mean_bps(marks, 2),
        orders_active=orders_active,
        cancel_per_min=view.cancels_last_minute if view is not None else 0,
        cancel_breach_count=tick.budget.breaches,
        is_connected=view.is_connected if view is not None else False,
        data_age_ms=max(0, tick.now_ms - view.book_heard_ts_ms) if view is not None else None,
        book_age_ms=max(0, tick.now_ms - view.book_changed_ts_ms) if view is not None else None,
        order_book_stale="ORDER_BOOK_STALE" in soft,
        ws_reconnect_count=view.ws_reconnect_count if view is not None else 0,
        book_read_failed_count=view.book_read_failed_count if view is not None else 0,
        bus_blind_ms=bus_blind_ms,
        base_balance=view.base_balance if view is not None else None,
        quote_balance=view.quote_balance if view is not None else None,
        fills=tuple(tick.fills),
        markouts=tick.markout_reports,
        audits=tick.audits,
        notices=tuple(tick.notices),
        daily=tick.daily_report,
    )


def _modelled_edge_bps(tick: Tick, of_fills: Decimal | None) -> Decimal | None:
    """Of the fills in the window; before the first of them, what the model promises now."""
    if of_fills is not None or tick.signals is None:
        return of_fills
    now_bps: Decimal = tick.signals.net_edge_pct * _TEN_THOUSAND
    return now_bps


def _finite(value: Decimal) -> Decimal | None:
    return value if value.is_finite() else None
