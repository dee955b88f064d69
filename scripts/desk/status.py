"""`desk status`: which processes run, where they listen, whether they are ready, and what each bot does."""

import asyncio
from decimal import Decimal
from typing import Any

import typer

from scripts.desk.options import DataDir, Json, RunDir
from scripts.desk.output import age, amount, print_json, wide_console
from scripts.desk.places import Places, places
from scripts.desk.running import rearm_command, running_desk
from services.common.addresses import Addresses
from services.contracts.events import BotStatusV1

NEWEST_READ = 500  # entries of the telemetry stream: a minute and more of eight bots
STALE_STATUS_MS = 5_000  # a bot reports every second


def register(app: typer.Typer) -> None:
    app.command("status")(status)


def status(data_dir: DataDir = None, run_dir: RunDir = None, as_json: Json = False) -> int:
    """Show every process of the running desk with its address, and each bot's guard, orders and position.

    What is latched or killed stands below, with the command that re-arms it. Exit code 3 when no desk runs, 1 when a
    process of it is not ready.

    Example: desk status --json
    """
    where = places(data_dir, run_dir)
    addresses = running_desk(where)
    report = asyncio.run(_ask(where, addresses))
    if as_json:
        print_json(report)
    else:
        _print(report, where)
    return 0 if all(process["ready"] for process in report["processes"]) else 1


async def _ask(where: Places, addresses: Addresses) -> dict[str, Any]:
    from scripts.desk.supervisor.admin import Admin
    from services.common.clock import SystemClock
    from services.common.secrets import ensure_secrets

    admin = Admin(ensure_secrets(where.run_dir, addresses.desk.bots).admin_token)
    now_ms = SystemClock().now_ms()
    processes = []
    for name, process in sorted(addresses.processes.items()):
        ready = process.pid > 0
        detail: Any = process.state
        if process.port:
            answer = await admin.get(f"{process.url}/readyz", any_status=True)
            ready = answer is not None and answer[0] == 200
            detail = "ready" if ready else ("no answer" if answer is None else answer[1])
        processes.append(
            {
                "name": name,
                "pid": process.pid,
                "url": process.url,
                "ready": ready,
                "detail": detail,
                "restarts": process.restarts,
                "up_ms": now_ms - process.started_ms if process.started_ms else None,
            }
        )
    gateway, venue, kill = addresses.url("gateway"), addresses.url("venue_sim"), addresses.url("kill_switch")
    gateway_says = await admin.gateway_status(gateway) if gateway else None
    guards = await newest_statuses(addresses.redis_url)
    report = {
        "mode": addresses.desk.mode,
        "pid": addresses.desk.pid,
        "run_dir": str(where.run_dir),
        "bots": list(addresses.desk.bots),
        "page": addresses.url("desk_api"),
        "redis_url": addresses.redis_url,
        "postgres_url": addresses.postgres_url,
        "processes": processes,
        "bots_now": [_bot(bot, guards.get(bot), gateway_says or {}, now_ms) for bot in addresses.desk.bots],
        "gateway": gateway_says,
        "venue": await admin.venue_status(venue) if venue else None,
        "kill_switch": await admin.get(f"{kill}/kill") if kill else None,
    }
    await admin.close()
    return report


async def newest_statuses(redis_url: str) -> dict[str, BotStatusV1]:
    """What each bot said last of itself, from the bus; nothing when the bus does not answer."""
    import redis.asyncio as redis
    from redis.exceptions import RedisError

    from services.contracts.codec import decode
    from services.contracts.streams import BY_KIND

    found: dict[str, BotStatusV1] = {}
    if not redis_url:
        return found
    client: Any = redis.Redis.from_url(redis_url, socket_timeout=2, socket_connect_timeout=2)
    try:
        for _, fields in await client.xrevrange(BY_KIND[BotStatusV1].name, count=NEWEST_READ):
            event = decode(fields[b"e"])
            if isinstance(event, BotStatusV1):
                found.setdefault(event.bot_id, event)
    except (RedisError, OSError):
        pass  # the guard is then shown as unknown
    finally:
        await client.aclose()
    return found


