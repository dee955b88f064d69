"""The gateway as a state machine: inputs in, outputs out, no clock, no socket, no thread.

    gateway = Gateway(bots, policy, timing)
    outputs = gateway.handle(message, Instant(wall_ms, mono_ms))

Single-threaded by contract. Each ``WriteJournal`` must be answered with ``JournalDurable`` after its commit, each
``AskUpstream`` with one ``UpstreamAnswer``; ``WakeAt`` asks for a ``Tick``. Same inputs, same outputs, bit for bit.
"""

from collections.abc import Sequence
from functools import partial

from services.common import venue
from services.gateway import (
    clock_steps,
    differences,
    fills,
    hunter,
    key_rights,
    keys,
    kill_caps,
    listing,
    maintenance,
    marketdata,
    reading,
    recovery,
    requests,
    sessions,
    stale_pairs,
    steps,
    views,
    watches,
)
from services.gateway import messages as m
from services.gateway.accounts import account_from
from services.gateway.limits.policy import Policy
from services.gateway.orders import row_from
from services.gateway.periodic import publish_account, publish_markets
from services.gateway.pursuit import apply_venue_order, ask_truth_later
from services.gateway.records import AccountRecord, BillRecord, FillRecord, OrderRecord
from services.gateway.state import Granted, Lane, State, Timing
from services.gateway.stopping import after_tightening, drain, on_bus_blind, on_journal_failed, on_latch


