"""What the rows of `desk drill host` let the venue do by itself: other rules, a halt, a key it does not take, a
liquidation.
"""

import asyncio

from scripts.desk.drill_scene import BOT, SYMBOL, Scene
from services.contracts import reasons

RULES_FACTOR = 5
KEPT_MS = 10_000  # none refused by them for so long: not by luck
AGAIN_S = 85.0  # the bot reads rules every minute at the latest
HALTED_S = 20.0
REVOKED_S = 15.0
NAMED_S = 10.0
REFUSALS_WHILE_REVOKED_MAX = 60  # four orders, each cancelled again every other second, and one reading


async def rules_changed(scene: Scene) -> None:
    """They stay changed until orders by the new ones rest."""
    await scene.faults({"fault": "change_rules", "factor": RULES_FACTOR})
    set_ms = scene.clock.now_ms()

    async def is_refused() -> bool:
        return bool(_refused(scene, set_ms, reasons.BY_RULES))

    if not await scene.until(is_refused, 20):
        scene.problem("no order was refused by the new rules within 20 s")
    refused_ms = scene.clock.now_ms()

    async def is_quoting() -> bool:
        since_ms = max(refused_ms, scene.clock.now_ms() - KEPT_MS)
        is_kept = since_ms > refused_ms and not _refused(scene, since_ms, reasons.BY_RULES)
        return is_kept and scene.first_quote_ms(since_ms) is not None

    if await scene.until(is_quoting, AGAIN_S):
        took_s = (scene.clock.now_ms() - KEPT_MS - refused_ms) / 1000
        scene.note(f"only orders by the new rules from {took_s:.1f} s after the first refusal on")
    else:
        scene.problem(f"orders were refused by the new rules for {AGAIN_S:g} s")
    await scene.no_faults()


async def pair_halted(scene: Scene) -> None:
    await scene.faults({"fault": "halt_symbol", "symbol": SYMBOL})
    set_ms = scene.clock.now_ms()

    async def is_halted() -> bool:
        return bool(_refused(scene, set_ms, reasons.NO_TRADING))

    if not await scene.until(is_halted, 20):
        scene.problem("no order was refused for the halt within 20 s")
    await asyncio.sleep(HALTED_S)
    refused = _refused(scene, set_ms, reasons.NO_TRADING)
    scene.note(f"{refused} orders reached a halted pair in {HALTED_S:g} s")
    if refused > 4:
        scene.problem("more orders than there are levels reached a halted pair")
    await scene.no_faults()


async def key_revoked(scene: Scene) -> None:
    await scene.faults({"fault": "key_revoked", "account": BOT})

    async def is_named() -> bool:
        door = (await scene.ask("gateway", "/desk/status") or {"door": {}})["door"].get(BOT, {})
        return not door.get("open", True) and str(door.get("detail", "")).startswith("AUTH_FAILED")

    if not await scene.until(is_named, NAMED_S):
        scene.problem(f"the door was not shut by AUTH_FAILED within {NAMED_S:g} s")
    before = (await scene.struck()).get("key_revoked", 0)
    await asyncio.sleep(REVOKED_S)
    asked = (await scene.struck()).get("key_revoked", 0) - before
    scene.note(f"the venue was asked {asked} times in {REVOKED_S:g} s")
    if asked > REFUSALS_WHILE_REVOKED_MAX:
        scene.problem(f"more than {REFUSALS_WHILE_REVOKED_MAX} requests with a revoked key")
    await scene.no_faults()


async def partial_liquidation(scene: Scene) -> None:
    """The bot may only reduce until a person says otherwise; here the drill is that person."""

    async def has_position() -> bool:
        gateway = await scene.ask("gateway", "/desk/status") or {"bots": {}}
        return bool(gateway["bots"].get(BOT, {}).get("positions_base"))

    if not await scene.until(has_position, 60):
        scene.problem("no position within 60 s")
    await scene.faults({"fault": "reduce_position", "account": BOT, "symbol": SYMBOL, "fraction": "0.5"})

    async def is_reducing() -> bool:
        latch = await scene.ask("gateway", "/desk/latch") or {"scopes": {}}
        return bool(latch["scopes"].get(f"bot:{BOT}", {}).get("state") == "REDUCING")

    if await scene.until(is_reducing, NAMED_S):
        scene.note("the bot may only reduce")
    else:
        scene.problem(f"the bot took new risk {NAMED_S:g} s after a liquidation")
    await scene.no_faults()
    await scene.latch("ACTIVE")
    scene.cleared()


def _refused(scene: Scene, since_ms: int, codes: frozenset[str]) -> int:
    return sum(e["state"] == "REFUSED" and e["reason"] in codes for e in scene.told("order.v1", since_ms))
