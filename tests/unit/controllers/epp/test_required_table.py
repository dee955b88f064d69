from decimal import Decimal

import pytest

from controllers.epp.params import EppParams
from controllers.epp.regime_table import REGIME_NAMES, Regime
from controllers.epp.required_table import FEE_TIERS_BPS, highest_viable_fee_bps, required_cell, required_table

D = Decimal
PARAMS = EppParams()


@pytest.mark.parametrize(
    "fee, required", [("-0.5", "17.5"), ("0", "18.75"), ("2", "23.75"), ("4", "28.75"), ("6", "33.75"), ("10", "43.75")]
)
def test_required_spread_by_fee_tier(fee, required):
    assert required_cell(0, D(fee), D(0), PARAMS).required_bps == D(required)


@pytest.mark.parametrize(
    "regime, viable",
    [
        (Regime.NEUTRAL_LOW_VOL, "10.5"),
        (Regime.UP, "14.5"),
        (Regime.DOWN, "24.5"),
        (Regime.HIGH_VOL_SHOCK, "72.5"),
        (Regime.NEUTRAL_HIGH_VOL, "28.5"),
    ],
)
def test_the_minimum_viable_fee_tier_of_each_regime(regime, viable):
    assert highest_viable_fee_bps(regime, D(0), PARAMS) == D(viable)
    assert required_cell(regime, D(viable), D(0), PARAMS).is_reachable
    assert not required_cell(regime, D(viable) + D("0.01"), D(0), PARAMS).is_reachable


def test_drift_takes_its_part_of_what_a_fee_may_cost():
    assert highest_viable_fee_bps(0, D(8), PARAMS) == D("2.5")
    assert required_cell(0, D(2), D(8), PARAMS).is_reachable
    assert not required_cell(0, D(4), D(8), PARAMS).is_reachable


def test_the_table_has_every_regime_and_tier_and_says_what_fits():
    table = required_table(PARAMS)
    assert len(table) == len(REGIME_NAMES) * len(FEE_TIERS_BPS)
    by_key = {(cell.regime, cell.maker_fee_bps): cell for cell in table}
    assert by_key["neutral_low_vol", D(2)].is_inside_pick
    assert not by_key["neutral_low_vol", D(4)].is_inside_pick
    assert by_key["neutral_low_vol", D(10)].is_reachable
