"""Metrics of one bot: durations of the decision, of its parts and of the script's tick, and how late the loop is."""

from decimal import Decimal

from controllers.epp.processed import ProcessedState
from services.bot.carrier import Counters
from services.common.metrics import Metrics

_TICK_BUCKETS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1)
_GUARDS = ("RUNNING", "SOFT_PAUSE", "HARD_STOP")


class BotMetrics:
    def __init__(self, metrics: Metrics, bot_id: str) -> None:
        self._bot = bot_id
        self._tick = metrics.histogram(
            "bot_tick_seconds",
            "duration of a decision (tick), of its parts (connector, decide) and of the script's tick (script)",
            ["bot", "component"],
            buckets=_TICK_BUCKETS_S,
        )
        self._lag = metrics.histogram(
            "bot_loop_lag_seconds", "how late a decision began after it was due", ["bot"], buckets=_TICK_BUCKETS_S
        )
        self._csv = metrics.gauge("bot_csv_write_seconds", "newest batch of rows, off the tick path", ["bot"])
        self._guard = metrics.gauge("bot_guard_state", "1 for the state the guard is in", ["bot", "state"])
        self._orders = metrics.gauge("bot_orders_open", "orders that are not terminal at the connector", ["bot"])
        self._equity = metrics.gauge("bot_equity_quote", "virtual account as the gateway reports it", ["bot"])
        self._base_pct = metrics.gauge("bot_base_ratio", "signed notional of the position over equity", ["bot"])
        self._done = metrics.gauge(
            "bot_order_actions", "submits, cancels, fills, refusals, held back; since the start of this life",
            ["bot", "kind"],
        )  # fmt: skip
        self._first_order = metrics.gauge("bot_first_order_seconds", "process start to first order", ["bot"])
        self._faults = metrics.gauge("bot_strategy_faults", "decisions that raised, since the start", ["bot"])
        self._foreign = metrics.gauge("bot_orphan_orders_cancelled", "orders of ours without a carrier", ["bot"])

    def on_decision(self, processed: ProcessedState) -> None:
        parts = {
            "tick": processed.tick_duration_ms,
            "decide": processed.indicator_duration_ms,
            "connector": processed.connector_io_duration_ms,
        }
        for component, ms in parts.items():
            if ms is not None:
                self._tick.labels(self._bot, component).observe(float(ms) / 1000)
        for state in _GUARDS:
            self._guard.labels(self._bot, state).set(1 if processed.guard == state else 0)
        self._orders.labels(self._bot).set(processed.orders_active)
        if processed.equity_quote is not None:
            self._equity.labels(self._bot).set(float(processed.equity_quote))
        if processed.base_pct is not None:
            self._base_pct.labels(self._bot).set(float(processed.base_pct))

    def on_script_tick(self, ms: Decimal) -> None:
        self._tick.labels(self._bot, "script").observe(float(ms) / 1000)

    def on_lag(self, ms: int) -> None:
        self._lag.labels(self._bot).observe(ms / 1000)

    def on_second(self, counters: Counters, first_order_s: Decimal | None, csv_write_ms: Decimal) -> None:
        for kind, count in counters._asdict().items():
            self._done.labels(self._bot, kind).set(count)
        if first_order_s is not None:
            self._first_order.labels(self._bot).set(float(first_order_s))
        self._csv.labels(self._bot).set(float(csv_write_ms) / 1000)

    def on_health(self, faults: int, foreign_cancels: int) -> None:
        self._faults.labels(self._bot).set(faults)
        self._foreign.labels(self._bot).set(foreign_cancels)
