"""Cash, margin, funding and positions, computed by hand."""

from decimal import Decimal as D

import pytest

from services.common import venue
from services.simulation.exchange import Exchange, ExchangeParams
from services.simulation.instruments import default_instruments
from services.simulation.scripted import Scripted
from tests.unit.services.simulation.conftest import START_MS


def test_a_round_trip_leaves_price_move_minus_fees(desk):
    desk.place("buy", "0.5", None)  # at 60005, fee 18.0015
    desk.place("sell", "0.5", None)  # at 59995, fee 17.9985
    assert desk.account().wallet_quote == D(100_000) - 5 - D("36")
    kinds = [(bill.kind, bill.amount_quote) for bill in reversed(desk.ask(venue.GetBills(account_id="bot1")))]
    assert kinds == [("open_fee", D("-18.0015")), ("realized_pnl", D("-5")), ("close_fee", D("-17.9985"))]


def test_realised_is_the_price_move_of_what_was_closed(desk):
    desk.place("buy", "0.3", None)
    desk.place("sell", "0.1", "59995.0", "ioc")
    (closing, _) = desk.fills()
    assert closing.realized_pnl_quote == D("-1")
    position = desk.position()
    assert (position.qty_base, position.entry_price, position.realized_pnl_quote) == (D("0.2"), D("60005"), D("-1"))


def test_a_flip_closes_and_opens_the_other_side_at_the_new_price(desk):
    desk.place("buy", "0.1", None)
    desk.place("sell", "0.3", None)
    position = desk.position()
    assert (position.qty_base, position.entry_price) == (D("-0.2"), D("59995"))


def test_equity_and_available_follow_the_mark(make_desk, mark_event):
    desk = make_desk(mark_event(1_000, "61000.0"))
    desk.place("buy", "0.5", None)
    before = desk.account()
    assert before.unrealized_pnl_quote == D("-2.5")
    assert before.available_quote == before.equity_quote - D(3_000)  # 0.5 x 60 000 at 10x
    desk.wait(1_000)
    after = desk.account()
    assert after.unrealized_pnl_quote == D("497.5")
    assert after.equity_quote == after.wallet_quote + D("497.5")
    assert after.available_quote == after.equity_quote - D(3_050)


def test_orders_freeze_margin_for_the_worse_side_only(desk):
    desk.place("buy", "0.1", "59000.0")
    assert desk.account().frozen_quote == D("590")
    desk.place("sell", "0.1", "61000.0")
    assert desk.account().frozen_quote == D("610")
    desk.ask(venue.CancelOrders(account_id="bot1"))
    assert desk.account().frozen_quote == D("0")


def test_an_order_that_reduces_freezes_nothing_and_always_passes(make_desk):
    desk = make_desk(accounts={"bot1": D("3100")})
    desk.place("buy", "0.5", None)
    assert desk.place("buy", "0.5", "59000.0").code == "INSUFFICIENT_MARGIN"
    assert isinstance(desk.place("sell", "0.5", "61000.0"), venue.Placed)
    assert desk.account().frozen_quote == D("0")


def test_funding_moves_cash_from_longs_to_shorts_every_period(make_desk):
    desk = make_desk(funding_interval_ms=60_000)
    desk.place("sell", "0.5", "60001.0", account="bot1")
    desk.place("buy", "0.5", "60001.0", account="bot2")
    desk.wait(60_000)
    (paid,) = desk.ask(venue.GetBills(account_id="bot2", kind="funding"))
    (received,) = desk.ask(venue.GetBills(account_id="bot1", kind="funding"))
    assert paid.amount_quote == -received.amount_quote == -(D("0.5") * 60_000 * D("0.0001"))


def test_a_position_says_where_it_would_be_liquidated(make_desk):
    desk = make_desk(accounts={"bot1": D("4000")})
    desk.place("buy", "0.5", None)  # wallet 4000 - 18.0015
    position = desk.position()
    # equity at p: 3981.9985 + 0.5 (p - 60005) = 0.004 x 0.5 p
    expected = (D("0.5") * 60_005 - D("3981.9985")) / (D("0.5") * (1 - D("0.004")))
    assert abs(position.liquidation_price - expected) <= D("0.1")
    desk.place("sell", "0.5", None)
    assert desk.position() is None


