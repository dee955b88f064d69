"""Between the strategy and the bus: telemetry out, intents in. Implements ``services.common.strategy_ports.Telemetry``.

Nothing here blocks a tick: events go into the bus's spool, rows into the CSV writer's queue. A row is published in the
same call that hands it to the file, so the two cannot differ by more than the file's flush.
"""

import logging
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from controllers.core.values import ExternalIntent, Plan
from controllers.epp.processed import DailyReport, IntentAudit, Notice, ProcessedState
from controllers.epp.rows import daily_row, fill_row, minute_row
from services.bot.carrier import Counters
from services.bot.csv_files import CsvFiles
from services.bot.metrics import BotMetrics
from services.common.hash_chain import HashChain
from services.common.ports import Bus, Clock, EventSource
from services.contracts.events import (
    AuditV1,
    BotDailyV1,
    BotFillV1,
    BotMarkoutV1,
    BotMinuteV1,
    BotStatusV1,
    IntentV1,
    QuoteDecisionV1,
)

_log = logging.getLogger(__name__)

_KILL_INTENT_VALID_MS = 60_000
_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class HostFacts(NamedTuple):
    """What the host knows beside the strategy."""

    counters: Counters
    first_order_s: Decimal | None
    funding_paid_today_quote: Decimal


class Bridge:
    def __init__(
        self,
        *,
        bot_id: str,
        symbol: str,
        bus: Bus,
        source: EventSource,
        clock: Clock,
        csv_files: CsvFiles,
        audit_chain: HashChain,
        metrics: BotMetrics,
        host_facts: Callable[[], HostFacts],
    ) -> None:
        self._bot_id = bot_id
        self._symbol = symbol
        self._bus = bus
        self._source = source
        self._clock = clock
        self._csv_files = csv_files
        self._audit_chain = audit_chain
        self._metrics = metrics
        self._host_facts = host_facts
        self._intents: list[ExternalIntent] = []
        self._said: tuple[str, tuple[str, ...], str] | None = None
        self.latest: ProcessedState | None = None

    # ------------------------------------------------------------------------------------------------ strategy's port

    def publish(self, plan: Plan, processed: ProcessedState) -> None:
        self.latest = processed
        self._metrics.on_decision(processed)
        self._log_notices(processed.notices)
        said = (processed.guard, processed.reasons, processed.regime)
        if plan.place or plan.cancel or said != self._said:
            self._said = said
            self._publish(QuoteDecisionV1, **_decision_fields(self._symbol, plan, processed))
        for fill in processed.fills:
            self._row("fills", BotFillV1, fill_row(fill, processed, self._symbol))
        for markout in processed.markouts:
            self._publish(
                BotMarkoutV1,
                trade_id=markout.trade_id,
                symbol=self._symbol,
                horizon_s=markout.horizon_s,
                markout_bps=markout.markout_bps,
                fee_bps=markout.fee_bps,
                realised_edge_bps=markout.realised_edge_bps,
                modelled_edge_bps=markout.modelled_edge_bps,
            )
        if processed.minute_due_ms is not None:
            self._row("minute", BotMinuteV1, minute_row(processed, self._symbol))
        if processed.daily is not None:
            self._row("daily", BotDailyV1, daily_row(processed.daily, processed, self._symbol))
        for audit in processed.audits:
            self._audit(audit)
        if plan.kill_intent is not None:
            self._publish(
                IntentV1,
                action="kill_switch",
                reason=plan.kill_intent,
                actor=self._source.source,
                expires_at_ms=self._clock.now_ms() + _KILL_INTENT_VALID_MS,
            )

    def take_intents(self) -> tuple[ExternalIntent, ...]:
        intents, self._intents = tuple(self._intents), []
        return intents

    def on_lag(self, ms: int) -> None:
        self._metrics.on_lag(ms)

    def bus_blind_ms(self) -> int:
        return self._bus.blind_ms()

    def csv_write_ms(self) -> Decimal:
        return self._csv_files.last_write_ms

    def funding_paid_today_quote(self) -> Decimal:
        return self._host_facts().funding_paid_today_quote

    # ---------------------------------------------------------------------------------------------------- host's calls

    def publish_daily(self, report: DailyReport) -> None:
        """The day so far, at a clean stop."""
        if self.latest is not None:
            self._row("daily", BotDailyV1, daily_row(report, self.latest, self._symbol))

    def publish_status(self) -> None:
        """Once a second: what the page shows."""
        facts, processed = self._host_facts(), self.latest
        self._metrics.on_second(facts.counters, facts.first_order_s, self._csv_files.last_write_ms)
        if processed is None:
            self._publish(BotStatusV1, **_empty_status(self._symbol, facts))
            return
        self._publish(
            BotStatusV1,
            symbol=self._symbol,
            guard=processed.guard,
            reasons=list(processed.reasons),
            regime=processed.regime,
            mid_price=processed.mid_price,
            equity_quote=processed.equity_quote,
            position_base=processed.position_base,
            open_orders=processed.orders_active,
            submits=facts.counters.submits,
            cancels=facts.counters.cancels,
            fills=facts.counters.fills,
            refusals=facts.counters.refusals,
            modelled_edge_bps=processed.modelled_edge_bps,
            realised_edge_bps=processed.realised_edge_bps,
            first_order_s=facts.first_order_s,
            tick_ms=processed.tick_duration_ms,
            decided_ts_ms=processed.ts_ms,
            market_age_ms=processed.data_age_ms,
        )

    def on_intent(self, event: IntentV1) -> None:
        """Handed on at once; decide knows each by its id and acts once. What this bot said itself is not news."""
        if event.bot_id in (self._bot_id, "desk") and event.source != self._source.source:
            self._intents.append(
                ExternalIntent(
                    intent_id=event.event_id,
                    action=event.action,
                    target_base_pct=event.target_base_pct,
                    reason=f"{event.actor}: {event.reason}",
                    expires_at_ms=event.expires_at_ms,
                )
            )

    # -------------------------------------------------------------------------------------------------------- private

    def _publish(self, kind: Any, **fields: Any) -> None:
        self._bus.publish_nowait(self._source.make(kind, bot_id=self._bot_id, **fields))

    def _row(self, file: str, kind: Any, row: dict[str, str]) -> None:
        self._csv_files.append(file, row)
        self._publish(kind, row=row)

    def _audit(self, audit: IntentAudit) -> None:
        """On disk and chained before it is told: what people asked of the bot, and what became of it."""
        record = {
            "actor": self._source.source,
            "role": "bot",
            "action": f"{audit.action}:{audit.outcome}",
            "scope": f"bot:{self._bot_id}",
            "before": audit.before,
            "after": audit.after,
            "reason": audit.reason,
            "approvers": [],
        }
        linked = self._audit_chain.append({**record, "intent_id": audit.intent_id, "ts_ms": audit.ts_ms})
        self._publish(AuditV1, cause_id=audit.intent_id, **record, prev_hash=linked["prev_hash"], hash=linked["hash"])

    def _log_notices(self, notices: tuple[Notice, ...]) -> None:
        for notice in notices:
            detail = notice.detail.removeprefix(f"{notice.code}: ")
            _log.log(_LEVELS[notice.level], "%s: %s", notice.code, detail)


