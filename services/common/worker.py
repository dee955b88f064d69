"""The worker: one process, one service, and everything around it. It owns signals, logs, the port and the exit code.

``run_service_main`` is the whole ``__main__.py`` of a service:

    sys.exit(run_service_main(sys.argv[1:], name="event_store", settings=EventStoreSettings, make=EventStore))
"""

import argparse
import asyncio
import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from aiohttp import web

from services.common.bus import open_bus
from services.common.clock import SystemClock
from services.common.envelope import Source
from services.common.errors import DeskError, ExitCode
from services.common.files import write_json
from services.common.health import Health, mount_endpoints
from services.common.http_front import HttpFront
from services.common.ids import SystemIds
from services.common.logs import configure_logs, get_logger
from services.common.metrics import Metrics
from services.common.net import LOOPBACK, port_holder
from services.common.service import Service, ServiceContext, run_service
from services.common.settings import Loaded, Settings, load_settings, masked
from services.common.sole import claim

DRAIN_S = 10.0
ON_STOP_S = 7.0
STATUS_EVERY_S = 2.0
SHUTDOWN_S = 1.0  # for requests under way
SWITCH_INTERVAL_S = 0.0005  # a thread that has a commit on disk must not wait 5 ms for the event loop to let it say so
REPO = Path(__file__).resolve().parents[2]

S = TypeVar("S", bound=Settings)
Make = Callable[[ServiceContext, S], Service]


def service_parser(name: str) -> argparse.ArgumentParser:
    """The flags every service takes; a service adds its own before parsing."""
    parser = argparse.ArgumentParser(prog=f"python -m services.{name}", description=f"Run the {name} service.")
    parser.add_argument("--run-dir", type=Path, default=REPO / "data" / "run", help="everything a run writes")
    parser.add_argument("--data-dir", type=Path, default=REPO / "data", help="policies, catalogue, bots")
    parser.add_argument("--port", type=int, default=0, help="loopback port; 0 takes a free one")
    parser.add_argument("--redis-url", default="memory://", help="unix:///path/redis.sock or redis://host:port")
    parser.add_argument("--set", action="append", default=[], metavar="key=value", help="one setting; wins over all")
    parser.add_argument("--log-stderr", action="store_true", help="log to stderr instead of <run-dir>/logs")
    return parser


def run_service_main(
    argv: Sequence[str],
    *,
    name: str,
    settings: type[S],
    make: Make[S],
    parser: argparse.ArgumentParser | None = None,
    flags_to_settings: Sequence[str] = (),
    process: str | None = None,
    source: str | None = None,
    is_order_path: bool = False,
) -> int:
    """Parse, load settings, run until SIGTERM or Ctrl-C, return the exit code.

    ``flags_to_settings`` names flags of the service's own parser that are settings too: given, they win like ``--set``.
    ``process`` and ``source`` default to the name; a bot's are "bot.<id>". ``is_order_path``: milliseconds count here,
    and a thread that writes shares the interpreter with the event loop (docs/adr/0064).
    """
    arguments = (parser or service_parser(name)).parse_args(argv)
    process = process or name
    configure_logs(process, None if arguments.log_stderr else arguments.run_dir)
    overrides = list(arguments.set)
    for flag in flags_to_settings:
        value = getattr(arguments, flag)
        if value is not None:
            overrides.append(f"{flag}={value}")
    try:
        loaded = load_settings(settings, service=name, data_dir=arguments.data_dir, overrides=overrides)
        claim(arguments.run_dir, process)  # held until this process ends
        if is_order_path:
            sys.setswitchinterval(SWITCH_INTERVAL_S)
        with asyncio.Runner(loop_factory=fast_loop if is_order_path else None) as runner:
            return runner.run(_run(arguments, name, process, source or process, loaded, make))
    except DeskError as error:
        get_logger("worker").critical("start.refused", error=str(error), exit_code=int(error.exit_code))
        sys.stderr.write(f"{error}\n")  # the one who started us reads this
        return int(error.exit_code)


