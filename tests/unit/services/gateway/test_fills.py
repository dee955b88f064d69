from decimal import Decimal

import pytest

from services.common import venue
from services.contracts import events as e
from services.gateway import messages as m
from services.gateway import reading
from tests.fakes.fake_venue import SYMBOL
from tests.fakes.gateway_desk import Fault


def test_a_fill_is_counted_once_however_often_it_is_heard(desk):  # F07
    client_id = desk.placed()
    order = desk.venue.by_client(client_id)
    desk.venue.trade(order.venue_id, Decimal("0.0005"))
    pushes = desk.venue.take_pushes()
    for _ in range(3):
        for push in pushes:
            desk.feed(m.UpstreamPush(push))
    desk.run(11_000)  # and two polls
    assert desk.row(client_id).filled == Decimal("0.0005")
    assert len(desk.events(e.FillV1)) == 1
    assert desk.gateway.state.position_base("bot1", "BTC-USDT") == Decimal("0.0005")


def test_a_fill_whose_push_was_lost_is_found_by_the_poll(desk):
    client_id = desk.placed()
    desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal("0.001"), is_heard=False)
    desk.run(6_000)
    assert desk.row(client_id).state == "FILLED"
    assert len(desk.events(e.FillV1)) == 1


def test_a_fill_in_a_gap_of_the_private_stream_is_read_when_it_is_back(desk):
    client_id = desk.placed()
    desk.feed(m.UpstreamLink("bot1", False))
    assert desk.refusal(level="b1").code == "VENUE_UNREACHABLE"
    desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal("0.001"), is_heard=False)
    desk.feed(m.UpstreamLink("bot1", True))
    desk.run(300)
    assert desk.row(client_id).state == "FILLED"
    assert desk.placed(level="b1")


def test_more_fills_than_a_page_holds_are_all_read(desk):
    client_ids = [desk.placed(level=f"b{i}", qty="0.0150", price="59990") for i in range(1)]
    order = desk.venue.by_client(client_ids[0])
    for _ in range(150):
        desk.mono_ms += 1
        desk.venue.trade(order.venue_id, Decimal("0.0001"), is_heard=False)
    desk.run(8_000)
    assert desk.row(client_ids[0]).state == "FILLED"
    assert len(desk.events(e.FillV1)) == 150


def test_the_bot_hears_a_fill_under_the_gateways_id_and_then_its_account(desk):
    client_id = desk.placed()
    desk.pushed.clear()
    desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal("0.001"))
    desk.deliver_pushes()
    desk.run(20)
    kinds = [type(push).__name__ for _, push in desk.pushed]
    assert kinds[:2] == ["OrderPush", "AccountPush"]
    order_push = desk.pushed[0][1]
    assert order_push.fill.venue_order_id == desk.row(client_id).gateway_id
    assert order_push.order.status == "filled"


def test_k5_a_fill_of_an_unknown_order_goes_to_suspense_and_lets_the_bot_only_reduce(desk):
    stranger = desk.venue.place_by_hand("bot1", "web-123", Decimal("0.001"), Decimal("59000"))
    desk.venue.trade(stranger.venue_id, Decimal("0.001"))
    desk.deliver_pushes()
    desk.run(50)
    assert desk.gateway.state.accounts["bot1"].suspense_quote == Decimal("59.000")
    assert desk.tightened[0].scope == "bot:bot1"
    assert desk.tightened[0].entry.state == "REDUCING"
    assert [b["what"] for b in desk.events(e.BreakV1)] == ["unknown_fill"]
    assert desk.refusal().code == "SCOPE_REDUCING"


def test_a_bot_reads_its_fills_by_its_own_order_id(desk):
    client_id = desk.placed()
    desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal("0.001"))
    desk.deliver_pushes()
    desk.run(20)
    gateway_id = desk.row(client_id).gateway_id
    (fill,) = desk.ask(venue.GetFills(symbol="BTC-USDT", venue_order_id=gateway_id))
    assert fill.venue_order_id == gateway_id
    assert desk.ask(venue.GetFills(symbol="BTC-USDT", venue_order_id="7000000000000009999")) == ()


@pytest.mark.parametrize(("is_cancelled", "action"), [(False, "keep"), (True, "cancel_remainder")])
def test_ord_14_every_partial_fill_is_told_with_wanted_filled_time_and_what_becomes_of_the_rest(
    desk, is_cancelled, action
):
    client_id = desk.placed(qty="0.010")
    desk.run(950)
    if is_cancelled:  # throttled, so the fill comes before it is done
        desk.fault = lambda r: Fault("refuse", code="RATE_LIMITED") if isinstance(r, venue.CancelOrder) else Fault()
        desk.request(venue.CancelOrder(symbol=SYMBOL, client_order_id=client_id))
    desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal("0.004"))
    desk.deliver_pushes()
    desk.run(50)
    (told,) = [order for order in desk.events(e.OrderV1) if order["state"] == "PARTIALLY_FILLED"]
    assert told["reason"] == "PARTIAL_FILL"
    assert told["detail"] == f"PARTIAL_FILL: requested=0.010, filled=0.004, elapsed_ms=1003, action={action}"


