"""The faults at which a stock Hummingbot was seen to go wrong, repeated with the gateway in the path and judged from
outside: the venue's list of open orders against the gateway's, both past the bot.

Every row, whatever else it asks: no order unknown for ten seconds, no cancel still without effect ten seconds after the
fault is over, no level quoted twice, quoting again within the row's bound, and position and fills equal at venue,
gateway and bot.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from scripts.desk.drill_report import told
from scripts.desk.drill_rows import ROWS, Row
from scripts.desk.drill_scene import BOT, SYMBOL, Scene
from scripts.desk.drill_watch import PATIENCE_MS
from scripts.desk.places import Places
from scripts.desk.supervisor.desk import Desk
from scripts.desk.supervisor.plan import UpOptions
from services.common.clock import SystemClock
from services.common.errors import ConfigError
from services.gateway.orders import OWN_PREFIX

FIRST_QUOTES_S = 60.0
EQUAL_S = 20.0
# The gateway tightens a bot by itself for these; a row after which it did has found something.
GRAVE = ("ORDERS_UNEXPLAINED", "RUNAWAY", "UNKNOWN_FILL")


def chosen(names: str) -> tuple[Row, ...]:
    """The rows named, in the order of the table. "" is all."""
    wanted = {name.strip() for name in names.split(",") if name.strip()}
    unknown = wanted - {row.name for row in ROWS}
    if unknown:
        known = ", ".join(row.name for row in ROWS)
        raise ConfigError(
            "ROW_UNKNOWN", f"{', '.join(sorted(unknown))}; known: {known}", "desk drill host --rows bot_killed"
        )
    return tuple(row for row in ROWS if not wanted or row.name in wanted)


async def run(*, rows: tuple[Row, ...], where: Places, say: Callable[[str], None]) -> dict[str, Any]:
    """One desk, one row after another."""
    clock = SystemClock()
    options = UpOptions(bots=(BOT,), data_dir=where.data_dir, run_dir=where.run_dir, page=False)
    desk = Desk(options, where, clock, _quiet)
    desk.silent_s_max = 120.0  # a venue that a row freezes is not to be killed for it
    scene = Scene(desk, clock)
    started_ms = clock.now_ms()
    results: list[dict[str, Any]] = []
    try:
        await desk.start()
        scene.start()
        for number, row in enumerate(rows, 1):
            say(f"{number} of {len(rows)}: {row.name}: {row.injected}")
            from_ms = clock.monotonic_ms()
            result = await played(scene, row)
            result["took_s"] = round((clock.monotonic_ms() - from_ms) / 1000, 1)
            results.append(result)
            say(f"    {'passed' if result['passed'] else 'FAILED'}: {result['seen']}")
    finally:
        await scene.stop()
        stopped = await desk.stop()
    return judge(results, stopped.open_orders, started_ms, (clock.now_ms() - started_ms) // 1000)


def judge(rows: list[dict[str, Any]], open_orders: int | None, started_ms: int, took_s: int) -> dict[str, Any]:
    """The whole report from its rows. Pure."""
    return {
        "drill": "host",
        "started_ms": started_ms,
        "took_s": took_s,
        "rows_passed": sum(row["passed"] for row in rows),
        "rows_failed": [row["row"] for row in rows if not row["passed"]],
        "rows_not_run": [row.name for row in ROWS if row.name not in {done["row"] for done in rows}],
        "unknown_after_10s": sum(row["unknown_after_10s"] for row in rows),
        "cancels_not_retried": sum(row["cancels_not_retried"] for row in rows),
        "recovered_s_max": max((row["recovered_s"] for row in rows if row["recovered_s"] is not None), default=None),
        "open_orders": open_orders,
        "passed": bool(rows) and all(row["passed"] for row in rows) and open_orders == 0,
        "rows": rows,
    }


async def played(scene: Scene, row: Row) -> dict[str, Any]:
    """A row that breaks has failed; the faults it set are taken back, because the rows after it are still wanted."""
    try:
        return await _play(scene, row)
    except Exception as error:
        problem = f"the row broke: {told(error)}"
        await scene.no_faults()
        return result_of(row, scene.watch.findings(), None, [problem, *scene.problems], scene.notes)


async def _play(scene: Scene, row: Row) -> dict[str, Any]:
    await scene.begin()
    if not await scene.until(scene.rests_something, FIRST_QUOTES_S):
        scene.problem(f"nothing was quoted before the row, within {FIRST_QUOTES_S:g} s")
    await row.act(scene)
    recovered_s = await _until_quoting(scene, row.bound_s)
    if recovered_s is None:
        scene.problem(f"not quoting {row.bound_s:g} s after the fault")
    looks = scene.watch.samples + 2  # what was seen before the fault does not settle what came after
    await scene.until(lambda: _settled(scene, looks), PATIENCE_MS / 1000 + 2)
    if scene.watch.samples < looks:
        scene.problem("venue and gateway could not be compared after the fault")
    if not await scene.until(lambda: _truths_are_equal(scene), EQUAL_S):
        scene.problem(f"not equal within {EQUAL_S:g} s: {await _truths(scene)}")
    else:
        scene.note(f"equal at venue, gateway and bot within {(scene.clock.now_ms() - scene.cleared_ms) / 1000:.1f} s")
    await _arm_again(scene)
    return result_of(row, scene.watch.findings(), recovered_s, scene.problems, scene.notes)


def result_of(
    row: Row, findings: dict[str, Any], recovered_s: float | None, problems: list[str], notes: list[str]
) -> dict[str, Any]:
    """One line of the report. Pure."""
    is_clean = not (findings["unknown_after_10s"] or findings["cancels_not_retried"] or findings["levels_twice"])
    return {
        "row": row.name,
        "fault_id": row.fault_id,
        "injected": row.injected,
        "stock": row.stock,
        **findings,
        "recovered_s": recovered_s,
        "bound_s": row.bound_s,
        "passed": is_clean and not problems,
        "seen": "; ".join([*problems, *notes]) or "nothing unusual",
    }


async def _until_quoting(scene: Scene, within_s: float) -> float | None:
    """Seconds from the end of the fault to the first acceptance of an order sent after it; None: not in time."""

    async def is_quoting() -> bool:
        return scene.first_quote_ms(scene.cleared_ms) is not None

    await scene.until(is_quoting, within_s)
    quoted_ms = scene.first_quote_ms(scene.cleared_ms)
    return None if quoted_ms is None else round((quoted_ms - scene.cleared_ms) / 1000, 1)


async def _settled(scene: Scene, looks: int) -> bool:
    return scene.watch.is_settled and scene.watch.samples >= looks


async def _truths(scene: Scene) -> dict[str, str]:
    """Position of the pair and how many fills are missing, as each side has it."""
    venue = await scene.ask("venue_sim", "/sim/status") or {"accounts": {}}
    gateway = await scene.ask("gateway", "/desk/status") or {"bots": {}}
    positions = venue["accounts"].get(BOT, {}).get("positions", [])
    at_venue = sum((Decimal(str(p["qty_base"])) for p in positions if p["symbol"] == SYMBOL), Decimal(0))
    at_gateway = Decimal(gateway["bots"].get(BOT, {}).get("positions_base", {}).get(SYMBOL, "0"))
    # what the venue trades by itself (a liquidation) is under an id of its own; only the position tells the bot of it
    fills = (e for e in scene.events if e["kind"] == "fill.v1" and OWN_PREFIX.match(e["client_order_id"]))
    by_gateway = {e["trade_id"] for e in fills}
    by_bot = {e["row"]["trade_id"] for e in scene.events if e["kind"] == "bot_fill.v1"}
    return {
        "venue": f"{at_venue:f}",
        "gateway": f"{at_gateway:f}",
        "bot": f"{Decimal(str(scene.status.get('position_base') or 0)):f}",
        "fills_the_bot_misses": str(len(by_gateway - by_bot)),
    }


async def _truths_are_equal(scene: Scene) -> bool:
    truths = await _truths(scene)
    positions = {Decimal(truths[who]) for who in ("venue", "gateway", "bot")}
    return len(positions) == 1 and truths["fills_the_bot_misses"] == "0"


async def _arm_again(scene: Scene) -> None:
    """What the gateway has tightened by itself is loosened for the next row, and said."""
    latch = await scene.ask("gateway", "/desk/latch") or {"scopes": {}}
    for scope, entry in latch["scopes"].items():
        if entry["state"] == "ACTIVE":
            continue
        text = f"the gateway set {scope} to {entry['state']}: {entry['reason']}"
        (scene.problem if entry["reason"].startswith(GRAVE) else scene.note)(text)
        body = {"scope": scope, "state": "ACTIVE", "reason": "DRILL", "actor": "drill"}
        await scene.ask("gateway", "/desk/latch", body)


def _quiet(_: str) -> None:
    pass
