"""`desk conformance`: numbered cards that a venue's dialect must pass, tried by clients nobody has changed."""

from pathlib import Path
from typing import Annotated, Any

import typer

from scripts.desk.options import Json
from services.common.errors import ConfigError, ExitCode

VENUES = ("bitget",)
CLIENTS = ("ccxt",)


def register(app: typer.Typer) -> None:
    app.command("conformance")(conformance)


def conformance(
    venue: Annotated[str, typer.Argument(help="Whose dialect: bitget.")] = "bitget",
    client: Annotated[str, typer.Option("--client", help="Who tries it: ccxt.")] = "ccxt",
    cards: Annotated[str, typer.Option("--cards", help="Only these numbers, e.g. 20-26,80.")] = "",
    run_dir: Annotated[Path | None, typer.Option("--run-dir", help="Where reports/conformance/ is written.")] = None,
    as_json: Json = False,
) -> int:
    """Start the simulated venue, let an unmodified client play every card, and write the results with their date.

    Example: desk conformance bitget --client ccxt --json
    """
    from scripts.desk.conformance import report
    from scripts.desk.output import print_json, wide_console
    from scripts.desk.places import places

    if venue not in VENUES or client not in CLIENTS:
        raise ConfigError(
            "CONFORMANCE_UNKNOWN",
            f"venue={venue}, client={client}, allowed: {', '.join(VENUES)} with {', '.join(CLIENTS)}",
            "desk conformance bitget --client ccxt",
        )
    run = play_ccxt(numbers(cards))
    page = report.write(run, places(None, run_dir).run_dir / "reports" / "conformance")
    if as_json:
        print_json(report.as_json(run))
    else:
        _print_table(wide_console(), run, page)
    return int(ExitCode.OK if run.count("failed") == 0 else ExitCode.GATE_FAILED)


def play_ccxt(only: frozenset[int] | None = None) -> Any:
    """All cards, or ``only`` these numbers, on a venue of their own."""
    import ccxt

    from scripts.desk.conformance import ccxt_accounts, ccxt_market, ccxt_orders, ccxt_wire
    from scripts.desk.conformance.cards import play
    from scripts.desk.conformance.ccxt_bench import CcxtBench
    from scripts.desk.conformance.report import Run
    from scripts.desk.conformance.target import Target
    from services.common.clock import SystemClock

    clock = SystemClock()
    decks = (ccxt_market.DECK, ccxt_orders.DECK, ccxt_accounts.DECK, ccxt_wire.DECK)
    chosen = [card for deck in decks for card in deck.cards if only is None or card.number in only]
    with Target(clock, "--market", "lively", "--set", "funding_interval_ms=15000") as target:
        bench = CcxtBench(target, clock)
        started_ms = clock.now_ms()
        outcomes = play(chosen, bench, clock, ccxt.BaseError, bench.reset)
    return Run("bitget", "ccxt", ccxt.__version__, started_ms, tuple(outcomes))


def numbers(text: str) -> frozenset[int] | None:
    """ "20-22,80" as numbers; "" is all."""
    if not text:
        return None
    chosen: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise ConfigError("CONFORMANCE_CARDS", f"--cards {text!r}, allowed: 20-26,80", "--cards 20-26,80")
        chosen.update(range(int(first), int(last or first) + 1))
    return frozenset(chosen)


def _print_table(console: Any, run: Any, page: Path) -> None:
    from rich.table import Table

    from scripts.desk.conformance.report import as_table

    table = Table("card", "group", "what", "result", "seen", box=None)
    for row in as_table(run):
        style = {"failed": "bold red", "skipped": "dim"}.get(row[3])
        table.add_row(*row, style=style)
    console.print(table)
    console.print(f"{run.count('passed')} passed, {run.count('failed')} failed, {run.count('skipped')} skipped; {page}")
