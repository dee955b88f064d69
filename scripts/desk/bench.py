"""`desk bench`: what a decision, an order, a host tick and an event cost here. The measuring is in bench_*.py."""

import importlib
from typing import Annotated, Any

import typer

from scripts.desk.options import Json
from scripts.desk.output import print_json
from services.common.errors import DeskError, ExitCode


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

    Exit code 1 when an order was lost.

    Example: desk bench gateway --rate 50 --seconds 20 --json
    """
    report = _measure("gateway", rate=rate, seconds=seconds)
    if as_json:
        return _report(report, as_json)
    importlib.import_module("scripts.desk.bench_gateway").print_table(report)
    return _verdict(report)


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

    Exit code 1 when an order was lost.

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
    try:
        return importlib.import_module(f"scripts.desk.bench_{what}").run(**arguments)
    except OSError as error:  # what is measured ended, or could not be reached
        text = f"{what}: {type(error).__name__}: {error}"
        raise DeskError("BENCH_BROKE", text, "desk doctor, then again on a machine that does nothing else") from error


def _report(report: Any, as_json: bool) -> int:
    """With its date and commit: a figure without them is compared with anything."""
    from scripts.desk.stamp import commit, utc
    from services.common.clock import SystemClock

    stamped = {"date": utc(SystemClock().now_ms()), "commit": commit(), **report}
    if as_json:
        print_json(stamped)
    else:
        _print_rows("", stamped)
    return _verdict(report)


def _verdict(report: Any) -> int:
    is_lost = any(one.get("lost") for one in (report, report.get("gateway", {})))  # of this one, or of all
    return int(ExitCode.ERROR if is_lost else ExitCode.OK)


def _print_rows(prefix: str, report: Any) -> None:
    if isinstance(report, dict):
        for key, value in report.items():
            _print_rows(f"{prefix}.{key}" if prefix else str(key), value)
    else:
        print(f"{prefix:40} {report}")
