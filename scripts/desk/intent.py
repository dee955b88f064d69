"""`desk pause` and `desk resume`: a small, typed, expiring message to one bot, on the bus and in the store."""

import asyncio
import getpass
from typing import Annotated, Literal

import typer

from scripts.desk.options import DataDir, Json, RunDir
from scripts.desk.output import print_json
from scripts.desk.places import Places, places
from scripts.desk.running import running_desk
from services.common.errors import NotFound, NotRunning

SOURCE = "desk_cli"
ON_THE_BUS_WITHIN_MS = 5_000
Action = Literal["soft_pause", "resume"]
Bot = Annotated[str, typer.Option("--bot", help="Which bot, or desk for all.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; goes with the intent.")]
Expires = Annotated[int, typer.Option("--expires", min=1, max=86_400, help="Seconds until the intent is void.")]


def register(app: typer.Typer) -> None:
    app.command("pause")(pause)
    app.command("resume")(resume)


def pause(
    bot: Bot, reason: Reason = "MANUAL", expires: Expires = 60,
    data_dir: DataDir = None, run_dir: RunDir = None, as_json: Json = False,
) -> int:  # fmt: skip
    """Ask a bot to stop quoting: it cancels its quotes and stays in SOFT_PAUSE until resumed.

    Example: desk pause --bot bot0 --reason "news in ten minutes"
    """
    return _send(places(data_dir, run_dir), bot, "soft_pause", reason, expires, as_json)


def resume(
    bot: Bot, reason: Reason = "MANUAL", expires: Expires = 60,
    data_dir: DataDir = None, run_dir: RunDir = None, as_json: Json = False,
) -> int:  # fmt: skip
    """Ask a paused bot to go on. A HARD_STOP is not lifted by this.

    Example: desk resume --bot bot0
    """
    return _send(places(data_dir, run_dir), bot, "resume", reason, expires, as_json)


def _send(where: Places, bot: str, action: Action, reason: str, expires_s: int, as_json: bool) -> int:
    addresses = running_desk(where)
    if bot not in (*addresses.desk.bots, "desk"):
        raise NotFound(
            "BOT_UNKNOWN", f"{bot} does not run; running: {', '.join(addresses.desk.bots)}", f"desk status{where.flag}"
        )
    event_id = asyncio.run(_publish(where, addresses.redis_url, bot, action, reason, expires_s))
    if as_json:
        print_json({"intent_id": event_id, "bot": bot, "action": action})
    else:
        print(f"{action} is on the bus for {bot}, void after {expires_s} s: {event_id}")
        print(f"next  desk status{where.flag} shows the guard")
    return 0


async def _publish(where: Places, redis_url: str, bot: str, action: Action, reason: str, expires_s: int) -> str:
    from services.common.bus import open_bus
    from services.common.clock import SystemClock
    from services.common.envelope import Source
    from services.common.ids import SystemIds
    from services.contracts.events import IntentV1

    clock = SystemClock()
    source = Source(SOURCE, clock=clock, ids=SystemIds(clock))
    bus = await open_bus(redis_url, source=source, clock=clock, spool_dir=where.run_dir / "spool" / SOURCE)
    event = source.make(
        IntentV1,
        bot_id=bot,
        action=action,
        reason=reason,
        actor=getpass.getuser(),
        expires_at_ms=clock.now_ms() + expires_s * 1000,
    )
    await bus.publish(event)
    arrived = await bus.flush(ON_THE_BUS_WITHIN_MS)
    await bus.close()
    if not arrived:
        raise NotRunning(
            "BUS_UNREACHABLE",
            f"{action} of {bot} did not reach {redis_url} within {ON_THE_BUS_WITHIN_MS / 1000:g} s: nobody was told",
            f"desk kill now --scope {'desk' if bot == 'desk' else f'bot:{bot}'} --yes{where.flag}, which needs no bus",
        )
    return event.event_id
