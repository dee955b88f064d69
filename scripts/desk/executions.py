"""What the stored drop copy says was executed: orders, fills and rejects, played through once from the first event."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

ZERO = Decimal(0)


@dataclass(slots=True)
class OfSymbol:
    orders: int = 0
    fills: int = 0
    rejects: int = 0
    bought_base: Decimal = ZERO
    sold_base: Decimal = ZERO
    notional_quote: Decimal = ZERO
    fees_quote: Decimal = ZERO


@dataclass(slots=True)
class Executions:
    """``events_total`` counts the events of executions only. Rejects are refusals of the gateway and of the venue."""

    events_total: int = 0
    orders: int = 0
    fills: int = 0
    rejects: int = 0
    by_symbol: dict[str, OfSymbol] = field(default_factory=dict)
    position_base: dict[str, dict[str, Decimal]] = field(default_factory=dict)  # bot -> symbol -> sum of its fills

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def replay(events: Iterable[dict[str, Any]]) -> Executions:
    """Play the events in the order they are given in. A trade told twice counts once."""
    done = Executions()
    trades: set[tuple[str, str]] = set()
    for event in events:
        kind, bot_id, symbol = event["kind"], event["bot_id"], event.get("symbol", "")
        of_symbol = done.by_symbol.get(symbol) or OfSymbol()
        if kind == "fill.v1" and (bot_id, event["trade_id"]) not in trades:
            trades.add((bot_id, event["trade_id"]))
            _fill(done, of_symbol, event)
        elif kind == "order.v1" and event["state"] == "SUBMITTING":
            done.orders += 1
            of_symbol.orders += 1
        elif _is_reject(event):
            done.rejects += 1
            of_symbol.rejects += 1
        elif kind != "order.v1":
            continue
        done.events_total += 1
        done.by_symbol[symbol] = of_symbol
    return done


def _is_reject(event: dict[str, Any]) -> bool:
    """An order that the venue refused has its row; one that the gateway refused never got one."""
    if event["kind"] == "order.v1":
        return bool(event["state"] == "REFUSED")
    refused = event["kind"] == "risk_decision.v1" and event.get("decision") == "refused"
    return refused and bool(event.get("client_order_id"))


def _fill(done: Executions, of_symbol: OfSymbol, event: dict[str, Any]) -> None:
    qty, price = Decimal(event["base_qty"]), Decimal(event["price"])
    done.fills += 1
    of_symbol.fills += 1
    of_symbol.notional_quote += qty * price
    of_symbol.fees_quote += Decimal(event["fee_quote"])
    if event["side"] == "buy":
        of_symbol.bought_base += qty
    else:
        of_symbol.sold_base += qty
    held = done.position_base.setdefault(event["bot_id"], {})
    held[event["symbol"]] = held.get(event["symbol"], ZERO) + (qty if event["side"] == "buy" else -qty)
