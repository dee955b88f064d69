"""The orders' part of a decision: from guard, signals and inventory to the plan."""

from decimal import Decimal
from typing import Final

from controllers.core.thresholds import below
from controllers.core.values import MarketView, OwnRefusal, Plan
from controllers.epp import derisk, guard_step, level_memory, ops_guard
from controllers.epp.level_memory import LevelsState
from controllers.epp.levels import SideWant, Wants, levels_within, plan_levels
from controllers.epp.plan_builder import PlanBuilder
from controllers.epp.processed import Notice
from controllers.epp.quote_kernel import Signals
from controllers.epp.regime_table import OneSided
from controllers.epp.sizing import order_lots
from controllers.epp.spread import level_distance
from controllers.epp.tick import Tick

_ZERO: Final = Decimal(0)
_TWO: Final = Decimal(2)
_BPS: Final = Decimal("0.0001")
_REPLACE_SHARE: Final = 8  # tenths of the cancel budget that better prices may use; the rest is for safety


def hear_refusals(tick: Tick, refusals: tuple[OwnRefusal, ...]) -> None:
    for refusal in refusals:
        level_memory.note_refusal(
            tick.levels,
            refusal,
            tick.now_ms,
            tick.params.refusal_cooldown_s * 1000,
            tick.params.refusal_cooldown_s_max * 1000,
        )


def plan_orders(tick: Tick, cancels_last_minute: int) -> Plan:
    params = tick.params
    tick.timers = level_memory.refill(tick.timers, tick.now_ms, params.submit_budget_per_min)
    level_memory.note_open(tick.levels, tick.orders)
    builder = PlanBuilder(
        tick.now_ms,
        tick.orders,
        tick.levels,
        tick.timers.tokens_milli,
        params.cancel_budget_per_min * _REPLACE_SHARE // 10 - cancels_last_minute,
        params.max_active_executors,
        params.cancel_retry_s * 1000,
    )
    builder.cancel_strays("ORPHAN_ORDER")
    is_derisking = _plan_derisk(tick, builder)
    view, signals = tick.view, tick.signals
    if tick.guard.name == "RUNNING" and view is not None and signals is not None:
        _note_partial_fills(tick, builder, view)
        if tick.is_regime_changed:  # the new width applies now, not at the next refresh
            tick.timers = tick.timers._replace(buy_due_ms=0, sell_due_ms=0)
        tick.timers = plan_levels(builder, tick.timers, _wants(tick, view, signals), view.instrument)
    else:
        reason = tick.guard.hard_reason or (tick.soft[0] if tick.soft else "NO_VIEW")
        builder.cancel_quotes(reason, is_derisk_kept=is_derisking)
        if tick.timers.buy_due_ms or tick.timers.sell_due_ms:
            tick.timers = tick.timers._replace(buy_due_ms=0, sell_due_ms=0)
    builder.forget_gone_strays()
    tick.notices.extend(builder.notices)
    tick.timers = LevelsState(
        builder.levels, tick.timers.buy_due_ms, tick.timers.sell_due_ms, builder.tokens_milli, tick.timers.tokens_ts_ms
    )
    return Plan(
        place=tuple(builder.place),
        cancel=tuple(builder.cancel),
        keep=tuple(builder.keep),
        guard=tick.guard.name,
        reasons=guard_step.reasons(tick),
        kill_intent=tick.kill_intent,
    )


def cancel_earlier_life(tick: Tick) -> bool:
    """True when no order of an earlier life is left. Until then nothing is placed, and each such order is said."""
    if not tick.orders:
        return True
    tick.soft.append("STARTUP_CANCEL")
    for order in tick.orders:
        if not tick.levels.get(order.level_id, level_memory.EMPTY).cancel_ts_ms:
            text = f"STARTUP_CANCEL: order={order.client_order_id} is of an earlier life; cancelled"
            tick.notices.append(Notice("warning", "STARTUP_CANCEL", text))
    return False


def _plan_derisk(tick: Tick, builder: PlanBuilder) -> bool:
    """True while a derisk order may stand."""
    view = tick.view
    if tick.base_pct is None or view is None or tick.top is None or tick.equity_quote is None:
        return False
    tick.derisk = derisk.step(tick.derisk, tick.now_ms, tick.base_pct, tick.params)
    if tick.derisk.since_ms:
        tick.infos.append("DERISK")
    is_allowed = (
        ops_guard.is_derisk_allowed(tick.guard.name, tuple(tick.soft))
        and guard_step.may_trade(tick.params)
        and _is_fresh_enough(tick, view)
    )
    if not is_allowed:
        return False
    wanted = derisk.want(
        tick.derisk,
        tick.now_ms,
        view.position_base,
        tick.base_pct,
        tick.equity_quote,
        tick.top.mid_price,
        view.instrument,
        tick.params,
    )
    derisk.plan_derisk(builder, wanted, tick.top.mid_price, tick.params)
    return True


