from decimal import Decimal

import msgspec
import pytest

from services.common import venue
from services.contracts import events as e
from services.gateway import messages as m


def hear(desk, **changes):
    book = msgspec.structs.replace(desk.venue.book(), **changes)
    desk.feed(m.UpstreamPush(venue.BookPush(book=book)))


def hear_ticker(desk, mark="60000.5", index="60000"):
    ticker = venue.Ticker(
        symbol="BTC-USDT",
        last_price=Decimal(60_000),
        bid_price=Decimal(60_000),
        bid_qty_base=Decimal(1),
        ask_price=Decimal(60_001),
        ask_qty_base=Decimal(1),
        mark_price=Decimal(mark),
        index_price=Decimal(index),
        funding_rate_pct=Decimal("0.0001"),
        next_funding_ts_ms=0,
        high_24h=Decimal(1),
        low_24h=Decimal(1),
        open_24h=Decimal(1),
        base_volume_24h=Decimal(1),
        quote_volume_24h=Decimal(1),
        ts_exch_ms=desk.wall_ms,
    )
    desk.feed(m.UpstreamPush(venue.TickerPush(ticker=ticker)))


@pytest.mark.parametrize(
    "bids", [(), ((Decimal("NaN"), Decimal(1)),), ((Decimal(60_000_000), Decimal(1)),), ((Decimal(0), Decimal(1)),)]
)
def test_f22_f23_f27_on_a_wrong_book_there_is_no_new_risk_until_sound_ones_come(desk, bids):
    hear(desk, bids=bids)
    assert desk.refusal().code == "STALE_MARKET"
    desk.run(2_000)
    assert desk.placed()


def test_a_wrong_book_is_told_once_on_the_bus_and_its_end_too(desk):
    for _ in range(5):
        hear(desk, bids=())
    desk.run(3_000)
    told = [d for d in desk.events(e.RiskDecisionV1) if d["scope"] == "instrument:BTC-USDT"]
    assert [(d["decision"], d["reason"]) for d in told] == [("tightened", "BOOK_EMPTY"), ("loosened", "NORMAL_STATE")]


def test_f21_f27_a_book_that_the_stream_could_not_read_is_a_wrong_one(desk):
    for _ in range(2):
        desk.feed(m.UpstreamBookBroken("BTC-USDT", "price=0 must be positive"))
    refused = desk.refusal()
    assert (refused.code, "BOOK_BROKEN" in refused.text) == ("STALE_MARKET", True)
    desk.run(1_100)
    assert desk.refusal(level="b1").code == "STALE_MARKET", "two sound books are not enough"
    desk.run(1_000)
    assert desk.placed(level="b2")
    told = [(d["decision"], d["reason"]) for d in desk.events(e.RiskDecisionV1) if d["scope"] == "instrument:BTC-USDT"]
    assert [one for one in told if one[0] != "refused"] == [("tightened", "BOOK_BROKEN"), ("loosened", "NORMAL_STATE")]


def test_collar_and_bots_never_see_a_wrong_book(desk):
    hear(desk, bids=((Decimal(60_000_000), Decimal(1)),), asks=((Decimal(60_000_001), Decimal(1)),))
    assert desk.ask(venue.GetBook(symbol="BTC-USDT", depth=1)).bids[0][0] == Decimal(60_000)


def test_a_market_snapshot_says_how_old_it_is(desk):
    hear_ticker(desk)
    desk.run(10_500)
    snapshot = desk.events(e.MarketSnapshotV1)[-1]
    assert snapshot["mark_price"] == Decimal("60000.5")
    assert 0 <= snapshot["age_ms"] <= 500


def test_f26_another_pairs_book_under_this_name_lets_no_new_risk_through_for_as_long_as_it_lasts(desk):
    hear_ticker(desk)
    desk.venue.bid, desk.venue.ask = Decimal(3_000), Decimal(3_001)
    for _ in range(50):
        desk.run(1_000)
        hear_ticker(desk)
    refused = desk.refusal(price="2999")
    assert (refused.code, "BOOK_APART" in refused.text) == ("STALE_MARKET", True)
    assert desk.ask(venue.GetBook(symbol="BTC-USDT", depth=1)).bids[0][0] == Decimal(60_000), (
        "a bot that asks by REST is not told of it"
    )
    desk.venue.bid, desk.venue.ask = Decimal(60_000), Decimal(60_001)
    desk.run(2_000)
    assert desk.placed()


def test_f29_while_the_index_is_off_there_is_no_new_risk_and_what_reduces_passes(desk):
    client_id = desk.placed()
    desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal("0.001"))
    desk.deliver_pushes()
    hear_ticker(desk, index="39000")  # 0.65, as on 10 October 2025
    desk.run(1_000)
    assert "BOOK_APART" in desk.refusal().text
    assert desk.placed("sell", "60000", "0.001", "d0", time_in_force="ioc")
    hear_ticker(desk)
    desk.run(2_000)
    assert desk.placed()


def test_f27_a_mark_a_thousand_times_too_high_is_no_profit(desk):
    client_id = desk.placed()
    desk.venue.trade(desk.venue.by_client(client_id).venue_id, Decimal("0.001"))
    desk.deliver_pushes()
    hear_ticker(desk)
    hear_ticker(desk, mark="60000500")
    desk.run(10_000)
    assert abs(desk.events(e.VirtualAccountV1)[-1]["unrealized_pnl_quote"]) < 1


def test_f14_clocks_that_drift_apart_are_warned_of_once_long_before_they_stop_anything(desk):
    def warnings() -> list[dict]:
        return [d for d in desk.events(e.RiskDecisionV1) if (d["decision"], d["reason"]) == ("warned", "CLOCK_SKEW")]

    desk.venue.clock_offset_ms = 240
    desk.run(20_000)
    assert warnings() == []
    desk.venue.clock_offset_ms = 400
    desk.run(60_000)
    assert len(warnings()) == 1
    assert desk.placed()