async def _run(
    arguments: argparse.Namespace, name: str, process: str, source_name: str, loaded: Loaded[S], make: Make[S]
) -> int:
    log = get_logger(process)
    clock = SystemClock()
    ids = SystemIds(clock)
    source = Source(source_name, clock=clock, ids=ids, config_hash=loaded.config_hash)
    log.info(
        "service.settings", settings=masked(loaded.settings), origins=loaded.origins, config_hash=loaded.config_hash
    )
    run_dir = arguments.run_dir.resolve()
    bus = await open_bus(arguments.redis_url, source=source, clock=clock, spool_dir=run_dir / "spool" / process)
    context = ServiceContext(
        name=name,
        run_dir=run_dir,
        data_dir=arguments.data_dir.resolve(),
        bus=bus,
        clock=clock,
        ids=ids,
        source=source,
        health=Health(name),
        metrics=Metrics(),
        log=log,
        port=arguments.port,
        redis_url=arguments.redis_url,
    )
    _own_signals(context.stop)
    service = make(context, loaded.settings)
    close_port = None
    status = None
    try:
        close_port, context.port = await _serve(service, context)
        status = asyncio.create_task(_write_status_forever(service, process))
        await _run_and_freeze(service)
        log.info("service.stopped")
        return int(ExitCode.OK)
    except DeskError:
        raise
    except (
        Exception
    ) as error:  # the process boundary: say it, leave what was not acknowledged, let the supervisor restart
        log.critical("service.died", error=repr(error), exc_info=True)
        return int(ExitCode.ERROR)
    finally:
        if status is not None:
            status.cancel()
            _write_status(service, process, state="stopped")
        if close_port is not None:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(close_port(), 2)
        await bus.close()


def fast_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed; nothing but speed depends on it."""
    try:
        import uvloop  # not in processes that have no use for it
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def _run_and_freeze(service: Service) -> None:
    """Once started, what is alive stays alive: keep the collector away from it."""

    async def freeze_when_ready() -> None:
        while service.context.health.state == "starting":  # noqa: ASYNC110 - a few looks at a start
            await asyncio.sleep(0.2)
        gc.collect()
        gc.freeze()

    freezer = asyncio.create_task(freeze_when_ready())
    try:
        await run_service(service)
    finally:
        freezer.cancel()


def _own_signals(stop: asyncio.Event) -> None:
    """SIGTERM and Ctrl-C drain; when draining takes longer than allowed, the process ends anyway."""
    loop = asyncio.get_running_loop()

    def drain(signal_name: str) -> None:
        if stop.is_set():
            return
        get_logger("worker").info("service.draining", signal=signal_name)
        stop.set()
        watchdog = threading.Timer(DRAIN_S, os._exit, args=(int(ExitCode.TIMEOUT),))
        watchdog.daemon = True
        watchdog.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, drain, number.name)


async def _serve(service: Service, context: ServiceContext) -> tuple[Callable[[], Awaitable[None]], int]:
    """What closes the port again, and the port."""
    app = service.web_app() or web.Application()
    mount_endpoints(app, context.health, context.metrics)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    way = service.short_way()
    front = HttpFront(way, runner.server) if way is not None and runner.server is not None else None

    async def close() -> None:
        if front is not None:
            await front.close(SHUTDOWN_S)
        await runner.cleanup()

    try:
        if front is not None:
            return close, await front.start(LOOPBACK, context.port)
        await web.TCPSite(runner, LOOPBACK, context.port).start()
        return close, int(runner.addresses[0][1])
    except OSError as error:
        await close()
        holder = port_holder(context.port)
        by_whom = f"held by pid {holder.pid}: {holder.command}" if holder else str(error)
        raise DeskError("PORT_TAKEN", f"port={context.port}, {by_whom}", "stop it, or choose another --port") from error


async def _write_status_forever(service: Service, process: str) -> None:
    while True:
        _write_status(service, process, state=service.context.health.state)
        await asyncio.sleep(STATUS_EVERY_S)


def _write_status(service: Service, process: str, *, state: str) -> None:
    """``<run-dir>/status/<process>.json``: for a person and the command line; never used to judge."""
    context = service.context
    status = {
        "process": process,
        "pid": os.getpid(),
        "port": context.port,
        "state": state,
        "detail": context.health.detail,
        "ts_ms": context.clock.now_ms(),
        "source_epoch": context.source.source_epoch,
        "bus_blind_ms": context.bus.blind_ms(),
        "counters": service.counters(),
    }
    try:
        write_json(context.run_dir / "status" / f"{process}.json", status)
    except OSError as error:
        context.log.warning("status.unwritten", error=str(error))