def _bot(bot_id: str, said: BotStatusV1 | None, gateway: dict[str, Any], now_ms: int) -> dict[str, Any]:
    """The guard is the bot's own word, with its age; everything else is the gateway's, asked just now."""
    account = (gateway.get("bots") or {}).get(bot_id) or {}
    door = (gateway.get("door") or {}).get(bot_id) or {}
    return {
        "bot": bot_id,
        "guard": said.guard if said else None,
        "reasons": list(said.reasons) if said else [],
        "guard_age_ms": now_ms - said.ts_ms if said else None,
        "latch": account.get("latch"),
        "door_open": door.get("open"),
        "door_detail": door.get("detail") or "",
        "open_orders": account.get("open_orders"),
        "positions_base": account.get("positions_base"),
        "equity_quote": account.get("equity_quote"),
    }


def _bot_row(bot: dict[str, Any]) -> tuple[str, ...]:
    held = bot["positions_base"]
    position = ", ".join(f"{amount_base} {pair}" for pair, amount_base in held.items()) if held else "flat"
    guard_age = bot["guard_age_ms"]
    is_stale = guard_age is None or guard_age > STALE_STATUS_MS
    door = {True: "open", False: f"SHUT {bot['door_detail']}".rstrip(), None: "unknown"}[bot["door_open"]]
    return (
        bot["bot"],
        bot["guard"] or "unknown",
        ", ".join(bot["reasons"]),
        bot["latch"] or "unknown",
        door,
        "unknown" if bot["open_orders"] is None else str(bot["open_orders"]),
        "unknown" if held is None else position,
        amount(Decimal(bot["equity_quote"]) if bot["equity_quote"] else None),
        age(guard_age) + (" STALE" if is_stale else ""),
    )


def _stopped(report: dict[str, Any], where: Places) -> list[str]:
    """What is latched or killed, who did it, and how one gets back."""
    lines = []
    latch = (report["gateway"] or {}).get("latch") or {"readable": True, "scopes": {}}
    if not latch["readable"]:
        lines.append("latched   the latch file cannot be read: every scope counts as HALTED")
    for scope, entry in latch["scopes"].items():
        if entry["state"] != "ACTIVE":
            back = rearm_command(where, scope)
            lines.append(f"latched   {scope} {entry['state']} by {entry['actor']}: {entry['reason']}; back with {back}")
    for kill in ((report["kill_switch"] or {}).get("kills") or {}).values():
        lines.append(f"killed    {kill['scope']} by {kill['actor']}: {kill['reason']}, {kill['phase']}")
    return lines


def _print(report: dict[str, Any], where: Places) -> None:
    from rich.table import Table

    console = wide_console()
    console.print(f"desk pid {report['pid']}, mode {report['mode']}, {report['run_dir']}")
    if report["page"]:
        console.print(f"page  {report['page']}")
    table = Table("process", "ready", "pid", "address", "up", "restarts", pad_edge=False)
    for process in report["processes"]:
        ready = "ready" if process["ready"] else f"NOT READY: {process['detail']}"
        table.add_row(
            process["name"],
            ready,
            str(process["pid"] or "–"),
            process["url"] or "unix socket",
            "–" if process["up_ms"] is None else age(process["up_ms"]),
            str(process["restarts"]),
        )
    console.print(table)
    bots = Table("bot", "guard", "why", "latch", "door", "orders", "position", "equity", "guard heard", pad_edge=False)
    for bot in report["bots_now"]:
        bots.add_row(*_bot_row(bot))
    console.print(bots)
    for line in _stopped(report, where):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    venue = report["venue"] or {}
    console.print(f"open orders at the venue: {venue.get('open_orders', 'unknown')}")
