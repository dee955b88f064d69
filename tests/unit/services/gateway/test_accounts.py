from decimal import Decimal

import pytest

from services.common import venue
from services.gateway.accounts import FLAT, Holding, VirtualAccount, account_from, after_fill

D = Decimal


@pytest.mark.parametrize(
    ("held", "side", "qty", "price", "expected"),
    [
        (FLAT, "buy", "1", "100", Holding(D(1), D(100))),
        (Holding(D(1), D(100)), "buy", "1", "110", Holding(D(2), D(105))),
        (Holding(D(2), D(105)), "sell", "1", "120", Holding(D(1), D(105))),
        (Holding(D(1), D(105)), "sell", "1", "90", FLAT),
        (Holding(D(1), D(105)), "sell", "3", "90", Holding(D(-2), D(90))),
        (Holding(D(-2), D(90)), "sell", "2", "110", Holding(D(-4), D(100))),
        (Holding(D(-4), D(100)), "buy", "1", "80", Holding(D(-3), D(100))),
    ],
)
def test_a_position_averages_while_it_grows_and_keeps_its_entry_while_it_shrinks(held, side, qty, price, expected):
    assert after_fill(held, side, D(qty), D(price)) == expected


def bill(kind, amount, bill_id="1", ts=5):
    return venue.Bill(
        bill_id=bill_id, symbol="BTC-USDT", kind=kind, amount_quote=D(amount), balance_quote=D(0), ts_ms=ts
    )


def test_funding_is_positive_when_paid_and_a_deposit_is_never_a_profit():  # F51, F52
    account = VirtualAccount("bot1", D(100_000))
    account.add_bill(bill("funding", "-3.5"))
    account.add_bill(bill("transfer", "50000"))
    assert account.funding_quote == D("3.5")
    assert account.wallet_quote() == D("99996.5")
    assert account.transfers_quote == D(50_000)


def test_unrealised_is_at_the_mark_and_nothing_without_one():
    account = VirtualAccount("bot1", D(100_000), holdings={"BTC-USDT": Holding(D("-0.5"), D(60_000))})
    assert account.unrealized_quote({"BTC-USDT": D(59_000)}) == D(500)
    assert account.unrealized_quote({}) == 0


def test_it_comes_back_from_its_record_whole():
    account = VirtualAccount("bot1", D(100_000), D(1), D(2), D(3), D(4), D(5), {"BTC-USDT": Holding(D(1), D(2))}, 6, 7)
    assert account_from(account.record()) == account


def test_bills_are_booked_once_by_their_id(desk):
    desk.venue.bills.append(("bot1", bill("funding", "-1.25", "f1", desk.wall_ms)))
    for _ in range(3):
        desk.run(31_000)
    desk.restart()
    desk.run(31_000)
    assert desk.gateway.state.accounts["bot1"].funding_quote == D("1.25")
