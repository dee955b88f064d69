"""Many seeds on every core: sums, and for each failure the seed that repeats it."""

import gc
import hashlib
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from scripts.desk.stamp import commit
from scripts.simulate.desk import RunResult, simulate

In = TypeVar("In")
Out = TypeVar("Out")


class Job(NamedTuple):
    seed: int
    faults: tuple[str, ...]
    length_ms: int
    bots: int | None  # None: by the seed
    market: str | None


def _run(job: Job) -> RunResult:
    return simulate(job.seed, faults=job.faults, length_ms=job.length_ms, bots=job.bots, market=job.market)


def results(jobs: Sequence[Job], processes: int) -> Iterator[RunResult]:
    """In the order of the jobs, as they come."""
    return each(_run, jobs, processes)


def each(what: Callable[[In], Out], inputs: Sequence[In], processes: int) -> Iterator[Out]:
    """``what`` of every input, in their order; one process means this one."""
    if processes == 1:
        yield from map(what, inputs)
        return
    with multiprocessing.get_context("spawn").Pool(processes, _collect_rarely) as pool:
        yield from pool.imap(what, inputs)


def _collect_rarely() -> None:
    """A worker makes many values and few cycles: what is imported is left alone, the rest looked at now and then."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def report(runs: Sequence[RunResult], faults: Sequence[str], elapsed_s: float) -> dict[str, Any]:
    """What the campaign did and found; for each failure the seed that repeats it."""
    failures = [failure(run) for run in runs if run.violations]
    return {
        "seeds": len(runs),
        "violations": sum(len(run.violations) for run in runs),
        "faults": list(faults),
        "faults_injected": _sum(run.faults_injected for run in runs),
        "virtual_hours": round(sum(run.virtual_s for run in runs) / 3_600, 2),
        "runs_with_two_bots": sum(run.bots > 1 for run in runs),
        "orders": sum(run.orders for run in runs),
        "fills": sum(run.fills for run in runs),
        "tightened": _sum(run.tightened for run in runs),
        **speeds(runs),
        "elapsed_s": round(elapsed_s, 1),
        "digest": digest_of(runs),
        "commit": commit(),
        "failures": failures,
    }


def speeds(runs: Sequence[RunResult]) -> dict[str, float]:
    """How much faster than real time, for one bot on one core.

    ``speedup`` is virtual seconds over wall seconds of the worker that ran them, ``speedup_cpu`` over its CPU seconds,
    which others on the machine distort less. Runs with more bots do not count, unless there are no others.
    """
    timed = [run for run in runs if run.bots == 1] or runs
    virtual_s = sum(run.virtual_s for run in timed)
    return {
        "speedup": round(virtual_s / max(sum(run.elapsed_s for run in timed), 1e-9), 1),
        "speedup_cpu": round(virtual_s / max(sum(run.cpu_s for run in timed), 1e-9), 1),
    }


def digest_of(runs: Sequence[RunResult]) -> str:
    """Over the digests of all seeds in their order."""
    return hashlib.sha256("".join(run.digest for run in runs).encode()).hexdigest()


def failure(run: RunResult) -> dict[str, Any]:
    found = [violation.text() for violation in run.violations]
    return {"seed": run.seed, "market": run.market, "wires": run.wires, "bots": run.bots, "violations": found}


def _sum(tallies: Iterable[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for tally in tallies:
        total.update(tally)
    return dict(sorted(total.items()))


class Stopwatch:
    """Wall seconds of the campaign, for its report only."""

    def __init__(self) -> None:
        self._started = time.perf_counter()

    @property
    def elapsed_s(self) -> float:
        return time.perf_counter() - self._started
