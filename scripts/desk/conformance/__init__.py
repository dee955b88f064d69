"""`desk conformance`: numbered cards that a venue's dialect must pass, tried by clients nobody has changed."""

from pathlib import Path
from typing import Annotated, Any

import typer

from scripts.desk.options import Json
from services.common.errors import ConfigError, DeskError, ExitCode, NotFound, TimedOut
from services.dialects.cards import Outcome, numbers

VENUES = ("bitget",)
CLIENTS = ("ccxt", "hummingbot")
# Funding every 15 s, so that a card can wait for it; Hummingbot polls a lot, and its own throttle is upstream's.
TARGET_FLAGS = ("--market", "lively", "--set", "funding_interval_ms=15000")
HUMMINGBOT_S = 600


def register(app: typer.Typer) -> None:
    app.command("conformance")(conformance)


def conformance(
    venue: Annotated[str, typer.Argument(help="Whose dialect: bitget.")] = "bitget",
    client: Annotated[str, typer.Option("--client", help="Who tries it: ccxt or hummingbot.")] = "ccxt",
    cards: Annotated[str, typer.Option("--cards", help="Only these numbers, e.g. 20-26,80.")] = "",
    through: Annotated[str, typer.Option("--through", help="gateway: the client's address is the gateway's.")] = "",
    run_dir: Annotated[Path | None, typer.Option("--run-dir", help="Where reports/conformance/ is written.")] = None,
    as_json: Json = False,
) -> int:
    """Start the simulated venue, let an unmodified client play every card, and write the results with their date.

    With --through gateway ccxt's cards are played through the gateway. What it answers from policy, or refuses where
    the venue would not, is listed as "otherwise" with the reason and is no failure.

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
    if through not in ("", "gateway") or (through and client != "ccxt"):
        raise ConfigError(
            "CONFORMANCE_UNKNOWN",
            f"through={through} with {client}, allowed: gateway with ccxt",
            "desk conformance bitget --client ccxt --through gateway",
        )
    try:
        only = numbers(cards)
    except ValueError as error:
        raise ConfigError("CONFORMANCE_CARDS", str(error), "--cards 20-26,80") from error
    if only is not None and not only:
        raise ConfigError("CONFORMANCE_CARDS", f"cards={cards!r}: a range that holds no number", "--cards 20-26,80")
    run = play_ccxt(only, through) if client == "ccxt" else play_hummingbot(cards)
    if not run.outcomes:
        raise NotFound(
            "CONFORMANCE_CARDS",
            f"cards={cards}: {client} plays no card of these numbers",
            "desk conformance --cards 20-26",
        )
    page = report.write(run, places(None, run_dir).run_dir / "reports" / "conformance")
    if as_json:
        print_json(report.as_json(run))
    else:
        _print_table(wide_console(), run, page)
    return int(ExitCode.OK if run.count("failed") == 0 else ExitCode.GATE_FAILED)


def play_ccxt(only: frozenset[int] | None = None, through: str = "") -> Any:
    """All cards, or ``only`` these numbers, on a venue of their own, or through a gateway before it."""
    import ccxt

    from scripts.desk.conformance.ccxt_bench import CcxtBench
    from scripts.desk.conformance.ccxt_decks import CARDS
    from scripts.desk.conformance.report import Run
    from scripts.desk.conformance.target import GatewayTarget, Target
    from scripts.desk.conformance.through_gateway import OTHERWISE, in_order
    from scripts.desk.stamp import commit
    from services.common.clock import SystemClock
    from services.dialects.cards import play

    clock = SystemClock()
    chosen = [card for card in CARDS if only is None or card.number in only]
    with (GatewayTarget if through else Target)(clock, *TARGET_FLAGS) as target:
        bench = CcxtBench(target, clock)
        started_ms, code = clock.now_ms(), commit()
        parts = in_order(chosen) if through else [chosen]
        outcomes = [o for part in parts for o in play(part, bench, clock, ccxt.BaseError, bench.reset)]
    if through:
        outcomes = [_otherwise(outcome, OTHERWISE.get(outcome.number, "")) for outcome in outcomes]
    return Run("bitget", "ccxt", ccxt.__version__, started_ms, tuple(outcomes), through, code)


def _otherwise(outcome: Outcome, why: str) -> Outcome:
    """A card that the gateway is meant to answer in its own way."""
    if outcome.result == "passed" or not why:
        return outcome
    return outcome._replace(result="otherwise", seen=f"{why}; seen: {outcome.seen}"[:300])


def play_hummingbot(cards: str = "") -> Any:
    """The same by Hummingbot's connector, which needs a process of its own."""
    import subprocess
    import sys
    from importlib.metadata import version

    import msgspec

    from scripts.desk.conformance.report import Run
    from scripts.desk.conformance.target import Target
    from scripts.desk.places import REPO
    from scripts.desk.stamp import commit
    from services.common.clock import SystemClock

    clock = SystemClock()
    with Target(clock, *TARGET_FLAGS) as target:
        started_ms, code = clock.now_ms(), commit()
        argv = [sys.executable, "-m", "services.bot.conformance", "--url", target.url, "--run-dir", str(target.run_dir)]
        try:
            done = subprocess.run([*argv, "--cards", cards], cwd=REPO, capture_output=True, timeout=HUMMINGBOT_S)
        except subprocess.TimeoutExpired as error:
            text = f"hummingbot has not played its cards within {HUMMINGBOT_S} s"
            raise TimedOut("CONFORMANCE_CLIENT", text, "desk conformance --client hummingbot --cards 20-26") from error
    try:
        outcomes = msgspec.json.decode(done.stdout, type=list[Outcome])
    except msgspec.DecodeError as error:
        said = done.stderr.decode(errors="replace")[-500:]
        raise DeskError("CONFORMANCE_CLIENT", f"exit={done.returncode}, {error}, {said}", "run it by hand") from error
    return Run("bitget", "hummingbot", version("hummingbot"), started_ms, tuple(outcomes), commit=code)


def _print_table(console: Any, run: Any, page: Path) -> None:
    from rich.table import Table

    from scripts.desk.conformance.report import as_table

    table = Table("card", "group", "what", "result", "seen", box=None)
    for row in as_table(run):
        table.add_row(*row, style="bold red" if row[3] == "failed" else None)
    console.print(table)
    otherwise = f", {run.count('otherwise')} otherwise" if run.through else ""
    console.print(f"{run.count('passed')} passed, {run.count('failed')} failed{otherwise}; {page}")
