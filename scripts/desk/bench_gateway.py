"""What the door costs: the same orders direct to the venue and through the gateway, by turns, in one run.

Real processes on loopback (venue_sim without rate limits, gateway with limits wide open and a real Redis), one client
that sends at a fixed rate. Seconds of direct and of gateway alternate, so both see the same machine. Each order is a
limit order far from the market and is cancelled right after; only the submit is timed, from sending to its answer.
Beyond what the machine does orders queue, and their wait is in their latency.

Where the time goes: the gateway's own stages of the same orders, what is left of the client's time beside them (HTTP,
and waiting for a processor), what the disk takes for one sync, and what one exchange with a server that does nothing
takes, both at this rate and between the seconds of the same run. Their sum is the floor: the door is one exchange and
one sync more than the way without it.
"""

import asyncio
import gc
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import yaml
from rich.table import Table

from scripts.desk.bench_bare import Bare
from scripts.desk.bench_gateway_side import SLICE_S, SYMBOL, Side, quantiles_ms
from scripts.desk.disk_probe import DiskProbe
from scripts.desk.output import wide_console
from scripts.desk.places import REPO
from services.common import venue
from services.common.clock import stopwatch_ns
from services.common.embedded import RedisServer
from services.common.errors import DeskError
from services.common.net import free_port
from services.common.secrets import ensure_secrets

READY_S = 60
IDLE_S = 2
WARM_UP_PER_S = 50
_STAGES = ("judge", "journal", "venue")


def run(rate: int, seconds: int) -> dict[str, Any]:
    """``rate`` orders a second for ``seconds`` on each way. Keys as the command documents them."""
    run_dir = Path(tempfile.mkdtemp(prefix="hbgw"))
    processes: list[subprocess.Popen[bytes]] = []
    redis = RedisServer(run_dir)
    try:
        redis_url = redis.start()
        return asyncio.run(_measure(run_dir, redis_url, rate, seconds, processes))
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            try:
                process.wait(timeout=12)
            except subprocess.TimeoutExpired:
                process.kill()
        redis.stop()
        shutil.rmtree(run_dir, ignore_errors=True)


async def _measure(
    run_dir: Path, redis_url: str, rate: int, seconds: int, processes: list[subprocess.Popen[bytes]]
) -> dict[str, Any]:
    secrets = ensure_secrets(run_dir, ("bot1",))
    venue_port, gateway_port, bare_port = free_port(), free_port(), free_port()
    venue_url, gateway_url = f"http://127.0.0.1:{venue_port}", f"http://127.0.0.1:{gateway_port}"
    venue_flags = ["--market", "calm", "--set", "rate_limits=off", "--set", "tick_ms=100"]
    await _start(processes, run_dir, "services.venue_sim", venue_port, *venue_flags)
    flags = ["--venue-url", venue_url, "--bots", "bot1", "--redis-url", redis_url, "--set", "record_tape=false"]
    await _start(processes, run_dir, "services.gateway", gateway_port, "--data-dir", str(wide_open(run_dir)), *flags)
    await _start(processes, run_dir, "scripts.desk.bench_bare", bare_port)
    bare = Bare(f"http://127.0.0.1:{bare_port}")
    direct = Side("direct", venue_url, secrets.venue_accounts["manual"])
    gateway = Side("gateway", gateway_url, secrets.bot_keys["bot1"])
    for side in (direct, gateway):
        await side.client.start()
    price = await _price(direct)
    await _warm_up((direct, gateway), price)
    at_rest = _Cpu(processes[:2])
    await asyncio.sleep(IDLE_S)
    shares = at_rest.shares()
    busy = _Cpu(processes[:2])
    with DiskProbe(run_dir) as disk:
        for _ in range(0, seconds, SLICE_S):
            for side in (direct, gateway):
                await side.slice(rate, price)
            await bare.slice(rate)
            await disk.slice(rate)
    extra_s = [(share - rest) * busy.wall_s() for share, rest in zip(busy.shares(), shares, strict=True)]
    orders = gateway.count("placed")
    told = await _told_by(gateway_url, secrets.admin_token, orders)
    for client in (direct.client, gateway.client, bare):
        await client.close()
    report = report_of(rate, seconds, direct, gateway, told)
    floor = floor_of(bare.samples_ns, disk.samples_ns)
    return {
        **report,
        **floor,
        "beyond_floor_p50_ms": _difference(report["added_p50_ms"], floor["floor_p50_ms"]),
        "beyond_floor_p99_ms": _difference(report["added_p99_ms"], floor["floor_p99_ms"]),
        # submit and cancel; the venue served both ways; without what the processes take when nobody trades
        "cpu_ms_per_order": {
            "venue": round(extra_s[0] * 1000 / max(1, 2 * orders), 3),
            "gateway": round(extra_s[1] * 1000 / max(1, orders), 3),
        },
        "cpu_at_rest_pct": {"venue": round(100 * shares[0], 1), "gateway": round(100 * shares[1], 1)},
        "load_average": round(psutil.getloadavg()[0], 1),
    }


