"""EPP v2.4 as a Hummingbot V2 controller: translation only. controllers/epp decides, the carrier carries.

Hummingbot finds one config class and one controller class in this module. The base class is ControllerBase, not the
market-making one: that one rebalances, defaults to HEDGE and keeps its books in executors. The control loop here runs
also while feeds are not ready, because standing down is a decision too.
"""

import asyncio
import logging
from decimal import Decimal
from typing import Any

from hummingbot.core.data_type.common import MarketDict
from hummingbot.strategy_v2.controllers.controller_base import ControllerBase, ControllerConfigBase
from hummingbot.strategy_v2.models.executor_actions import ExecutorAction
from pydantic import Field, create_model

from controllers.core.values import MarketView, NoView, Plan
from controllers.epp import daily_state
from controllers.epp.decide import decide, seed_candles
from controllers.epp.params import SIMULATED_MODES, EppParams
from controllers.epp.params_doc import PARAM_DOC_BY_NAME
from controllers.epp.processed import DailyReport, ProcessedState
from controllers.epp.state import EppState, from_dict, initial_state, to_dict
from controllers.market_making.view_reader import Fees, Heard, ViewReader
from services.common.clock import Stopwatch
from services.common.ports import Clock
from services.common.strategy_ports import Execution, Memory, Telemetry

_log = logging.getLogger(__name__)

_TICK_MS = 1_000
_FORGOT_BEFORE_MS = 60_000  # fills listed twice are told apart by their trade ids
_FALLBACK_FEES = Fees(maker_pct=Decimal("0.0002"), taker_pct=Decimal("0.0006"))


class _EppIdentity(ControllerConfigBase):
    """What Hummingbot itself asks of a controller's configuration."""

    controller_name: str = Field(default="epp_v2_4", description="module of the controller")
    controller_type: str = Field(default="market_making", description="package of the controller")
    connector_name: str = Field(description="connector type of the host")
    trading_pair: str = Field(description="the pair, BASE-QUOTE")

    def update_markets(self, markets: MarketDict) -> MarketDict:
        return markets.add_or_update(self.connector_name, self.trading_pair)

    def to_params(self) -> EppParams:
        return EppParams(**{name: getattr(self, name) for name in EppParams._fields})


def _config_fields() -> dict[str, Any]:
    """One pydantic field per parameter, with its sentence, unit, range and group."""
    fields: dict[str, Any] = {}
    for name, hint in EppParams.__annotations__.items():
        doc = PARAM_DOC_BY_NAME[name]
        bounds: dict[str, Any] = {key: bound for key, bound in (("ge", doc.low), ("le", doc.high)) if bound is not None}
        extra: dict[str, Any] = {"unit": doc.unit, "group": doc.group, "is_updatable": False}
        default = EppParams._field_defaults[name]
        fields[name] = (hint, Field(default, description=doc.description, json_schema_extra=extra, **bounds))
    return fields


EppV24Config = create_model("EppV24Config", __base__=_EppIdentity, __module__=__name__, **_config_fields())


