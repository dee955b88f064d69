"""What the door costs: the same orders direct to the venue and through the gateway, by turns, in one run.

Real processes on loopback (venue_sim without rate limits, gateway with limits wide open and a real Redis), one client
that sends at a fixed rate. Seconds of direct and of gateway alternate, so both see the same machine. Each order is a
limit order far from the market and is cancelled right after; only the submit is timed, from sending to its answer.
"""

import asyncio
import gc
import json
import shutil
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import psutil
import yaml

from scripts.desk.places import REPO
from services.common import venue
from services.common.clock import SystemClock, stopwatch_ns
from services.common.embedded import RedisServer
from services.common.errors import DeskError
from services.common.net import free_port
from services.common.secrets import KeyTriple, ensure_secrets
from services.dialects.bitget.client import BitgetUpstream, ClientSettings
from services.dialects.bitget.signing import Credentials

SYMBOL = "BTC-USDT"
SLICE_S = 1
READY_S = 60
_WIDE_OPEN = 1_000_000


class Sample(NamedTuple):
    latency_ns: int
    outcome: str  # "placed", "refused", "lost"


class Side:
    """One way to the venue and everything measured on it."""

    def __init__(self, name: str, url: str, key: KeyTriple) -> None:
        self.name = name
        self.samples: list[Sample] = []
        self.refusals: dict[str, int] = {}
        self.client = BitgetUpstream(ClientSettings(rest_url=url, connections_max=256), _Deaf(), SystemClock())
        self._credentials = Credentials(key.api_key, key.secret, key.passphrase)
        self._sent = 0

    async def one_order(self, price: Decimal) -> None:
        self._sent += 1
        request = venue.PlaceOrder(
            symbol=SYMBOL,
            client_order_id=f"bench.{self.name}.{self._sent}",
            side="buy",
            order_type="limit",
            time_in_force="gtc",
            qty_base=Decimal("0.001"),
            price=price - (self._sent % 500) / Decimal(10),
        )
        started_ns = stopwatch_ns()
        answer = await self.client.ask(request, self._credentials)
        latency_ns = stopwatch_ns() - started_ns
        if isinstance(answer, venue.Placed):
            self.samples.append(Sample(latency_ns, "placed"))
            cancel = venue.CancelOrder(symbol=SYMBOL, venue_order_id=answer.venue_order_id)
            await self.client.ask(cancel, self._credentials)
        elif isinstance(answer, venue.Refused):
            self.samples.append(Sample(latency_ns, "refused"))
            self.refusals[answer.code] = self.refusals.get(answer.code, 0) + 1
        else:
            self.samples.append(Sample(latency_ns, "lost"))

    def quantiles(self) -> dict[str, Any]:
        placed = sorted(sample.latency_ns for sample in self.samples if sample.outcome == "placed")
        if not placed:
            return {"orders": 0, "p50_ms": None, "p99_ms": None, "max_ms": None}
        return {
            "orders": len(placed),
            "p50_ms": _ms(placed[len(placed) // 2]),
            "p99_ms": _ms(placed[min(len(placed) - 1, len(placed) * 99 // 100)]),
            "max_ms": _ms(placed[-1]),
        }


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
    venue_port, gateway_port = free_port(), free_port()
    venue_url, gateway_url = f"http://127.0.0.1:{venue_port}", f"http://127.0.0.1:{gateway_port}"
    venue_flags = ["--market", "calm", "--set", "rate_limits=off", "--set", "tick_ms=100"]
    await _start(processes, run_dir, "venue_sim", venue_port, *venue_flags)
    flags = ["--venue-url", venue_url, "--bots", "bot1", "--redis-url", redis_url, "--set", "record_tape=false"]
    await _start(processes, run_dir, "gateway", gateway_port, "--data-dir", str(wide_open(run_dir)), *flags)
    sides = (
        Side("direct", venue_url, secrets.venue_accounts["manual"]),
        Side("gateway", gateway_url, secrets.bot_keys["bot1"]),
    )
    for side in sides:
        await side.client.start()
    price = await _price(sides[0])
    await _warm_up(sides, price)
    cpu_before = [_cpu_s(process) for process in processes]
    for _ in range(0, seconds, SLICE_S):
        for side in sides:
            await _slice(side, rate, price)
    report = _report(rate, seconds, *sides)
    orders = max(1, report["gateway"]["orders"])
    venue_s, gateway_s = (_cpu_s(p) - before for p, before in zip(processes, cpu_before, strict=True))
    report["cpu_ms_per_order"] = {  # submit and cancel; the venue served both ways
        "venue": round(venue_s * 1000 / (2 * orders), 3),
        "gateway": round(gateway_s * 1000 / orders, 3),
    }
    report["load_average"] = round(psutil.getloadavg()[0], 1)
    report["gateway"]["stages"] = await _stages(gateway_url, secrets.admin_token)
    for side in sides:
        await side.client.close()
    return report


async def _slice(side: Side, rate: int, price: Decimal) -> None:
    """One second at the rate, whatever the answers do; then wait for them."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    tasks = []
    for number in range(rate * SLICE_S):
        delay_s = started + number / rate - loop.time()
        if delay_s > 0:
            await asyncio.sleep(delay_s)
        tasks.append(asyncio.create_task(side.one_order(price)))
    await asyncio.gather(*tasks)


async def _warm_up(sides: tuple[Side, Side], price: Decimal) -> None:
    for side in sides:
        await _slice(side, 20, price)
        side.samples.clear()
        side.refusals.clear()
    gc.collect()
    gc.freeze()


def _report(rate: int, seconds: int, direct: Side, gateway: Side) -> dict[str, Any]:
    ours, theirs = gateway.quantiles(), direct.quantiles()
    outcomes = [sample.outcome for side in (direct, gateway) for sample in side.samples]
    return {
        "rate": rate,
        "seconds": seconds,
        "direct": theirs,
        "gateway": ours,
        "added_p50_ms": _difference(ours["p50_ms"], theirs["p50_ms"]),
        "added_p99_ms": _difference(ours["p99_ms"], theirs["p99_ms"]),
        "lost": outcomes.count("lost"),
        "refused": outcomes.count("refused"),
        "refusals": {**direct.refusals, **gateway.refusals},
    }


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


async def _start(processes: list[subprocess.Popen[bytes]], run_dir: Path, name: str, port: int, *flags: str) -> None:
    command = [sys.executable, "-m", f"services.{name}", "--run-dir", str(run_dir), "--port", str(port), *flags]
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


async def _stages(url: str, token: str) -> Any:
    async with aiohttp.ClientSession(headers={"X-Hbot-Admin": token}) as http, http.get(f"{url}/desk/status") as answer:
        return json.loads(await answer.read())["stages"]


def _cpu_s(process: subprocess.Popen[bytes]) -> float:
    times = psutil.Process(process.pid).cpu_times()
    return float(times.user + times.system)


def _ms(ns: int) -> float:
    return round(ns / 1e6, 3)


def _difference(ours: float | None, theirs: float | None) -> float | None:
    return None if ours is None or theirs is None else round(ours - theirs, 3)


class _Deaf:
    """The bench opens no sessions, so nobody tells it anything."""

    def on_push(self, account_id: str, push: venue.Push, received_ts_ms: int) -> None: ...
    def on_connected(self, account_id: str) -> None: ...
    def on_disconnected(self, account_id: str, reason: str) -> None: ...
    def on_heard(self, account_id: str, received_ts_ms: int) -> None: ...
    def on_event(self, account_id: str, event: object) -> None: ...
