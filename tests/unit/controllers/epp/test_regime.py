from decimal import Decimal

import pytest

from controllers.epp.regime import classify, hold_step, is_trend
from controllers.epp.regime_table import REGIME_NAMES, Regime

D = Decimal
EPS = D("0.000000001")


def seen(mid="100", ema="100", band="0.0010", drift="0", is_warm=True):
    return Regime(
        classify(
            D(mid),
            D(ema),
            D(band),
            D(drift),
            is_warm,
            D("0.0080"),
            D("0.0040"),
            D("0.0010"),
            D("1.25"),
            D("0.0050"),
            EPS,
        )
    )


@pytest.mark.parametrize(
    "signals, regime",
    [
        ({}, Regime.NEUTRAL_LOW_VOL),
        ({"mid": "100.09"}, Regime.NEUTRAL_LOW_VOL),
        ({"mid": "100.10"}, Regime.UP),
        ({"mid": "99.91"}, Regime.NEUTRAL_LOW_VOL),
        ({"mid": "99.90"}, Regime.DOWN),
        ({"band": "0.0039999"}, Regime.NEUTRAL_LOW_VOL),
        ({"band": "0.0040"}, Regime.NEUTRAL_HIGH_VOL),
        ({"band": "0.0079999"}, Regime.NEUTRAL_HIGH_VOL),
        ({"band": "0.0080"}, Regime.HIGH_VOL_SHOCK),
        ({"drift": "0.0012499"}, Regime.NEUTRAL_LOW_VOL),
        ({"drift": "0.00125"}, Regime.HIGH_VOL_SHOCK),
        # order: shock before trend before neutral
        ({"mid": "101", "drift": "0.00125"}, Regime.HIGH_VOL_SHOCK),
        ({"mid": "101", "band": "0.0080"}, Regime.HIGH_VOL_SHOCK),
        ({"mid": "101", "band": "0.0050"}, Regime.UP),
        ({"mid": "99", "band": "0.0050"}, Regime.DOWN),
    ],
)
def test_each_regime_begins_exactly_at_its_threshold(signals, regime):
    assert seen(**signals) is regime


@pytest.mark.parametrize("band, shock_drift", [("0.0010", "0.00125"), ("0.0020", "0.0025"), ("0.0040", "0.0050")])
def test_shock_sensitivity_adapts_to_volatility(band, shock_drift):
    assert seen(band=band, drift=shock_drift) is Regime.HIGH_VOL_SHOCK
    assert seen(band=band, drift=str(D(shock_drift) - D("0.0001"))) is not Regime.HIGH_VOL_SHOCK


@pytest.mark.parametrize("is_warm, band", [(False, "0"), (False, "0.5"), (True, "0")])
def test_without_a_band_shock_is_judged_by_drift_alone(is_warm, band):
    assert seen(band=band, drift="0.0049", is_warm=is_warm) is Regime.NEUTRAL_LOW_VOL
    assert seen(band=band, drift="0.0050", is_warm=is_warm) is Regime.HIGH_VOL_SHOCK


def test_while_warming_up_no_trend_is_believed():
    assert seen(mid="110", is_warm=False) is Regime.NEUTRAL_LOW_VOL


def test_a_new_regime_must_be_seen_in_three_samples_in_a_row():
    state = (0, 0, 0)
    state = hold_step(*state, 1, 3)
    state = hold_step(*state, 1, 3)
    assert state == (0, 1, 2)
    assert hold_step(*state, 1, 3) == (1, 1, 0)


def test_one_sample_of_the_old_regime_starts_the_count_anew():
    state = hold_step(*hold_step(0, 0, 0, 1, 3), 0, 3)
    assert state == (0, 0, 0)


def test_a_change_of_candidate_starts_the_count_anew():
    state = hold_step(*hold_step(*hold_step(0, 0, 0, 1, 3), 1, 3), 2, 3)
    assert state == (0, 2, 1)


def test_only_up_and_down_are_trends():
    assert [is_trend(regime) for regime in Regime] == [False, True, True, False, False]
    assert len(REGIME_NAMES) == len(Regime)
