"""`desk bench`: what a decision, an order, a host tick and an event cost here. The measuring is in bench_*.py."""

import importlib
from typing import Annotated, Any

import typer

from scripts.desk.options import Json
from scripts.desk.output import print_json


def register(app: typer.Typer) -> None:
    bench = typer.Typer(no_args_is_help=True, help="Measure this machine: decisions, orders, host ticks, events.")
    bench.command("decide")(decide)
    bench.command("gateway")(gateway)
    bench.command("host-tick")(host_tick)
    bench.command("bus")(bus)
    bench.command("all")(everything)
    app.add_typer(bench, name="bench")


def decide(
    ticks: Annotated[int, typer.Option("--ticks", min=1, help="Simulated seconds; 86400 is a day.")] = 86_400,
    as_json: Json = False,
) -> int:
    """A scripted day of decisions in virtual time, without Hummingbot: microseconds per decision, and a digest.

    Example: desk bench decide --ticks 86400 --json
    """
    return _report(_measure("decide", ticks=ticks), as_json)


def gateway(
    rate: Annotated[int, typer.Option("--rate", min=1, help="Orders a second.")] = 50,
    seconds: Annotated[int, typer.Option("--seconds", min=1, help="How long.")] = 20,
    as_json: Json = False,
) -> int:
    """Order latency on loopback direct to the venue and through the gateway, side by side in one run.

    Example: desk bench gateway --rate 50 --seconds 20 --json
    """
    report = _measure("gateway", rate=rate, seconds=seconds)
    if as_json:
        return _report(report, as_json)
    importlib.import_module("scripts.desk.bench_gateway").print_table(report)
    return 0


def host_tick(
    minutes: Annotated[int, typer.Option("--minutes", min=1, help="How long the real Hummingbot runs.")] = 20,
    as_json: Json = False,
) -> int:
    """Duration of the host's tick over time inside the real Hummingbot: it must not grow.

    Example: desk bench host-tick --minutes 20 --json
    """
    return _report(_measure("host_tick", minutes=minutes), as_json)


def bus(
    events: Annotated[int, typer.Option("--events", min=1_000, help="How many fills.")] = 50_000,
    as_json: Json = False,
) -> int:
    """Codec, bus, event store and day report in events a second, each beside a bare baseline of the same run.

    Example: desk bench bus --events 50000 --json
    """
    return _report(_measure("bus", events=events), as_json)


def everything(as_json: Json = False) -> int:
    """All measurements, short: an hour of decisions, 10 s of orders, 2 minutes of host ticks, 20 000 events.

    Example: desk bench all
    """
    report = {
        "decide": _measure("decide", ticks=3_600),
        "gateway": _measure("gateway", rate=50, seconds=10),
        "host_tick": _measure("host_tick", minutes=2),
        "bus": _measure("bus", events=20_000),
    }
    return _report(report, as_json)


def _measure(what: str, **arguments: int) -> Any:
    return importlib.import_module(f"scripts.desk.bench_{what}").run(**arguments)


def _report(report: Any, as_json: bool) -> int:
    if as_json:
        print_json(report)
        return 0
    _print_rows("", report)
    return 0


def _print_rows(prefix: str, report: Any) -> None:
    if isinstance(report, dict):
        for key, value in report.items():
            _print_rows(f"{prefix}.{key}" if prefix else str(key), value)
    else:
        print(f"{prefix:40} {report}")
