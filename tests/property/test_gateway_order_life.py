"""Whatever is lost, late, repeated or killed: no order twice, no fill twice or never, no limit exceeded, one truth."""

from decimal import Decimal
from random import Random

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.common import venue
from services.contracts import events as e
from services.gateway import messages as m
from services.gateway.limits.policy import Policy, load_policy
from tests.fakes.gateway_desk import NO_FAULT, POLICY_PATH, Desk, Fault

OPEN_ORDERS_MAX = 3
LEVELS = ("b0", "b1", "b2", "s0", "s1", "s2", "d0")

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("place"), st.sampled_from(LEVELS), st.integers(1, 6)),
        st.tuples(st.just("burst"), st.integers(2, 8), st.integers(1, 6)),
        st.tuples(st.just("cancel"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("trade"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("repeat_pushes"), st.integers(1, 3), st.none()),
        st.tuples(st.just("cancel_at_venue"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("kill"), st.integers(0, 400), st.none()),
        st.tuples(st.just("blink"), st.integers(0, 400), st.none()),
        st.tuples(st.just("wait"), st.integers(0, 3_000), st.none()),
    ),
    min_size=3,
    max_size=30,
)


def tight_policy() -> Policy:
    policy = load_policy(POLICY_PATH)
    by_scope = {scope: dict(figures) for scope, figures in policy.by_scope.items()}
    by_scope["bot"]["open_orders_max"] = Decimal(OPEN_ORDERS_MAX)
    return policy._replace(by_scope=by_scope)


POLICY = tight_policy()


class Chaos:
    """Draws a fault for every question from the run's seed; ``healed`` ends it."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.is_healed = False

    def fault(self, request: venue.Request) -> Fault:
        if self.is_healed:
            return NO_FAULT
        roll = self.random.random()
        delay_ms = self.random.choice((1, 5, 5, 50, 700, 2_500))
        if roll < 0.55:
            return Fault(delay_ms=delay_ms)
        if roll < 0.75:
            return Fault("lose_answer", delay_ms=delay_ms)
        if roll < 0.85:
            return Fault("lose_request", delay_ms=delay_ms)
        if roll < 0.93:
            return Fault("late", delay_ms=delay_ms, late_ms=self.random.choice((100, 2_000, 7_000)))
        return Fault("refuse", code=self.random.choice(("RATE_LIMITED", "MAINTENANCE")), delay_ms=delay_ms)


def limits_hold(desk: Desk) -> None:
    """I7: at no instant does the venue hold more than the limits allow (reducing orders have their own bound)."""
    resting = [o for o in desk.venue.open_orders() if not o.request.reduce_only]
    assert len(resting) <= OPEN_ORDERS_MAX, [o.request.client_order_id for o in resting]
    for order in resting:
        assert order.request.qty_base * order.request.price <= 1_000


def play(desk: Desk, chaos: Chaos, steps: list[tuple]) -> None:
    for what, first, second in steps:
        orders = list(desk.venue.orders.values())
        match what:
            case "place":
                place(desk, first, second)
            case "burst":
                for index in range(first):
                    place(desk, LEVELS[index % len(LEVELS)], second)
            case "cancel":
                rows = desk.gateway.state.orders.open_of("bot1")
                if rows:
                    row = rows[first % len(rows)]
                    desk.request(venue.CancelOrder(symbol=row.symbol, venue_order_id=row.gateway_id))
            case "trade":
                alive = [o for o in orders if o.is_open]
                if alive:
                    order = alive[first % len(alive)]
                    part = order.remaining if first % 2 else (order.remaining / 2).quantize(Decimal("0.0001"))
                    if 0 < part <= order.remaining:
                        desk.venue.trade(order.venue_id, part, is_heard=second)
                        desk.deliver_pushes()
            case "repeat_pushes":
                for account, fill in desk.venue.fills[-first:]:
                    order = desk.venue.orders[fill.venue_order_id]
                    push = venue.OrderPush(account_id=account, order=desk.venue.view(order), fill=fill)
                    desk.feed(m.UpstreamPush(push))
            case "cancel_at_venue":
                alive = [o for o in orders if o.is_open]
                if alive:
                    desk.venue.end(alive[first % len(alive)].venue_id, "canceled", "MANUAL", is_heard=second)
                    desk.deliver_pushes()
            case "kill":
                desk.restart(until_open=False)
                desk.run(first)
            case "blink":
                desk.feed(m.UpstreamLink("bot1", False))
                desk.venue.take_pushes()
                desk.run(first)
                desk.feed(m.UpstreamLink("bot1", True))
            case "wait":
                desk.run(first)


def place(desk: Desk, level: str, size: int) -> None:
    side = "buy" if level.startswith("b") else "sell"
    price = {"buy": 59_990 - size, "sell": 60_010 + size}[side]
    desk.place(side, str(price), str(Decimal(size) / 400), level=level)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS, seed=st.integers(0, 2**32))
def test_any_interleaving_leaves_one_truth(steps, seed):
    chaos = Chaos(seed)
    desk = Desk(policy=POLICY)
    desk.start()
    desk.fault = chaos.fault
    desk.after_each = limits_hold
    play(desk, chaos, steps)
    chaos.is_healed = True
    for _ in range(6):  # a bot that is alive
        desk.run(5_000)
        desk.request(venue.GetOpenOrders())

    sent = desk.submits_at_venue()
    assert len(sent) == len(set(sent)), "an order went to the venue twice"

    rows = {row.client_id: row for row in desk.gateway.state.orders.open_of("bot1")}
    at_venue = {order.request.client_order_id for order in desk.venue.open_orders()}
    assert at_venue == set(rows), "I1: both sides know the same open orders"

    breaks = {fields["what"] for fields in desk.events(e.BreakV1)}
    assert not breaks & {"ghost_order", "orphan_order", "unknown_fill"}, "something was given up too early"
    heard = [fields["trade_id"] for fields in desk.events(e.FillV1)]
    assert sorted(heard) == sorted(fill.trade_id for _, fill in desk.venue.fills), "each fill published exactly once"
    for row in rows.values():
        assert row.filled == desk.venue.by_client(row.client_id).filled

    position = desk.venue.positions.get(("bot1", "BTC-USDT"), Decimal(0))
    assert desk.gateway.state.position_base("bot1", "BTC-USDT") == position, "I2: sum of fills = position"
    fees = sum((fill.fee_quote for _, fill in desk.venue.fills), Decimal(0))
    assert desk.gateway.state.accounts["bot1"].fees_quote == fees, "I3, to the last digit"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS, seed=st.integers(0, 2**32))
def test_the_same_inputs_give_the_same_outputs_bit_for_bit(steps, seed):
    def run() -> bytes:
        chaos = Chaos(seed)
        desk = Desk(policy=POLICY)
        desk.start()
        desk.fault = chaos.fault
        play(desk, chaos, steps)
        desk.run(5_000)
        events = [(p.kind.__name__, p.bot_id, sorted((k, str(v)) for k, v in p.fields.items())) for p in desk.published]
        return msgspec.json.encode([events, sorted(map(str, desk.durable)), [str(r) for r in desk.venue.asked]])

    assert run() == run()
