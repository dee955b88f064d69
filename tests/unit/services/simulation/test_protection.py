"""Take-profits, stop-losses and several orders at once."""

from decimal import Decimal as D

import pytest

from services.common import venue
from services.simulation.exchange import Exchange, ExchangeParams
from services.simulation.instruments import default_instruments
from tests.unit.services.simulation.conftest import START_MS


def order(qty="0.1", price=None, side="buy", **more) -> venue.PlaceOrder:
    return venue.PlaceOrder(
        account_id="bot1", symbol="BTC-USDT", client_order_id=more.pop("client_order_id", ""), side=side,
        order_type="market" if price is None else "limit", time_in_force="gtc", qty_base=D(qty),
        price=None if price is None else D(price), **more,
    )  # fmt: skip


def protected(desk, profit=None, loss=None, **fields):
    ask = venue.PlaceProtected(
        account_id="bot1",
        order=order(**fields),
        take_profit_price=None if profit is None else D(profit),
        stop_loss_price=None if loss is None else D(loss),
    )
    return desk.ask(ask)


def stop(desk, kind="stop_loss", price="59500", is_long=True, qty=None, client_order_id=""):
    return desk.ask(
        venue.PlaceStop(
            account_id="bot1",
            symbol="BTC-USDT",
            client_order_id=client_order_id,
            kind=kind,
            is_long=is_long,
            trigger_price=D(price),
            qty_base=None if qty is None else D(qty),
        )
    )


def waiting(desk) -> list[tuple[str, str, D, D]]:
    orders = desk.ask(venue.GetOpenOrders(account_id="bot1"))
    return [(o.client_order_id.split("-")[0], o.side, o.trigger_price, o.qty_base) for o in orders if o.trigger_price]


def ended(desk) -> dict[str, str]:
    history = desk.ask(venue.GetOrderHistory(account_id="bot1"))
    return {o.client_order_id.split("-")[0]: o.reason or o.status for o in history}


def test_what_an_order_opens_is_protected_from_its_first_fill_on(make_desk, take_event):
    desk = make_desk(take_event(1_000, "sell", "59995.0", "1.04"), take_event(2_000, "sell", "59995.0", "1.0"))
    protected(desk, "60500", "59500", qty="0.1", price="59995.0")
    assert waiting(desk) == [], "nothing is open yet"
    desk.wait(1_500)
    assert desk.position().qty_base == D("0.04")
    assert waiting(desk) == [("tp", "sell", D("60500.0"), D("0.04")), ("sl", "sell", D("59500.0"), D("0.04"))]
    desk.wait(1_000)
    assert {qty for _, _, _, qty in waiting(desk)} == {D("0.1")}, "it grows with the fills"


@pytest.mark.parametrize(
    ("to", "fired", "gone"), [("60500.0", "tp", "sl"), ("59500.0", "sl", "tp")], ids=["profit", "loss"]
)
@pytest.mark.parametrize("side", ["buy", "sell"])
def test_the_one_that_is_reached_closes_the_position_and_the_other_goes_with_it(
    make_desk, mark_event, side, to, fired, gone
):
    if side == "sell":
        to, fired, gone = to, gone, fired  # for a short the profit lies below
    desk = make_desk(mark_event(1_000, to))
    profit, loss = ("60500", "59500") if side == "buy" else ("59500", "60500")
    protected(desk, profit, loss, side=side)
    assert len(waiting(desk)) == 2
    desk.wait(1_500)
    assert desk.position() is None
    assert waiting(desk) == []
    assert (ended(desk)[fired], ended(desk)[gone]) == ("filled", "REDUCE_ONLY_REJECTED")


@pytest.mark.parametrize(
    ("profit", "loss", "code"),
    [
        ("59000", None, "PRICE_OUT_OF_RANGE"),
        (None, "61000", "PRICE_OUT_OF_RANGE"),
        ("60500.05", None, "PRICE_NOT_ON_TICK"),
        ("NaN", None, "PRICE_NOT_ON_TICK"),
    ],
)
def test_a_price_on_the_wrong_side_or_off_the_grid_refuses_the_whole_order(desk, profit, loss, code):
    assert protected(desk, profit, loss, price="59990.0").code == code
    assert desk.exchange.open_orders() == () and desk.position() is None


def test_a_stop_of_its_own_closes_as_much_as_it_says_when_the_mark_is_there(make_desk, mark_event):
    desk = make_desk(mark_event(1_000, "59500.0"))
    desk.place("buy", "0.3", None)
    stop(desk, qty="0.1", client_order_id="mine")
    assert waiting(desk) == [("mine", "sell", D("59500.0"), D("0.1"))]
    desk.wait(1_500)
    assert desk.position().qty_base == D("0.2")


