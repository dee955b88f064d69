"""Pursue an order until its truth is known: ask about what is unknown, repeat a cancel until it is done. Never
resend.

An order of unknown outcome is asked for by client order id. "Not found" is believed only after several polls over at
least ten seconds, and only when the submit itself has come back; it leaves a tombstone. A cancel that a bot asked for
once is the gateway's from then on: refused, throttled or unanswered, it is repeated until the venue says the order is
over.
"""

from functools import partial

from services.common import venue
from services.gateway import fills, quarantine, steps, views
from services.gateway.core import OnAnswer
from services.gateway.orders import OrderRow
from services.gateway.records import OrderState
from services.gateway.state import State, scope_names

NOT_FOUND_CODES = frozenset({"ORDER_NOT_FOUND"})
OVER_CODES = frozenset({"ORDER_NOT_FOUND", "ORDER_NOT_OPEN"})


def become_unknown(state: State, row: OrderRow, detail: str) -> None:
    """Nobody can say whether the venue has the order: journal that, and ask."""
    if row.is_terminal or row.filled:
        return
    if row.state != "UNKNOWN":
        state.count("unknown_outcomes")
        quarantine.on_unknown(state, row)
        steps.step(state, row, "UNKNOWN", "UNKNOWN_OUTCOME", detail, tell_bot=False)
    ask_truth_later(state, row)


def ask_truth_later(state: State, row: OrderRow) -> None:
    """Poll for the order's truth, soon and then ever slower; one chain of polls per order."""
    if _begins_asking(row):
        state.core.after(state.timing.ask_first_ms, partial(_ask_truth, state, row))


def ask_truth_now(state: State, row: OrderRow) -> None:
    if _begins_asking(row):
        _ask_truth(state, row)


def _begins_asking(row: OrderRow) -> bool:
    """False while it is being asked for already. Each chain of polls counts its own "not found"."""
    if row.is_asking or row.is_terminal:
        return False
    row.is_asking = True
    row.asks = row.not_found = 0
    return True


def _ask_truth(state: State, row: OrderRow) -> None:
    if row.is_terminal or not row.is_asking:
        return
    row.asks += 1
    request = venue.GetOrder(symbol=row.symbol, client_order_id=row.client_id)
    state.core.ask(row.account_id, request, partial(_on_truth, state, row))


def _on_truth(state: State, row: OrderRow, answer: venue.Answer | venue.Unknown) -> None:
    if row.is_terminal:
        return
    if isinstance(answer, venue.Order):
        row.is_asking = False
        apply_venue_order(state, row, answer)
        return
    if isinstance(answer, venue.Refused) and answer.code in NOT_FOUND_CODES and _is_not_found_final(state, row):
        row.is_tombstone = True
        _end(state, row, "CANCELLED", "NOT_FOUND_FINAL", f"asked {row.asks} times")
        return
    delay_ms = min(state.timing.ask_first_ms << min(row.asks, 8), state.timing.ask_slowest_ms)
    state.core.after(delay_ms, partial(_ask_truth, state, row))


def _is_not_found_final(state: State, row: OrderRow) -> bool:
    if not row.is_answered:
        return False  # the submit may still reach the venue
    if row.not_found == 0:
        row.first_not_found_mono_ms = state.core.now.mono_ms
    row.not_found += 1
    has_waited = state.core.now.mono_ms - row.first_not_found_mono_ms >= state.timing.not_found_final_ms
    return has_waited and row.not_found >= state.timing.not_found_polls_min


def apply_venue_order(state: State, row: OrderRow, order: venue.Order) -> None:
    """Take what the venue says of our order. Never backwards: terminal stays terminal, fills only grow."""
    if order.venue_order_id:
        state.orders.set_venue_id(row, order.venue_order_id)
    if row.is_terminal:
        return
    row.is_answered = True
    row.venue_filled = max(row.venue_filled, order.filled_base)
    if order.status in venue.TERMINAL_STATUSES:
        to: OrderState = "FILLED" if order.status == "filled" else "CANCELLED"
        if order.status == "rejected" and not order.filled_base:
            to = "REFUSED"
        row.ending = (to, order.reason)
    if row.venue_filled > row.filled:
        _fetch_fills(state, row)
        return
    if row.ending is not None:
        _end_if_over(state, row)
        return
    if row.state in ("SUBMITTING", "UNKNOWN"):
        steps.step(state, row, "ACCEPTED", tell_bot=False)
        steps.reply_submit(state, row)
        views.push_order(state, row)
    if row.is_cancel_wanted:
        _cancel_again(state, row)


def _end_if_over(state: State, row: OrderRow) -> None:
    """All its fills are counted: what the venue said of its end is taken."""
    if not row.is_terminal and row.ending is not None:
        to, reason = row.ending
        _end(state, row, to, reason or ("CANCELLED_BY_USER" if row.is_cancel_wanted else ""), "")


