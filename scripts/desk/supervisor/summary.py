"""What a run comes to: the JSON of `desk up --json`, the closing table, and whether all is well. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from scripts.desk.output import amount
from scripts.desk.supervisor.ledger import BotLedger, RunLedger

PASS = "PASS"
VENUE_NOT_READ = "VENUE_NOT_READ"


class Integrity(NamedTuple):
    """The event store's verdict over what it has on disk."""

    status: str  # "PASS" or "FAIL"
    event_count: int
    gaps: int
    duplicates: int
    by_kind: dict[str, int]
    problems: tuple[str, ...] = ()


class Death(NamedTuple):
    ts_ms: int
    process: str
    pid: int
    how: str


def build_summary(
    *,
    mode: str,
    ledger: RunLedger,
    integrity: Integrity,
    open_orders: int | None,
    deaths: Sequence[Death],
    ran_s: Decimal,
    page_url: str | None,
) -> dict[str, Any]:
    """Amounts keep all their digits; open_orders is null when the venue could not be asked."""
    return {
        "mode": mode,
        "ran_s": ran_s,
        "bots": [_bot(ledger, bot) for bot in ledger.bots.values()],
        "venue": {"open_orders": open_orders},
        "events": {
            "count": integrity.event_count,
            "gaps": integrity.gaps,
            "duplicates": integrity.duplicates,
            "by_kind": dict(sorted(integrity.by_kind.items())),
        },
        "integrity": {"status": integrity.status, "problems": list(integrity.problems)},
        "deaths": [{"process": death.process, "how": death.how, "ts_ms": death.ts_ms} for death in deaths],
        "latched": [
            {"scope": latch.scope, "state": latch.state, "reason": latch.reason, "actor": latch.actor}
            for latch in ledger.latches.values()
            if latch.state != "ACTIVE"
        ],
        "page": page_url,
    }


def _bot(ledger: RunLedger, bot: BotLedger) -> dict[str, Any]:
    status, edge = bot.status, bot.edge
    return {
        "id": bot.bot_id,
        "first_order_s": ledger.first_order_s(bot.bot_id),
        "first_order_after_bot_start_s": status.first_order_s if status else None,
        "orders": len(bot.orders),
        "refused": bot.refused,
        "fills": len(bot.fills),
        "fills_buy": bot.fills_of("buy"),
        "fills_sell": bot.fills_of("sell"),
        "position": _amount(bot.position_base),
        "pnl_quote": _amount(bot.pnl_quote),
        "edge_modelled_bps": _rounded(edge.modelled_bps if edge else status.modelled_edge_bps if status else None),
        "edge_realised_bps": _rounded(edge.realised_bps if edge else None),
        "edge_horizon_s": edge.horizon_s if edge else None,
        "edge_samples": edge.samples if edge else 0,
        "guard": status.guard if status else None,
        "reasons": list(status.reasons) if status else [],
    }


def problems(summary: dict[str, Any]) -> list[str]:
    """Why the run does not count as well: each with its code. Empty means exit 0."""
    found: list[str] = []
    if summary["integrity"]["status"] != PASS:
        found.append(
            "INTEGRITY_FAILED: " + ("; ".join(summary["integrity"]["problems"]) or "see desk events integrity")
        )
    open_orders = summary["venue"]["open_orders"]
    if open_orders is None:
        found.append(f"{VENUE_NOT_READ}: the venue did not say how many orders rest after the stop")
    elif open_orders:
        found.append(f"ORDERS_LEFT: {open_orders} orders rest at the venue after the stop, expected 0")
    return found


def render_summary(summary: dict[str, Any]) -> RenderableType:
    table = Table(title=f"run of {summary['ran_s']} s, mode {summary['mode']}", title_justify="left", pad_edge=False)
    table.add_column("bot")
    for heading in ("first order", "orders", "fills buy/sell", "position", "pnl", "modelled", "realised"):
        table.add_column(heading, justify="right")
    for bot in summary["bots"]:
        first = bot["first_order_s"]
        table.add_row(
            bot["id"],
            "none" if first is None else f"{first:.1f} s",
            str(bot["orders"]) + (f" ({bot['refused']} refused)" if bot["refused"] else ""),
            f"{bot['fills_buy']} / {bot['fills_sell']}",
            amount(bot["position"], 4, signed=True),
            amount(bot["pnl_quote"], 4, signed=True),
            _bps(bot["edge_modelled_bps"]),
            _bps(bot["edge_realised_bps"]) + (f" ({bot['edge_horizon_s']} s)" if bot["edge_samples"] else ""),
        )
    events = summary["events"]
    kinds = ", ".join(f"{kind} {count}" for kind, count in events["by_kind"].items())
    verdict = summary["integrity"]["status"]
    lines = [
        Text(f"events      {events['count']}: {kinds}"),
        Text(
            f"integrity   {verdict}  (gaps {events['gaps']}, duplicates {events['duplicates']})",
            style="green" if verdict == PASS else "bold red",
        ),
        Text(
            f"venue       open orders after stop: {_known(summary['venue']['open_orders'])}",
            style="green" if summary["venue"]["open_orders"] == 0 else "bold red",
        ),
    ]
    lines += [Text(f"died        {death['process']}: {death['how']}", style="yellow") for death in summary["deaths"]]
    lines += [
        Text(f"latched     {latch['scope']} {latch['state']} by {latch['actor']}: {latch['reason']}", style="yellow")
        for latch in summary["latched"]
    ]
    return Group(table, *lines)


def _amount(value: Decimal | None) -> Decimal | None:
    """The venue books to eight places; further zeros come from arithmetic."""
    return None if value is None else value.quantize(Decimal("1e-8")).normalize() + 0


def _rounded(bps: Decimal | None) -> Decimal | None:
    """A mean has more digits than meaning."""
    return None if bps is None else bps.quantize(Decimal("0.0001"))


def _bps(value: Decimal | None) -> str:
    return "–" if value is None else f"{value:+.2f} bps"


def _known(value: int | None) -> str:
    return "unknown" if value is None else str(value)
