"""kill -9 at random moments while orders flow; then every truth is asked and compared.

The venue is asked with the bot's own venue key by the unmodified ccxt client: nothing of ours stands between the
question and the answer.
"""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import ccxt

from scripts.desk.places import Places
from scripts.desk.stored import stored_events
from scripts.desk.supervisor.desk import Desk
from scripts.desk.supervisor.integrity import judge_integrity
from scripts.desk.supervisor.plan import UpOptions, process_names
from services.common.clock import SystemClock
from services.common.errors import ConfigError
from services.common.secrets import ensure_secrets

BOT = "bot0"
SYMBOL = "BTC/USDT:USDT"
CALM_S = (1.0, 5.0)  # orders flow this long before the next strike
BACK_S_MAX = 120.0
PAGE = 100


class VenueTruth(NamedTuple):
    trade_ids: list[str]
    client_ids: list[str]
    position_base: str


async def run(
    *, kills: int, seed: int, names: tuple[str, ...], where: Places, say: Callable[[str], None]
) -> dict[str, Any]:
    clock = SystemClock()
    options = UpOptions(bots=(BOT,), data_dir=where.data_dir, run_dir=where.run_dir, page_port=0)
    known = process_names(options)
    unknown = [name for name in names if name not in known]
    if unknown:
        text = f"--of {', '.join(unknown)}; known: {', '.join(known)}"
        raise ConfigError("PROCESS_UNKNOWN", text, "desk drill crash --of gateway,venue_sim,bot.bot0")
    desk = Desk(options, where, clock, say)
    struck: Counter[str] = Counter()
    slow: list[str] = []
    problems: list[str] = []
    back_s: list[float] = []
    chance = random.Random(seed)
    started_ms = clock.now_ms()
    truth, gateway_position = VenueTruth([], [], "unknown"), "unknown"
    try:
        await desk.start()
        await _until(lambda: _resting(desk), clock)
        for number in range(kills):
            await asyncio.sleep(chance.uniform(*CALM_S))
            name = chance.choice(names)
            struck_ms = clock.monotonic_ms()
            say(f"strike {number + 1} of {kills}: kill -9 {name}")
            struck[name] += bool(desk.children[name].pid)
            if not await _strike(desk, name, clock):
                slow.append(name)
            back_s.append((clock.monotonic_ms() - struck_ms) / 1000)
        # No new risk, so that what is compared does not move: bots first, the venue is asked while it still runs.
        await desk.stop_bots()
        try:
            truth = await asyncio.to_thread(ask_venue, desk, started_ms)
        except ccxt.BaseError as error:
            problems.append(f"the venue could not be asked: {type(error).__name__}: {error}")
        gateway_position = await _gateway_position(desk)
    finally:
        stopped = await desk.stop()
    return judge(
        kills=struck, asked=kills, slow=slow, back_s=back_s, truth=truth, gateway_position=gateway_position,
        stored=[event for event in stored_events(where) if event["ts_ms"] >= started_ms],
        open_orders=stopped.open_orders, integrity=judge_integrity(where.run_dir, {}, clock.now_ms()), seed=seed,
        problems=problems,
    )  # fmt: skip


