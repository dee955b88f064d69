"""What the rows of `desk drill host` do at the venue, on the wire and at the gateway.

Each returns once the fault is over and said to be (``Scene.cleared``).
"""

import asyncio
import itertools
from typing import Any

from scripts.desk.drill_scene import BOT, SYMBOL, Scene
from scripts.desk.drill_watch import level_of

PLACE = "mix/order/place-order"
CANCEL = "mix/order/cancel-order"
REFUSED_GAP_MS = 9_900  # the carrier's ten seconds, less what two clocks and a bus may differ
GONE_S = 10.0
FROZEN_NOTICED_S = 12.0


# ------------------------------------------------------------------------------------------------------------- cancels


async def cancel_throttled(scene: Scene) -> None:
    await scene.faults({"fault": "rate_limited", "endpoint": CANCEL, "count_max": 1})
    await scene.until_struck("rate_limited", 20)
    await scene.no_faults()


async def cancel_unavailable(scene: Scene) -> None:
    await scene.faults({"fault": "error_before", "status": 503, "endpoint": CANCEL, "count_max": 1})
    await scene.until_struck("error_before", 20)
    await scene.no_faults()


async def cancel_slow(scene: Scene) -> None:
    await scene.faults({"fault": "delay_request", "delay_ms": 1_500, "endpoint": CANCEL})
    await scene.until_struck("delay_request", 20)
    await asyncio.sleep(8)
    await scene.no_faults()


async def partial_then_cancel(scene: Scene) -> None:
    await scene.faults({"fault": "filled_on_cancel", "fraction": "0.5", "count_max": 2})
    await scene.until_struck("filled_on_cancel", 20)
    await scene.no_faults()


async def by_hand(scene: Scene) -> None:
    orders = await scene.own_orders()
    if not orders:
        scene.problem("nothing rested that could be cancelled")
        return
    victim = orders[0]
    body = {"account_id": BOT, "venue_order_id": victim["venue_order_id"]}
    from_ms = scene.clock.now_ms()
    await scene.ask("venue_sim", "/sim/orders/cancel", body)
    scene.cleared()
    level = level_of(victim["client_order_id"])
    await asyncio.sleep(6)
    placed = sum(
        text.split()[0] == level for e in scene.told("quote_decision.v1", scene.began_ms) for text in e["placed"]
    )
    until_ms = scene.clock.now_ms() - 2_000
    sent = sum(
        e["state"] == "SUBMITTING" and level_of(e["client_order_id"]) == level
        for e in scene.told("order.v1", from_ms, until_ms)
    )
    scene.note(f"level {level}: {placed} decided, {sent} sent")
    if sent > placed:
        scene.problem(f"level {level} was sent {sent} times and decided {placed} times")


# ------------------------------------------------------------------------------------------------------------- submits


async def submits_throttled(scene: Scene) -> None:
    await scene.faults({"fault": "rate_limited", "endpoint": PLACE})
    await scene.until_struck("rate_limited", 20)
    await asyncio.sleep(17)
    await scene.no_faults()
    _judge_refusals(scene)


async def post_only_storm(scene: Scene) -> None:
    await scene.faults({"fault": "refuse", "code": "POST_ONLY_WOULD_CROSS", "endpoint": PLACE})
    await scene.until_struck("refuse", 20)
    await asyncio.sleep(15)
    await scene.no_faults()
    _judge_refusals(scene)


async def submit_accepted_5xx(scene: Scene) -> None:
    await scene.faults({"fault": "error_after", "status": 502, "endpoint": PLACE})
    await scene.until_struck("error_after", 20)
    await asyncio.sleep(3)
    await scene.no_faults()
    _judge_sent_once(scene)


async def submit_answer_lost(scene: Scene) -> None:
    await scene.faults({"fault": "drop_reply", "endpoint": PLACE, "count_max": 2})
    await scene.until_struck("drop_reply", 20)
    await asyncio.sleep(1)
    await scene.no_faults()
    _judge_sent_once(scene)


async def refused_everything(scene: Scene) -> None:
    await scene.latch("HALTED")
    if not await scene.until(scene.rests_nothing, 5):
        scene.problem("orders rested 5 s after HALTED")
    await asyncio.sleep(24)
    await scene.latch("ACTIVE")
    scene.cleared()
    await asyncio.sleep(1)
    _judge_refusals(scene)


async def reducing_only(scene: Scene) -> None:
    await scene.latch("REDUCING")
    await asyncio.sleep(3)
    adding = 0
    for _ in range(20):
        rows = await scene.ask("gateway", "/desk/orders") or []
        adding += sum(not row["reduce_only"] and not row["cancel_wanted"] for row in rows)
        await asyncio.sleep(0.25)
    if adding:
        scene.problem(f"{adding} sightings of orders that add risk under REDUCING")
    await scene.latch("ACTIVE")
    scene.cleared()


async def stray(scene: Scene) -> None:
    """An order of ours by its id, without a row in any journal: what a lost ack left behind at the stock bot."""
    client_order_id = f"hb1-b9-{scene.clock.now_ms() % 46_656:x}.1"
    await asyncio.to_thread(_place_past_the_gateway, scene, client_order_id)
    placed_ms = scene.clock.monotonic_ms()

    async def rests() -> bool:
        return any(row["client_order_id"] == client_order_id for row in await scene.own_orders())

    if not await rests():
        scene.note("cancelled before the first look")
    scene.cleared()

    async def is_gone() -> bool:
        return not await rests()

    if await scene.until(is_gone, GONE_S):
        scene.note(f"gone after {(scene.clock.monotonic_ms() - placed_ms) / 1000:.1f} s")
    else:
        scene.problem(f"{client_order_id} still rests after {GONE_S:g} s")


