"""Metrics of the gateway. Counters are copied from the state machine's tallies, so that logic counts in one place."""

from services.common.metrics import Metrics
from services.gateway.state import State


class GatewayMetrics:
    def __init__(self, metrics: Metrics) -> None:
        self.rejected = metrics.counter(
            "gateway_rejected_total", "requests refused by the dialect itself: bad key, unknown endpoint", ["kind"]
        )
        self._tally = metrics.gauge("gateway_tally", "what the state machine counted in this life", ["type"])
        self._open_orders = metrics.gauge("gateway_open_orders", "orders that are not terminal", ["bot"])
        self._door_open = metrics.gauge("gateway_door_open", "1 while new orders of the bot may pass", ["bot"])
        self._latch = metrics.gauge("gateway_latch", "0 active, 1 reducing, 2 halted", ["bot"])
        self._market_age = metrics.gauge("gateway_market_age_seconds", "since the public stream was last heard")
        self._equity = metrics.gauge("gateway_virtual_equity_quote", "equity of the bot's virtual account", ["bot"])
        self._cap_used = metrics.gauge(
            "gateway_kill_cap_used_pct",
            "largest share of a kill cap of the bot or of what it belongs to, 0 to 1",
            ["bot"],
        )
        self._headroom = metrics.gauge(
            "gateway_venue_budget_left_pct", "smallest share left of any bucket of the venue's rate budget, 0 to 1"
        )
        self._commits = metrics.gauge("gateway_journal_commits", "journal commits in this life")

    def update(self, state: State, commits: int) -> None:
        for name, count in state.tallies.items():
            self._tally.labels(name).set(count)
        marks = state.market.marks()
        for bot_id, lane in state.lanes.items():
            account = state.accounts[bot_id]
            self._open_orders.labels(bot_id).set(state.orders.open_count(bot_id))
            self._door_open.labels(bot_id).set(1 if lane.is_door_open and lane.is_synced else 0)
            self._latch.labels(bot_id).set({"ACTIVE": 0, "REDUCING": 1, "HALTED": 2}[state.latch_of(bot_id).state])
            self._equity.labels(bot_id).set(float(account.wallet_quote() + account.unrealized_quote(marks)))
            shares = [use.used_quote / use.limit_quote for use in state.cap_uses.get(bot_id, ()) if use.limit_quote]
            self._cap_used.labels(bot_id).set(float(max(shares, default=0)))
        age_ms = state.market.age_ms(state.core.now.mono_ms)
        if age_ms is not None:
            self._market_age.set(age_ms / 1000)
        self._commits.set(commits)
        self._headroom.set(state.governor.headroom_pct(state.core.now.mono_ms))
