"""Price-time priority: the book against a model that is a plain list."""

from hypothesis import given
from hypothesis import strategies as st

from services.simulation.book import BUY, SELL, Side
from services.simulation.matching import take
from services.simulation.orders import OpenOrder

ticks = st.integers(95, 105)
lots = st.integers(1, 20)
ops = st.lists(
    st.one_of(
        st.tuples(st.just("join"), ticks, lots),
        st.tuples(st.just("leave"), st.integers(0, 30), st.just(0)),
        st.tuples(st.just("take"), ticks, st.integers(1, 60)),
        st.tuples(st.just("background"), ticks, st.integers(0, 30)),
    ),
    max_size=40,
)


def make_order(number: int, sign: int, size: int) -> OpenOrder:
    return OpenOrder(
        account_id="a", symbol="X", client_order_id=str(number), venue_order_id=number, lots=size, ticks=0,
        side="buy" if sign > 0 else "sell",
        order_type="limit", time_in_force="gtc", reduce_only=False, created_ms=0, updated_ms=0,
        leverage=1, margin_mode="crossed",
    )  # fmt: skip


@given(sign=st.sampled_from([BUY, SELL]), script=ops)
def test_orders_trade_by_price_then_by_arrival(sign, script):
    side = Side(sign)
    entries, model, background, traded = {}, [], {}, []

    for number, (kind, at, size) in enumerate(script):
        if kind == "join":
            entries[number] = side.join(at, size, make_order(number, sign, size))
            model.append([number, at, size])
        elif kind == "leave" and at in entries and any(row[0] == at for row in model):
            side.leave(entries[at])
            model = [row for row in model if row[0] != at]
        elif kind == "background":
            side.set_background(at, size)
            background[at] = size
        elif kind == "take":
            hits = []
            take(side, at, size, lambda entry, price, count, hits=hits: hits.append((entry.order, price, count)))
            prices = [price * sign for _, price, _ in hits]
            assert prices == sorted(prices, reverse=True), "a worse price traded before a better one"
            assert all((price - at) * sign >= 0 for _, price, _ in hits), "a price beyond the limit traded"
            own = [(order.venue_order_id, price, count) for order, price, count in hits if order is not None]
            for order_id, price, count in own:
                row = next(row for row in model if row[0] == order_id)
                ahead = [other for other in model if other[1] == price and other[0] < order_id]
                assert not ahead, "an order traded although an older one rests at its price"
                row[2] -= count
                model = [r for r in model if r[2] > 0]
            for order, price, count in hits:
                traded.append(count)
                if order is None:
                    background[price] -= count
        check_side(side, model, background)


def check_side(side: Side, model: list, background: dict) -> None:
    assert side.keys == sorted(side.keys)
    assert {key * side.sign for key in side.keys} == set(side.levels)
    for at, level in side.levels.items():
        assert level.lots == sum(entry.lots for entry in level.queue) > 0
        assert level.background_lots == background.get(at, 0)
        assert level.own == sum(entry.order is not None for entry in level.queue)
        own = [(entry.order.venue_order_id, entry.lots) for entry in level.queue if entry.order is not None]
        assert own == [(number, size) for number, price, size in model if price == at]
    assert sum(level.own for level in side) == len(model) == sum(side.own.values())
