from decimal import Decimal as D

from services.common import venue


def kinds(pushes):
    return [type(push).__name__ for push in pushes]


def private(pushes):
    return [push for push in pushes if isinstance(push, venue.OrderPush | venue.PositionsPush | venue.AccountPush)]


def test_a_placed_order_is_pushed_and_its_account_after_it(desk):
    desk.place("buy", "0.01", "59999.0")
    pushes = private(desk.exchange.drain_pushes())
    assert kinds(pushes) == ["OrderPush", "AccountPush"]
    assert pushes[0].order.status == "live"
    assert pushes[0].fill is None


def test_a_fill_is_pushed_with_the_order_then_positions_then_account(make_desk, take_event):
    desk = make_desk(take_event(1_000, "sell", "59999.0", "0.004"))
    desk.place("buy", "0.01", "59999.0")
    desk.exchange.drain_pushes()
    desk.wait(1_000)
    pushes = private(desk.exchange.drain_pushes())
    assert kinds(pushes) == ["OrderPush", "PositionsPush", "AccountPush"]
    assert (pushes[0].order.status, pushes[0].fill.qty_base) == ("partially_filled", D("0.0040"))
    assert pushes[1].positions[0].qty_base == D("0.0040")


def test_a_closed_position_is_absent_from_the_next_snapshot(desk):
    desk.place("buy", "0.01", None)
    desk.exchange.drain_pushes()
    desk.place("sell", "0.01", None)
    (snapshot,) = [p for p in desk.exchange.drain_pushes() if isinstance(p, venue.PositionsPush)]
    assert snapshot.positions == ()


def test_the_book_is_pushed_when_changed_but_not_more_often_than_allowed(desk):
    desk.wait(2_000)
    assert sum(isinstance(p, venue.BookPush) for p in desk.exchange.drain_pushes()) == 1
    desk.place("buy", "0.01", "59999.0")
    assert not [p for p in desk.exchange.drain_pushes() if isinstance(p, venue.BookPush)]
    desk.wait(100)
    (push,) = [p for p in desk.exchange.drain_pushes() if isinstance(p, venue.BookPush)]
    assert push.book.bids[0] == (D("59999.0"), D("0.0100"))
    desk.wait(500)
    assert not [p for p in desk.exchange.drain_pushes() if isinstance(p, venue.BookPush)]
    desk.wait(500)
    assert [p for p in desk.exchange.drain_pushes() if isinstance(p, venue.BookPush)]


def test_a_ticker_is_pushed_every_second(desk):
    count = 0
    for _ in range(30):
        desk.wait(100)
        count += sum(isinstance(p, venue.TickerPush) for p in desk.exchange.drain_pushes())
    assert count in (2, 3, 4)


def test_draining_does_not_change_the_market(make_desk):
    from services.simulation.exchange import Exchange, ExchangeParams
    from services.simulation.instruments import default_instruments

    def run(drain_every_ms: int) -> str:
        exchange = Exchange(
            default_instruments(), {}, "lively", 3, 1_700_000_000_000, ExchangeParams(history_minutes=5)
        )
        for ms in range(0, 20_000, drain_every_ms):
            exchange.advance(exchange.start_ms + ms)
            exchange.drain_pushes()
        exchange.advance(exchange.start_ms + 20_000)
        return exchange.digest()

    assert run(50) == run(1_000) == run(20_000)
