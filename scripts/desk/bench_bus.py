"""What an event costs on its way: codec, bus, event store, durable append, day report. Each with a bare baseline
beside it.

The baseline does the same work with less structure, on the same machine in the same run, so the ratio tells what our
structure costs. Minor page faults are printed: a batch that is too large frees and faults the heap's top again and
again.
"""

import asyncio
import json
import os
import resource
import shutil
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import redis

from services.common.bus import RedisBus
from services.common.clock import SystemClock, stopwatch_ns
from services.common.embedded import RedisServer
from services.common.envelope import Source
from services.common.event_files import day_path, days, events_dir
from services.common.ids import SystemIds
from services.common.ports import RawDelivery
from services.common.store_reader import analytics
from services.common.tally import Tally
from services.contracts import events as e
from services.contracts import streams
from services.contracts.codec import decode, decode_envelope, encode
from services.event_store.logic import RecentEvents, take
from services.event_store.writer import EventWriter

CHUNK = 128
SINGLE_APPENDS = 1_000


def run(*, events: int = 50_000) -> dict[str, Any]:
    """Every figure in events per second unless its name says otherwise."""
    run_dir = Path(tempfile.mkdtemp(prefix="hbench"))
    server = RedisServer(run_dir)
    server.start()
    try:
        fills = _fills(events)
        raws = [encode(fill) for fill in fills]
        return {
            "event_bytes": len(raws[0]),
            "codec": _codec(fills, raws),
            "ingest": asyncio.run(_ingest(run_dir, server.url, fills, raws)),
            "store": asyncio.run(_store(run_dir, server.url, raws)),
            "append": _append(run_dir, raws),
            "day_report": _day_report(run_dir),
        }
    finally:
        server.stop()
        shutil.rmtree(run_dir, ignore_errors=True)


def _fills(count: int) -> list[e.FillV1]:
    clock = SystemClock()
    source = Source("gateway", clock=clock, ids=SystemIds(clock), config_hash="0" * 64)
    return [
        source.make(
            e.FillV1,
            bot_id="bot1",
            symbol="BTC-USDT",
            trade_id=str(7_000_000 + n),
            client_order_id=f"hb1-b0-k3f9.{n}",
            gateway_order_id=str(7_000_000_000_000_000_000 + n),
            venue_order_id=str(8_000_000_000_000_000_000 + n),
            side="buy",
            price=Decimal("60123.4"),
            base_qty=Decimal("0.0100"),
            fee_quote=Decimal("0.12024680"),
            liquidity="maker",
            realized_pnl_quote=Decimal("-0.0312"),
            mid_price=Decimal("60123.45"),
            ts_exch_ms=1_767_225_600_000 + n,
        )
        for n in range(count)
    ]


def _codec(fills: list[e.FillV1], raws: list[bytes]) -> dict[str, int]:
    plain = [json.loads(raw) for raw in raws[:5_000]]
    return {
        "encode": _rate(len(fills), lambda: [encode(fill) for fill in fills]),
        "decode": _rate(len(raws), lambda: [decode(raw) for raw in raws]),
        "decode_envelope": _rate(len(raws), lambda: [decode_envelope(raw) for raw in raws]),
        "baseline_json_dumps": _rate(len(plain), lambda: [json.dumps(value) for value in plain]),
        "baseline_json_loads": _rate(len(plain), lambda: [json.loads(raw) for raw in raws[:5_000]]),
    }


async def _ingest(run_dir: Path, url: str, fills: list[e.FillV1], raws: list[bytes]) -> dict[str, Any]:
    """Publish to Redis by way of the spool; baseline: bare pipelined XADD of bytes that are encoded already."""
    clock = SystemClock()
    source = Source("bench", clock=clock, ids=SystemIds(clock))
    bus = RedisBus(url, source=source, clock=clock, spool_dir=run_dir / "spool" / "bench")
    await bus.start()
    await asyncio.sleep(0.2)
    faults, started_ns = _minor_faults(), stopwatch_ns()
    for n, fill in enumerate(fills):
        bus.publish_nowait(fill)
        if n % CHUNK == 0:
            await asyncio.sleep(0)
    publish_ns = stopwatch_ns() - started_ns
    await bus.flush(120_000)
    ours = _per_second(len(fills), stopwatch_ns() - started_ns)
    faults = _minor_faults() - faults
    await bus.close()
    client = redis.Redis.from_url(url)
    baseline_ns = stopwatch_ns()
    for start in range(0, len(raws), CHUNK):
        pipe = client.pipeline(transaction=False)
        for raw in raws[start : start + CHUNK]:
            pipe.xadd("bench.baseline", {b"e": raw})
        pipe.execute()
    baseline = _per_second(len(raws), stopwatch_ns() - baseline_ns)
    client.delete("bench.baseline")
    return {
        "published_and_shipped": ours,
        "caller_us_per_event": round(publish_ns / 1_000 / len(fills), 2),
        "baseline_bare_xadd": baseline,
        "ratio": round(ours / baseline, 2),
        "minor_faults": faults,
    }