def test_what_an_isolated_position_has_set_aside_does_not_push_a_crossed_ones_liquidation_away():
    script = Scripted(bids=((D("59995.0"), D(5)),), asks=((D("60005.0"), D(5)),), mark=D("60000.0"))
    exchange = Exchange(
        default_instruments()[:2], {"a": D(10_000)}, script, 7, START_MS, ExchangeParams(history_minutes=5)
    )

    def buy(symbol: str, qty: str) -> None:
        order = venue.PlaceOrder(account_id="a", symbol=symbol, client_order_id="", side="buy", order_type="market",
                                 time_in_force="gtc", qty_base=D(qty), price=None)  # fmt: skip
        assert isinstance(exchange.handle(order, START_MS), venue.Placed)

    buy("BTC-USDT", "0.5")
    alone = exchange.positions("a")[0].liquidation_price
    exchange.handle(venue.SetMarginMode(account_id="a", symbol="ETH-USDT", margin_mode="isolated"), START_MS)
    buy("ETH-USDT", "0.5")  # 3000 of the wallet are its own now
    crossed, isolated = exchange.positions("a")
    nearer = crossed.liquidation_price - alone
    assert abs(nearer - (isolated.margin_quote + 18) / D("0.498")) < 1  # and 18 of fees; 0.4 % is maintenance


def test_a_deposit_is_a_transfer_and_no_profit(desk):
    account = desk.exchange.transfer("bot1", D("250.5"), desk.now_ms)
    assert account.wallet_quote == D("100250.5")
    (bill,) = desk.ask(venue.GetBills(account_id="bot1"))
    assert (bill.kind, bill.amount_quote) == ("transfer", D("250.5"))
    assert desk.exchange.transfer("bot1", D("-200000"), desk.now_ms).code == "INSUFFICIENT_MARGIN"


def test_a_withdrawal_beyond_what_is_free_is_refused_with_the_limit_in_quote(desk):
    refused = desk.exchange.transfer("bot1", D("-100001"), desk.now_ms)
    assert refused.code == "INSUFFICIENT_MARGIN"
    assert "value=100001" in refused.text
    assert "limit=100000.00000000" in refused.text
    assert desk.account().wallet_quote == D(100_000)


def test_isolated_margin_is_set_aside_and_comes_back(desk):
    desk.ask(venue.SetMarginMode(account_id="bot1", symbol="BTC-USDT", margin_mode="isolated"))
    desk.place("buy", "0.5", None)
    assert desk.position().margin_quote == D("3000.25")  # 0.5 x 60005 / 10
    assert desk.account().available_quote == desk.account().wallet_quote - D("3000.25")
    desk.place("sell", "0.5", None)
    assert desk.account().available_quote == desk.account().wallet_quote


def test_fee_tiers_are_read_from_the_owners_file():
    import msgspec

    from services.simulation.fees import tiers_from_policy

    assert tiers_from_policy({"instruments": []}) == ()
    row = {"volume_min_quote": "5000000", "maker_fee_pct": "0.00016", "taker_fee_pct": "0.0005"}
    (tier,) = tiers_from_policy({"fee_tiers": [row]})
    assert (tier.volume_min_quote, tier.maker_fee_pct) == (D(5_000_000), D("0.00016"))
    with pytest.raises(msgspec.ValidationError, match="maker_fee_pct"):
        tiers_from_policy({"fee_tiers": [{**row, "maker_fee_pct": "low"}]})


def test_fee_tiers_follow_volume_and_an_override_wins(make_desk):
    from services.simulation.fees import FeeTier

    tiers = (
        FeeTier(volume_min_quote=D(0), maker_fee_pct=D("0.0002"), taker_fee_pct=D("0.0006")),
        FeeTier(volume_min_quote=D(50_000), maker_fee_pct=D("0.0001"), taker_fee_pct=D("0.0004")),
    )
    desk = make_desk(fee_tiers=tiers)
    desk.place("buy", "0.9", None)
    assert desk.ask(venue.GetFeeRate(account_id="bot1", symbol="BTC-USDT")).taker_fee_pct == D("0.0004")
    assert desk.ask(venue.GetFeeRate(account_id="bot2", symbol="BTC-USDT")).taker_fee_pct == D("0.0006")
    desk.place("sell", "0.1", None)
    assert desk.fills()[0].fee_quote == D("59995") * D("0.1") * D("0.0004")
    desk.exchange.fees.override("bot1", (D("-0.00005"), D("0.0003")))
    assert desk.ask(venue.GetFeeRate(account_id="bot1", symbol="BTC-USDT")).maker_fee_pct == D("-0.00005")
