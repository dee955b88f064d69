from decimal import Decimal

import pytest

from controllers.epp.sizing import least_lots, order_lots

D = Decimal
EPS = D("0.000001")


def lots(equity="100000", size="0.0010", price="50000", lot="0.0001", min_qty="0.0001", min_notional="5", most="1000"):
    return order_lots(D(equity), D(size), D(price), D(lot), D(min_qty), D(min_notional), D(most), EPS)


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({}, 20),  # 100 quote at 50 000 is 0.002 base
        ({"equity": "109000"}, 21),  # 0.00218: down to the lot
        ({"equity": "500"}, 1),  # 0.50 quote is below the minimum of 5: the minimum, one lot
        ({"equity": "500", "price": "20000"}, 3),  # 5 quote is 0.00025 base: up to the lot that reaches it
        ({"min_qty": "0.01"}, 100),
        ({"equity": "10000000"}, 200),  # capped at the largest order
        ({"most": "4"}, 0),  # even the least is too much: nothing
    ],
)
def test_size_is_the_share_of_equity_on_the_lot_and_at_least_the_minimum(changes, expected):
    assert lots(**changes) == expected


def test_the_least_order_reaches_both_minima():
    assert least_lots(D(50_000), D("0.0001"), D("0.0001"), D(5), EPS) == 1
    assert least_lots(D(10_000), D("0.0001"), D("0.0001"), D(5), EPS) == 5
    assert least_lots(D(10_000), D("0.0001"), D("0.001"), D(5), EPS) == 10
