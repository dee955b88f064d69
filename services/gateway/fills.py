"""Trades: heard on the private stream or read by poll, counted once by trade id, booked, journalled and published."""

from decimal import Decimal
from typing import Literal

from services.common import venue
from services.contracts import events as e
from services.gateway import kill_caps, steps, views, watches
from services.gateway.orders import OrderRow
from services.gateway.records import BillRecord, FillRecord
from services.gateway.state import State
from services.gateway.tightening import tighten

Source = Literal["stream", "poll", "startup"]


def import_fill(state: State, account_id: str, fill: venue.Fill, source: Source) -> OrderRow | None:
    """Book one trade of a sub-account; no effect when its id is known. Returns the order it belongs to."""
    lane, account = state.lanes[account_id], state.accounts[account_id]
    row = state.orders.by_venue(account_id, fill.venue_order_id, fill.client_order_id)
    if lane.knows_trade(fill.trade_id):
        state.count("fills_duplicate")
        return row
    lane.remember_trade(fill.trade_id)
    if row is None and fill.ts_exch_ms < account.since_ms:
        return None  # of a time before the desk: it is in the position that was met then
    account.add_fill(fill)
    state.count("fills")
    if row is None:
        _into_suspense(state, account_id, fill, source)
        kill_caps.look(state)
        return None
    if not row.filled:
        watches.on_executed(state, row)
    row.filled += fill.qty_base
    row.filled_quote += fill.qty_base * fill.price
    row.fee_quote += fill.fee_quote
    row.venue_filled = max(row.venue_filled, row.filled)
    row.updated_ms = state.core.now.wall_ms
    if fill.venue_order_id:
        state.orders.set_venue_id(row, fill.venue_order_id)
    steps.reply_submit(state, row)  # a fill says "accepted" louder than the answer that is still on its way
    was_terminal = row.is_terminal
    if not was_terminal:
        row.state = "PARTIALLY_FILLED" if row.remaining > 0 else "FILLED"
        row.accepted_mono_ms = row.accepted_mono_ms or state.core.now.mono_ms
        row.is_asking = False
        if row.state == "FILLED":
            row.terminal_mono_ms = state.core.now.mono_ms
            row.reason, row.detail = "", ""
            state.orders.close(row)
    state.core.write(
        row.record(),
        _fill_record(state, account_id, row.gateway_id, fill, source, is_suspense=False),
        account.record(),
    )
    kill_caps.look(state)  # after the write: what it writes itself must not hold a trade that no row says was booked
    _publish_fill(state, row.bot_id, fill, row.client_id, row.gateway_id)
    state.history.add_fill(row.bot_id, views.fill_view(row, fill))
    _publish_progress(state, row)
    views.push_order(state, row, fill)
    if was_terminal and row.is_tombstone:
        steps.open_break(
            state,
            row.bot_id,
            "fill_after_not_found",
            ours=f"{row.client_id} was taken as never placed",
            theirs=f"trade {fill.trade_id} of {fill.qty_base} @ {fill.price}",
            severity="critical",
        )
    if row.is_terminal:
        steps.reply_cancels(state, row)
    return row


def waits_for_its_order(state: State, account_id: str, fill: venue.Fill) -> bool:
    """A list of fills names the venue's order id alone. While an order like it is out whose id there nobody has said
    yet, the fill may be its: it is read again once that is known."""
    lane = state.lanes[account_id]
    if lane.knows_trade(fill.trade_id) or state.orders.by_venue(account_id, fill.venue_order_id, fill.client_order_id):
        return False
    return not fill.client_order_id and any(
        row.is_sent and not row.venue_id and (row.symbol, row.side) == (fill.symbol, fill.side)
        for row in state.orders.open_of(account_id)
    )


def import_bills(state: State, account_id: str, bills: tuple[venue.Bill, ...]) -> None:
    """Book funding and transfers once by bill id."""
    lane, account = state.lanes[account_id], state.accounts[account_id]
    for bill in sorted(bills, key=lambda b: (b.ts_ms, b.bill_id)):
        if bill.kind not in ("funding", "transfer") or bill.bill_id in lane.bills or bill.ts_ms < account.since_ms:
            continue
        lane.bills.add(bill.bill_id)
        account.add_bill(bill)
        state.history.add_bill(account_id, bill)
        state.core.write(BillRecord(account_id=account_id, bill=bill), account.record())
        kill_caps.look(state)
        views.push_account(state, account_id)


def _into_suspense(state: State, account_id: str, fill: venue.Fill, source: Source) -> None:
    """K5: a trade of an order nobody here knows has its own row, its own limit, and tightens the bot."""
    account = state.accounts[account_id]
    account.suspense_quote += fill.qty_base * fill.price
    state.core.write(_fill_record(state, account_id, "", fill, source, is_suspense=True), account.record())
    _publish_fill(state, account_id, fill, fill.client_order_id, "")
    steps.open_break(
        state,
        account_id,
        "unknown_fill",
        ours="no order of ours",
        theirs=f"trade {fill.trade_id} {fill.side} {fill.qty_base} @ {fill.price}, order {fill.venue_order_id}",
        severity="critical",
    )
    limit = state.tightest("suspense_quote_max", account_id)
    if account.suspense_quote > limit:
        tighten(
            state,
            f"bot:{account_id}",
            "SUSPENSE_LIMIT",
            f"suspense_quote_max={limit}",
            f"{account.suspense_quote} quote of unknown fills",
        )


def _fill_record(
    state: State, account_id: str, gateway_id: str, fill: venue.Fill, source: Source, *, is_suspense: bool
) -> FillRecord:
    return FillRecord(
        account_id=account_id,
        gateway_order_id=gateway_id,
        fill=fill,
        source=source,
        is_suspense=is_suspense,
        ts_ms=state.core.now.wall_ms,
    )


def _publish_progress(state: State, row: OrderRow) -> None:
    """ORD-14: of an order that is filled in part always what was wanted, what came, how long it took, what becomes of
    the rest. Whether a rest is worth keeping is the strategy's to say."""
    if row.state != "PARTIALLY_FILLED":
        steps.publish_order(state, row, row.state)
        return
    action = "cancel_remainder" if row.is_cancel_wanted else "keep"
    elapsed_ms = state.core.now.wall_ms - row.created_ms
    detail = f"requested={row.qty}, filled={row.filled}, elapsed_ms={elapsed_ms}, action={action}"
    steps.publish_order(state, row, row.state, "PARTIAL_FILL", f"PARTIAL_FILL: {detail}")


def _publish_fill(state: State, bot_id: str, fill: venue.Fill, client_id: str, gateway_id: str) -> None:
    touch = state.market.touch(fill.symbol)
    mid: Decimal | None = touch.mid if touch else None
    state.core.publish(
        e.FillV1,
        bot_id,
        symbol=fill.symbol,
        trade_id=fill.trade_id,
        client_order_id=client_id,
        gateway_order_id=gateway_id,
        venue_order_id=fill.venue_order_id,
        side=fill.side,
        price=fill.price,
        base_qty=fill.qty_base,
        fee_quote=fill.fee_quote,
        liquidity=fill.liquidity,
        realized_pnl_quote=fill.realized_pnl_quote,
        mid_price=mid,
        ts_exch_ms=fill.ts_exch_ms,
    )