class EppV24Controller(ControllerBase):
    """``bind`` hands in the ports before Hummingbot starts the loop."""

    def __init__(self, config: Any, market_data_provider: Any, actions_queue: asyncio.Queue[Any]) -> None:
        super().__init__(config, market_data_provider, actions_queue, update_interval=1.0)
        self.params: EppParams = config.to_params()
        self.faults = 0
        self._reader = ViewReader(config.trading_pair, _FALLBACK_FEES)
        self._view: MarketView | NoView | None = None
        self._has_looked = False
        self._io_ms = Decimal(0)

    def bind(self, execution: Execution, telemetry: Telemetry, memory: Memory, clock: Clock) -> None:
        self._execution = execution
        self._telemetry = telemetry
        self._memory = memory
        self._clock = clock
        saved = memory.load()
        state = initial_state(self.params) if saved is None else from_dict(dict(saved), self.params)
        self.forgot_after_ms = None if saved is None else state.last_ts_ms - _FORGOT_BEFORE_MS
        self.state: EppState = seed_candles(state, memory.candles(), self.params)

    async def control_loop(self) -> None:
        """A decision every second, and another as soon as an order of ours ended, so that no level stays empty for a
        whole second after its cancel. Replaces the stock loop, which waits for feeds and for executors.
        """
        next_tick_ms = self._clock.monotonic_ms()
        while not self.terminated.is_set():
            late_ms = self._clock.monotonic_ms() - next_tick_ms
            if late_ms >= 0:
                self._telemetry.on_lag(late_ms)
            try:
                await self.control_task()
            except Exception:  # the boundary of the loop: count it, keep the evidence, leave nothing resting
                self.faults += 1
                _log.exception("INTERNAL_ERROR: the controller failed (%d so far)", self.faults)
                self._execution.cancel_all("INTERNAL_ERROR")
            now_ms = self._clock.monotonic_ms()
            if now_ms >= next_tick_ms:
                next_tick_ms = max(next_tick_ms + _TICK_MS, now_ms)
            await self._execution.wait_for_change((next_tick_ms - now_ms) / 1000)

    async def control_task(self) -> None:
        await self.update_processed_data()
        self.determine_executor_actions()

    async def update_processed_data(self) -> None:
        watch = Stopwatch()
        self._view = self._read_view()
        self._io_ms = watch.ms()

    def determine_executor_actions(self) -> list[ExecutorAction]:
        """Decide once, carry it out, tell. Hummingbot's executors carry nothing, so it gets no actions."""
        assert self._view is not None, "update_processed_data comes first"
        watch = Stopwatch()
        plan, processed = self._decide_or_stand_down(self._view)
        decide_ms = watch.ms()
        self._execution.execute(plan, self._view.ts_ms)
        processed = processed._replace(
            tick_duration_ms=self._io_ms + watch.ms(),
            indicator_duration_ms=decide_ms,
            connector_io_duration_ms=self._io_ms,
            csv_write_duration_ms=self._telemetry.csv_write_ms(),
        )
        if self.params.desk_mode in SIMULATED_MODES:
            fills, refusals, queue_ms = self._execution.paper_stats()
            processed = processed._replace(
                paper_fill_count=fills, paper_reject_count=refusals, paper_avg_queue_delay_ms=queue_ms
            )
        self.processed_data = processed._asdict()
        self._telemetry.publish(plan, processed)
        is_first_look = not self._has_looked and isinstance(self._view, MarketView)
        self._has_looked = self._has_looked or is_first_look
        if processed.is_persist_due or is_first_look:  # a life that ends in its first minute was a life too
            self._memory.save(self.dump_state)
        return []

    def daily_so_far(self) -> DailyReport | None:
        """The day until now, for a clean stop; None before the first equity was seen."""
        if self.state.daily.day < 0:
            return None
        return daily_state.report(self.state.daily, self._clock.now_ms(), self.state.guard.name)

    def dump_state(self) -> dict[str, Any]:
        """What must survive a restart. Reads one immutable value, so any thread may ask."""
        return to_dict(self.state)

    # ------------------------------------------------------------------------------------------------------- private

    def _read_view(self) -> MarketView | NoView:
        now_ms = self._clock.now_ms()
        connector = self.market_data_provider.get_connector(self.config.connector_name)
        missing = self._reader.why_not(connector)
        if missing is None and not self._execution.is_caught_up():
            missing = ("CONNECTOR_NOT_READY", "reading what was filled before this life")
        if missing is not None:
            return self._no_view(now_ms, *missing)
        top = self._reader.top_or_reason(connector)
        if isinstance(top, str):
            return self._no_view(now_ms, top, self.config.trading_pair)
        heard = Heard(
            orders=self._execution.orders(),
            fills=self._execution.take_fills(),
            refusals=self._execution.take_refusals(),
            intents=self._telemetry.take_intents(),
            cancels_last_minute=self._execution.cancels_last_minute(),
            funding_paid_today_quote=self._telemetry.funding_paid_today_quote(),
            bus_blind_ms=self._telemetry.bus_blind_ms(),
        )
        return self._reader.read(connector, top, now_ms, heard)

    def _no_view(self, now_ms: int, reason: str, detail: str) -> NoView:
        return NoView(
            ts_ms=now_ms,
            reason=reason,
            detail=detail,
            fills=self._execution.take_fills(),
            orders=self._execution.orders(),
            refusals=self._execution.take_refusals(),
            intents=self._telemetry.take_intents(),
            bus_blind_ms=self._telemetry.bus_blind_ms(),
        )

    def _decide_or_stand_down(self, view: MarketView | NoView) -> tuple[Plan, ProcessedState]:
        try:
            self.state, plan, processed = decide(self.state, view, self.params)
        except Exception:  # the boundary of the strategy: count it, keep the evidence, stand down
            self.faults += 1
            _log.exception("INTERNAL_ERROR: decide failed (%d so far) on %r", self.faults, view)
            self._execution.cancel_all("INTERNAL_ERROR")
            blank = NoView(view.ts_ms, "INTERNAL_ERROR", "decide raised", fills=view.fills, orders=view.orders)
            self.state, plan, processed = decide(self.state, blank, self.params)
        return plan, processed
