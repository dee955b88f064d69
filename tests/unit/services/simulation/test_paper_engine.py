"""The paper engine: fill model, time gate, statistics, post-fill drift."""

from decimal import Decimal as D

import pytest

from services.common import venue
from services.simulation.exchange import Exchange, ExchangeParams
from services.simulation.fill_model import FillModel, FillSettings
from services.simulation.instruments import default_instruments
from services.simulation.orders import OpenOrder

START_MS = 1_700_000_000_000


def order(lots: int = 1_000, last_fill_ms: int = -1) -> OpenOrder:
    return OpenOrder(
        account_id="a", symbol="BTC-USDT", client_order_id="x", venue_order_id=1, side="buy", order_type="limit",
        time_in_force="gtc", reduce_only=False, ticks=1, lots=lots, created_ms=0, updated_ms=0, leverage=1,
        margin_mode="crossed", last_fill_ms=last_fill_ms,
    )  # fmt: skip


def test_same_seed_same_sequence_and_another_seed_another():
    def draws(seed: int) -> list[int]:
        model = FillModel(FillSettings(seed=seed))
        return [model.allowed_lots(order(), 700, 0) for _ in range(20)]

    assert draws(7) == draws(7)
    assert draws(7) != draws(8)


def test_a_partial_fill_stays_within_its_ratios():
    model = FillModel(FillSettings(partial_fill_ratio_min=0.3, partial_fill_ratio_max=0.5))
    for _ in range(200):
        assert 300 <= model.allowed_lots(order(1_000), 1_000_000, 0) <= 500


def test_participation_scales_what_reaches_the_order_by_a_fifth_either_way():
    model = FillModel(FillSettings(queue_participation=0.5, partial_fill_ratio_min=1.0))
    reached = [model.allowed_lots(order(10_000), 1_000, 0) for _ in range(300)]
    assert 400 <= min(reached) < 430
    assert 570 < max(reached) <= 600


def test_the_next_partial_fill_waits_for_the_gate():
    model = FillModel(FillSettings(latency_ms=50))
    assert model.allowed_lots(order(last_fill_ms=1_000), 500, 1_049) == 0
    assert model.allowed_lots(order(last_fill_ms=1_000), 500, 1_050) > 0


@pytest.mark.parametrize("ratios", [(0.0, 1.0), (0.5, 0.3), (0.3, 1.1)])
def test_ratios_that_make_no_sense_are_refused(ratios):
    with pytest.raises(ValueError, match=r"paper_partial_fill_ratio: .*allowed 0 < min <= max <= 1"):
        FillModel(FillSettings(partial_fill_ratio_min=ratios[0], partial_fill_ratio_max=ratios[1]))


PAPER = FillSettings(partial_fill_ratio_min=0.3, partial_fill_ratio_max=0.6, latency_ms=50)


def test_a_crossing_order_is_not_filled_whole_in_one_cycle_but_is_in_several(make_desk):
    desk = make_desk(fill_model=PAPER)
    placed = desk.place("buy", "1", "60010.0")
    assert desk.order(placed).status == "partially_filled"
    desk.wait(50)
    first = desk.order(placed).filled_base
    desk.wait(2_000)
    assert first < desk.order(placed).filled_base == D("1")
    gaps = [b.ts_exch_ms - a.ts_exch_ms for a, b in zip(desk.fills()[::-1], desk.fills()[::-1][1:], strict=False)]
    assert len(gaps) >= 2
    assert all(gap >= 50 for gap in gaps if gap)


def test_a_market_order_waits_for_its_rest_and_can_be_cancelled_meanwhile(make_desk):
    desk = make_desk(fill_model=PAPER)
    placed = desk.place("sell", "1", None)
    desk.ask(venue.CancelOrder(account_id="bot1", symbol="BTC-USDT", venue_order_id=placed.venue_order_id))
    filled = desk.order(placed).filled_base
    desk.wait(1_000)
    assert desk.order(placed).filled_base == filled < D("1")


