"""What the order carrier must never break, whatever plans and events arrive in whatever order.

- a level has at most one order that is not terminal; the bot at most ten
- an order is submitted at most once, and only because a plan placed it
- a trade is reported at most once
- between two refusals of a level lie at least ten seconds of submits
"""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from controllers.core.values import CancelQuote, PlaceQuote, Plan
from services.bot.carrier import Cancel, Carriers, Submit

T0 = 1_700_000_000_000
LEVELS = [f"{side}{i}" for side in "bs" for i in range(7)]

steps = st.lists(
    st.one_of(
        st.tuples(st.just("plan"), st.lists(st.sampled_from(LEVELS), unique=True, max_size=14), st.booleans()),
        st.tuples(st.sampled_from(["ack", "end", "refuse", "unknown", "fill"]), st.integers(0, 20), st.integers(0, 3)),
        st.tuples(st.just("wait"), st.integers(1, 40_000), st.just(0)),
        st.tuples(st.just("cancel_all"), st.just(0), st.just(0)),
    ),
    max_size=60,
)


def plan(levels, cancelled):
    place = tuple(
        PlaceQuote(level, "buy" if level[0] == "b" else "sell", "limit_maker", Decimal(100), Decimal(1), "quote")
        for level in levels
    )
    cancel = tuple(CancelQuote(order.level_id, order.client_order_id, "REFRESH") for order in cancelled)
    return Plan(place, cancel, (), "RUNNING", ())


@settings(max_examples=300, deadline=None)
@given(script=steps)
def test_the_carrier_keeps_its_promises(script):
    carriers, now_ms = Carriers("bot1", T0 // 1000), T0
    submitted: list[str] = []
    refused_at: dict[str, int] = {}
    trades: list[str] = []
    for what, first, second in script:
        before = {order.level_id for order in carriers.orders()}
        commands = []
        if what == "plan":
            commands = carriers.execute(plan(first, carriers.orders() if second else ()), now_ms)
            submits = [command for command in commands if isinstance(command, Submit)]
            assert {submit.level_id for submit in submits} <= set(first) - before
            for submit in submits:
                assert now_ms - refused_at.get(submit.level_id, T0 - 10_000) >= 10_000
            submitted += [submit.client_order_id for submit in submits]
        elif what == "wait":
            now_ms += first
            commands = carriers.tick(now_ms)
        elif what == "cancel_all":
            commands = carriers.cancel_all(now_ms)
        elif submitted:
            order_id = submitted[first % len(submitted)]
            if what == "ack":
                carriers.on_acknowledged(order_id)
            elif what == "end":
                carriers.on_terminal(order_id, now_ms)
            elif what == "unknown":
                carriers.on_unknown(order_id, "?")
            elif what == "refuse":
                live = {order.client_order_id: order.level_id for order in carriers.orders()}
                carriers.on_refused(order_id, "STALE_MARKET", "", now_ms)
                if order_id in live:
                    refused_at[live[order_id]] = now_ms
            else:
                carriers.on_fill(
                    client_order_id=order_id, trade_id=f"{order_id}:{second}", side="buy", price=Decimal(100),
                    qty_base=Decimal("0.1"), fee_quote=Decimal(0), is_maker=True, ts_ms=now_ms,
                )  # fmt: skip
        if what != "plan":
            assert all(isinstance(command, Cancel) for command in commands), "only a plan places"
        if what == "ack":
            refused_at = {level: ts for level, ts in refused_at.items() if level not in before}
        levels = [order.level_id for order in carriers.orders()]
        assert len(levels) == len(set(levels)) <= 10
        trades += [fill.trade_id for fill in carriers.take_fills()]
    assert len(submitted) == len(set(submitted)) == carriers.counters.submits
    assert len(trades) == len(set(trades))
