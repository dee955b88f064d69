"""The real Hummingbot on gateway and venue_sim: quoting, foreign cancels, refusals, intents. One stack, in order."""

import itertools
import time

import pytest

from services.common.clock import SystemClock
from services.common.envelope import Source
from services.common.ids import SystemIds
from services.contracts import streams
from services.contracts.events import (
    AuditV1,
    BotFillV1,
    BotStatusV1,
    FillV1,
    IntentV1,
    OrderV1,
    QuoteDecisionV1,
    RiskDecisionV1,
)
from tests.e2e.conftest import HostStack, eventually

pytestmark = pytest.mark.e2e


def now_ms() -> int:
    return SystemClock().now_ms()


def status(stack: HostStack) -> BotStatusV1:
    return stack.events(streams.TELEMETRY, BotStatusV1)[-1]


def level(client_order_id: str) -> str:
    return client_order_id.split("-")[1]


def intent(stack: HostStack, action: str, **fields) -> IntentV1:
    clock = SystemClock()
    made = Source("desk_cli", clock=clock, ids=SystemIds(clock)).make(
        IntentV1,
        bot_id=stack.bot_id,
        action=action,
        reason="test",
        actor="anna",
        expires_at_ms=clock.now_ms() + 30_000,
        **fields,
    )
    stack.publish(made)
    return made


def audits_of(stack: HostStack, made: IntentV1) -> list[str]:
    return [event.action for event in stack.events(streams.AUDIT, AuditV1) if event.cause_id == made.event_id]


def test_the_bot_quotes_on_both_sides_with_ids_that_name_bot_and_level(host_stack):
    orders = eventually(lambda: len(got := host_stack.venue_orders()) >= 2 and got, 20, "two orders rest at the venue")
    assert {order["side"] for order in orders} == {"buy", "sell"}
    assert all(order["client_order_id"].startswith("hb0-") for order in orders)
    assert all(level(order["client_order_id"])[0] == order["side"][0] for order in orders)


def test_the_status_says_when_the_first_order_was_acknowledged(host_stack):
    assert eventually(lambda: status(host_stack).first_order_s, 5, "a status with first_order_s") > 0
    assert status(host_stack).guard == "RUNNING"
    assert status(host_stack).reasons == ["EDGE_GATE_OFF"]


def test_gateway_and_bot_tell_of_the_same_fills(host_stack):
    eventually(lambda: host_stack.events(streams.FILL, FillV1), 60, "a fill")
    upto_ms = now_ms()
    time.sleep(3)  # what was filled until then has been told by both
    theirs = {fill.trade_id for fill in host_stack.events(streams.FILL, FillV1) if fill.ts_ms < upto_ms}
    ours = {fill.row["trade_id"] for fill in host_stack.events(streams.TELEMETRY, BotFillV1)}
    assert theirs
    assert theirs <= ours


def test_an_order_cancelled_by_hand_is_replaced_only_by_a_new_decision(host_stack):
    victim = eventually(host_stack.venue_orders, 10, "an order at the venue")[0]
    cancelled_ms = now_ms()
    host_stack.cancel_at_venue(victim["venue_order_id"])
    name = level(victim["client_order_id"])

    def submitted_again():
        orders = host_stack.events(streams.ORDER, OrderV1, since_ms=cancelled_ms)
        return [o for o in orders if o.state == "SUBMITTING" and level(o.client_order_id) == name]

    eventually(submitted_again, 20, f"level {name} is quoted again")
    placed, submitted = placed_and_submitted(host_stack)
    assert submitted == placed, "every submit at the gateway stands in a decision, and is made once"


def placed_and_submitted(stack: HostStack) -> tuple[dict[str, int], dict[str, int]]:
    """Orders decided and orders that reached the gateway, by level, both up to the same decision."""
    placed: dict[str, int] = {}
    submitted: dict[str, int] = {}
    orders = stack.events(streams.ORDER, OrderV1)
    decisions = [d for d in stack.events(streams.DECISION, QuoteDecisionV1) if d.placed]
    until_ms = decisions[-1].ts_ms - 1  # the newest one may still be on its way
    for decision in decisions:
        for text in decision.placed if decision.ts_ms <= until_ms else ():
            placed[text.split()[0]] = placed.get(text.split()[0], 0) + 1
    for order in orders:
        if order.state == "SUBMITTING" and order.ts_ms <= until_ms:
            submitted[level(order.client_order_id)] = submitted.get(level(order.client_order_id), 0) + 1
    return placed, submitted


def test_a_soft_pause_empties_the_book_and_a_resume_fills_it_again_each_taken_once(host_stack):
    pause = intent(host_stack, "soft_pause")
    host_stack.publish(pause)  # told twice
    eventually(lambda: status(host_stack).guard == "SOFT_PAUSE", 10, "the guard pauses")
    eventually(lambda: not host_stack.venue_orders(), 10, "no order rests")
    assert audits_of(host_stack, pause).count("soft_pause:applied") == 1

    resume = intent(host_stack, "resume")
    eventually(lambda: status(host_stack).guard == "RUNNING", 10, "the guard runs")
    eventually(host_stack.venue_orders, 10, "orders rest again")
    assert audits_of(host_stack, resume) == ["resume:applied"]


def test_a_target_is_clamped_to_the_bundle_and_audited(host_stack):
    target = intent(host_stack, "set_target_base_pct", target_base_pct="0.9")
    actions = eventually(lambda: audits_of(host_stack, target), 10, "the intent is audited")
    assert actions == ["set_target_base_pct:clamped"]
    intent(host_stack, "set_target_base_pct", target_base_pct="0")


def test_a_bot_that_is_refused_everything_tries_a_level_at_most_once_in_ten_seconds(host_stack):
    latched_ms = now_ms()
    host_stack.latch("HALTED")
    time.sleep(26)
    until_ms = now_ms()
    host_stack.latch("ACTIVE")
    refused: dict[str, list[int]] = {}
    for event in host_stack.events(streams.ORDER, RiskDecisionV1, since_ms=latched_ms):
        if event.decision == "refused" and event.ts_ms <= until_ms and event.client_order_id:
            refused.setdefault(level(event.client_order_id), []).append(event.ts_ms)
    assert refused, "the gateway refused something"
    for name, times in refused.items():
        gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
        assert all(gap >= 9_900 for gap in gaps), f"{name}: {gaps}"
    eventually(host_stack.venue_orders, 90, "orders rest again once the latch is off")