def judge(
    *,
    kills: Counter[str],
    asked: int,
    slow: list[str],
    back_s: list[float],
    truth: VenueTruth,
    gateway_position: str,
    stored: list[dict[str, Any]],
    open_orders: int | None,
    integrity: Any,
    seed: int,
    problems: Sequence[str] = (),
) -> dict[str, Any]:
    """What the venue did against what the journal told. Pure."""
    fills = [event["trade_id"] for event in stored if event["kind"] == "fill.v1" and event["bot_id"] == BOT]
    told = [event for event in stored if event["kind"] == "order.v1" and event["bot_id"] == BOT]
    known = {event["client_order_id"] for event in told}
    accepted = {event["client_order_id"] for event in told if event["state"] == "ACCEPTED"}
    report: dict[str, Any] = {
        "drill": "crash",
        "seed": seed,
        "kills": sum(kills.values()),
        "kills_asked": asked,
        "by_process": dict(sorted(kills.items())),
        "back_s_max": round(max(back_s, default=0.0), 1),
        "not_back": slow,
        "orders_at_venue": len(truth.client_ids),
        "orders_twice": len(truth.client_ids) - len(set(truth.client_ids)),
        "orders_unknown": len(set(truth.client_ids) - known),
        "orders_invented": len(accepted - set(truth.client_ids)),
        "fills_at_venue": len(set(truth.trade_ids)),
        "fills_lost": len(set(truth.trade_ids) - set(fills)),
        "fills_twice": len(fills) - len(set(fills)),
        "fills_invented": len(set(fills) - set(truth.trade_ids)),
        "position_venue": truth.position_base,
        "position_gateway": gateway_position,
        "open_orders": open_orders,
        "integrity": integrity.status,
        "problems": [*problems, *integrity.problems],
    }
    zero = (
        "orders_twice", "orders_unknown", "orders_invented", "fills_lost", "fills_twice", "fills_invented",
        "open_orders",
    )  # fmt: skip
    report["passed"] = (
        all(report[name] == 0 for name in zero)
        and not slow
        and report["kills"] == asked
        and report["orders_at_venue"] > 0
        and _same_number(truth.position_base, gateway_position)
        and integrity.status == "PASS"
    )
    return report


def _same_number(left: str, right: str) -> bool:
    try:
        return Decimal(left) == Decimal(right)
    except InvalidOperation:  # "unknown"
        return False


async def _strike(desk: Desk, name: str, clock: SystemClock) -> bool:
    """Kill it, and wait until everything is ready and quotes rest again. False when that takes too long."""
    child = desk.children[name]
    pid = child.pid
    if pid:
        os.kill(pid, signal.SIGKILL)

    async def is_back() -> bool:
        ready = all(one.state == "ready" and one.pid for one in desk.children.values())
        return ready and child.pid != pid and await _resting(desk)

    return await _until(is_back, clock)


async def _resting(desk: Desk) -> bool:
    assert desk.admin is not None
    return bool(await desk.admin.open_orders(desk.children["venue_sim"].plan.url))


async def _until(condition: Callable[[], Any], clock: SystemClock) -> bool:
    until_ms = clock.monotonic_ms() + BACK_S_MAX * 1000
    while clock.monotonic_ms() < until_ms:
        if await condition():
            return True
        await asyncio.sleep(0.2)
    return False


async def _gateway_position(desk: Desk) -> str:
    assert desk.admin is not None
    status = await desk.admin.gateway_status(desk.children["gateway"].plan.url)
    if status is None:
        return "unknown"
    return str(status["bots"][BOT]["positions_base"].get("BTC-USDT", "0"))


def ask_venue(desk: Desk, since_ms: int) -> VenueTruth:
    """Trades, orders and position of the bot's account, from the venue itself."""
    key = ensure_secrets(desk.where.run_dir, (BOT,)).venue_accounts[BOT]
    exchange = ccxt.bitget({"apiKey": key.api_key, "secret": key.secret, "password": key.passphrase})
    exchange.options["defaultType"] = "swap"
    url = desk.children["venue_sim"].plan.url
    exchange.urls["api"] = dict.fromkeys(exchange.urls["api"], url)
    exchange.load_markets()
    trades = _pages(lambda cursor: exchange.fetch_my_trades(SYMBOL, since_ms, PAGE, cursor))
    orders = _pages(lambda cursor: exchange.fetch_canceled_and_closed_orders(SYMBOL, since_ms, PAGE, cursor))
    orders += exchange.fetch_open_orders(SYMBOL)
    positions = exchange.fetch_positions([SYMBOL])
    signed = sum((-1 if p["side"] == "short" else 1) * p["contracts"] for p in positions)
    return VenueTruth(
        [str(trade["id"]) for trade in trades], [str(order["clientOrderId"]) for order in orders], str(signed)
    )


def _pages(fetch: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Every row, newest page first, each page ending before the oldest row of the one before."""
    found: dict[str, dict[str, Any]] = {}
    cursor: dict[str, Any] = {}
    while True:
        page = fetch(cursor)
        fresh = {str(row["id"]): row for row in page if str(row["id"]) not in found}
        found |= fresh
        if len(page) < PAGE or not fresh:
            return list(found.values())
        cursor = {"idLessThan": min(page, key=lambda row: int(row["id"]))["id"]}
