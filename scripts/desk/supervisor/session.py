"""One `desk up` from the first line to the summary: signals, screen, run, orderly stop, verdict."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping
from decimal import Decimal

from scripts.desk.output import json_text, print_json
from scripts.desk.places import Places
from scripts.desk.running import rearm_command
from scripts.desk.stamp import commit, utc
from scripts.desk.supervisor.desk import Desk, StopReport
from scripts.desk.supervisor.integrity import judge_integrity, stored_by_kind
from scripts.desk.supervisor.ledger import RunLedger
from scripts.desk.supervisor.observer import Observer
from scripts.desk.supervisor.plan import MODE, UpOptions
from scripts.desk.supervisor.screen import Screen
from scripts.desk.supervisor.summary import VENUE_NOT_READ, build_summary, problems, render_summary
from scripts.desk.supervisor.table import render
from services.common.clock import SystemClock
from services.common.errors import DeskError, ExitCode
from services.common.files import write_text
from services.common.logs import configure_logs
from services.common.ports import Clock

REFRESH_S = 0.5
STARTED_MS_SLACK = 400  # Python's own start, before any line of ours runs


class Stopper:
    """The first Ctrl-C or SIGTERM asks for the stop; the next ones only say that it is under way."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.asked = asyncio.Event()
        self._say = say
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_signal, number)

    def _on_signal(self, number: signal.Signals) -> None:
        if self.asked.is_set():
            self._say("still stopping in order: quotes are being cancelled, nothing is left alone")
        self.asked.set()


async def run_session(options: UpOptions, where: Places, *, as_json: bool, on_terminal: bool) -> int:
    """Returns the exit code. Raises DeskError when the desk could not start; everything is stopped by then."""
    clock = SystemClock()
    configure_logs("desk", where.run_dir)
    screen = Screen(as_json=as_json, on_terminal=on_terminal)
    stopper = Stopper(screen.say)
    desk = Desk(options, where, clock, screen.say)
    desk.started_ms -= STARTED_MS_SLACK
    ledger = RunLedger(options.bots, desk.started_ms)
    screen.say(f"starting the desk in {where.run_dir}")
    stored_before = await asyncio.to_thread(stored_by_kind, where.run_dir)
    origin: dict[str, object] = {"date": utc(desk.started_ms), "commit": await asyncio.to_thread(commit)}
    origin |= {"market": None, "seed": None}
    starting = asyncio.create_task(desk.start())
    asked = asyncio.create_task(stopper.asked.wait())
    await asyncio.wait({starting, asked}, return_when=asyncio.FIRST_COMPLETED)
    observer: Observer | None = None
    watching: asyncio.Task[None] | None = None
    error: DeskError | None = None
    if starting.done():
        failure = starting.exception()
        if isinstance(failure, DeskError):
            error = failure
        elif failure is not None:
            await desk.stop()
            raise failure
    else:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
    if error is None and starting.done() and not starting.cancelled():
        observer = Observer(desk.servers.redis_url, ledger)
        watching = asyncio.create_task(observer.run())
        screen.say(f"the desk is up after {_seconds(clock.now_ms() - desk.started_ms)} s")
        if desk.page_url:
            screen.say(f"page  {desk.page_url}")
        for line in await latched_scopes(desk):
            screen.say(line, style="bold yellow")
        origin |= await market_of(desk)
        await _until_asked(options, desk, ledger, screen, stopper, clock)

    async def last_look() -> None:
        if observer is not None:
            assert watching is not None
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await observer.finish()

    report = await desk.stop(last_look)
    asked.cancel()
    if error is not None:
        raise error
    return _conclude(desk, ledger, report, origin, stored_before, screen, clock, as_json=as_json)


async def latched_scopes(desk: Desk) -> list[str]:
    """What an earlier run or a person has latched: a bot that does not quote because of it should not be a riddle."""
    assert desk.admin is not None
    latch = await desk.admin.get(f"{desk.children['gateway'].plan.url}/desk/latch")
    return [
        f"{scope} is {entry['state']} by {entry['actor']}: {entry['reason']}; "
        f"a person re-arms with {rearm_command(desk.where, scope)}"
        for scope, entry in ((latch or {}).get("scopes") or {}).items()
        if entry["state"] != "ACTIVE"
    ]


async def market_of(desk: Desk) -> dict[str, object]:
    """Which market the venue runs and from which seed, as it says itself; null where it does not say."""
    assert desk.admin is not None
    told = await desk.admin.venue_status(desk.children["venue_sim"].plan.url) or {}
    return {name: told.get(name) for name in ("market", "seed")}


async def _until_asked(
    options: UpOptions, desk: Desk, ledger: RunLedger, screen: Screen, stopper: Stopper, clock: Clock
) -> None:
    until_ms = clock.monotonic_ms() + options.for_s * 1000 if options.for_s else None
    told: set[str] = set()
    screen.open()
    try:
        while not stopper.asked.is_set() and (until_ms is None or clock.monotonic_ms() < until_ms):
            for bot in ledger.bots:
                first_s = ledger.first_order_s(bot)
                if first_s is not None and bot not in told:
                    told.add(bot)
                    screen.say(f"{bot}: first order at the venue after {first_s:.1f} s")
            left = "" if until_ms is None else f", {(until_ms - clock.monotonic_ms()) / 1000:.0f} s left"
            title = f"desk: {MODE}, up {_seconds(clock.now_ms() - desk.started_ms)} s{left}   {desk.page_url or ''}"
            screen.show(lambda: render(ledger, desk.process_states(), clock.now_ms(), title))  # noqa: B023
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopper.asked.wait(), REFRESH_S)
    finally:
        screen.close()


def _conclude(
    desk: Desk,
    ledger: RunLedger,
    report: StopReport,
    origin: Mapping[str, object],
    stored_before: Mapping[str, int],
    screen: Screen,
    clock: Clock,
    *,
    as_json: bool,
) -> int:
    integrity = judge_integrity(desk.where.run_dir, stored_before, clock.now_ms())
    summary = {
        **origin,
        **build_summary(
            mode=MODE,
            ledger=ledger,
            integrity=integrity,
            open_orders=report.open_orders,
            deaths=desk.deaths,
            ran_s=_seconds(clock.now_ms() - desk.started_ms),
            page_url=desk.page_url,
        ),
    }
    wrong = problems(summary)
    if not desk.venue_was_up:
        wrong = [line for line in wrong if not line.startswith(VENUE_NOT_READ)]
        screen.say("stopped before the exchange was up: this run has placed no order")
    write_text(desk.where.last_run, json_text({**summary, "problems": wrong, "pid": os.getpid()}))
    if as_json:
        print_json({**summary, "problems": wrong})
    else:
        screen.print(render_summary(summary))
    for line in wrong:
        screen.say(line, style="bold red")
    return int(ExitCode.ERROR if wrong else ExitCode.OK)


def _seconds(milliseconds: int) -> Decimal:
    return (Decimal(milliseconds) / 1000).quantize(Decimal("0.1"))
