"""`desk up`: start the desk, show it, stop it in order, and say what the run came to."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from scripts.desk.market import market_of, market_speed, speed_of
from scripts.desk.places import known_bots, places
from scripts.desk.supervisor.plan import UpOptions
from services.common.errors import ConfigError, ExitCode, NotFound


def register(app: typer.Typer) -> None:
    app.command("up")(up)


def up(
    for_: Annotated[
        int | None, typer.Option("--for", metavar="SECONDS", min=1, help="Stop by itself after so long; else Ctrl-C.")
    ] = None,
    bots: Annotated[str, typer.Option("--bots", help="Bots to run, separated by commas.")] = "bot0",
    market: Annotated[
        str | None,
        typer.Option("--market", help="lively, calm, normal, volatile, jumps, trending or replay:<csv or parquet>."),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Seed of the simulated market.")] = None,
    speed: Annotated[
        str | None, typer.Option("--speed", help="Simulated seconds a second, of a replay; candles play at 60.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Configuration: bots, policies, catalogue.")
    ] = None,
    run_dir: Annotated[Path | None, typer.Option("--run-dir", help="Everything a run writes.")] = None,
    page: Annotated[bool, typer.Option("--page/--no-page", help="Serve the page on 127.0.0.1.")] = True,
    page_port: Annotated[
        int | None,
        typer.Option("--page-port", min=0, max=65_535, help="Port of the page, 0 for any; else 8000 or the next."),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SERVICE.KEY=VALUE", help="A setting, for this run; repeatable."),
    ] = None,
    redis_url: Annotated[
        str | None,
        typer.Option("--redis-url", help="Use this Redis (redis://, rediss://, unix://) instead of our own."),
    ] = None,
    postgres_url: Annotated[
        str | None,
        typer.Option("--postgres-url", help="Use this PostgreSQL instead of our own; no process asks it for anything."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON and nothing else.")] = False,
) -> int:
    """Start the desk: exchange, gateway, bots, event store and page; stop it with Ctrl-C.

    Bots quote on an exchange that runs here. The stop cancels every quote, counts what rests at the venue and prints a
    summary. Exit code 0 means: integrity PASS and no order left.

    Example: desk up --for 120 --bots bot0 --market lively --seed 7 --json
    """
    where = places(data_dir, run_dir)
    market = market_of(market)
    speed = speed_of(speed, market)
    options = UpOptions(
        bots=_bots(bots, where.data_dir),
        data_dir=where.data_dir,
        run_dir=where.run_dir,
        market=market,
        seed=seed,
        speed=speed,
        for_s=for_,
        page=page,
        page_port=page_port,
        overrides=(*market_speed(market, speed), *(overrides or ())),
        redis_url=redis_url,
        postgres_url=postgres_url,
    )
    from scripts.desk.preflight import refuse_bad_input

    refuse_bad_input(options)
    from scripts.desk.supervisor.session import run_session

    try:
        return asyncio.run(run_session(options, where, as_json=as_json, on_terminal=sys.stdout.isatty()))
    except KeyboardInterrupt:  # before the session listens for signals, so before anything was started
        return int(ExitCode.OK)


def _bots(text: str, data_dir: Path) -> tuple[str, ...]:
    bots = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    known = known_bots(data_dir)
    if not bots:
        raise ConfigError("NO_BOTS", f"--bots {text!r} names none; known: {', '.join(known)}", "desk up --bots bot0")
    for bot in bots:
        if bot not in known:
            raise NotFound(
                "BOT_UNKNOWN",
                f"{bot} has no {data_dir / bot / 'desk.yml'}; known: {', '.join(known)}",
                "desk up --bots bot0",
            )
    return bots
