"""kill -9 of gateway, bot and venue in virtual time, as often as wanted: no order twice, no fill lost, books equal.

Half of the kills come at a random moment, half right behind something: a submit, a cancel or a trade at the venue, or
a row given to the gateway's journal that the wire waits for. So they fall into the gaps between two steps, where a
moment drawn from hours never does.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from scripts.desk.stamp import commit
from scripts.simulate.campaign import digest_of, each, failure, speeds
from scripts.simulate.desk import DeskRun, RunResult
from scripts.simulate.faults import SETTLE_MS, Moment, Plan
from scripts.simulate.gateway_node import MakeGateway
from services.gateway.logic import Gateway
from services.gateway.records import OrderRecord

PROCESSES = ("gateway", "venue", "bot")
KILLS_A_SEED = 50
_GAP_MS = (6_000, 40_000)  # orders flow again meanwhile
_DOWN_MS = (300, 6_000)
_BEHIND_MS = {"place": 80, "cancel": 80, "trade": 80, "write": 5}  # and strikes at most so long behind it


class CrashResult(NamedTuple):
    """One seed. Counts are of differences between the venue and what the desk kept; every one should be 0, but for
    ``orders_cut_off``: durable in the journal, killed before the wire or on it, and found not to exist.
    """

    run: RunResult
    orders_cut_off: int
    orders_twice: int
    orders_unknown: int  # accepted by the venue, no row in the journal
    fills_lost: int  # traded, never told
    fills_twice: int
    fills_invented: int
    open_orders: int


def plan(seed: int) -> Plan:
    """What is killed when, and for how long it stays down."""
    rng = random.Random(f"kills-{seed}")
    moments, at_ms = [], 2_000  # the first ones hit a desk that is still coming up
    for _ in range(KILLS_A_SEED):
        at_ms += rng.randrange(*_GAP_MS)
        trigger = rng.choice(list(_BEHIND_MS)) if rng.random() < 0.5 else ""
        behind_ms = rng.randrange(_BEHIND_MS.get(trigger, 1))
        name = f"kill_{rng.choice(PROCESSES)}"
        moments.append(Moment(name, at_ms, rng.randrange(*_DOWN_MS), trigger, behind_ms))
    return Plan((), tuple(moments))


def strike(seed: int, make_gateway: MakeGateway = Gateway) -> CrashResult:
    """One seed, from an empty venue to a stopped desk."""
    chosen = plan(seed)
    length_ms = chosen.moments[-1].at_ms + SETTLE_MS
    desk = DeskRun(seed, faults=(), length_ms=length_ms, plan=chosen, make_gateway=make_gateway)
    run = desk.run()
    told, traded = desk.gateway.fill_events, desk.venue.trades
    rows = [record for record in desk.gateway.journal.values() if isinstance(record, OrderRecord)]
    known = {(row.account_id, row.client_order_id) for row in rows}
    return CrashResult(
        run=run,
        orders_cut_off=sum(row.is_tombstone for row in rows),
        orders_twice=sum(times - 1 for times in desk.venue.placed_ids.values()),
        orders_unknown=len(desk.venue.placed_ids.keys() - known),
        fills_lost=len(traded.keys() - told.keys()),
        fills_twice=sum(times - 1 for times in told.values()),
        fills_invented=len(told.keys() - traded.keys()),
        open_orders=len(desk.venue.open_orders()),
    )


def strikes(kills: int, first: int, processes: int) -> Iterator[CrashResult]:
    """Seed after seed until so many kills have struck; a few of each plan meet what is down already."""
    struck, seed = 0, first
    while struck < kills:
        batch = range(seed, seed + -(-(kills - struck) // KILLS_A_SEED))
        for result in each(strike, batch, processes):
            struck += sum(result.run.faults_injected.values())
            yield result
        seed = batch.stop


def report(results: Sequence[CrashResult], first: int) -> dict[str, Any]:
    """The same names as the drill with real processes, where they mean the same."""
    runs = [result.run for result in results]
    struck: Counter[str] = Counter()
    for run in runs:
        struck.update({name.removeprefix("kill_"): count for name, count in run.faults_injected.items()})
    counted = ("orders_twice", "orders_unknown", "fills_lost", "fills_twice", "fills_invented", "open_orders")
    zero = {name: sum(getattr(result, name) for result in results) for name in counted}
    violations = sum(len(run.violations) for run in runs)
    orders = sum(run.orders for run in runs)
    return {
        "drill": "crash",
        "virtual": True,
        "seed": first,
        "seeds": len(runs),
        "kills": struck.total(),
        "by_process": dict(sorted(struck.items())),
        "orders_at_venue": orders,
        "orders_cut_off": sum(result.orders_cut_off for result in results),
        "fills_at_venue": sum(run.fills for run in runs),
        **zero,
        "violations": violations,
        "virtual_hours": round(sum(run.virtual_s for run in runs) / 3_600, 2),
        **speeds(runs),
        "digest": digest_of(runs),
        "commit": commit(),
        "failures": [failure(run) for run in runs if run.violations],
        "passed": not violations and not any(zero.values()) and orders > 0,
    }
