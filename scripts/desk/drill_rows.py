"""The table of `desk drill host`.

Each row repeats one that was seen to go wrong with the stock Hummingbot; ``stock`` says how. What every row is judged
by (unknown orders, cancels, levels, quoting again, equal truths) is in drill_host.py.
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from scripts.desk import drill_acts as acts
from scripts.desk import drill_lives as lives
from scripts.desk import drill_venue as venue
from scripts.desk.drill_scene import Scene


class Row(NamedTuple):
    name: str
    fault_id: str  # of the fault catalogue, with spaces; "" where it has none
    injected: str
    stock: str  # what the stock Hummingbot did
    act: Callable[[Scene], Awaitable[None]]  # returns once the fault is over and said to be (Scene.cleared)
    bound_s: float = 30.0  # quoting again within, from then on


ROWS: tuple[Row, ...] = (
    Row("cancel_429", "F13", "one cancel answered 429",
        "not retried for 60 s, replacement placed meanwhile: 7 live instead of 4", acts.cancel_throttled),
    Row("cancel_503", "F60", "one cancel answered 503",
        "not retried for 60 s, replacement placed meanwhile", acts.cancel_unavailable),
    Row("cancel_slow", "F60", "cancels act 1.5 s late for 8 s",
        "a level whose cancel is under way counts as free: a second order beside the first", acts.cancel_slow),
    Row("partial_then_cancel", "F06", "half of an order fills just before its cancel acts",
        "executor forgets the executed part: residual position absent from its books", acts.partial_then_cancel),
    Row("order_cancelled_by_hand", "F50", "a person cancels one order at the venue",
        "OrderExecutor places it again within 1 s at the old price", acts.by_hand),
    Row("submit_5xx_though_accepted", "F01", "every submit accepted and answered 502 for 3 s",
        "9 ghost orders, never reconciled, left behind by SIGTERM", acts.submit_accepted_5xx, 60),
    Row("submit_answer_lost", "F01 F03", "two submits accepted, their connection cut",
        "as a failure: resubmitted under a new id", acts.submit_answer_lost, 60),
    Row("stray_order", "F01", "an order under an id of ours that no journal has",
        "updates for it are ignored; only a listing at the venue can find it", acts.stray),
    Row("submits_429", "F13", "every submit answered 429 for 17 s",
        "no back-off: 58 failures in 17 s", acts.submits_throttled, 60),
    Row("post_only_storm", "F10", "the venue refuses every submit as crossing for 15 s",
        "a refused order is repeated every second about 11 times", acts.post_only_storm, 60),
    Row("refused_everything", "", "the gateway refuses every submit for 24 s (HALTED)",
        "a refused order is repeated every second about 11 times, then by a new executor", acts.refused_everything, 90),
    # a level that the rows before had refused three times in a row waits 80 s
    Row("reducing_only", "", "the gateway lets pass only what reduces, for 8 s (REDUCING)",
        "reduceOnly is never sent in one-way mode, not even to close", acts.reducing_only, 90),
    Row("rules_changed", "F15", "tick, lot and minimums five times as large, until orders by the new ones rest",
        "trading rules are read every half hour; every order is refused until then", venue.rules_changed, 60),
    Row("pair_halted", "F55", "the pair is halted for 20 s",
        "a refused order is repeated every second about 11 times", venue.pair_halted, 90),
    Row("key_revoked", "F46", "every signed request refused as of an unknown key for 15 s",
        "(not tried)", venue.key_revoked, 60),
    Row("partial_liquidation", "F53", "the venue closes half of the position",
        "(not tried)", venue.partial_liquidation, 60),
    Row("streams_closed", "F42", "both streams of the venue closed, reconnect allowed",
        "reconnects at once", acts.streams_closed),
    Row("private_gap_1_6_s", "F42", "private stream silent for 1.6 s while an order fills",
        "fill found 38 s later, worst case 120 s", acts.private_gap),
    Row("private_down_25_s", "F42", "private stream closed and silent for 25 s while orders fill",
        "controllers pause, executors go on; fill found by polling after 4 s", acts.private_down),
    Row("public_dead_20_s", "F20", "public stream open and silent for 20 s, private alive",
        "keeps quoting on the frozen book; no staleness check anywhere", acts.public_dead, 60),
    Row("venue_down_40_s", "F60 F42", "503 everywhere, streams closed and silent for 40 s",
        "after 4 errors in 1.5 s every order is considered lost and reposted", acts.outage, 60),
    Row("venue_frozen_30_s", "F42 F32", "SIGSTOP of the venue for 30 s",
        "noticed after 14-16 s, recovered 4 s after it went on", lives.venue_frozen, 60),
    Row("bot_stopped_10_s", "F32", "SIGSTOP of the bot for 10 s",
        "its orders rest unattended", lives.bot_stopped, 60),
    Row("bot_terminated", "F31", "SIGTERM with resting orders, then started again",
        "cancelled ones come back as phantom in-flight orders", lives.bot_terminated, 60),
    Row("bot_killed", "F30 F09", "SIGKILL with resting orders, then started again",
        "4 orphans stay live, 8 live orders after the restart, until a clean stop", lives.bot_killed, 60),
    Row("gateway_killed", "", "SIGKILL of the gateway with resting orders",
        "(there is none in its path)", lives.gateway_killed, 90),
)  # fmt: skip

# What `make test` can afford: one start of the desk and about a minute.
QUICK = (
    "cancel_429", "cancel_503", "partial_then_cancel", "submit_answer_lost", "private_gap_1_6_s",
    "streams_closed", "gateway_killed",
)  # fmt: skip
