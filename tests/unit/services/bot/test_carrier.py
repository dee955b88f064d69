"""The order carrier: one order per level, placed at most once, by one decide."""

from decimal import Decimal

import pytest

from controllers.core.values import CancelQuote, PlaceQuote, Plan
from services.bot.carrier import Cancel, Carriers, CarrierSettings, Submit, base36, bot_code, level_of

T0 = 1_700_000_000_000


def plan(place=(), cancel=()):
    return Plan(place=tuple(place), cancel=tuple(cancel), keep=(), guard="RUNNING", reasons=("NORMAL_STATE",))


def quote(level="b0", side="buy", price="100.0", qty="0.01"):
    return PlaceQuote(level, side, "limit_maker", Decimal(price), Decimal(qty), "quote")


def placed(carriers, level="b0", now_ms=T0):
    [submit] = carriers.execute(plan([quote(level)]), now_ms)
    return submit.client_order_id


@pytest.fixture
def carriers():
    return Carriers("bot1", epoch_s=T0 // 1000)


def test_a_plan_becomes_one_submit_with_an_id_that_names_bot_level_and_life(carriers):
    [submit] = carriers.execute(plan([quote()]), T0)
    assert submit == Submit(
        f"hb1-b0-{base36(T0 // 1000)}.1", "b0", "buy", "limit_maker", Decimal("100.0"), Decimal("0.01")
    )
    assert level_of(submit.client_order_id) == "b0"
    assert carriers.orders()[0].state == "placing"


def test_the_same_level_is_not_placed_again_while_its_order_lives(carriers):
    order_id = placed(carriers)
    assert carriers.execute(plan([quote()]), T0 + 1000) == []
    carriers.on_acknowledged(order_id)
    assert carriers.execute(plan([quote()]), T0 + 2000) == []
    assert carriers.counters.skipped == 2


def test_a_level_stays_occupied_while_its_cancel_is_on_the_way(carriers):
    order_id = placed(carriers)
    carriers.on_acknowledged(order_id)
    replace = plan([quote(price="101.0")], [CancelQuote("b0", order_id, "REFRESH")])
    assert carriers.execute(replace, T0 + 1000) == [Cancel(order_id)]
    assert carriers.orders()[0].state == "cancelling"
    carriers.on_terminal(order_id, T0 + 1100)
    [submit] = carriers.execute(plan([quote(price="101.0")]), T0 + 2000)
    assert submit.price == Decimal("101.0")


def test_a_cancel_nobody_decided_empties_the_level_and_places_nothing(carriers):
    order_id = placed(carriers)
    carriers.on_acknowledged(order_id)
    carriers.on_terminal(order_id, T0 + 500)
    assert carriers.orders() == ()
    assert carriers.tick(T0 + 60_000) == []  # time alone never places


def test_a_cancel_is_asked_once_by_decide_and_again_only_after_the_retry_time(carriers):
    order_id = placed(carriers)
    carriers.on_acknowledged(order_id)
    cancel = plan(cancel=[CancelQuote("b0", order_id, "REFRESH")])
    assert carriers.execute(cancel, T0) == [Cancel(order_id)]
    assert carriers.execute(cancel, T0 + 1000) == []
    assert carriers.tick(T0 + 2_999) == []
    assert carriers.tick(T0 + 3_000) == [Cancel(order_id)]
    assert carriers.counters.cancels == 1
    assert carriers.cancels_last_minute(T0 + 59_999) == 1
    assert carriers.cancels_last_minute(T0 + 60_000) == 0


def test_a_refused_level_is_not_submitted_again_within_ten_seconds(carriers):
    submits_at = []
    for now_ms in range(T0, T0 + 60_000, 1_000):
        for submit in carriers.execute(plan([quote()]), now_ms):
            submits_at.append(now_ms)
            carriers.on_refused(submit.client_order_id, "ORDER_VALUE_LIMIT", "value=2000, limit=1000", now_ms)
    assert submits_at == [T0 + 10_000 * i for i in range(6)]
    codes = [refusal.code for refusal in carriers.take_refusals()]
    assert codes.count("ORDER_VALUE_LIMIT") == 6
    assert codes.count("LEVEL_COOLING") == 54


def test_an_acknowledged_order_ends_the_waiting_of_its_level(carriers):
    carriers.on_refused(placed(carriers), "STALE_MARKET", "age", T0)
    second = placed(carriers, now_ms=T0 + 10_000)
    carriers.on_acknowledged(second)
    carriers.on_terminal(second, T0 + 11_000)
    assert carriers.execute(plan([quote()]), T0 + 11_000)


def test_an_order_without_venue_id_is_cancelled_by_its_client_id_and_blocks_its_level(carriers):
    order_id = placed(carriers)
    assert carriers.tick(T0 + 29_999) == []
    assert carriers.tick(T0 + 30_000) == [Cancel(order_id)]
    assert carriers.orders()[0].state == "unknown"
    assert carriers.execute(plan([quote()]), T0 + 31_000) == []
    assert carriers.take_notes()[0].code == "ACK_TIMEOUT"
    carriers.on_terminal(order_id, T0 + 32_000)
    assert carriers.execute(plan([quote()]), T0 + 33_000)


def test_no_more_than_the_maximum_of_live_carriers(carriers):
    submits = carriers.execute(plan([quote(f"b{i}") for i in range(12)]), T0)
    assert len(submits) == 10
    assert carriers.live_count == 10


def test_a_trade_is_reported_once_whatever_tells_it_twice(carriers):
    order_id = placed(carriers)
    for _ in range(2):
        carriers.on_fill(
            client_order_id=order_id, trade_id="t1", side="buy", price=Decimal("100.0"), qty_base=Decimal("0.004"),
            fee_quote=Decimal("0.00008"), is_maker=True, ts_ms=T0,
        )  # fmt: skip
    assert carriers.orders()[0].filled_base == Decimal("0.004")
    assert [f.trade_id for f in carriers.take_fills()] == ["t1"]
    assert carriers.take_fills() == ()


def test_a_late_fill_of_a_cancelled_order_still_has_its_level_and_price(carriers):
    order_id = placed(carriers)
    carriers.on_terminal(order_id, T0)
    carriers.tick(T0 + 59_000)
    fill = carriers.on_fill(
        client_order_id=order_id, trade_id="t9", side="buy", price=Decimal("102"), qty_base=Decimal("0.01"),
        fee_quote=Decimal(0), is_maker=None, ts_ms=T0 + 59_000,
    )  # fmt: skip
    assert (fill.level_id, fill.order_price) == ("b0", Decimal("100.0"))
    assert carriers.take_notes()[0].code == "FILL_PRICE_FAR"


def test_a_fill_of_an_earlier_life_is_reported_too(carriers):
    fill = carriers.on_fill(
        client_order_id="hb1-s1-abc.7", trade_id="t2", side="sell", price=Decimal("99"), qty_base=Decimal("1"),
        fee_quote=Decimal(0), is_maker=None, ts_ms=T0,
    )  # fmt: skip
    assert fill.level_id == "s1"
    assert carriers.counters.fills == 1


def test_a_fill_that_was_read_back_is_told_to_the_strategy_and_not_counted_again(carriers):
    carriers.on_fill(
        client_order_id="hb1-s1-abc.7", trade_id="t2", side="sell", price=Decimal("99"), qty_base=Decimal("1"),
        fee_quote=Decimal(0), is_maker=None, ts_ms=T0, is_read_back=True,
    )  # fmt: skip
    assert [fill.trade_id for fill in carriers.take_fills()] == ["t2"]
    assert carriers.counters.fills == 0


def test_cancel_all_asks_for_every_order_and_time_asks_again(carriers):
    ids = [submit.client_order_id for submit in carriers.execute(plan([quote("b0"), quote("b1")]), T0)]
    assert carriers.cancel_all(T0) == [Cancel(order_id) for order_id in ids]
    assert carriers.cancel_all(T0 + 100) == []
    assert carriers.tick(T0 + 3_000) == [Cancel(order_id) for order_id in ids]
    assert carriers.counters.cancels == 2


def test_bot_codes_are_short():
    assert bot_code("bot12") == "12"
    assert bot_code("paper-smoke-one") == "papersmo"


def test_ids_of_two_lives_never_meet():
    settings = CarrierSettings()
    first, second = Carriers("bot1", 1_700_000_000, settings), Carriers("bot1", 1_700_000_001, settings)
    assert placed(first) != placed(second)
