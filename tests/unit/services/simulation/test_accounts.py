"""One fill after another: what was paid is what was realised and what the rest cost, to the last 1e-8."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.simulation.accounts import PositionState, apply_fill, unrealized_e8

fills = st.lists(
    st.tuples(st.sampled_from([1, -1]), st.integers(1, 50), st.integers(1, 10**13)), min_size=1, max_size=30
)


@given(fills=fills)
def test_paid_is_realised_plus_the_cost_of_the_rest(fills):
    position = PositionState(account_id="a", symbol="X")
    cash = realized = lots = 0
    for sign, size, value in fills:
        before = position.lots
        effect = apply_fill(position, sign, size, value, 0)
        cash -= sign * value
        realized += effect.realized_e8
        lots += sign * size
        assert position.lots == lots
        assert effect.closed_lots + effect.opened_lots == size
        assert effect.closed_lots == (min(size, abs(before)) if before * sign < 0 else 0)
        side = 1 if position.lots > 0 else -1
        assert position.cost_e8 >= 0
        assert cash == realized - side * position.cost_e8
        assert (position.lots == 0) <= (position.cost_e8 == 0)


@pytest.mark.parametrize(("lots", "mark", "pnl"), [(5, 120, 20), (-5, 120, -20), (5, 90, -10), (-5, 90, 10)])
def test_profit_of_holding_has_the_sign_of_the_side(lots, mark, pnl):
    assert unrealized_e8(PositionState(account_id="a", symbol="X", lots=lots, cost_e8=100), mark) == pnl
