"""Faults that change what the venue does: its own events, and acts that go wrong half-way."""

import tracemalloc
from decimal import Decimal as D

import msgspec
import pytest

from services.common import venue
from services.simulation.fault_events import strike
from services.simulation.fault_feed import FaultyFeed
from services.simulation.fault_rest import Cut, FaultyDesk, Status, after, before
from services.simulation.fault_scenario import PRESETS
from services.simulation.faults import CATALOGUE, PRIVATE, PUBLIC, REST, VENUE, FaultPlan, Rule

# What belongs to a process, a host or a person and has no switch at a venue.
ELSEWHERE = {f"F{n:02d}" for n in (9, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 41, 43, 44, 45)}


def plan(*rules: Rule, now_ms: int = 0, seed: int = 7) -> FaultPlan:
    made = FaultPlan(seed)
    made.put(rules, now_ms)
    return made


def test_every_fault_of_the_catalogue_has_a_switch_or_belongs_elsewhere():
    produced = {fault for ids in CATALOGUE.values() for fault in ids.split()}
    listed = {f"F{n:02d}" for n in (*range(1, 17), *range(20, 30), *range(30, 48), *range(50, 61))}
    assert listed - produced - ELSEWHERE == set()
    assert set(CATALOGUE) == REST | PRIVATE | PUBLIC | VENUE | {"clock_skew"}


def test_a_plan_is_loaded_from_plain_values():
    rules = msgspec.convert([{"fault": "transfer", "account": "bot1", "amount": "12.5", "after_ms": 10}], list[Rule])
    assert rules[0].amount == D("12.5")
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert([{"fault": "transfer", "amout": "1"}], list[Rule])
    assert all(isinstance(rule, Rule) for rules in PRESETS.values() for rule in rules)


def test_a_rule_strikes_at_its_time_its_number_and_its_chance():
    made = plan(Rule(fault="drop_reply", after_ms=100, for_ms=100), Rule(fault="error_before", nth=2))
    hits = [[r.fault for r in made.rest("a", "mix/order/place-order", ms)] for ms in (50, 150, 250)]
    assert hits == [[], ["drop_reply", "error_before"], []]
    chance = plan(Rule(fault="drop_reply", probability=0.3))
    struck = [bool(chance.rest("a", "x", 0)) for _ in range(1_000)]
    assert 230 < sum(struck) < 370
    again = plan(Rule(fault="drop_reply", probability=0.3))
    assert struck == [bool(again.rest("a", "x", 0)) for _ in range(1_000)]


def test_a_ban_refuses_everything_until_it_is_over():
    made = plan(Rule(fault="banned", delay_ms=1_000, count_max=1))
    verdicts = [before(made.rest("a", "x", ms)).instead for ms in (0, 500, 999, 1_000)]
    assert [getattr(v, "code", None) for v in verdicts] == ["RATE_LIMITED"] * 3 + [None]


VERDICTS = [
    ("drop_request", before, Cut),
    ("error_before", before, Status),
    ("maintenance", before, venue.Refused),
    ("key_revoked", before, venue.Refused),
    ("refuse", before, venue.Refused),
    ("drop_reply", after, Cut),
    ("error_after", after, Status),
    ("delay_reply", after, type(None)),
]


@pytest.mark.parametrize(("fault", "judge", "kind"), VERDICTS, ids=[row[0] for row in VERDICTS])
def test_a_request_gets_the_verdict_of_its_rule(fault, judge, kind):
    assert isinstance(judge([Rule(fault=fault)]).instead, kind)


def test_waits_add_up():
    rules = [Rule(fault="delay_request", delay_ms=200), Rule(fault="delay_request", delay_ms=300)]
    assert before(rules).wait_ms == 500


# ---------------------------------------------------------------------------------------------------- acts gone wrong


def cancel(desk, placed) -> venue.CancelOrder:
    return venue.CancelOrder(account_id="bot1", symbol="BTC-USDT", venue_order_id=placed.venue_order_id)


@pytest.mark.parametrize(
    ("fraction", "answer", "filled"), [("1", "ORDER_NOT_OPEN", "0.5"), ("0.4", "Cancelled", "0.2")], ids=["F04", "F06"]
)
def test_an_order_fills_while_its_cancel_is_on_the_way(desk, fraction, answer, filled):
    placed = desk.place("buy", "0.5", "59995.0")  # behind 1.0 at its level
    said = FaultyDesk(desk.exchange).handle(
        cancel(desk, placed), [Rule(fault="filled_on_cancel", fraction=D(fraction))], desk.now_ms
    )
    assert getattr(said, "code", type(said).__name__) == answer
    assert desk.order(placed).filled_base == D(filled)


def test_half_a_batch_is_cancelled_F12(desk):
    for price in ("59991.0", "59992.0", "59993.0"):
        desk.place("buy", "0.01", price)
    said = FaultyDesk(desk.exchange).handle(
        venue.CancelOrders(account_id="bot1"), [Rule(fault="half_batch")], desk.now_ms
    )
    assert (len(said.done), len(said.failed)) == (2, 1)
    assert len(desk.exchange.open_orders()) == 1


def test_lists_come_empty_stale_or_of_another_account_F57_F59(desk):
    faulty = FaultyDesk(desk.exchange)
    ask = venue.GetOpenOrders(account_id="bot1")
    assert faulty.handle(ask, [], desk.now_ms) == ()
    desk.place("buy", "0.01", "59991.0")
    assert faulty.handle(ask, [Rule(fault="stale_lists")], desk.now_ms) == ()
    assert len(faulty.handle(ask, [], desk.now_ms)) == 1
    assert faulty.handle(ask, [Rule(fault="empty_lists")], desk.now_ms) == ()
    assert faulty.handle(ask, [Rule(fault="wrong_account", other="bot2")], desk.now_ms) == ()