async def _warm_up(sides: tuple[Side, Side], price: Decimal) -> None:
    for _ in range(2):
        for side in sides:
            await side.slice(WARM_UP_PER_S, price)
            side.forget()
    gc.collect()
    gc.freeze()


def report_of(rate: int, seconds: int, direct: Side, gateway: Side, told: dict[str, Any]) -> dict[str, Any]:
    """``told`` is what the gateway says of the same orders: its stages and its counters."""
    ours, theirs = gateway.quantiles(), direct.quantiles()
    counters = told["counters"]
    return {
        "rate": rate,
        "seconds": seconds,
        "direct": theirs,
        "gateway": {
            **ours,
            "stages": _with_rests(told["stages"], ours),
            "provisional_answers": counters.get("provisional_answers", 0),
            "quarantines": counters.get("quarantines", 0),
        },
        "added_p50_ms": _difference(ours["p50_ms"], theirs["p50_ms"]),
        "added_p99_ms": _difference(ours["p99_ms"], theirs["p99_ms"]),
        "lost": direct.count("lost") + gateway.count("lost"),
        "refused": direct.count("refused") + gateway.count("refused"),
        "refusals": {**direct.refusals, **gateway.refusals},
    }


def _with_rests(stages: dict[str, dict[str, Any]], seen: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Two rests: "loop" is inside the gateway and no stage's, "http" between the client and the gateway's handler."""
    if not stages or seen["p50_ms"] is None:
        return stages
    inside = stages["inside"]
    loop, http = {"n": inside["n"]}, {"n": inside["n"]}
    for name in ("p50_ms", "of_slowest_ms"):
        loop[name] = round(inside[name] - sum(stages[stage][name] for stage in _STAGES), 3)
    for name in ("p50_ms", "p99_ms"):
        http[name] = round(seen[name] - inside[name], 3)
    return {**stages, "loop": loop, "http": http}


def floor_of(bare_ns: Sequence[int], disk_ns: Sequence[int]) -> dict[str, Any]:
    """What no door can be under: one exchange with a server that does nothing and one sync of the disk.

    The sum of two 99th percentiles is a little above the 99th percentile of the sum.
    """
    bare, disk = quantiles_ms(bare_ns), quantiles_ms(disk_ns)
    return {
        "bare": {"exchanges": len(bare_ns), **bare},
        "disk": {f"fdatasync_{name}": value for name, value in disk.items()},
        **{f"floor_{name}": round((bare[name] or 0.0) + (disk[name] or 0.0), 3) for name in ("p50_ms", "p99_ms")},
    }


def print_table(report: dict[str, Any]) -> None:
    """For a person: both ways, then where the gateway's time goes."""
    table = Table("ms", "orders", "p50", "p99", "max", "of the slowest 1 %", title=f"{report['rate']} orders a second")
    for name in ("direct", "gateway"):
        table.add_row(name, *_cells(report[name], "orders", "p50_ms", "p99_ms", "max_ms"))
    table.add_row("added", "", *_cells(report, "added_p50_ms", "added_p99_ms"), end_section=True)
    for name, figures in report["gateway"]["stages"].items():
        table.add_row(name, *_cells(figures, "n", "p50_ms", "p99_ms", "max_ms", "of_slowest_ms"))
    bare = _cells(report["bare"], "exchanges", "p50_ms", "p99_ms", "max_ms")
    table.add_row("bare exchange", *bare)
    table.add_row(
        "sync of the disk", "", *_cells(report["disk"], "fdatasync_p50_ms", "fdatasync_p99_ms", "fdatasync_max_ms")
    )
    table.add_row("floor of added", "", *_cells(report, "floor_p50_ms", "floor_p99_ms"))
    table.add_row("beyond the floor", "", *_cells(report, "beyond_floor_p50_ms", "beyond_floor_p99_ms"))
    wide_console().print(table)
    for name in ("lost", "refused", "refusals", "cpu_ms_per_order", "cpu_at_rest_pct", "load_average"):
        print(f"{name:20} {report[name]}")


def _cells(figures: dict[str, Any], *names: str) -> list[str]:
    return ["" if figures.get(name) is None else str(figures[name]) for name in names]


def wide_open(run_dir: Path) -> Path:
    """A copy of the limits policy with every count and rate out of the way."""
    tree = yaml.safe_load((REPO / "data" / "policies" / "limits.yml").read_text())
    for figures in tree["limits"].values():
        for name in figures:
            if name.endswith(("_orders_max", "_second_max", "_minute_max", "_executions_max", "_quote_max")):
                figures[name] = 100_000 if name != "level_orders_max" else 1
    tree["venue_budget"] = {
        "orders_per_second": 10_000,
        "requests_per_second": 10_000,
        "cancel_reserve_pct": "0.1",
        "kill_reserve_pct": "0.1",
    }
    path = run_dir / "data" / "policies" / "limits.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(tree))
    return run_dir / "data"


async def _start(processes: list[subprocess.Popen[bytes]], run_dir: Path, module: str, port: int, *flags: str) -> None:
    name = module.rpartition(".")[2]
    command = [sys.executable, "-m", module, "--run-dir", str(run_dir), "--port", str(port), *flags]
    with (run_dir / f"{name}.err").open("ab") as errors:
        process = subprocess.Popen(command, cwd=REPO, stdout=errors, stderr=errors)  # noqa: ASYNC220 - a start takes ms
    processes.append(process)
    async with aiohttp.ClientSession() as http:
        for _ in range(READY_S * 10):
            if process.poll() is not None:
                break
            try:
                async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    tail = (run_dir / f"{name}.err").read_text(errors="replace")[-500:]
    raise DeskError("BENCH_NOT_READY", f"process={name}, exit={process.poll()}, {tail}", "desk doctor")


async def _price(side: Side) -> Decimal:
    answer = await side.client.ask(venue.GetBook(symbol=SYMBOL, depth=1))
    if not isinstance(answer, venue.Book):
        raise DeskError("BENCH_NO_BOOK", f"venue answered {answer}", "desk doctor")
    return (answer.bids[0][0] * Decimal("0.99")).quantize(Decimal("0.1"))


async def _told_by(url: str, token: str, orders: int) -> dict[str, Any]:
    async with aiohttp.ClientSession(headers={"X-Hbot-Admin": token}) as http:
        async with http.get(f"{url}/desk/stages?last={max(1, orders)}") as answer:
            stages = json.loads(await answer.read())
        async with http.get(f"{url}/desk/status") as answer:
            return {"stages": stages, "counters": json.loads(await answer.read())["counters"]}


class _Cpu:
    """What of a processor each process took since this was made."""

    def __init__(self, processes: list[subprocess.Popen[bytes]]) -> None:
        self._processes = [psutil.Process(process.pid) for process in processes]
        self._before = self._seconds()
        self._started_ns = stopwatch_ns()

    def shares(self) -> list[float]:
        return [(now - before) / self.wall_s() for now, before in zip(self._seconds(), self._before, strict=True)]

    def wall_s(self) -> float:
        return (stopwatch_ns() - self._started_ns) / 1e9

    def _seconds(self) -> list[float]:
        return [float(times.user + times.system) for times in (p.cpu_times() for p in self._processes)]


def _difference(ours: float | None, theirs: float | None) -> float | None:
    return None if ours is None or theirs is None else round(ours - theirs, 3)