async def _store(run_dir: Path, url: str, raws: list[bytes]) -> dict[str, Any]:
    """Redis to disk, once by place; baseline: the same reads, writes, syncs and acks without looking at an event."""
    clock = SystemClock()
    source = Source("event_store", clock=clock, ids=SystemIds(clock))
    bus = RedisBus(url, source=source, clock=clock, spool_dir=run_dir / "spool" / "store")
    await bus.start()
    writer = EventWriter(events_dir(run_dir))
    tally, recent = Tally(), RecentEvents(200_000)
    faults, started_ns, n_stored = _minor_faults(), stopwatch_ns(), 0
    while n_stored < len(raws):
        deliveries = await bus.poll_raw("event_store", [streams.FILL], count_max=4 * CHUNK, wait_ms=100)
        for start in range(0, len(deliveries), CHUNK):
            chunk = deliveries[start : start + CHUNK]
            batch = take(tally, recent, chunk, _never)
            writer.append(batch.lines, clock.now_ms())
            await bus.ack_raw("event_store", [(delivery.stream, delivery.entry_id) for delivery in chunk])
            n_stored += len(batch.lines)
    await bus.flush(10_000)
    ours = _per_second(n_stored, stopwatch_ns() - started_ns)
    faults = _minor_faults() - faults
    await bus.close()
    writer.close()
    baseline = _bare_store(run_dir, url, len(raws))
    return {
        "stored_durably": ours,
        "baseline_bare_loop": baseline,
        "ratio": round(ours / baseline, 2),
        "missing": tally.n_missing,
        "duplicates": tally.n_duplicates,
        "minor_faults": faults,
    }


def _bare_store(run_dir: Path, url: str, n_events: int) -> int:
    client = redis.Redis.from_url(url)
    client.xgroup_create(streams.FILL.name, "bare", id="0")
    fd = os.open(run_dir / "bare.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    started_ns, n_stored = stopwatch_ns(), 0
    while n_stored < n_events:
        answer: Any = client.xreadgroup("bare", "1", {streams.FILL.name: ">"}, count=4 * CHUNK)
        entries = answer[0][1]
        for start in range(0, len(entries), CHUNK):
            chunk = entries[start : start + CHUNK]
            os.write(fd, b"".join(fields[b"e"] + b"\n" for _, fields in chunk))
            os.fdatasync(fd)
            client.xack(streams.FILL.name, "bare", *(entry_id for entry_id, _ in chunk))
            n_stored += len(chunk)
    elapsed_ns = stopwatch_ns() - started_ns
    os.close(fd)
    return _per_second(n_stored, elapsed_ns)


def _append(run_dir: Path, raws: list[bytes]) -> dict[str, Any]:
    """The writer alone: chunks of 128, then one event at a time."""
    writer = EventWriter(run_dir / "append")
    now_ms = SystemClock().now_ms()
    chunks = [raws[start : start + CHUNK] for start in range(0, len(raws), CHUNK)]
    started_ns = stopwatch_ns()
    for chunk in chunks:
        writer.append(chunk, now_ms)
    group = _per_second(len(raws), stopwatch_ns() - started_ns)
    single_us: list[float] = []
    for raw in raws[:SINGLE_APPENDS]:
        started_ns = stopwatch_ns()
        writer.append([raw], now_ms)
        single_us.append((stopwatch_ns() - started_ns) / 1_000)
    writer.close()
    single_us.sort()
    return {
        "chunks_of_128": group,
        "single_p50_us": round(single_us[len(single_us) // 2]),
        "single_p99_us": round(single_us[len(single_us) * 99 // 100]),
    }


def _day_report(run_dir: Path) -> dict[str, Any]:
    """Counts and sums per minute over the stored files: DuckDB on the raw lines, and a Python loop over the same."""
    started_ns = stopwatch_ns()
    connection = analytics(run_dir)
    rows = connection.execute(
        "SELECT ts_ms // 60000 AS minute, count(*), sum(price * base_qty), sum(fee_quote) FROM fill_v1 GROUP BY 1"
    ).fetchall()
    ours_ms = (stopwatch_ns() - started_ns) / 1e6
    connection.close()
    started_ns = stopwatch_ns()
    notional = Decimal(0)
    n_events = 0
    for day in days(events_dir(run_dir)):
        with day_path(events_dir(run_dir), day).open("rb") as file:
            for line in file:
                value = json.loads(line)
                notional += Decimal(value["price"]) * Decimal(value["base_qty"])
                n_events += 1
    baseline_ms = (stopwatch_ns() - started_ns) / 1e6
    assert n_events == sum(row[1] for row in rows)
    assert notional == sum(row[2] for row in rows)
    return {"events": n_events, "duckdb_ms": round(ours_ms), "baseline_python_loop_ms": round(baseline_ms)}


def _never(delivery: RawDelivery, error: str) -> e.DeadLetterV1:
    raise AssertionError(f"{error}: {delivery.raw!r}")


def _rate(count: int, work: Callable[[], object]) -> int:
    started_ns = stopwatch_ns()
    work()
    return _per_second(count, stopwatch_ns() - started_ns)


def _per_second(count: int, elapsed_ns: int) -> int:
    return round(count / (elapsed_ns / 1e9))


def _minor_faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