def test_lists_are_remembered_for_a_fault_but_not_for_good(desk):
    faulty = FaultyDesk(desk.exchange)
    for start_ms in range(1_000):
        faulty.handle(venue.GetFills(account_id="bot1", start_ms=start_ms), (), desk.now_ms)
    tracemalloc.start()
    for start_ms in range(1_000, 3_000):
        faulty.handle(venue.GetFills(account_id="bot1", start_ms=start_ms), (), desk.now_ms)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 200_000


def test_an_order_is_placed_once_while_lists_come_empty_F57(desk):
    order = venue.PlaceOrder(
        account_id="bot1", symbol="BTC-USDT", client_order_id="once", side="buy", order_type="limit",
        time_in_force="gtc", qty_base=D("0.01"), price=D("59991.0"),
    )  # fmt: skip
    assert isinstance(FaultyDesk(desk.exchange).handle(order, [Rule(fault="empty_lists")], desk.now_ms), venue.Placed)


# ------------------------------------------------------------------------------------------- the venue's own events


def test_an_event_strikes_once_and_is_undone_when_its_time_is_over(desk):
    made = plan(Rule(fault="halt_symbol", after_ms=100, for_ms=200), now_ms=desk.now_ms)
    answers = []
    for _ in range(5):
        desk.wait(100)
        for rule, begins in made.events(desk.now_ms):
            strike(desk.exchange, rule, begins, desk.now_ms)
        answers.append(getattr(desk.place("buy", "0.01", "59000.0"), "code", "placed"))
    assert answers == ["SYMBOL_HALTED", "SYMBOL_HALTED", "placed", "placed", "placed"]


def struck(desk, **fields) -> None:
    strike(desk.exchange, Rule(**fields), True, desk.now_ms)


def test_a_stranger_trades_on_the_account_F50(desk):
    struck(desk, fault="manual_trade", account="bot1", side="sell", amount=D("0.1"))
    assert desk.position().qty_base == D("-0.1")
    assert desk.position("bot2") is None


def test_money_comes_and_goes_F51_F52(desk):
    struck(desk, fault="transfer", account="bot1", amount=D("-500"))
    assert desk.account().wallet_quote == D("99500")
    desk.place("buy", "0.1", None)
    struck(desk, fault="funding_charge", amount=D("0.001"))
    (bill,) = desk.ask(venue.GetBills(account_id="bot1", kind="funding"))
    assert bill.amount_quote == D("-6")


@pytest.mark.parametrize(("fault", "reason"), [("reduce_position", "LIQUIDATION"), ("adl", "ADL")])
def test_the_venue_closes_part_of_a_position_F53_F54(desk, fault, reason):
    desk.place("buy", "0.4", None)
    struck(desk, fault=fault, account="bot1", fraction=D("0.25"))
    assert desk.position().qty_base == D("0.3")
    order = desk.ask(venue.GetOrderHistory(account_id="bot1", limit=1))[0]
    assert (order.reason, order.status, order.filled_base) == (reason, "filled", D("0.1"))
    assert [p.order.reason for p in desk.exchange.drain_pushes() if isinstance(p, venue.OrderPush)][-1] == reason


def test_rules_change_in_mid_session_F15(desk):
    struck(desk, fault="change_rules", factor=10)
    (rules,) = desk.ask(venue.GetInstruments())
    assert (rules.tick_size, rules.lot_size, rules.min_notional_quote) == (D("1.0"), D("0.0010"), D("50"))
    assert desk.place("buy", "0.01", "59990.5").code == "PRICE_NOT_ON_TICK"
    assert desk.place("buy", "0.0105", "59990.0").code == "QTY_NOT_ON_LOT"
    assert isinstance(desk.place("buy", "0.01", "59990.0"), venue.Placed)


def test_fees_change_F58(desk):
    struck(desk, fault="fee_change", account="bot1", factor=3)
    assert desk.ask(venue.GetFeeRate(account_id="bot1", symbol="BTC-USDT")).taker_fee_pct == D("0.0018")


# -------------------------------------------------------------------------------------------------- wrong market data


def book() -> venue.BookPush:
    return venue.BookPush(
        book=venue.Book(
            symbol="BTC-USDT", bids=((D(99), D(1)), (D(98), D(1))), asks=((D(101), D(2)),), ts_exch_ms=1, seq=1
        )
    )


def sent(*rules: Rule) -> venue.Book:
    return FaultyFeed(plan(*rules)).outgoing(book(), 0)[0].push.book


def test_books_come_locked_or_without_numbers_F22_F27():
    locked = sent(Rule(fault="locked_book"))
    assert locked.bids[0][0] == locked.asks[0][0]
    assert sent(Rule(fault="nan_price")).bids[0][0].is_nan()


def test_only_fills_come_late_F05(desk):
    desk.place("buy", "0.1", None)
    pushes = [p for p in desk.exchange.drain_pushes() if isinstance(p, venue.OrderPush)]
    feed = FaultyFeed(plan(Rule(fault="late_fill", delay_ms=700)))
    assert [feed.outgoing(push, 0)[0].delay_ms for push in pushes] == [0, 700]


def test_the_index_loses_its_peg_F29(desk):
    desk.wait(1)
    (push,) = [p for p in desk.exchange.drain_pushes() if isinstance(p, venue.TickerPush)]
    feed = FaultyFeed(plan(Rule(fault="index_depeg", fraction=D("0.65"))))
    assert feed.outgoing(push, 0)[0].push.ticker.index_price == push.ticker.index_price * D("0.65")
