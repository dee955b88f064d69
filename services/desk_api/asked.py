"""What gateway and venue answered when asked, read defensively: another shape is not known; no crash, no guess.

Shapes: services/gateway/status.py (GET /desk/status) and services/venue_sim/admin.py (GET /sim/status).
"""

from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from services.desk_api.logic import LATCH_ORDER, Poll
from services.desk_api.readings import Stamp, aged


class FaultRule(NamedTuple):
    """One rule of the simulated exchange's fault plan."""

    fault: str
    switch: str
    armed: bool  # in effect, or waiting for its time, and not used up
    left_ms: int | None  # None: until it is ended


def fault_rules(venue: Poll) -> list[FaultRule] | None:
    """None when the venue has not told."""
    rules = _get(venue.answer, "faults")
    if not isinstance(rules, list):
        return None
    return [
        FaultRule(
            _text(_get(rule, "fault")) or "?",
            _text(_get(rule, "switch")) or "",
            _get(rule, "armed") is True,
            _count(_get(rule, "left_ms")),
        )
        for rule in rules
    ]


def latch_above_bots(gateway: Poll) -> str | None:
    """Tightest state of desk, venue and account scopes; HALTED when the gateway cannot read its latches."""
    latch = _dict(gateway.answer, "latch")
    if latch is None:
        return None
    if latch.get("readable") is not True:
        return "HALTED"
    scopes = _dict(latch, "scopes") or {}
    states = [str(_get(entry, "state")) for scope, entry in scopes.items() if not str(scope).startswith("bot:")]
    return max(states, key=lambda state: LATCH_ORDER.get(state, 2), default="ACTIVE")


class Latched(NamedTuple):
    """A scope that may not trade freely, and who says so."""

    scope: str
    state: str
    actor: str
    reason: str


def latched(gateway: Poll) -> list[Latched] | None:
    """Every scope that is not ACTIVE; None when the gateway has not told."""
    latch = _dict(gateway.answer, "latch")
    if latch is None:
        return None
    if latch.get("readable") is not True:
        return [Latched("desk", "HALTED", "gateway", "the latch file cannot be read")]
    found = [
        Latched(str(scope), *(_text(_get(entry, name)) or "?" for name in ("state", "actor", "reason")))
        for scope, entry in (_dict(latch, "scopes") or {}).items()
    ]
    return [each for each in found if each.state != "ACTIVE"]


def latch_of_bot(gateway: Poll, bot_id: str) -> str | None:
    return _text(_of_bot(gateway, bot_id).get("latch"))


def door_of_bot(gateway: Poll, bot_id: str) -> tuple[str | None, str]:
    """("open" | "shut" | None, why)."""
    door = _dict(_dict(gateway.answer, "door"), bot_id)
    if door is None or not isinstance(door.get("open"), bool):
        return None, ""
    return ("open" if door["open"] else "shut"), _text(door.get("detail")) or ""


def open_orders_of_bot(gateway: Poll, bot_id: str) -> int | None:
    return _count(_of_bot(gateway, bot_id).get("open_orders"))


def account_of_bot(gateway: Poll, bot_id: str) -> dict[str, Decimal] | None:
    """capital, equity, realized_pnl, unrealized_pnl, fees, funding; None unless every one is there."""
    bot = _of_bot(gateway, bot_id)
    names = ("capital", "equity", "realized_pnl", "unrealized_pnl", "fees", "funding")
    amounts = {name: amount for name in names if (amount := _amount(bot.get(f"{name}_quote"))) is not None}
    return amounts if len(amounts) == len(names) else None


def position_of_bot(gateway: Poll, bot_id: str, symbol: str) -> Decimal | None:
    """0 when the gateway lists the bot's positions and the pair is not among them."""
    positions = _dict(_of_bot(gateway, bot_id), "positions_base")
    return None if positions is None else _amount(positions.get(symbol, "0"))


def market_heard(gateway: Poll) -> Stamp | None:
    """When the gateway last heard the market, as it said when it was asked."""
    age_ms = _count(_get(_dict(gateway.answer, "market"), "age_ms"))
    return None if age_ms is None or gateway.stamp is None else aged(gateway.stamp, age_ms)


def market_name(venue: Poll) -> str | None:
    """What the simulated venue plays: "lively", "replay:…"."""
    return _text(_get(venue.answer, "market"))


def open_orders_at_venue(venue: Poll) -> int | None:
    return _count(_get(venue.answer, "open_orders"))


def open_orders_of_bot_at_venue(venue: Poll, bot_id: str) -> int | None:
    return _count(_get(_dict(_dict(venue.answer, "accounts"), bot_id), "open_orders"))


def _of_bot(gateway: Poll, bot_id: str) -> dict[str, Any]:
    return _dict(_dict(gateway.answer, "bots"), bot_id) or {}


def _get(value: object, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _dict(value: object, key: str) -> dict[str, Any] | None:
    found = _get(value, key)
    return found if isinstance(found, dict) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _amount(value: object) -> Decimal | None:
    if not isinstance(value, str):
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