def _wants(tick: Tick, view: MarketView, signals: Signals) -> Wants:
    params, spec, top = tick.params, tick.spec, tick.top
    equity, base_pct = tick.equity_quote, tick.base_pct
    assert top is not None and equity is not None and base_pct is not None
    levels = int(signals.levels)
    deepest = level_distance(signals.buy_distance_pct, max(levels - 1, 0), params.spread_step_multiplier)
    sized_equity = min(equity, params.total_amount_quote) if params.total_amount_quote > 0 else equity
    instrument = view.instrument
    qty = instrument.lot_size * order_lots(
        sized_equity,
        (spec.size_min_pct + spec.size_max_pct) / _TWO,
        top.mid_price * (1 - deepest),
        instrument.lot_size,
        instrument.min_qty_base,
        instrument.min_notional_quote,
        params.max_order_quote,
        params.tick_eps,
    )
    tick.order_qty_base = qty
    if qty == 0:
        tick.infos.append("EXEC_QTY_BELOW_MIN_QTY")
    limit_base = params.max_base_pct * params.add_limit_share_pct * equity / top.mid_price
    floor_base = -limit_base if instrument.is_perpetual else _ZERO
    buy_levels = levels_within(limit_base - view.position_base, qty, levels)
    sell_levels = levels_within(view.position_base - floor_base, qty, levels)
    if qty > 0 and (buy_levels < levels or sell_levels < levels):
        tick.infos.append("INVENTORY_FULL")
    buy_off = "INVENTORY_FULL" if buy_levels < levels else "REGIME_CHANGED"
    sell_off = "INVENTORY_FULL" if sell_levels < levels else "REGIME_CHANGED"
    if tick.derisk.since_ms:
        if tick.derisk.side == "sell":
            buy_levels, buy_off = 0, "DERISK"
        else:
            sell_levels, sell_off = 0, "DERISK"
    if spec.one_sided == OneSided.BUY_ONLY:
        sell_levels, sell_off = 0, "REGIME_CHANGED"
    elif spec.one_sided == OneSided.SELL_ONLY:
        buy_levels, buy_off = 0, "REGIME_CHANGED"
    refresh_ms = spec.refresh_s * 1000
    return Wants(
        mid_price=top.mid_price,
        qty_base=qty,
        buy=SideWant("buy", buy_levels, signals.buy_distance_pct, buy_off),
        sell=SideWant("sell", sell_levels, signals.sell_distance_pct, sell_off),
        step_multiplier=params.spread_step_multiplier,
        refresh_ms=refresh_ms,
        ttl_ms=params.order_ttl_s * 1000 if params.order_ttl_s else 2 * refresh_ms,
        tolerance_quote=params.replace_tolerance_bps * _BPS * top.mid_price,
        ack_timeout_ms=params.order_ack_timeout_s * 1000,
        is_placing=_is_fresh_enough(tick, view),
        tick_eps=params.tick_eps,
    )


def _is_fresh_enough(tick: Tick, view: MarketView) -> bool:
    """The gateway refuses new risk on older data; asking would only be refused."""
    return tick.now_ms - view.book_heard_ts_ms <= tick.params.place_data_age_ms_max


def _note_partial_fills(tick: Tick, builder: PlanBuilder, view: MarketView) -> None:
    """A partly filled order stays, unless little of it is done and the market has become too wide for the rest."""
    params = tick.params
    for fill in view.fills:
        order = builder.live.get(fill.level_id)
        if order is None or order.client_order_id != fill.client_order_id or order.filled_base >= order.qty_base:
            continue
        share = order.filled_base / order.qty_base
        is_wide = tick.top is not None and tick.top.spread_pct > params.partial_fill_spread_bps_max * _BPS
        is_ended = is_wide and below(share, params.partial_fill_share_min, params.threshold_eps)
        if is_ended:
            builder.ask_cancel(order, "PARTIAL_FILL")
        text = (
            f"PARTIAL_FILL: requested={order.qty_base}, filled={order.filled_base}, "
            f"elapsed_ms={tick.now_ms - order.placed_ts_ms}, action={'cancel_remainder' if is_ended else 'keep'}"
        )
        builder.notices.append(Notice("info", "PARTIAL_FILL", text))
