"""A host and a venue for the pure strategy, small enough to read: carries plans out at once, in virtual time."""

import itertools
from decimal import Decimal
from typing import Any

from controllers.core.values import (
    CancelQuote,
    ExternalIntent,
    Instrument,
    LiveOrder,
    MarketView,
    NoView,
    OwnFill,
    OwnRefusal,
    PlaceQuote,
    Plan,
)
from controllers.epp.decide import decide, initial_state
from controllers.epp.params import EppParams
from controllers.epp.processed import ProcessedState
from controllers.epp.regime_table import flat_table

D = Decimal
START_MS = 1_700_006_400_000  # 2023-11-15 00:00:00 UTC
BTC = Instrument("BTC-USDT", D("0.1"), D("0.0001"), D("0.0001"), D(5), True)

# About 2 bps a side, two levels, thought over every second, edge gate off: what the demonstration bundle does.
DEMO = EppParams(
    edge_gate_enabled=False,
    edge_gap_enabled=False,
    regimes=flat_table(D("0.0004"), D("0.0004"), 2, 1, D("0.001")),
    min_side_fee_multiple=D(0),
    market_spread_extra_bps=D(1),
    book_guard_extra_bps=D("0.5"),
    vol_penalty_multiplier=D(0),
    fill_cooldown_s=1,
    order_ttl_s=30,
    cancel_budget_per_min=200,
)


def view(ts_ms: int = START_MS, **changes: Any) -> MarketView:
    """A sound view of a calm market; every field can be changed."""
    fields: dict[str, Any] = {
        "ts_ms": ts_ms,
        "instrument": BTC,
        "bid_price": D("49999.9"),
        "bid_qty_base": D(10),
        "ask_price": D("50000.1"),
        "ask_qty_base": D(10),
        "book_changed_ts_ms": ts_ms,
        "book_heard_ts_ms": ts_ms,
        "is_connected": True,
        "mark_price": D(50000),
        "funding_rate_pct": D("0.0001"),
        "position_base": D(0),
        "entry_price": D(0),
        "equity_quote": D(100_000),
        "available_quote": D(100_000),
        "margin_ratio_pct": None,
        "maker_fee_pct": D("0.0002"),
        "taker_fee_pct": D("0.0006"),
        "fee_source": "venue",
    }
    fields.update(changes)
    return MarketView(**fields)


def fill(side: str = "buy", price: str = "50000", qty: str = "0.01", **changes: Any) -> OwnFill:
    fields: dict[str, Any] = {
        "trade_id": "t1",
        "level_id": "b0" if side == "buy" else "s0",
        "client_order_id": "c1",
        "side": side,
        "price": D(price),
        "qty_base": D(qty),
        "fee_quote": D(price) * D(qty) * D("0.0002"),
        "is_maker": True,
        "order_price": D(price),
        "ts_ms": START_MS,
    }
    fields.update(changes)
    return OwnFill(**fields)


def intent(action: str, intent_id: str = "i1", **changes: Any) -> ExternalIntent:
    fields: dict[str, Any] = {
        "intent_id": intent_id,
        "action": action,
        "target_base_pct": None,
        "reason": "test",
        "expires_at_ms": START_MS + 3_600_000,
    }
    fields.update(changes)
    return ExternalIntent(**fields)