def test_a_stop_without_a_quantity_is_for_the_whole_position(make_desk, mark_event):
    desk = make_desk(mark_event(1_000, "60600.0"))
    desk.place("buy", "0.3", None)
    stop(desk, "take_profit", "60600")
    desk.wait(1_500)
    assert desk.position() is None


@pytest.mark.parametrize(
    ("qty", "price"), [("-0.1", "58000.0"), ("0", "58000.0"), ("1e40", "58000.0"), ("0.1", "1e40")]
)
def test_a_stop_of_no_sensible_size_or_price_is_refused(desk, qty, price):
    desk.place("buy", "0.5", None)
    stop = venue.PlaceStop(
        account_id="bot1", symbol="BTC-USDT", client_order_id="", kind="stop_loss", is_long=True,
        trigger_price=D(price), qty_base=D(qty),
    )  # fmt: skip
    assert isinstance(desk.ask(stop), venue.Refused)
    assert desk.exchange.open_orders() == ()


def test_a_stop_without_its_position_is_refused(desk):
    assert stop(desk).code == "REDUCE_ONLY_REJECTED"
    desk.place("sell", "0.1", None)
    assert stop(desk, is_long=True).code == "REDUCE_ONLY_REJECTED"
    assert stop(desk, "stop_loss", "59500", is_long=False).code == "PRICE_OUT_OF_RANGE"


def test_a_stop_ends_with_the_position_it_protects(desk):
    desk.place("buy", "0.1", None)
    stop(desk)
    desk.place("sell", "0.1", None)
    assert waiting(desk) == []


def test_a_stop_that_waits_survives_a_restart(make_desk, mark_event):
    desk = make_desk(mark_event(1_000, "60000.0"))
    protected(desk, "60500", "59500", qty="0.1")
    resumed = Exchange(default_instruments()[:1], {}, "calm", 7, START_MS, ExchangeParams(history_minutes=5))
    resumed.restore(desk.exchange.snapshot())
    resumed.advance(START_MS)
    orders = [o for _, o in resumed.open_orders()]
    assert {o.trigger_price for o in orders} == {D("60500.0"), D("59500.0")}


def test_several_orders_are_taken_or_refused_each_by_itself(desk):
    answer = desk.ask(
        venue.PlaceOrders(
            account_id="bot1",
            symbol="BTC-USDT",
            orders=(
                order(price="59000.0", client_order_id="a"),
                order(price="59000.05", client_order_id="b"),
                order(price="59000.0", client_order_id="a"),
                order(price="59001.0", client_order_id="c"),
            ),
        )
    )
    assert [placed.client_order_id for placed in answer.placed] == ["a", "c"]
    assert [(name, refused.code) for name, refused in answer.refused] == [
        ("b", "PRICE_NOT_ON_TICK"),
        ("a", "DUPLICATE_CLIENT_ORDER_ID"),
    ]
    assert len(desk.exchange.open_orders()) == 2


def modified(desk, placed, **changes):
    request = venue.ModifyOrder(account_id="bot1", symbol="BTC-USDT", venue_order_id=placed.venue_order_id, **changes)
    return desk.ask(request)


def test_an_order_that_waits_for_its_trigger_still_waits_after_it_was_amended(make_desk, mark_event):
    desk = make_desk(mark_event(1_000, "59500.0"))
    placed = desk.place("sell", "0.01", "58000.0", trigger_price=D("59500.0"))
    again = modified(desk, placed, new_qty_base=D("0.02"))
    assert desk.position() is None, "it would have traded at once"
    assert desk.order(again).trigger_price == D("59500.0")
    desk.wait(1_500)
    assert desk.position().qty_base == D("-0.02")


def test_what_is_attached_to_an_order_stays_attached_when_it_is_amended(make_desk, take_event):
    desk = make_desk(take_event(1_000, "sell", "59995.0", "9"))
    placed = protected(desk, None, "59000", qty="0.1", price="59991.0")
    modified(desk, placed, new_price=D("59995.0"))
    desk.wait(1_500)
    assert waiting(desk) == [("sl", "sell", D("59000.0"), D("0.1"))]


def test_an_order_that_only_closes_leaves_no_stop_behind(desk):
    desk.place("sell", "0.1", None)
    protected(desk, None, "59000", qty="0.1")
    assert (desk.position(), waiting(desk)) == (None, [])


def test_an_order_that_turns_a_position_round_protects_what_it_opened(desk):
    desk.place("sell", "0.1", None)
    protected(desk, None, "59000", qty="0.3")
    assert waiting(desk) == [("sl", "sell", D("59000.0"), D("0.2"))]
