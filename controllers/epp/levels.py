"""From two distances to orders: which levels to place, replace, keep.

A side is thought over every refresh. An order stays unless its price moved by more than the tolerance or its time to
live is over. One side is replaced at a time, cancel first: the other side's turn comes when the new orders are on
their way, so that we are never out of the market on both sides.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from controllers.core.values import Instrument, LiveOrder, Side
from controllers.epp.level_memory import BUY_IDS, EMPTY, SELL_IDS, LevelsState
from controllers.epp.plan_builder import PlanBuilder
from controllers.epp.processed import Notice
from controllers.epp.quote_kernel import level_ticks

# A cancel that is not terminal after this no longer keeps the other side waiting.
_HANDOVER_MS: Final = 5_000


class SideWant(NamedTuple):
    side: Side
    levels: int  # 0: the side is not quoted
    distance_pct: Decimal
    off_reason: str  # why levels beyond the wanted ones are pulled


class Wants(NamedTuple):
    mid_price: Decimal
    qty_base: Decimal
    buy: SideWant
    sell: SideWant
    step_multiplier: Decimal
    refresh_ms: int
    ttl_ms: int
    tolerance_quote: Decimal
    ack_timeout_ms: int
    is_placing: bool  # False: nothing new and nothing replaced, what rests stays
    tick_eps: Decimal


def plan_levels(builder: PlanBuilder, timers: LevelsState, wants: Wants, instrument: Instrument) -> LevelsState:
    """Fill the builder; return the timers with the next refreshes."""
    buy_due, sell_due = timers.buy_due_ms, timers.sell_due_ms
    is_buy_busy, is_sell_busy = _is_busy(builder, "b"), _is_busy(builder, "s")
    # Whoever is between cancel and place goes first: once its orders are on their way the other may follow.
    if is_sell_busy or (sell_due < buy_due and not is_buy_busy):
        sell_due = _plan_side(builder, sell_due, wants.sell, SELL_IDS, not is_buy_busy, wants, instrument)
        buy_due = _plan_side(builder, buy_due, wants.buy, BUY_IDS, not _is_busy(builder, "s"), wants, instrument)
    else:
        buy_due = _plan_side(builder, buy_due, wants.buy, BUY_IDS, not is_sell_busy, wants, instrument)
        sell_due = _plan_side(builder, sell_due, wants.sell, SELL_IDS, not _is_busy(builder, "b"), wants, instrument)
    if buy_due == timers.buy_due_ms and sell_due == timers.sell_due_ms:
        return timers
    return timers._replace(buy_due_ms=buy_due, sell_due_ms=sell_due)


def level_price(
    side: Side, mid_price: Decimal, distance_pct: Decimal, level: int, wants_step: Decimal, tick: Decimal, eps: Decimal
) -> Decimal:
    """On the tick, rounded away from the market."""
    ticks: Decimal = level_ticks(side == "buy", mid_price, distance_pct, level, wants_step, tick, eps)
    return ticks * tick


def levels_within(room_base: Decimal, qty_base: Decimal, levels: int) -> int:
    """How many of these levels fit into the room that the inventory limit leaves."""
    if qty_base <= 0 or room_base < qty_base:
        return 0
    return min(levels, int(room_base // qty_base))


def _plan_side(
    builder: PlanBuilder,
    due_ms: int,
    want: SideWant,
    ids: tuple[str, ...],
    may_replace: bool,
    wants: Wants,
    instrument: Instrument,
) -> int:
    """When the side is next due."""
    now = builder.now_ms
    is_due = now >= due_ms and wants.is_placing
    is_done = is_due
    for level, level_id in enumerate(ids):
        order = builder.live.get(level_id)
        if level >= want.levels:
            if order is not None:
                builder.ask_cancel(order, want.off_reason)
            continue
        if order is not None:
            if not is_due and order.state == "open" and now - order.placed_ts_ms < wants.ttl_ms:
                builder.keep.append(level_id)  # nearly every tick of nearly every order
            elif not _keep_or_replace(builder, order, level, want, is_due, may_replace, wants, instrument):
                is_done = False
        elif wants.is_placing:
            memory = builder.levels.get(level_id, EMPTY)
            if not (is_due or memory.is_awaited):
                continue
            if now < memory.blocked_until_ms:
                builder.await_level(level_id, memory)
                continue
            price = _wanted_price(want, level, wants, instrument)
            if price > 0:
                builder.ask_place(level_id, want.side, "limit_maker", price, wants.qty_base, "quote")
    if want.levels == 0:
        return 0
    return now + wants.refresh_ms if is_done else due_ms


def _keep_or_replace(
    builder: PlanBuilder,
    order: LiveOrder,
    level: int,
    want: SideWant,
    is_due: bool,
    may_replace: bool,
    wants: Wants,
    instrument: Instrument,
) -> bool:
    """False when the order should be replaced but that has to wait for the other side."""
    age_ms = builder.now_ms - order.placed_ts_ms
    if order.state != "open":
        if order.state == "cancelling":
            if builder.levels.get(order.level_id, EMPTY).cancel_ts_ms:  # ours: ask again when it is slow
                builder.ask_cancel(order, "CANCEL_RETRY", builder.levels[order.level_id].is_awaited)
        elif age_ms >= wants.ack_timeout_ms and builder.ask_cancel(order, "ACK_TIMEOUT"):
            text = (
                f"ACK_TIMEOUT: {order.client_order_id} without venue id for {age_ms} ms, limit {wants.ack_timeout_ms}"
            )
            builder.notices.append(Notice("warning", "ACK_TIMEOUT", text + "; its level waits until its fate is known"))
        return True
    reason = None
    if age_ms >= wants.ttl_ms and wants.is_placing:
        reason = "ORDER_TTL"
    elif is_due:
        price = _wanted_price(want, level, wants, instrument)
        if abs(price - order.price) > wants.tolerance_quote:
            reason = "REFRESH"
    if reason is not None:
        if not may_replace:
            builder.keep.append(order.level_id)
            return False
        if builder.ask_replace(order, reason):
            return True
    builder.keep.append(order.level_id)
    return True


def _wanted_price(want: SideWant, level: int, wants: Wants, instrument: Instrument) -> Decimal:
    return level_price(
        want.side,
        wants.mid_price,
        want.distance_pct,
        level,
        wants.step_multiplier,
        instrument.tick_size,
        wants.tick_eps,
    )


def _is_busy(builder: PlanBuilder, side: str) -> bool:
    """Is this side between a cancel of ours and the order that follows it?"""
    for level_id, memory in builder.levels.items():
        if memory.cancel_ts_ms and level_id[0] == side:
            is_open = memory.is_awaited or level_id in builder.live
            if is_open and builder.now_ms - memory.cancel_ts_ms < _HANDOVER_MS:
                return True
    return False
