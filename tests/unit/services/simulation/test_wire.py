"""A client in the same process: latency both ways, faults, virtual time."""

from decimal import Decimal as D

import pytest

from services.common import venue
from services.simulation.faults import FaultPlan, Rule
from services.simulation.latency import Delay, Latency, LatencySettings, paper_latency
from services.simulation.rng import Streams
from services.simulation.wire import Wire


def order(client_id: str, price: str = "59000.0") -> venue.PlaceOrder:
    return venue.PlaceOrder(
        account_id="bot1", symbol="BTC-USDT", client_order_id=client_id, side="buy", order_type="limit",
        time_in_force="gtc", qty_base=D("0.01"), price=D(price),
    )  # fmt: skip


def answers(deliveries) -> list:
    return [(d.at_ms, d.ticket, d.payload) for d in deliveries if d.ticket is not None]


def ways(**delays: float) -> LatencySettings:
    return LatencySettings(**{way: Delay(base_ms=ms) for way, ms in delays.items()})


def test_an_answer_comes_after_both_ways(desk):
    wire = Wire(desk.exchange, ways(submit=30, answer=20))
    ticket = wire.send(order("a"), desk.now_ms)
    assert answers(wire.advance(desk.now_ms + 49)) == []
    ((at_ms, got, payload),) = answers(wire.advance(desk.now_ms + 50))
    assert (at_ms - desk.now_ms, got, payload.client_order_id) == (50, ticket, "a")
    placed_ms = wire.exchange.open_orders()[0][1].created_ts_ms
    assert placed_ms - desk.now_ms == 30


def test_requests_act_in_the_order_they_arrive_not_in_which_they_were_sent(desk):
    wire = Wire(desk.exchange, ways(submit=50, cancel=10))
    wire.send(order("a"), desk.now_ms)
    cancel = venue.CancelOrder(account_id="bot1", symbol="BTC-USDT", client_order_id="a")
    wire.send(cancel, desk.now_ms + 1)
    first, second = answers(wire.advance(desk.now_ms + 200))
    assert first[2].code == "ORDER_NOT_FOUND"
    assert isinstance(second[2], venue.Placed)
    assert len(wire.exchange.open_orders()) == 1


def test_pushes_of_one_kind_never_overtake_each_other(desk):
    wire = Wire(desk.exchange, LatencySettings(private=Delay(spread_ms=300, shape="exponential")))
    for number in range(30):
        wire.send(order(str(number)), desk.now_ms + number * 10)
    seen = [
        d.payload.order.client_order_id
        for d in wire.advance(desk.now_ms + 5_000)
        if isinstance(d.payload, venue.OrderPush)
    ]
    assert seen == [str(number) for number in range(30)]


@pytest.mark.parametrize(
    ("fault", "detail", "is_live"),
    [("drop_request", "timeout", False), ("drop_reply", "timeout", True), ("error_after", "HTTP 502", True)],
    ids=["F02", "F01", "F01 by 502"],
)
def test_a_lost_request_or_answer_is_unknown(desk, fault, detail, is_live):
    plan = FaultPlan(7)
    plan.put([Rule(fault=fault)], desk.now_ms)
    wire = Wire(desk.exchange, faults=plan, timeout_ms=1_000)
    wire.send(order("a"), desk.now_ms)
    ((at_ms, _, payload),) = answers(wire.advance(desk.now_ms + 2_000))
    assert payload == venue.Unknown(detail=detail)
    assert (at_ms - desk.now_ms == 1_000) == (detail == "timeout")
    assert bool(wire.exchange.open_orders()) == is_live


def test_the_plan_refuses_delays_and_repeats(desk):
    plan = FaultPlan(7)
    wire = Wire(desk.exchange, faults=plan)
    plan.put([Rule(fault="rate_limited", nth=1), Rule(fault="duplicate_private")], desk.now_ms)
    wire.send(order("a"), desk.now_ms)
    wire.send(order("b"), desk.now_ms)
    deliveries = wire.advance(desk.now_ms + 100)
    assert [getattr(payload, "code", "placed") for _, _, payload in answers(deliveries)] == ["RATE_LIMITED", "placed"]
    assert len([d for d in deliveries if isinstance(d.payload, venue.OrderPush)]) == 2


def test_the_venues_own_events_happen_while_time_passes(desk):
    plan = FaultPlan(7)
    plan.put([Rule(fault="transfer", account="bot1", amount=D(5), after_ms=300)], desk.now_ms)
    wire = Wire(desk.exchange, faults=plan)
    wire.advance(desk.now_ms + 250)
    assert desk.account().wallet_quote == 100_000
    wire.advance(desk.now_ms + 400)
    assert desk.account().wallet_quote == 100_005


def test_a_run_over_the_wire_repeats_however_time_is_cut(make_desk):
    def run(cut_ms: int) -> tuple:
        desk = make_desk()
        plan = FaultPlan(3)
        plan.put([Rule(fault="drop_reply", probability=0.3)], desk.now_ms)
        wire = Wire(desk.exchange, paper_latency(), plan)
        seen = []
        for ms in range(0, 3_000, cut_ms):
            if ms % 500 == 0:
                wire.send(order(str(ms)), desk.now_ms + ms)
            seen += answers(wire.advance(desk.now_ms + ms + cut_ms))
        return tuple(seen), wire.exchange.digest()

    assert run(50) == run(500)


SHAPES = [
    (Delay(base_ms=5), 5, 5),
    (Delay(base_ms=5, spread_ms=10, shape="uniform"), 5, 15),
    (Delay(base_ms=5, spread_ms=10, shape="exponential"), 5, 500),
    (Delay(base_ms=5, spread_ms=10, shape="normal"), 0, 100),
]


@pytest.mark.parametrize(("delay", "least", "most"), SHAPES, ids=[row[0].shape for row in SHAPES])
def test_a_draw_has_its_shape_and_is_never_negative(delay, least, most):
    latency = Latency(LatencySettings(answer=delay), Streams(1))
    draws = [latency.answer_ms() for _ in range(2_000)]
    assert least <= min(draws) <= max(draws) <= most
    mean = sum(draws) / len(draws)
    expected = {"fixed": 5, "uniform": 10, "exponential": 15, "normal": 7.5}[delay.shape]
    assert mean == pytest.approx(expected, rel=0.15)


def test_spikes_come_as_often_as_said():
    latency = Latency(LatencySettings(answer=Delay(spike_pct=0.1, spike_ms=1_000)), Streams(1))
    spikes = sum(latency.answer_ms() >= 1_000 for _ in range(2_000))
    assert 140 < spikes < 260


def test_in_a_maintenance_window_everything_but_the_time_is_refused_and_orders_stay(make_desk):
    from_ms = 1_700_000_001_000
    desk = make_desk(maintenance=((from_ms, from_ms + 5_000),))
    placed = desk.place("buy", "0.01", "59000.0")
    desk.wait(2_000)
    refused = desk.place("buy", "0.01", "59000.0")
    assert (refused.code, refused.retry_after_ms) == ("MAINTENANCE", 4_000)
    assert isinstance(desk.ask(venue.GetTime()), venue.ServerTime)
    desk.wait(4_000)
    assert desk.order(placed).status == "live"
