"""Many seeds on every core: sums, and for each failure the seed that repeats it."""

import hashlib
import multiprocessing
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from scripts.desk.places import REPO
from scripts.simulate.desk import RunResult, simulate


class Job(NamedTuple):
    seed: int
    faults: tuple[str, ...]
    length_ms: int
    bots: int | None  # None: by the seed
    market: str | None


def _run(job: Job) -> RunResult:
    return simulate(job.seed, faults=job.faults, length_ms=job.length_ms, bots=job.bots, market=job.market)


def results(jobs: Sequence[Job], processes: int) -> Iterator[RunResult]:
    """In the order of the jobs, as they come; one process runs them in this one."""
    if processes == 1:
        yield from map(_run, jobs)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(_run, jobs)


def report(runs: Sequence[RunResult], faults: Sequence[str], elapsed_s: float) -> dict[str, Any]:
    """What the campaign did and found.

    ``speedup`` is virtual seconds over wall seconds of the worker that ran them, ``speedup_cpu`` over its CPU seconds:
    the same on a machine with nothing else to do. Both are of one bot on one core: runs with more bots do not count,
    unless there are no others. ``digest`` covers the digests of all seeds in their order.
    """
    digest = hashlib.sha256("".join(run.digest for run in runs).encode()).hexdigest()
    timed = [run for run in runs if run.bots == 1] or runs
    failures = [
        {
            "seed": run.seed,
            "market": run.market,
            "wires": run.wires,
            "bots": run.bots,
            "violations": [v.text() for v in run.violations],
        }
        for run in runs
        if run.violations
    ]
    return {
        "seeds": len(runs),
        "violations": sum(len(run.violations) for run in runs),
        "faults": list(faults),
        "faults_injected": _sum(run.faults_injected for run in runs),
        "virtual_hours": round(sum(run.virtual_s for run in runs) / 3_600, 2),
        "orders": sum(run.orders for run in runs),
        "fills": sum(run.fills for run in runs),
        "tightened": _sum(run.tightened for run in runs),
        "runs_with_two_bots": sum(run.bots > 1 for run in runs),
        "speedup": _ratio(timed, [run.elapsed_s for run in timed]),
        "speedup_cpu": _ratio(timed, [run.cpu_s for run in timed]),
        "elapsed_s": round(elapsed_s, 1),
        "digest": digest,
        "commit": commit(),
        "failures": failures,
    }


def _sum(tallies: Iterable[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for tally in tallies:
        total.update(tally)
    return dict(sorted(total.items()))


def _ratio(runs: Sequence[RunResult], seconds: Sequence[float]) -> float:
    return round(sum(run.virtual_s for run in runs) / max(sum(seconds), 1e-9), 1)


def commit() -> str:
    """The checked-out commit, with "+" when the tree differs from it; "unknown" outside a checkout."""
    try:
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=REPO, capture_output=True, text=True, check=True)
        dirty = subprocess.run(["git", "status", "--porcelain"], cwd=REPO, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.stdout.strip()[:12] + ("+" if dirty.stdout.strip() else "")


class Stopwatch:
    """Wall seconds of the campaign, for its report only."""

    def __init__(self) -> None:
        self._started = time.perf_counter()

    @property
    def elapsed_s(self) -> float:
        return time.perf_counter() - self._started