class Gateway:
    def __init__(self, bots: Sequence[str], policy: Policy, timing: Timing = Timing()) -> None:
        self.state = State(bots, policy, timing)
        self.state.core.observer = keys.WatchedKeys(self.state, self.state.traffic)

    def handle(self, message: m.Input, now: m.Instant) -> list[m.Output]:
        """Take one input at ``now`` (monotonic time must not go back) and return what is to be done, in order."""
        state = self.state
        before, state.core.now = state.core.now, now
        if state.epoch_ms:  # begun
            clock_steps.watch(state, before, now)
        state.core.tick()
        match message:
            case m.BotRequest():
                requests.handle(state, message.request_id, message.bot_id, message.request, message.claims)
            case m.UpstreamAnswer():
                state.core.answered(message.op_id, message.answer)
            case m.UpstreamPush():
                self._on_push(message.push)
            case m.UpstreamBookBroken():
                marketdata.on_book_broken(state, message.symbol, message.detail)
            case m.JournalDurable():
                state.core.durable(message.batch_id)
            case m.UpstreamHeard():
                if not message.account_id:
                    state.market.heard(now.mono_ms)
            case m.Tick():
                pass
            case m.BotSession():
                sessions.on_session(state, message)
            case m.UpstreamLink():
                self._on_link(message)
            case m.LatchChange():
                on_latch(state, message.entries)
            case m.BotQuoted():
                self._on_quoted(message)
            case m.BusBlind():
                on_bus_blind(state, message.blind_ms)
            case m.ReleaseChange():
                state.release = message.bots
            case m.Override():
                self._grant(message)
            case m.JournalFailed():
                on_journal_failed(state, message.detail)
            case m.Start():
                self._start(message)
            case m.Drain():
                drain(state)
        if state.tightened:
            after_tightening(state)
        return state.core.take_outputs()

    # --------------------------------------------------------------------------------------------------------- start

    def _start(self, message: m.Start) -> None:
        """Take over what the journal remembers. Whatever was not terminal is unknown; nothing is ever sent from it."""
        state = self.state
        state.epoch_ms = state.core.now.wall_ms
        fences: dict[str, int] = {}
        for record in message.records:
            match record:
                case AccountRecord():
                    if record.bot_id in state.accounts:
                        state.accounts[record.bot_id] = account_from(record)
                    else:
                        state.former_accounts.append(account_from(record))
                case OrderRecord():
                    state.orders.take_id(record.gateway_order_id)  # also of a bot that this life does not serve
                    if record.bot_id in state.lanes:
                        row = row_from(record)
                        state.orders.add(row)
                        fences[record.bot_id] = max(fences.get(record.bot_id, 0), row.fence)
                case FillRecord():
                    if record.account_id in state.lanes:
                        state.lanes[record.account_id].remember_trade(record.fill.trade_id)
                        known = state.orders.by_gateway_id(record.account_id, record.gateway_order_id)
                        if known is not None:
                            state.history.add_fill(record.account_id, views.fill_view(known, record.fill))
                case BillRecord():
                    if record.account_id in state.lanes:
                        state.lanes[record.account_id].bills.add(record.bill.bill_id)
                        state.history.add_bill(record.account_id, record.bill)
        for bot_id, fence in fences.items():
            state.accounts[bot_id].fence = max(state.accounts[bot_id].fence, fence)
        for row in list(state.orders.all_open()):
            row.is_cancel_wanted = True
            row.cancel_reason = "STARTUP_CANCEL"
            if row.state == "SUBMITTING":
                steps.step(state, row, "UNKNOWN", "UNKNOWN_OUTCOME", "left over from an earlier life", tell_bot=False)
            ask_truth_later(state, row)
        listing.watch(state)
        core, timing = state.core, state.timing
        core.every(timing.fills_poll_ms, self._poll_fills)
        core.every(timing.hunt_ms, self._hunt)
        core.every(timing.bills_poll_ms, self._poll_bills)
        core.every(timing.snapshot_ms, partial(publish_markets, state))
        core.every(timing.account_publish_ms, self._publish_accounts)
        core.every(timing.clock_poll_ms, partial(marketdata.compare_clocks, state))
        core.every(timing.key_rights_check_ms, partial(key_rights.prove_again, state, partial(recovery.begin, state)))
        core.every(timing.position_watch_ms, partial(differences.watch_positions, state))
        core.every(timing.watch_ms, partial(watches.compare_in_and_out, state))
        core.every(timing.watch_ms, partial(marketdata.confirm_quiet_books, state))
        core.every(timing.watch_ms, partial(stale_pairs.take_back, state))
        core.every(timing.watch_ms, partial(maintenance.watch, state))
        core.every(timing.watch_ms, partial(watches.watch_headroom, state))
        core.every(timing.watch_ms, partial(kill_caps.look, state))
        marketdata.compare_clocks(state)
        sessions.watch_rest_only(state)
        kill_caps.look(state)

    def _grant(self, override: m.Override) -> None:
        now, overrides = self.state.core.now, self.state.overrides
        alive = [granted for granted in overrides if now.mono_ms < granted.until_mono_ms]
        self.state.overrides = [*alive, Granted(override, now.mono_ms + override.expires_at_ms - now.wall_ms)]

    # ------------------------------------------------------------------------------------------------------ upstream

    def _on_link(self, message: m.UpstreamLink) -> None:
        state = self.state
        if not message.account_id:
            if message.is_up:
                state.market.went_up(state.core.now.mono_ms)
            else:
                state.market.went_down()
            return
        lane = state.lanes.get(message.account_id)
        if lane is None:
            return
        lane.is_link_up = message.is_up
        lane.is_synced = False
        lane.link_detail = message.detail
        if message.is_up:
            recovery.begin(state, lane)

    def _on_push(self, push: venue.Push) -> None:
        state = self.state
        if isinstance(push, venue.BookPush | venue.TradesPush | venue.TickerPush):
            marketdata.on_push(state, push)
            return
        lane = state.lanes.get(push.account_id)
        if lane is None:
            return
        if isinstance(push, venue.PositionsPush):
            reading.take_positions(state, push.account_id, push.positions)
        elif isinstance(push, venue.OrderPush):
            self._on_order(lane, push)

    def _on_order(self, lane: Lane, push: venue.OrderPush) -> None:
        state = self.state
        if push.fill is not None:
            fills.import_fill(state, lane.bot_id, push.fill, "stream")
        row = state.orders.by_venue(lane.bot_id, push.order.venue_order_id, push.order.client_order_id)
        if row is None:
            if push.order.status not in venue.TERMINAL_STATUSES and lane.is_door_open:
                hunter.hunt(state, lane.bot_id)  # somebody else's, or a ghost: the list will tell
            return
        if row.is_terminal and push.order.status not in venue.TERMINAL_STATUSES:
            return  # an older message that came late; a real ghost shows in the next list
        apply_venue_order(state, row, push.order)

    # ------------------------------------------------------------------------------------------------------ periodic

    def _ready_lanes(self) -> list[Lane]:
        return [lane for lane in self.state.lanes.values() if lane.is_door_open and lane.is_link_up and lane.is_synced]

    def _poll_fills(self) -> None:
        for lane in self._ready_lanes():
            reading.read_fills(self.state, lane.bot_id, "poll", lambda _is_read: None)

    def _hunt(self) -> None:
        """By REST, so also while the private stream is down: what arrives at the venue late must not wait for it."""
        for lane in self.state.lanes.values():
            if lane.is_door_open:
                hunter.hunt(self.state, lane.bot_id)

    def _poll_bills(self) -> None:
        for lane in self._ready_lanes():
            reading.read_bills(self.state, lane.bot_id, lambda _is_read: None)

    def _publish_accounts(self) -> None:
        for bot_id in self.state.lanes:
            publish_account(self.state, bot_id)

    def _on_quoted(self, message: m.BotQuoted) -> None:
        lane = self.state.lanes.get(message.bot_id)
        if lane is not None:
            lane.config_hash = message.config_hash
            watches.on_announced(self.state, message.bot_id, message.placed, message.late_ms)
