"""One step in the life of an order: change the row, journal it, publish it. Nothing else changes a row's state."""

from services.common import venue
from services.contracts import events as e
from services.gateway import views
from services.gateway.core import Then
from services.gateway.orders import OrderRow
from services.gateway.records import TERMINAL, OrderState
from services.gateway.state import State


def begin(state: State, row: OrderRow, then: Then) -> None:
    """Register a new order: it counts from now on. ``then`` runs once the row is durable."""
    state.orders.add(row)
    publish_order(state, row, "SUBMITTING")
    state.core.write(row.record(), then=then)


def step(
    state: State,
    row: OrderRow,
    to: OrderState,
    reason: str = "",
    detail: str = "",
    *,
    tell_bot: bool = True,
) -> None:
    """Move the row on. A terminal row never moves; a row with fills does not fall back to ACCEPTED."""
    if row.is_terminal:
        return
    if to == "ACCEPTED" and row.filled:
        to = "PARTIALLY_FILLED"
    row.state = to
    row.reason, row.detail = reason, detail
    row.updated_ms = state.core.now.wall_ms
    if to == "ACCEPTED":
        row.accepted_mono_ms = state.core.now.mono_ms
    if to in TERMINAL:
        row.terminal_mono_ms = state.core.now.mono_ms
        row.is_asking = False
        state.orders.close(row)
    state.core.write(row.record())
    publish_order(state, row, to)
    if tell_bot:
        views.push_order(state, row)


def publish_order(state: State, row: OrderRow, as_state: str, reason: str = "", detail: str = "") -> None:
    """Drop copy. ``as_state`` may be CANCELLING or GHOST, which are events and no states of a row."""
    state.core.publish(
        e.OrderV1,
        row.bot_id,
        state=as_state,
        symbol=row.symbol,
        client_order_id=row.client_id,
        gateway_order_id=row.gateway_id,
        venue_order_id=row.venue_id,
        side=row.side,
        order_type=row.order_type,
        time_in_force=row.time_in_force,
        price=row.price,
        base_qty=row.qty,
        filled_base=row.filled,
        reduce_only=row.reduce_only,
        reason=reason or row.reason,
        detail=detail or row.detail,
    )


def reply_submit(state: State, row: OrderRow, refused: venue.Refused | None = None) -> bool:
    """Answer the bot's submit, if it is still waiting: accepted under the gateway's final id, or refused.

    Returns whether it was. A bot that was refused in the reply is not told by the stream too: that could be the first
    to arrive, there it reads as cancelled, and its level would be quoted again at once.
    """
    request_id, row.submit_request_id = row.submit_request_id, None
    if request_id is None:
        return False
    placed = venue.Placed(symbol=row.symbol, client_order_id=row.client_id, venue_order_id=row.gateway_id)
    state.core.reply(request_id, refused or placed)
    return True


def reply_cancels(state: State, row: OrderRow, refused: venue.Refused | None = None) -> None:
    """Answer every cancel of this order that is still waiting."""
    request_ids, row.cancel_requests = row.cancel_requests, []
    done = venue.Cancelled(done=((row.client_id, row.gateway_id),))
    for request_id in request_ids:
        state.core.reply(request_id, refused or done)


def open_break(state: State, bot_id: str, what: str, *, ours: str, theirs: str, severity: e.Severity) -> None:
    """Report two truths that differ."""
    state.count(f"breaks_{what}")
    state.core.publish(
        e.BreakV1,
        bot_id,
        break_id=f"gw-{state.epoch_ms}-{sum(state.tallies.values())}",
        what=what,
        scope=f"bot:{bot_id}",
        ours=ours,
        theirs=theirs,
        severity=severity,
        owner="desk",
        opened_ts_ms=state.core.now.wall_ms,
        state="open",
    )
