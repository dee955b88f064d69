"""Stopping: a latch that tightens, a journal that cannot be written, the end of the process."""

from collections.abc import Mapping
from functools import partial

from services.common import venue
from services.gateway import hunter, pursuit, sessions, steps
from services.gateway.messages import Drained, LatchEntry
from services.gateway.periodic import publish_account
from services.gateway.state import State


def on_latch(state: State, entries: Mapping[str, LatchEntry] | None) -> None:
    """Take the latch file as it stands. Where a scope has tightened, what may not rest any more is cancelled."""
    before = {bot: state.latch_of(bot).state for bot in state.lanes}
    state.latches.replace(entries)
    for bot_id in state.lanes:
        now = state.latch_of(bot_id).state
        if now == before[bot_id]:
            continue
        if now == "HALTED":
            sessions.cancel_all_of(state, bot_id, "SCOPE_HALTED")
        elif now == "REDUCING":
            cancel_risk_of(state, bot_id)


def cancel_risk_of(state: State, bot_id: str) -> None:
    """Cancel what could open; what went out as reduce-only may stay."""
    for row in state.orders.open_of(bot_id):
        if not row.reduce_only:
            pursuit.want_cancel(state, row, "SCOPE_REDUCING")


def after_tightening(state: State) -> None:
    """Some scope was tightened by the gateway itself: its bots keep only orders that reduce."""
    state.tightened.clear()
    for bot_id in state.lanes:
        if state.latch_of(bot_id).state != "ACTIVE":
            cancel_risk_of(state, bot_id)


def on_bus_blind(state: State, blind_ms: int) -> None:
    """Without the bus nobody watches: no new risk after a while, nothing resting after longer."""
    hard_ms = state.timing.bus_blind_hard_ms
    if blind_ms > hard_ms >= state.bus_blind_ms:
        for bot_id in state.lanes:
            sessions.cancel_all_of(state, bot_id, "BUS_BLIND")
    state.bus_blind_ms = blind_ms


def on_journal_failed(state: State, detail: str) -> None:
    """Nothing that is not durable may reach the wire: refuse what waits, take no new risk, leave nothing resting."""
    state.journal_failure = detail
    state.core.drop_batches()
    for bot_id, lane in state.lanes.items():
        lane.is_door_open = False
        lane.door_detail = f"the journal cannot be written: {detail}"
        for row in state.orders.open_of(bot_id):
            if not row.is_sent:
                refusal = venue.Refused(code="JOURNAL_FAILED", text=f"JOURNAL_FAILED: {detail}")
                steps.reply_submit(state, row, refusal)
                steps.step(state, row, "REFUSED", "JOURNAL_FAILED", detail, tell_bot=False)
        sessions.cancel_all_of(state, bot_id, "JOURNAL_FAILED")


def drain(state: State) -> None:
    """Refuse new risk, cancel everything, read the venue until it is empty or time is up; then ``Drained``."""
    state.is_draining = True
    for bot_id in state.lanes:
        sessions.cancel_all_of(state, bot_id, "STOPPING")
    until_ms = state.core.now.mono_ms + state.timing.drain_ms
    _drain_round(state, until_ms)


def _drain_round(state: State, until_ms: int) -> None:
    counts: dict[str, int | None] = {}
    for bot_id in state.lanes:
        hunter.hunt(state, bot_id, partial(_on_drain_listed, state, until_ms, counts, bot_id))
    if not state.lanes:
        state.core.emit(Drained(0))


def _on_drain_listed(
    state: State, until_ms: int, counts: dict[str, int | None], bot_id: str, open_orders: int | None
) -> None:
    counts[bot_id] = open_orders
    if len(counts) < len(state.lanes):
        return
    known = [count for count in counts.values() if count is not None]
    is_empty = len(known) == len(counts) and sum(known) == 0 and state.orders.open_count() == 0
    if is_empty or state.core.now.mono_ms >= until_ms:
        for bot in state.lanes:
            publish_account(state, bot)
        state.core.emit(Drained(sum(known) if len(known) == len(counts) else None))
        return
    state.core.after(state.timing.cancel_retry_ms, partial(_drain_round, state, until_ms))