# ------------------------------------------------------------------------------------------------------------- streams


async def streams_closed(scene: Scene) -> None:
    await scene.faults({"fault": "close_private"}, {"fault": "close_public"})
    await scene.until_struck("close_private", 10)
    await scene.no_faults()


async def private_down(scene: Scene) -> None:
    half = {"fault": "filled_on_cancel", "fraction": "0.5", "count_max": 2}
    await scene.faults({"fault": "close_private"}, {"fault": "lose_private"}, half)
    await asyncio.sleep(25)
    await scene.no_faults()


async def private_gap(scene: Scene) -> None:
    """Orders fill inside a short silence of the private stream; nothing is closed, nothing reconnects."""
    for _ in range(8):
        await scene.faults({"fault": "lose_private"}, {"fault": "filled_on_cancel", "count_max": 1})
        await asyncio.sleep(1.6)
        if (await scene.struck()).get("filled_on_cancel"):
            await scene.no_faults()
            return
        await scene.faults()
        await asyncio.sleep(1)
    scene.problem("no order was cancelled within the gaps, so none could fill")
    await scene.no_faults()


async def public_dead(scene: Scene) -> None:
    """Quotes may go on until the gateway has compared with REST, and the last of them rest for their time to live."""
    await scene.faults({"fault": "freeze_public"})
    await asyncio.sleep(FROZEN_NOTICED_S)
    noticed_ms = scene.clock.now_ms()
    sightings = 0
    while scene.clock.now_ms() - noticed_ms < 20_000 - FROZEN_NOTICED_S * 1000:
        sightings += not await scene.rests_nothing()
        await asyncio.sleep(0.25)
    late = [e for e in scene.told("order.v1", noticed_ms) if e["state"] == "ACCEPTED" and not e["reduce_only"]]
    if sightings or late:
        scene.problem(
            f"after {FROZEN_NOTICED_S:g} s on a frozen book: {len(late)} orders accepted, "
            f"orders rested at {sightings} looks"
        )
    await scene.no_faults()


async def outage(scene: Scene) -> None:
    await scene.faults({"fault": "error_before", "status": 503}, {"fault": "close_private"}, {"fault": "close_public"},
                       {"fault": "lose_private"}, {"fault": "freeze_public"})  # fmt: skip
    await asyncio.sleep(40)
    await scene.no_faults()


# ------------------------------------------------------------------------------------------------------------ judgment


def refusal_gaps(events: list[dict[str, Any]]) -> dict[str, int]:
    """Level -> the shortest time between two refused submits, in ms; levels with fewer than two are left out. Pure."""
    times: dict[str, dict[str, int]] = {}
    for event in events:
        is_refusal = event.get("state") == "REFUSED" or event.get("decision") == "refused"
        level = level_of(event.get("client_order_id", ""))
        if is_refusal and level:
            times.setdefault(level, {}).setdefault(event["client_order_id"], event["ts_ms"])
    return {
        level: min(later - earlier for earlier, later in itertools.pairwise(sorted(of_level.values())))
        for level, of_level in times.items()
        if len(of_level) > 1
    }


def _judge_refusals(scene: Scene) -> None:
    told = scene.told("order.v1", scene.began_ms) + scene.told("risk_decision.v1", scene.began_ms)
    refused = [e for e in told if e.get("state") == "REFUSED" or e.get("decision") == "refused"]
    if not refused:
        scene.problem("nothing was refused")
    gaps = refusal_gaps(refused)
    scene.note(f"{len({e['client_order_id'] for e in refused})} submits refused, shortest gap of a level {gaps} ms")
    for level, gap_ms in gaps.items():
        if gap_ms < REFUSED_GAP_MS:
            scene.problem(f"level {level} was refused twice within {gap_ms} ms")


def _judge_sent_once(scene: Scene) -> None:
    sent = [e["client_order_id"] for e in scene.told("order.v1", scene.began_ms) if e["state"] == "SUBMITTING"]
    twice = len(sent) - len(set(sent))
    unknown = {e["client_order_id"] for e in scene.told("order.v1", scene.began_ms) if e["state"] == "UNKNOWN"}
    scene.note(f"{len(sent)} sent, {len(unknown)} of unknown outcome")
    if twice:
        scene.problem(f"{twice} client order ids were sent twice")


def _place_past_the_gateway(scene: Scene, client_order_id: str) -> None:
    import ccxt

    from services.common.secrets import ensure_secrets

    key = ensure_secrets(scene.desk.where.run_dir, (BOT,)).venue_accounts[BOT]
    exchange = ccxt.bitget({"apiKey": key.api_key, "secret": key.secret, "password": key.passphrase})
    exchange.options["defaultType"] = "swap"
    exchange.urls["api"] = dict.fromkeys(exchange.urls["api"], scene.desk.children["venue_sim"].plan.url)
    symbol = f"{SYMBOL.replace('-', '/')}:USDT"
    bid = float(exchange.fetch_order_book(symbol)["bids"][0][0])
    exchange.create_order(symbol, "limit", "buy", 0.001, bid * 0.98, {"clientOid": client_order_id})