def _end(state: State, row: OrderRow, to: OrderState, reason: str, detail: str) -> None:
    """The order is over. A bot that still waits for its submit hears why; one that was answered hears by stream."""
    was_refused = False
    if to == "REFUSED":
        was_refused = steps.reply_submit(state, row, venue.Refused(code=reason or "BAD_REQUEST", text=detail or reason))
    else:
        steps.reply_submit(state, row)
    steps.step(state, row, to, reason, detail, tell_bot=not was_refused)
    steps.reply_cancels(state, row)


# ------------------------------------------------------------------------------------------------------ missing fills


def _fetch_fills(state: State, row: OrderRow) -> None:
    """The venue speaks of fills that were not heard: read them before the order may end. One reading at a time."""
    if row.is_fetching:
        return
    row.is_fetching = True
    request = venue.GetFills(symbol=row.symbol, venue_order_id=row.venue_id)
    state.core.ask(row.account_id, request, partial(_on_fills, state, row))


def _on_fills(state: State, row: OrderRow, answer: venue.Answer | venue.Unknown) -> None:
    if isinstance(answer, tuple):
        for fill in answer:
            if isinstance(fill, venue.Fill):
                fills.import_fill(state, row.account_id, fill, "poll")
    if not row.is_terminal and row.venue_filled > row.filled:
        state.core.after(state.timing.recovery_retry_ms, partial(_fetch_again, state, row))
        return
    row.is_fetching = False
    _end_if_over(state, row)


def _fetch_again(state: State, row: OrderRow) -> None:
    row.is_fetching = False
    if not row.is_terminal and row.venue_filled > row.filled:
        _fetch_fills(state, row)
    else:
        _end_if_over(state, row)


# ------------------------------------------------------------------------------------------------------------- cancel


def want_cancel(state: State, row: OrderRow, reason: str) -> None:
    """From now on the gateway itself sees to it that this order ends."""
    if row.is_terminal:
        return
    if not row.is_cancel_wanted:
        row.is_cancel_wanted = True
        row.cancel_reason = reason
        row.cancel_tries = 0
        if row.is_sent:
            state.core.write(row.record())
            steps.publish_order(state, row, "CANCELLING", reason)
    send_cancel(state, row)


def send_cancel(state: State, row: OrderRow) -> None:
    """Ask the venue to cancel, unless such a request is under way. An unsent order ends where the wire begins."""
    if row.is_terminal or row.is_cancel_in_flight or not row.is_sent:
        return
    row.is_cancel_in_flight = True
    row.cancel_tries += 1
    state.counters.cancelled(scope_names(state.members(row.bot_id)), state.core.now.mono_ms)
    state.count("cancels_sent")
    request = venue.CancelOrder(
        symbol=row.symbol,
        venue_order_id=row.venue_id,
        client_order_id="" if row.venue_id else row.client_id,
    )
    state.core.ask(row.account_id, request, partial(_on_cancel, state, row))


def _on_cancel(state: State, row: OrderRow, answer: venue.Answer | venue.Unknown) -> None:
    row.is_cancel_in_flight = False
    if row.is_terminal:
        return
    if isinstance(answer, venue.Cancelled) and answer.done:
        steps.reply_cancels(state, row)
        state.core.after(state.timing.cancel_confirm_ms, partial(_confirm_cancel, state, row))
        return
    if isinstance(answer, venue.Refused) and answer.code in OVER_CODES:
        ask_truth_now(state, row)  # filled or cancelled, the venue will say
        state.core.after(state.timing.cancel_confirm_ms, partial(_confirm_cancel, state, row))
        return
    state.count("cancels_retried")
    _cancel_again(state, row)


def _cancel_again(state: State, row: OrderRow) -> None:
    """At once the first time, then ever slower; one chain of repeats per order."""
    if row.cancel_tries == 0:
        send_cancel(state, row)
    elif not row.is_cancel_due:
        row.is_cancel_due = True
        delay_ms = min(state.timing.cancel_retry_ms << min(row.cancel_tries - 1, 8), state.timing.ask_slowest_ms)
        state.core.after(delay_ms, partial(_cancel_due, state, row))


def _cancel_due(state: State, row: OrderRow) -> None:
    row.is_cancel_due = False
    send_cancel(state, row)


def _confirm_cancel(state: State, row: OrderRow) -> None:
    """A cancel was taken, or the order was not found, and no push has said so: ask, and go on asking."""
    if not row.is_terminal:
        ask_truth_now(state, row)


def kill_stranger(state: State, account_id: str, order: venue.Order, then: OnAnswer) -> None:
    """Cancel an order that has no living row (ghost, orphan, left over from another life)."""
    state.counters.cancelled(scope_names(state.members(account_id)), state.core.now.mono_ms)
    request = venue.CancelOrder(symbol=order.symbol, venue_order_id=order.venue_order_id)
    state.core.ask(account_id, request, then)
