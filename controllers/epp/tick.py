"""One call of decide while it runs: the parts of the next state, and what was found on the way.

Local and mutable, so that each step can be a function of its own; nothing of it outlives the call but the values it
becomes.
"""

from decimal import Decimal

from controllers.core.values import LiveOrder, MarketView
from controllers.epp.book import Top
from controllers.epp.level_memory import LevelMemory
from controllers.epp.params import EppParams
from controllers.epp.processed import DailyReport, FillReport, IntentAudit, MarkoutReport, Notice
from controllers.epp.quote_kernel import Signals
from controllers.epp.regime_table import RegimeSpec
from controllers.epp.state import EppState


class Tick:
    __slots__ = (
        "audits",
        "base_pct",
        "book",
        "budget",
        "daily",
        "daily_report",
        "derisk",
        "equity_quote",
        "fills",
        "floor",
        "funding",
        "gate",
        "guard",
        "hard_reason",
        "indicators",
        "infos",
        "intents",
        "is_regime_changed",
        "is_started",
        "kill_intent",
        "last",
        "ledger",
        "levels",
        "markout_reports",
        "markouts",
        "notices",
        "now_ms",
        "order_qty_base",
        "orders",
        "params",
        "position_check",
        "regime",
        "signals",
        "soft",
        "spec",
        "state",
        "target_base_pct",
        "timers",
        "top",
        "view",
    )

    def __init__(
        self,
        state: EppState,
        now_ms: int,
        view: MarketView | None,
        orders: tuple[LiveOrder, ...],
        params: EppParams,
    ) -> None:
        self.state = state
        self.now_ms = now_ms
        self.view = view
        self.orders = orders
        self.params = params
        # parts of the next state
        self.indicators = state.indicators
        self.regime = state.regime
        self.book = state.book
        self.floor = state.floor
        self.gate = state.gate
        self.guard = state.guard
        self.budget = state.budget
        self.intents = state.intents
        self.timers = state.levels
        self.levels: dict[str, LevelMemory] = dict(state.levels.levels)
        self.derisk = state.derisk
        self.daily = state.daily
        self.ledger = state.ledger
        self.position_check = state.position_check
        self.markouts = state.markouts
        self.funding = state.funding
        self.last = state.last
        # found on the way
        self.hard_reason: str | None = None
        self.soft: list[str] = []  # most severe first; any of them pauses
        self.infos: list[str] = []  # said, but nothing follows
        self.notices: list[Notice] = []
        self.audits: tuple[IntentAudit, ...] = ()
        self.fills: list[FillReport] = []
        self.markout_reports: tuple[MarkoutReport, ...] = ()
        self.daily_report: DailyReport | None = None
        self.kill_intent: str | None = None
        self.top: Top | None = None
        self.equity_quote: Decimal | None = None  # None: could not be read
        self.base_pct: Decimal | None = None
        self.target_base_pct: Decimal | None = None
        self.signals: Signals | None = None
        self.spec: RegimeSpec = params.regimes[state.regime.regime]
        self.is_regime_changed = False
        self.is_started = state.is_started
        self.order_qty_base: Decimal | None = None

    def warn(self, code: str, detail: str) -> None:
        self.notices.append(Notice("warning", code, f"{code}: {detail}"))
