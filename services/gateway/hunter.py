"""Compare the venue's list of open orders with ours, and act on every difference.

Ours and alive on both sides: nothing. Alive there, terminal or unknown here, and ours by row or prefix: a ghost,
cancelled and reported. Alive there and not ours: a break, reported once and left alone. Alive here but not there: ask
what became of it. Only rows that were settled before the list was asked for are judged by it.
"""

from collections.abc import Callable
from functools import partial

from services.common import venue
from services.gateway import pursuit, steps
from services.gateway.orders import OWN_PREFIX, OrderRow
from services.gateway.state import Lane, State

Hunted = Callable[[int | None], None]  # how many orders of ours are open at the venue; None: it could not be read


def hunt(state: State, account_id: str, then: Hunted | None = None) -> None:
    """List the open orders of a sub-account once, and deal with what does not belong."""
    asked_mono_ms = state.core.now.mono_ms
    on_list = partial(_on_list, state, account_id, asked_mono_ms, then)
    state.core.ask(account_id, venue.GetOpenOrders(), on_list)


def _on_list(
    state: State,
    account_id: str,
    asked_mono_ms: int,
    then: Hunted | None,
    answer: venue.Answer | venue.Unknown,
) -> None:
    if not isinstance(answer, tuple):
        if then is not None:
            then(None)
        return
    lane = state.lanes[account_id]
    listed = [order for order in answer if isinstance(order, venue.Order)]
    ours = 0
    for order in listed:
        row = state.orders.by_venue(account_id, order.venue_order_id, order.client_order_id)
        if row is None and not OWN_PREFIX.match(order.client_order_id):
            _report_foreign(state, lane, order)
            continue
        ours += 1
        if row is None or row.is_terminal:
            _hunt_ghost(state, lane, order, row, asked_mono_ms)
        else:
            pursuit.apply_venue_order(state, row, order)
    listed_ids = {order.venue_order_id for order in listed}
    lane.ghosts &= listed_ids
    lane.foreign &= listed_ids
    for row in state.orders.open_of(account_id):
        is_settled = row.state in ("ACCEPTED", "PARTIALLY_FILLED") and row.venue_id
        if is_settled and row.venue_id not in listed_ids and row.accepted_mono_ms < asked_mono_ms:
            pursuit.ask_truth_now(state, row)
    if then is not None:
        then(ours)


def _hunt_ghost(state: State, lane: Lane, order: venue.Order, row: OrderRow | None, asked_mono_ms: int) -> None:
    if row is not None and (row.terminal_mono_ms or 0) >= asked_mono_ms:
        return  # it ended while the list was on its way
    if order.venue_order_id not in lane.ghosts:
        lane.ghosts.add(order.venue_order_id)
        what = "ghost_order" if row is not None else "orphan_order"
        ours = f"{row.client_id} is {row.state}" if row is not None else "no row in the journal"
        theirs = f"{order.status} {order.side} {order.qty_base - order.filled_base} @ {order.price}"
        steps.open_break(state, lane.bot_id, what, ours=ours, theirs=theirs, severity="critical")
        if row is not None:
            state.orders.set_venue_id(row, order.venue_order_id)
            steps.publish_order(state, row, "GHOST", "GHOST_ORDER", theirs)
    if order.venue_order_id not in lane.ghost_cancels:
        lane.ghost_cancels.add(order.venue_order_id)
        _cancel_ghost(state, lane, order)


def _cancel_ghost(state: State, lane: Lane, order: venue.Order) -> None:
    """One chain of cancels per ghost, however many lists show it."""
    if order.venue_order_id not in lane.ghosts:
        lane.ghost_cancels.discard(order.venue_order_id)
        return
    state.count("ghosts_cancelled")
    pursuit.kill_stranger(state, lane.bot_id, order, partial(_on_ghost_cancelled, state, lane, order))


def _on_ghost_cancelled(state: State, lane: Lane, order: venue.Order, answer: venue.Answer | venue.Unknown) -> None:
    """Taken, or over already: the next list will show. Anything else: soon again."""
    is_over = isinstance(answer, venue.Cancelled) or (
        isinstance(answer, venue.Refused) and answer.code in pursuit.OVER_CODES
    )
    if is_over:
        lane.ghost_cancels.discard(order.venue_order_id)
    else:
        state.core.after(state.timing.recovery_retry_ms, partial(_cancel_ghost, state, lane, order))


def _report_foreign(state: State, lane: Lane, order: venue.Order) -> None:
    if order.venue_order_id in lane.foreign:
        return
    lane.foreign.add(order.venue_order_id)
    steps.open_break(
        state,
        lane.bot_id,
        "foreign_order",
        ours="not an order of the desk",
        theirs=f"{order.client_order_id} {order.side} {order.qty_base} @ {order.price}",
        severity="warning",
    )
