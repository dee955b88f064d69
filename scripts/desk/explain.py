"""`desk explain`: from an effect back to its cause, event by event."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from scripts.desk.options import DataDir, Json, RunDir
from scripts.desk.output import print_json
from scripts.desk.places import places
from scripts.desk.stored import event_line, stored_events
from services.common.errors import NotFound

DECIDED_BEFORE_MS = 5_000  # an order is at the gateway within that after its decision
Event = dict[str, Any]


def register(app: typer.Typer) -> None:
    app.command("explain")(explain)


def explain(
    event: Annotated[str, typer.Option("--event", help="event_id, from desk events tail --json or the page.")],
    data_dir: DataDir = None,
    run_dir: RunDir = None,
    as_json: Json = False,
) -> int:
    """Walk from an event to what caused it, cause by cause, and say what its reason code asks for next.

    A fill leads to its order, an order to the decision that placed it.

    Example: desk explain --event 0199c0de-0000-7000-8000-000000000000
    """
    where = places(data_dir, run_dir)
    chain = causes(list(stored_events(where)), event)
    if not chain:
        raise NotFound("EVENT_UNKNOWN", f"no stored event has the id {event}", f"desk events tail --json{where.flag}")
    if as_json:
        print_json(chain)
        return 0
    for depth, stored in enumerate(chain):
        print(f"{'because ' if depth else ''}{event_line(stored)}")
    for line in _meanings(chain):
        print(line)
    return 0


def causes(stored: Iterable[Event], event_id: str) -> list[Event]:
    """The event, its cause, the cause of that, and so on; empty when it is not stored. Pure."""
    events = list(stored)
    by_id = {one["event_id"]: one for one in events}
    chain: list[Event] = []
    found = by_id.get(event_id)
    while found is not None and found not in chain:
        chain.append(found)
        found = by_id.get(found["cause_id"]) if found.get("cause_id") else _led_to(events, found)
    return chain


def _led_to(events: list[Event], effect: Event) -> Event | None:
    """What an event that names no cause came from: by order id, and by the level and price of a decision."""
    if effect["kind"] == "order.v1" and effect.get("state") == "SUBMITTING":
        return _decision(events, effect)
    order_id = effect.get("client_order_id")
    if not order_id or effect["kind"] not in ("fill.v1", "bot_fill.v1", "order.v1"):
        return None
    is_step = [
        one
        for one in events
        if one["kind"] == "order.v1" and one.get("client_order_id") == order_id and one.get("state") == "SUBMITTING"
    ]
    return is_step[0] if is_step else None


def _decision(events: list[Event], order: Event) -> Event | None:
    """The newest decision of the bot that placed this level at this price."""
    level = str(order.get("client_order_id")).partition("-")[2].partition("-")[0]
    placed = f"{level} {order.get('side')} {order.get('base_qty')} @ {order.get('price')}"
    earliest_ms = order["ts_ms"] - DECIDED_BEFORE_MS
    decisions = [
        one
        for one in events
        if one["kind"] == "quote_decision.v1"
        and one["bot_id"] == order["bot_id"]
        and earliest_ms <= one["ts_ms"] <= order["ts_ms"] + DECIDED_BEFORE_MS
        and placed in one.get("placed", ())
    ]
    return min(decisions, key=lambda one: abs(order["ts_ms"] - one["ts_ms"]), default=None)


def _meanings(chain: list[Event]) -> list[str]:
    """What the codes along the way mean, and what the first of them asks for."""
    from services.contracts.reasons import REASONS

    codes = dict.fromkeys(
        code for stored in chain for code in (stored.get("reason", ""), *stored.get("reasons", [])) if code in REASONS
    )
    return [f"{code}: {REASONS[code].meaning}\nnext  {REASONS[code].next_step}" for code in codes]
