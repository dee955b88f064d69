"""`desk status`: which processes run, where they listen, whether they are ready, and what each bot does."""

import asyncio
from typing import Any

import typer

from scripts.desk.options import DataDir, Json, RunDir
from scripts.desk.output import age, print_json, wide_console
from scripts.desk.places import Places, places
from services.common.addresses import Addresses, read_addresses
from services.common.errors import NotRunning


def register(app: typer.Typer) -> None:
    app.command("status")(status)


def status(data_dir: DataDir = None, run_dir: RunDir = None, as_json: Json = False) -> int:
    """Show every process of the running desk with its address, and each bot's guard, orders and position.

    Exit code 3 when no desk runs, 1 when a process of it is not ready.

    Example: desk status --json
    """
    from scripts.desk.supervisor.lock import holder_pid

    where = places(data_dir, run_dir)
    addresses = read_addresses(where.run_dir)
    pid = holder_pid(where.lock_file)
    if addresses is None or pid is None:
        raise NotRunning("NOT_RUNNING", f"no desk runs in {where.run_dir}", "desk up")
    report = asyncio.run(_ask(where, addresses, pid))
    if as_json:
        print_json(report)
    else:
        _print(report)
    return 0 if all(process["ready"] for process in report["processes"]) else 1


async def _ask(where: Places, addresses: Addresses, pid: int) -> dict[str, Any]:
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
    gateway, venue = addresses.url("gateway"), addresses.url("venue_sim")
    report = {
        "mode": addresses.desk.mode,
        "pid": pid,
        "run_dir": str(where.run_dir),
        "bots": list(addresses.desk.bots),
        "page": addresses.url("desk_api"),
        "redis_url": addresses.redis_url,
        "postgres_url": addresses.postgres_url,
        "processes": processes,
        "gateway": await admin.gateway_status(gateway) if gateway else None,
        "venue": await admin.venue_status(venue) if venue else None,
    }
    await admin.close()
    return report


def _print(report: dict[str, Any]) -> None:
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
            age(process["up_ms"]),
            str(process["restarts"]),
        )
    console.print(table)
    venue = report["venue"] or {}
    console.print(f"open orders at the venue: {venue.get('open_orders', 'unknown')}")
