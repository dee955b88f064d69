"""Behaviour that is judged after the fact: repeated executions, runaway submits, orders nobody decided.

Each of them lets the bot only reduce, by the gateway's own latch; a timer never takes that back, a person does.
"""

from services.gateway.orders import OrderRow
from services.gateway.state import State
from services.gateway.tightening import tighten

HEADROOM_WARN_PCT = 0.5
_LOW_LOOKS = 3  # one look a second; a burst of quotes is no shortage
_LATE_MS_MAX = 1_000  # news this late says that the bus is slow, not that the bot is mad
_SLACK_MS = 3_000  # a decision reaches us over the bus, later than its orders over the wire
_ANNOUNCED_WINDOW_MS = 60_000 + 3 * _SLACK_MS


def on_executed(state: State, row: OrderRow) -> None:
    """RTS6-15(3): the first fill of an order. Reducing ones do not count."""
    if row.reduce_only:
        return
    window = state.counters.window(f"executed|{row.bot_id}|{row.side}")
    now_ms = state.core.now.mono_ms
    window.add(now_ms)
    limit = state.tightest("repeated_executions_max", row.bot_id)
    if window.count(now_ms) > limit:
        value = f"{window.count(now_ms)} {row.side} orders executed in 60 s"
        tighten(state, f"bot:{row.bot_id}", "REPEATED_EXECUTION", f"repeated_executions_max={limit}", value)


def on_attempt(state: State, bot_id: str) -> None:
    """A submit was asked for, whatever became of it."""
    window = state.counters.window(f"attempts|{bot_id}")
    now_ms = state.core.now.mono_ms
    window.add(now_ms)
    limit = state.tightest("attempts_per_minute_max", bot_id)
    if window.count(now_ms) > limit:
        value = f"{window.count(now_ms)} submits asked for in a minute"
        tighten(state, f"bot:{bot_id}", "RUNAWAY", f"attempts_per_minute_max={limit}", value)


def on_announced(state: State, bot_id: str, orders: int, late_ms: int) -> None:
    """The bot published a decision that places so many orders; the news took ``late_ms``."""
    window = state.counters.window(f"announced|{bot_id}", _ANNOUNCED_WINDOW_MS)
    for _ in range(orders):
        window.add(state.core.now.mono_ms)
    state.lanes[bot_id].has_announced = True
    state.lanes[bot_id].announced_late_ms = late_ms


def watch_headroom(state: State) -> None:
    """ORD-04: less than half of the venue's budget left for longer than a moment; said once per crossing."""
    left_pct = state.governor.headroom_pct(state.core.now.mono_ms)
    state.headroom_low_looks = state.headroom_low_looks + 1 if left_pct < HEADROOM_WARN_PCT else 0
    if state.headroom_low_looks == _LOW_LOOKS:
        state.tell_decision(
            "desk",
            scope="venue:bitget",
            decision="warned",
            reason="RATE_LIMIT_EXCEEDED",
            limit=f"warning below {HEADROOM_WARN_PCT:.0%} of the venue's budget",
            value=f"{left_pct:.0%} left for {_LOW_LOOKS} s",
        )


def on_sent(state: State, bot_id: str) -> None:
    """An order went out; it is compared once its decision has had time to arrive."""
    window = state.counters.window(f"sent|{bot_id}")
    state.core.after(_SLACK_MS, lambda: window.add(state.core.now.mono_ms))


def compare_in_and_out(state: State) -> None:
    """K3: orders that went out against orders that decisions announced, once a second."""
    if state.bus_blind_ms:
        return  # decisions cannot arrive; the blind bus has a limit of its own
    now_ms = state.core.now.mono_ms
    for bot_id, lane in state.lanes.items():
        is_held_to_it = (
            lane.has_announced or bot_id in state.release
        )  # a released bot announces from its first order on
        if not is_held_to_it or lane.announced_late_ms > _LATE_MS_MAX:
            continue
        sent = state.counters.window(f"sent|{bot_id}").count(now_ms)
        announced = state.counters.window(f"announced|{bot_id}", _ANNOUNCED_WINDOW_MS).count(now_ms)
        limit = state.tightest("unexplained_orders_per_minute_max", bot_id)
        if sent - announced > limit:
            value = f"{sent} orders, {announced} announced in a minute"
            tighten(state, f"bot:{bot_id}", "ORDERS_UNEXPLAINED", f"unexplained_orders_per_minute_max={limit}", value)
