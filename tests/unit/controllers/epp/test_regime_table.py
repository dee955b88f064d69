from decimal import Decimal

import pytest

from controllers.epp.regime_table import PERP_REGIMES, REGIME_NAMES, SPOT_REGIMES, OneSided, Regime, flat_table

D = Decimal

# spread min, max, levels min, max, refresh, target, size min, max, one-sided: the table of the first production set
FIRST_SET = {
    "neutral_low_vol": ("0.0025", "0.0045", 2, 4, 90, "0.50", "0.0008", "0.0012", OneSided.OFF),
    "up": ("0.0030", "0.0055", 2, 3, 70, "0.65", "0.0006", "0.0010", OneSided.BUY_ONLY),
    "down": ("0.0035", "0.0080", 2, 3, 60, "0.25", "0.0005", "0.0008", OneSided.SELL_ONLY),
    "high_vol_shock": ("0.0080", "0.0200", 1, 2, 120, "0.40", "0.0003", "0.0005", OneSided.SELL_ONLY),
    "neutral_high_vol": ("0.0045", "0.0090", 1, 3, 90, "0.50", "0.0005", "0.0008", OneSided.OFF),
}


@pytest.mark.parametrize("regime", list(Regime), ids=lambda regime: REGIME_NAMES[regime])
def test_each_regime_has_the_values_of_the_first_production_set(regime):
    row = FIRST_SET[REGIME_NAMES[regime]]
    expected = tuple(D(value) if isinstance(value, str) else int(value) for value in row)
    assert tuple(SPOT_REGIMES[regime]) == expected


@pytest.mark.parametrize("regime", list(Regime), ids=lambda regime: REGIME_NAMES[regime])
def test_on_perpetuals_each_regime_is_two_sided_around_zero_and_else_the_same(regime):
    perp, spot = PERP_REGIMES[regime], SPOT_REGIMES[regime]
    assert perp.one_sided == OneSided.OFF
    assert perp.target_base_pct == 0
    assert perp._replace(target_base_pct=D(0), one_sided=0) == spot._replace(target_base_pct=D(0), one_sided=0)


def test_a_flat_table_is_the_same_row_for_every_regime():
    table = flat_table(D("0.0004"), D("0.0006"), 2, 1, D("0.001"))
    assert len(table) == len(REGIME_NAMES)
    assert len(set(table)) == 1
    assert table[0].spread_max_pct == D("0.0006")
