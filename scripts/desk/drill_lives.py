"""What the rows of `desk drill host` do to processes, and what the next life may not bring back."""

import asyncio
import signal

from scripts.desk.drill_scene import BOT_PROCESS, Scene
from scripts.desk.drill_watch import epoch_of

GONE_S = 10.0
EXIT_S = 10.0


async def venue_frozen(scene: Scene) -> None:
    pid = scene.send_signal("venue_sim", signal.SIGSTOP)
    try:
        await asyncio.sleep(30)
    finally:
        scene.send_signal("venue_sim", signal.SIGCONT)
    scene.cleared()
    if scene.desk.children["venue_sim"].pid != pid:
        scene.problem("the venue did not survive being frozen")


async def bot_stopped(scene: Scene) -> None:
    scene.send_signal(BOT_PROCESS, signal.SIGSTOP)
    stopped_ms = scene.clock.monotonic_ms()
    try:
        emptied = await scene.until(scene.rests_nothing, 8)
        took_s = (scene.clock.monotonic_ms() - stopped_ms) / 1000
        if emptied:
            scene.note(f"its book was empty after {took_s:.1f} s")
        else:
            scene.problem("a silent bot's orders rested for 8 s")
        await asyncio.sleep(max(0.0, 10 - took_s))
    finally:
        scene.send_signal(BOT_PROCESS, signal.SIGCONT)
    scene.cleared()


async def bot_terminated(scene: Scene) -> None:
    old = await _end_bot(scene, signal.SIGTERM, "exit code 0")
    await _judge_new_life(scene, old)


async def bot_killed(scene: Scene) -> None:
    old = await _end_bot(scene, signal.SIGKILL, "killed by SIGKILL")
    await _judge_new_life(scene, old)


async def gateway_killed(scene: Scene) -> None:
    pid = scene.send_signal("gateway", signal.SIGKILL)
    scene.cleared()
    if not await scene.until_restarted("gateway", pid, 60):
        scene.problem("the gateway was not back within 60 s")


async def _end_bot(scene: Scene, number: signal.Signals, expected: str) -> set[str]:
    """Send the signal; returns the ids that rested. They are gone within ten seconds, whoever cancels them."""
    child = scene.desk.children[BOT_PROCESS]
    old = {row["client_order_id"] for row in await scene.own_orders()}
    if not old:
        scene.problem("nothing rested when the bot was ended")
    sent_ms = scene.clock.monotonic_ms()
    pid = scene.send_signal(BOT_PROCESS, number)
    scene.cleared()

    async def old_are_gone() -> bool:
        return not old & {row["client_order_id"] for row in await scene.own_orders()}

    async def has_ended() -> bool:
        return child.pid != pid

    if await scene.until(old_are_gone, GONE_S):
        scene.note(f"{len(old)} orders gone after {(scene.clock.monotonic_ms() - sent_ms) / 1000:.1f} s")
    else:
        scene.problem(f"old orders rested {GONE_S:g} s after {number.name}")
    if not await scene.until(has_ended, EXIT_S):
        scene.problem(f"the bot had not ended {EXIT_S:g} s after {number.name}")
    elif child.died_with != expected:
        scene.problem(f"the bot ended with {child.died_with}, expected {expected}")
    if not await scene.until_restarted(BOT_PROCESS, pid, 90):
        scene.problem("the bot was not ready again within 90 s")
    return old


async def _judge_new_life(scene: Scene, old: set[str]) -> None:
    """No order of an earlier life rests or is carried: neither at the venue, nor at the gateway, nor in the bot."""
    await scene.until(scene.rests_something, 60)
    lives = {epoch_of(one) for one in old}
    resting = {row["client_order_id"] for row in await scene.own_orders()}
    known = {row["client_order_id"] for row in await scene.ask("gateway", "/desk/orders") or []}
    restored = sorted(one for one in resting | known if epoch_of(one) in lives)
    if restored:
        scene.problem(f"orders of an earlier life: {', '.join(restored)}")

    async def bot_carries_what_rests() -> bool:
        return bool(scene.status) and scene.status["open_orders"] == len(await scene.own_orders())

    if not await scene.until(bot_carries_what_rests, 15):
        scene.problem(
            f"the bot carries {scene.status.get('open_orders')}, the venue has {len(await scene.own_orders())}"
        )
