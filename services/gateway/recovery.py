"""From "nothing is known" to "the door is open", at start and after each loss of a private stream.

At start, per bot: cancel every open order of ours and read the venue until none is left; ask what became of every order
that was under way; import the fills since the last known one; compare positions; ask what the key may do; only then
open the door. After a reconnect the same reading without the cancelling, while new risk waits.
"""

from functools import partial

from services.common import venue
from services.gateway import differences, hunter, key_rights, pursuit, reading, sessions, steps
from services.gateway.state import Lane, State
from services.gateway.tightening import tighten

_POSITION_TRIES = 3


def begin(state: State, lane: Lane) -> None:
    """Start (or start again) reading the sub-account. A newer round ends an older one."""
    lane.sync_round += 1
    lane.is_synced = False
    lane.is_difference_told = False
    lane.door_detail = "cancelling what earlier lives left" if not lane.is_door_open else lane.door_detail
    _list_orders(state, lane, lane.sync_round)


def _is_over(lane: Lane, sync_round: int) -> bool:
    return sync_round != lane.sync_round or not lane.is_link_up


def _again(state: State, lane: Lane, sync_round: int) -> None:
    delay_ms = state.timing.key_refused_retry_ms if lane.key_refused else state.timing.recovery_retry_ms
    state.core.after(delay_ms, partial(_list_orders, state, lane, sync_round))


def _list_orders(state: State, lane: Lane, sync_round: int) -> None:
    if _is_over(lane, sync_round):
        return
    if not lane.is_door_open:
        sessions.cancel_all_of(state, lane.bot_id, "STARTUP_CANCEL")
    hunter.hunt(state, lane.bot_id, partial(_on_listed, state, lane, sync_round))


def _on_listed(state: State, lane: Lane, sync_round: int, open_orders: int | None) -> None:
    if _is_over(lane, sync_round):
        return
    if open_orders is None or (open_orders and not lane.is_door_open):
        lane.door_detail = "the venue does not list its orders" if open_orders is None else f"{open_orders} orders left"
        _again(state, lane, sync_round)
        return
    for row in state.orders.open_of(lane.bot_id):
        pursuit.ask_truth_now(state, row)
    if not state.accounts[lane.bot_id].is_connected_before:  # what was traded before is nobody's here
        _read_positions(state, lane, sync_round, 1)
        return
    reading.read_fills(state, lane.bot_id, "startup", partial(_on_fills, state, lane, sync_round))


def _on_fills(state: State, lane: Lane, sync_round: int, is_read: bool) -> None:
    if _is_over(lane, sync_round):
        return
    if not is_read:
        lane.door_detail = "the venue does not list its fills"
        _again(state, lane, sync_round)
        return
    reading.read_bills(state, lane.bot_id, partial(_on_bills, state, lane, sync_round))


def _on_bills(state: State, lane: Lane, sync_round: int, is_read: bool) -> None:
    if _is_over(lane, sync_round):
        return
    if not is_read:
        _again(state, lane, sync_round)
        return
    _read_positions(state, lane, sync_round, 1)


def _read_positions(state: State, lane: Lane, sync_round: int, tries: int) -> None:
    if not _is_over(lane, sync_round):
        reading.read_positions(state, lane.bot_id, partial(_on_positions, state, lane, sync_round, tries))