class World:
    """One bot at one venue. ``tick`` advances time, decides, and carries the plan out at once."""

    def __init__(self, params: EppParams = EppParams(), state: Any = None, ts_ms: int = START_MS) -> None:
        self.params = params
        self.state = state if state is not None else initial_state(params)
        self.ts_ms = ts_ms
        self.mid = D(50_000)
        self.half_spread = D("0.1")
        self.position = D(0)
        self.entry = D(0)
        self.cash = D(100_000)
        self.orders: dict[str, LiveOrder] = {}
        self.fills: list[OwnFill] = []
        self.refusals: list[OwnRefusal] = []
        self.intents: list[ExternalIntent] = []
        self.changes: dict[str, Any] = {}  # laid over every view until changed
        self.refuse_with: str | None = None  # every place comes back refused
        self.are_cancels_slow = False  # cancels stay "cancelling"
        self.placed: list[PlaceQuote] = []
        self.cancelled: list[CancelQuote] = []
        self.plan: Plan = Plan((), (), (), "SOFT_PAUSE", ())
        self.processed: ProcessedState | None = None
        self._ids = itertools.count(1)

    @property
    def equity(self) -> Decimal:
        return self.cash + self.position * self.mid

    def view(self) -> MarketView:
        fields: dict[str, Any] = {
            "bid_price": self.mid - self.half_spread,
            "ask_price": self.mid + self.half_spread,
            "mark_price": self.mid,
            "position_base": self.position,
            "entry_price": self.entry,
            "equity_quote": self.equity,
            "orders": tuple(self.orders.values()),
            "fills": tuple(self.fills),
            "refusals": tuple(self.refusals),
            "intents": tuple(self.intents),
        }
        fields.update(self.changes)
        return view(self.ts_ms, **fields)

    def tick(self, seconds: int = 1, **changes: Any) -> Plan:
        """``seconds`` decisions, one a second; changes hold for these only."""
        kept = self.changes
        self.changes = {**kept, **changes}
        for _ in range(seconds):
            self.ts_ms += 1000
            self._decide(self.view())
        self.changes = kept
        return self.plan

    def tick_blind(self, reason: str = "NO_VIEW", **fields: Any) -> Plan:
        self.ts_ms += 1000
        no_view = NoView(
            self.ts_ms,
            reason,
            "",
            tuple(self.fills),
            tuple(self.orders.values()),
            tuple(self.refusals),
            tuple(self.intents),
            **fields,
        )
        self._decide(no_view)
        return self.plan

    def trade(self, level_id: str, qty: Decimal | None = None, fee_pct: Decimal = D("0.0002")) -> OwnFill:
        """The market takes our order of this level, in part when qty says so."""
        order = self.orders[level_id]
        amount = order.qty_base - order.filled_base if qty is None else qty
        order = order._replace(filled_base=order.filled_base + amount)
        if order.filled_base >= order.qty_base:
            del self.orders[level_id]
        else:
            self.orders[level_id] = order
        direction = 1 if order.side == "buy" else -1
        self.position += amount * direction
        fee = amount * order.price * fee_pct
        self.cash -= amount * order.price * direction + fee
        happened = fill(
            order.side,
            str(order.price),
            str(amount),
            trade_id=f"t{next(self._ids)}",
            level_id=level_id,
            client_order_id=order.client_order_id,
            fee_quote=fee,
            ts_ms=self.ts_ms,
        )
        self.fills.append(happened)
        return happened

    def cross(self) -> None:
        """Every order that mid has reached trades at its own price."""
        for level_id, order in list(self.orders.items()):
            if (order.side == "buy") == (order.price >= self.mid):
                self.trade(level_id)

    def levels(self) -> set[str]:
        return set(self.orders)

    def _decide(self, seen: MarketView | NoView) -> None:
        self.fills, self.refusals, self.intents = [], [], []
        self.state, self.plan, self.processed = decide(self.state, seen, self.params)
        self._carry_out(self.plan)

    def _carry_out(self, plan: Plan) -> None:
        for cancel in plan.cancel:
            self.cancelled.append(cancel)
            order = self.orders[cancel.level_id]
            if self.are_cancels_slow:
                self.orders[cancel.level_id] = order._replace(state="cancelling")
            else:
                del self.orders[cancel.level_id]
        for place in plan.place:
            self.placed.append(place)
            if self.refuse_with is not None:
                self.refusals.append(OwnRefusal(place.level_id, self.refuse_with, "test", self.ts_ms))
                continue
            assert place.level_id not in self.orders, f"{place.level_id} is occupied"
            self.orders[place.level_id] = LiveOrder(
                place.level_id,
                f"hb1-{place.level_id}-{next(self._ids)}",
                place.side,
                place.price,
                place.qty_base,
                D(0),
                "open",
                self.ts_ms,
            )
