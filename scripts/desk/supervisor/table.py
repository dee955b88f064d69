"""The live table of `desk up`: one row per bot, one line per process. Every number has its age."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from scripts.desk.output import age, amount
from scripts.desk.supervisor.ledger import BotLedger, RunLedger

STALE_STATUS_MS = 5_000  # a bot reports every second
STALE_ACCOUNT_MS = 30_000  # the gateway reports at each change and every few seconds
GUARD_STYLE = {"RUNNING": "green", "SOFT_PAUSE": "yellow", "HARD_STOP": "red"}
STATE_STYLE = {"ready": "green", "starting": "yellow", "dead": "red"}


class ProcessState(NamedTuple):
    name: str
    state: str  # "waiting", "starting", "ready", "dead", "stopping", "stopped"
    restarts: int


def render(ledger: RunLedger, processes: Sequence[ProcessState], now_ms: int, title: str) -> RenderableType:
    return Group(Text(title, style="bold"), _bots(ledger, now_ms), _processes(processes))


def _bots(ledger: RunLedger, now_ms: int) -> Table:
    table = Table(expand=False, pad_edge=False)
    for heading in ("bot", "guard", "why", "mid", "quotes", "position", "pnl", "orders", "fills", "edge bps", "age"):
        justify = "right" if heading in ("mid", "position", "pnl", "orders", "fills", "edge bps", "age") else "left"
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for bot in ledger.bots.values():
        status, account = bot.status, bot.account
        guard = status.guard if status else "starting"
        status_age = now_ms - status.ts_ms if status else None
        account_age = now_ms - account.ts_ms if account else None
        table.add_row(
            bot.bot_id,
            Text(guard, style=GUARD_STYLE.get(guard, "dim")),
            ", ".join(status.reasons[:3]) if status else "",
            amount(status.mid_price) if status else "–",
            quotes(bot),
            amount(bot.position_base, 4, signed=True),
            amount(bot.pnl_quote, 2, signed=True),
            f"{len(bot.orders)}" + (f" ({bot.refused} refused)" if bot.refused else ""),
            f"{bot.fills_of('buy')}b {bot.fills_of('sell')}s",
            _edges(bot),
            _ages(("bot", status_age, STALE_STATUS_MS), ("gateway", account_age, STALE_ACCOUNT_MS)),
        )
    return table


def quotes(bot: BotLedger) -> str:
    """Best bid and offer of ours, and how many orders rest."""
    orders = list(bot.open_orders.values())
    bids = [order.price for order in orders if order.side == "buy" and order.price is not None]
    asks = [order.price for order in orders if order.side == "sell" and order.price is not None]
    if not orders:
        return "none"
    return f"{amount(max(bids, default=None))} | {amount(min(asks, default=None))} ({len(orders)})"


def _edges(bot: BotLedger) -> str:
    """Modelled and realised over the same fills; before the first markout only what the strategy expects now."""
    if bot.edge is not None:
        return f"{bot.edge.modelled_bps:+.1f} / {bot.edge.realised_bps:+.1f} ({bot.edge.horizon_s}s)"
    return f"{amount(bot.status.modelled_edge_bps if bot.status else None, 1, signed=True)} / –"


def _ages(*ages: tuple[str, int | None, int]) -> Text:
    text = Text()
    for name, age_ms, longest_ms in ages:
        stale = age_ms is None or age_ms > longest_ms
        text.append(f"{name} {age(age_ms)}{' STALE' if stale else ''} ", style="red" if stale else "dim")
    return text


def _processes(processes: Sequence[ProcessState]) -> Text:
    text = Text()
    for process in processes:
        text.append(process.name, style=STATE_STYLE.get(process.state, "dim"))
        again = f", {process.restarts}x restarted" if process.restarts else ""
        text.append(f" {process.state}{again}   ", style="dim")
    return text