def _on_positions(state: State, lane: Lane, sync_round: int, tries: int, is_read: bool) -> None:
    if _is_over(lane, sync_round):
        return
    if not is_read:
        lane.door_detail = "the venue does not list its positions"
        _again(state, lane, sync_round)
        return
    account = state.accounts[lane.bot_id]
    if not account.is_connected_before:
        _first_connect(state, lane)
    found = reading.position_differences(state, lane.bot_id)
    if found and tries < _POSITION_TRIES:  # a fill may have come between the two readings
        reading.read_fills(
            state, lane.bot_id, "startup", lambda _read: _read_positions(state, lane, sync_round, tries + 1)
        )
        return
    if found and lane.has_early_fills:
        lane.door_detail = "the orders of some fills are not known yet"
        _again(state, lane, sync_round)
        return
    for symbol, ours, theirs in () if lane.is_difference_told else found:  # once, however often it is read again
        differences.tell(state, lane, symbol, ours, theirs)
    is_settled = all(row.state == "UNKNOWN" for row in state.orders.open_of(lane.bot_id))
    if not lane.is_door_open and not is_settled:
        lane.door_detail = "the end of earlier orders is not known yet"
        _again(state, lane, sync_round)
        return
    if not state.market.instruments:
        lane.door_detail = "the venue's instruments are not read yet"
        _again(state, lane, sync_round)
        return
    if lane.is_door_open:
        _open(state, lane)
    else:
        key_rights.prove(state, lane, partial(_on_key, state, lane, sync_round))


def _on_key(state: State, lane: Lane, sync_round: int, is_harmless: bool) -> None:
    if _is_over(lane, sync_round):
        return
    if is_harmless:
        _open(state, lane)
    else:
        state.core.after(state.timing.key_rights_retry_ms, partial(_list_orders, state, lane, sync_round))


def _first_connect(state: State, lane: Lane) -> None:
    """The account is met for the first time: what it holds is taken over, or keeps the door to new risk shut."""
    account = state.accounts[lane.bot_id]
    positions = tuple((lane.positions or {}).values())
    policy = state.policy.first_connect
    if (positions or lane.foreign) and policy == "refuse":
        held = f"{len(positions)} positions, {len(lane.foreign)} orders that are not ours"
        tighten(state, f"bot:{lane.bot_id}", "POSITION_MISMATCH", "first_connect=refuse", held)
    if policy == "adopt":
        account.adopt(positions)
    elif policy == "ignore":
        account.ignored = {p.symbol: p.qty_base for p in positions}
        reading.take_positions(state, lane.bot_id, positions)
    account.is_connected_before = True
    account.since_ms = state.core.now.wall_ms
    account.fills_cursor_ms = max(account.fills_cursor_ms, state.core.now.wall_ms)
    account.bills_cursor_ms = max(account.bills_cursor_ms, state.core.now.wall_ms)
    state.core.write(account.record())


def _open(state: State, lane: Lane) -> None:
    lane.is_synced = True
    was_open, lane.is_door_open = lane.is_door_open, True
    lane.door_detail = ""
    if not was_open:
        state.count("doors_opened")
        _apply_account_policy(state, lane)
    state.tell_decision(
        lane.bot_id,
        scope=f"bot:{lane.bot_id}",
        decision="loosened",
        reason="NORMAL_STATE",
        limit="reconciled with the venue",
        value="the door is open" if not was_open else "re-read after a reconnect",
    )


def _apply_account_policy(state: State, lane: Lane) -> None:
    """Set at the venue what bots are told: one-way mode, margin mode, leverage. A refusal is a break."""
    policy = state.policy.account
    requests: list[venue.Request] = [venue.SetPositionMode(position_mode=policy.position_mode)]
    for symbol in state.policy.instruments:
        if symbol in state.market.instruments:
            requests.append(venue.SetMarginMode(symbol=symbol, margin_mode=policy.margin_mode))
            requests.append(venue.SetLeverage(symbol=symbol, leverage=policy.leverage))
    for request in requests:
        state.core.ask(lane.bot_id, request, partial(_on_policy_set, state, lane, request))


def _on_policy_set(state: State, lane: Lane, request: venue.Request, answer: venue.Answer | venue.Unknown) -> None:
    if isinstance(answer, venue.Done):
        return
    said = answer.text if isinstance(answer, venue.Refused) else str(getattr(answer, "detail", answer))
    what = type(request).__name__
    steps.open_break(state, lane.bot_id, "account_policy_not_set", ours=what, theirs=said, severity="warning")
