"""`desk bench host-tick`: does the tick inside the real Hummingbot slow down as it runs?

Runs a desk of its own (exchange, gateway, one bot with its demo bundle: decisions every second, about a hundred orders
a minute) in a directory of its own, reads the bot's metrics once a minute and reports the curve. Stock Hummingbot was
seen to go from 0.3 ms to 6 ms in five minutes.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripts.desk.places import REPO
from services.common.addresses import read_addresses
from services.common.clock import SystemClock
from services.common.errors import TimedOut

_COMPONENTS = ("tick", "decide", "connector", "script")
_SAMPLE = re.compile(r"^hbot_bot_(tick_seconds|loop_lag_seconds)_(sum|count|bucket)\{(.*?)\} (\S+)$", re.MULTILINE)
_START_S = 120
_GROWTH_ALLOWED = 1.5  # mean of the last fifth over mean of the second fifth; the first is warm-up


def run(minutes: int, bot: str = "bot0") -> dict[str, Any]:
    """One row per minute, milliseconds; ``growth`` is last fifth over second fifth of the decision's mean."""
    run_dir = Path(tempfile.mkdtemp(prefix="ht"))
    clock = SystemClock()
    argv = [sys.executable, "-m", "scripts.desk", "up", "--run-dir", str(run_dir), "--bots", bot, "--no-page"]
    desk = subprocess.Popen(argv, cwd=REPO, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url, pid = _bot_address(run_dir, bot, clock)
        rows = list(_minutes(url, pid, minutes, clock))
    finally:
        desk.send_signal(signal.SIGTERM)
        try:
            desk.wait(60)
        except subprocess.TimeoutExpired:
            desk.kill()
        shutil.rmtree(run_dir, ignore_errors=True)
    growth = _growth(rows)
    return {
        "minutes": minutes,
        "bot": bot,
        "cpus": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
        "per_minute": rows,
        "growth": growth,
        "verdict": "flat" if growth is not None and growth <= _GROWTH_ALLOWED else "too short or growing",
    }


def _minutes(url: str, pid: int, minutes: int, clock: SystemClock) -> Iterator[dict[str, Any]]:
    before = _read(url)
    for minute in range(1, minutes + 1):
        _sleep_until(clock, clock.monotonic_ms() + 60_000)
        now = _read(url)
        row: dict[str, Any] = {"minute": minute}
        for component in _COMPONENTS:
            row[f"{component}_ms"] = _mean_ms(before, now, component)
        row["tick_ms_p99_below"] = _quantile_ms(before, now, "tick", 0.99)
        row["loop_lag_ms"] = _mean_ms(before, now, "lag")
        row["decisions"] = int(now.get(("tick", "count"), 0) - before.get(("tick", "count"), 0))
        row["rss_mb"] = _rss_mb(pid)
        before = now
        yield row


def _bot_address(run_dir: Path, bot: str, clock: SystemClock) -> tuple[str, int]:
    """Once its quotes are out. Raises TimedOut."""
    deadline_ms = clock.monotonic_ms() + _START_S * 1000
    while clock.monotonic_ms() < deadline_ms:
        addresses = read_addresses(run_dir)
        process = addresses.processes.get(f"bot.{bot}") if addresses else None
        if process is not None and process.state == "ready":
            return process.url, process.pid
        _sleep_until(clock, clock.monotonic_ms() + 500)
    raise TimedOut("BOT_NOT_READY", f"bot={bot}, waited={_START_S} s, run_dir={run_dir}", f"desk up --bots {bot}")


def _sleep_until(clock: SystemClock, monotonic_ms: int) -> None:
    import asyncio

    asyncio.run(clock.sleep_until(monotonic_ms))


def _read(url: str) -> dict[tuple[str, str], float]:
    """(component, "sum" | "count" | "le=…") -> value; the loop's lag is the component "lag"."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    values: dict[tuple[str, str], float] = {}
    for name, kind, labels, value in _SAMPLE.findall(text):
        pairs = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        component = "lag" if name == "loop_lag_seconds" else pairs["component"]
        values[component, f"le={pairs['le']}" if kind == "bucket" else kind] = float(value)
    return values


def _mean_ms(before: dict[tuple[str, str], float], now: dict[tuple[str, str], float], component: str) -> float | None:
    count = now.get((component, "count"), 0) - before.get((component, "count"), 0)
    total = now.get((component, "sum"), 0) - before.get((component, "sum"), 0)
    return round(total / count * 1000, 3) if count else None


def _quantile_ms(
    before: dict[tuple[str, str], float], now: dict[tuple[str, str], float], component: str, share: float
) -> float | None:
    """Upper edge of the bucket the quantile falls into."""
    edges = sorted(
        (float(key[1][3:]), value - before.get(key, 0))
        for key, value in now.items()
        if key[0] == component and key[1].startswith("le=")
    )
    if not edges or not edges[-1][1]:
        return None
    for edge, count in edges:
        if count >= share * edges[-1][1]:
            return round(edge * 1000, 3)
    return None


def _growth(rows: list[dict[str, Any]]) -> float | None:
    means: list[float] = [row["tick_ms"] for row in rows if row["tick_ms"] is not None]
    fifth = len(means) // 5
    if not fifth:
        return None
    early, late = means[fifth : 2 * fifth], means[-fifth:]
    return round((sum(late) / fifth) / (sum(early) / fifth), 2)


def _rss_mb(pid: int) -> int | None:
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return None
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    return int(found.group(1)) // 1024 if found else None