def test_k5_a_trade_by_another_hand_during_an_outage_is_read_although_the_stream_speaks_of_newer_ones_first(desk):
    """A push after the reconnect must not move the place from which the missed trades are read."""
    desk.feed(m.BotSession("bot1", "opened"))
    client_id = desk.placed()
    desk.feed(m.UpstreamLink("bot1", False))
    stranger = desk.venue.place_by_hand("bot1", "web-1", Decimal("0.001"), Decimal("59990"))
    missed = desk.venue.trade(stranger.venue_id, Decimal("0.001"), is_heard=False)
    desk.run(120_000)
    desk.feed(m.UpstreamLink("bot1", True))
    desk.venue.trade(desk.row(client_id).venue_id, Decimal("0.001"))
    for push in desk.venue.take_pushes():
        desk.feed(m.UpstreamPush(push))
    desk.run(10_000)
    assert desk.gateway.state.lanes["bot1"].knows_trade(missed.trade_id)
    assert desk.gateway.state.position_base("bot1", SYMBOL) == Decimal("0.002")


def bill(number: int, kind: venue.BillKind, ts_ms: int) -> venue.Bill:
    amount = Decimal(-1)
    return venue.Bill(
        bill_id=str(number), symbol="BTC-USDT", kind=kind, amount_quote=amount, balance_quote=Decimal(0), ts_ms=ts_ms
    )


def test_funding_is_booked_although_more_bills_than_a_page_holds_came_after_it(desk):
    """Every trade makes bills too; after an outage the funding is on none of the first pages."""
    now_ms = desk.wall_ms
    desk.venue.bills.append(("bot1", bill(1, "funding", now_ms + 10)))
    desk.venue.bills.extend(("bot1", bill(number, "open_fee", now_ms + 10 + number)) for number in range(2, 400))
    desk.run(31_000)
    assert desk.gateway.state.accounts["bot1"].funding_quote == 1


def test_bills_that_were_read_are_not_read_again_for_ever(desk):
    now_ms = desk.wall_ms
    desk.venue.bills.extend(("bot1", bill(number, "open_fee", now_ms + 600 * number)) for number in range(1, 1_000))
    desk.run(630_000)
    before = len([r for r in desk.venue.asked if isinstance(r, venue.GetBills)])
    desk.run(60_000)
    assert len([r for r in desk.venue.asked if isinstance(r, venue.GetBills)]) - before <= 4


def read_fills_now(desk) -> None:
    for bot in desk.bots:
        reading.read_fills(desk.gateway.state, bot, "poll", lambda _is_read: None)
    desk.feed(m.Tick())


def test_a_fill_that_the_poll_reads_before_answer_and_push_is_its_orders_and_nobody_elses(desk):
    """The list of fills names the venue's order id alone, and that comes with the answer or the push."""
    desk.push_delay_ms = 60
    desk.fault = lambda r: Fault(delay_ms=30) if isinstance(r, venue.PlaceOrder) else Fault()
    _, client_id = desk.place(price="60001")  # meets the ask
    desk.run(35)
    read_fills_now(desk)
    desk.run(15)
    assert desk.row(client_id).venue_id == "", "nobody has said yet which order of the venue it is"
    desk.run(3_000)
    assert desk.row(client_id).state == "FILLED"
    assert desk.tightened == []
    assert desk.gateway.state.accounts["bot1"].suspense_quote == 0
    assert desk.gateway.state.position_base("bot1", SYMBOL) == Decimal("0.001")


def test_a_fill_of_an_order_that_nobody_answered_for_is_its_own_after_a_restart_too(desk):
    """Its row is UNKNOWN, the order is over at the venue, and only the list of fills answers."""
    _, client_id = desk.place(price="60001")
    desk.run(6)  # the venue has it; the answer is on its way when the gateway dies
    assert desk.venue.fills
    desk.venue.take_pushes()
    desk.fault = lambda r: Fault("lose_request") if isinstance(r, venue.GetOrder) else Fault()
    desk.restart(until_open=False)
    desk.run(8_000)
    assert not desk.gateway.state.lanes["bot1"].is_door_open
    assert desk.tightened == []
    desk.fault = lambda _request: Fault()
    desk.run(8_000)
    assert desk.row(client_id).state == "FILLED"
    assert desk.gateway.state.lanes["bot1"].is_door_open
    assert desk.tightened == []
    assert len(desk.events(e.FillV1)) == 1


def test_k5_a_fill_that_no_order_of_ours_turns_out_to_own_goes_to_suspense_in_the_end(desk):
    desk.fault = lambda r: Fault("lose_request") if isinstance(r, venue.PlaceOrder) else Fault()
    _, client_id = desk.place()
    desk.run(50)
    stranger = desk.venue.place_by_hand("bot1", "web-1", Decimal("0.001"), Decimal("59990"))
    desk.venue.trade(stranger.venue_id, Decimal("0.001"), is_heard=False)
    desk.run(30_000)
    assert desk.row(client_id).reason == "NOT_FOUND_FINAL"
    assert desk.gateway.state.accounts["bot1"].suspense_quote == Decimal("59.990")
    assert [t.scope for t in desk.tightened] == ["bot:bot1"]
