from decimal import Decimal

import pytest

from controllers.epp.ledger import LedgerState, apply_fill, is_known, rebase
from tests.fakes.epp_world import fill

D = Decimal


def book(*trades, fee="0"):
    """trades: (side, price, qty); returns the ledger and each realised result."""
    state, results = LedgerState(), []
    for index, (side, price, qty) in enumerate(trades):
        state, realized = apply_fill(state, fill(side, price, qty, trade_id=f"t{index}"), D(fee))
        results.append(realized)
    return state, results


@pytest.mark.parametrize(
    "trades, position, entry, realized",
    [
        ([("buy", "100", "1")], "1", "100", ["0"]),
        ([("buy", "100", "1"), ("buy", "110", "1")], "2", "105", ["0", "0"]),
        ([("buy", "100", "2"), ("sell", "110", "1")], "1", "100", ["0", "10"]),
        ([("buy", "100", "1"), ("sell", "110", "1")], "0", "0", ["0", "10"]),
        ([("sell", "100", "1"), ("buy", "90", "1")], "0", "0", ["0", "10"]),
        ([("sell", "100", "2"), ("buy", "110", "1")], "-1", "100", ["0", "-10"]),
        ([("buy", "100", "1"), ("sell", "110", "3")], "-2", "110", ["0", "10"]),
        ([("sell", "100", "1"), ("buy", "90", "3")], "2", "90", ["0", "10"]),
    ],
)
def test_position_entry_and_realised_result(trades, position, entry, realized):
    state, results = book(*trades)
    assert state.position_base == D(position)
    assert state.entry_price == D(entry)
    assert results == [D(value) for value in realized]


def test_the_fee_is_part_of_the_realised_result_of_each_fill():
    _, results = book(("buy", "100", "1"), ("sell", "110", "1"), fee="0.5")
    assert results == [D("-0.5"), D("9.5")]


def test_a_trade_id_is_remembered_for_long_enough_and_no_longer():
    state, _ = book(*[("buy", "100", "1")] * 300)
    assert is_known(state, "t299") and is_known(state, "t44")
    assert not is_known(state, "t43")
    assert len(state.trade_ids) == 256


def test_losing_round_trips_are_counted_flat_to_flat_and_a_winning_one_ends_the_streak():
    loss = [("buy", "100", "1"), ("sell", "99", "1")]
    win = [("buy", "100", "1"), ("sell", "101", "1")]
    assert book(*loss, *loss)[0].losing_trips == 2
    assert book(*loss, *loss, ("buy", "100", "2"), ("sell", "90", "1"))[0].losing_trips == 2
    assert book(*loss, *loss, *win)[0].losing_trips == 0


def test_going_through_flat_ends_a_round_trip():
    assert book(("buy", "100", "1"), ("sell", "99", "2"))[0].losing_trips == 1


def test_rebasing_takes_the_venues_position_over():
    state = rebase(book(("buy", "100", "1"))[0], D(-2), D(105))
    assert (state.position_base, state.entry_price, state.is_based) == (D(-2), D(105), True)
    assert rebase(state, D(0), D(105)).entry_price == 0