def _decision_fields(symbol: str, plan: Plan, processed: ProcessedState) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "guard": processed.guard,
        "regime": processed.regime,
        "reasons": list(processed.reasons),
        "mid_price": processed.mid_price,
        "spread_pct": processed.spread_pct,
        "required_spread_pct": processed.required_spread_pct,
        "net_edge_pct": processed.net_edge_pct,
        "inventory_pct": processed.inventory_pct,
        "skew_pct": processed.skew_pct,
        "placed": [f"{quote.level_id} {quote.side} {quote.qty_base} @ {quote.price}" for quote in plan.place],
        "cancelled": [f"{cancel.level_id} {cancel.client_order_id} {cancel.reason}" for cancel in plan.cancel],
    }


def _empty_status(symbol: str, facts: HostFacts) -> dict[str, Any]:
    """Before the first decision: there is a bot, and nothing is known yet."""
    return {
        "symbol": symbol,
        "guard": "SOFT_PAUSE",
        "reasons": ["CONNECTOR_NOT_READY"],
        "regime": "",
        "mid_price": None,
        "equity_quote": None,
        "position_base": None,
        "open_orders": 0,
        "submits": facts.counters.submits,
        "cancels": facts.counters.cancels,
        "fills": facts.counters.fills,
        "refusals": facts.counters.refusals,
        "modelled_edge_bps": None,
        "realised_edge_bps": None,
        "first_order_s": facts.first_order_s,
        "tick_ms": None,
    }