def test_a_resting_order_fills_in_gated_parts(make_desk, take_event):
    desk = make_desk(*(take_event(1_000 + 10 * i, "sell", "59999.0", "5") for i in range(8)), fill_model=PAPER)
    placed = desk.place("buy", "0.5", "59999.0")
    desk.wait(1_040)
    assert desk.order(placed).status == "partially_filled"
    assert len(desk.fills()) == 1
    desk.wait(60)
    assert len(desk.fills()) == 2


def test_the_statistics_count_fills_refusals_and_time_in_the_queue(make_desk, take_event):
    desk = make_desk(take_event(2_000, "sell", "59999.0", "1"))
    desk.place("buy", "0.1", "59999.0")
    desk.place("buy", "0.1", "59999.05")
    desk.wait(2_000)
    stats = desk.exchange.paper_stats("bot1")
    assert (stats["paper_fill_count"], stats["paper_reject_count"]) == (1, 1)
    assert stats["paper_avg_queue_delay_ms"] == 2_000


def test_orders_refused_several_at_once_or_with_a_stop_attached_count_too(desk):
    order = venue.PlaceOrder(
        account_id="bot1", symbol="BTC-USDT", client_order_id="", side="buy", order_type="limit",
        time_in_force="post_only", qty_base=D("0.1"), price=D("60005.0"),
    )  # fmt: skip
    desk.ask(venue.PlaceOrders(account_id="bot1", symbol="BTC-USDT", orders=(order, order)))
    desk.ask(venue.PlaceProtected(account_id="bot1", order=order, take_profit_price=D("61000.0")))
    assert desk.exchange.paper_stats("bot1")["paper_reject_count"] == 3


def test_drift_after_a_fill_is_booked_apart_from_the_wallet(make_desk, take_event, quote_event):
    desk = make_desk(
        take_event(1_000, "sell", "59999.0", "0.1"),
        *(quote_event(1_100, "buy", price, "0") for price in ("59995.0",)),
        quote_event(1_100, "sell", "60000.0", "1"),
        post_fill_drift_window_ms=500,
    )
    desk.place("buy", "0.1", "59999.0")
    desk.wait(1_000)
    wallet = desk.account().wallet_quote
    desk.wait(1_000)
    # mid at the fill (59995 + 60005) / 2, half a second later (59990 + 60000) / 2: 5 against 0.1 bought
    assert desk.exchange.paper_stats("bot1")["paper_adverse_pnl_quote"] == D("-0.5")
    assert desk.account().wallet_quote == wallet


def test_makers_wait_while_an_order_in_their_way_fills_in_parts():
    exchange = Exchange(
        default_instruments()[:1], {"a": D(10_000_000)}, "volatile", 3, START_MS,
        ExchangeParams(history_minutes=5, fill_model=FillSettings(partial_fill_ratio_min=0.01,
        partial_fill_ratio_max=0.05)),
    )  # fmt: skip
    partly = 0
    for ms in range(0, 120_000, 40):
        now_ms = START_MS + ms
        if ms % 4_000 == 0:
            exchange.handle(venue.CancelOrders(account_id="a"), now_ms)
            book = exchange.handle(venue.GetBook(symbol="BTC-USDT", depth=1), now_ms)
            for side, price in (("buy", book.bids[0][0]), ("sell", book.asks[0][0])):
                exchange.handle(
                    venue.PlaceOrder(
                        account_id="a", symbol="BTC-USDT", client_order_id="", side=side, order_type="limit",
                        time_in_force="post_only", qty_base=D(2), price=price,
                    ),
                    now_ms,
                )  # fmt: skip
        book = exchange.handle(venue.GetBook(symbol="BTC-USDT", depth=1), now_ms)
        assert book.bids[0][0] < book.asks[0][0]
        partly += sum(order.status == "partially_filled" for _, order in exchange.open_orders())
    assert partly > 100
