from decimal import Decimal

import pytest

from controllers.epp.params import EppParams
from controllers.epp.params_check import ParamsRefused, check_params, param_errors
from controllers.epp.params_doc import PARAM_DOCS
from controllers.epp.regime_table import PERP_REGIMES, SPOT_REGIMES
from tests.fakes.epp_world import DEMO

D = Decimal


@pytest.mark.parametrize("params", [EppParams(), EppParams(regimes=SPOT_REGIMES, max_base_pct=D("0.90")), DEMO])
def test_the_defaults_and_the_demonstration_are_sound(params):
    assert check_params(params) is params


def test_every_parameter_is_described_with_unit_range_and_group():
    assert [doc.name for doc in PARAM_DOCS if PARAM_DOCS.count(doc) > 1] == []
    assert {doc.name for doc in PARAM_DOCS} == set(EppParams._fields)
    for doc in PARAM_DOCS:
        assert doc.description.endswith(".") and doc.group and doc.unit
        default = EppParams._field_defaults[doc.name]
        if isinstance(default, (int, Decimal)) and not isinstance(default, bool):
            assert doc.low is not None and doc.low <= default <= doc.high


@pytest.mark.parametrize(
    "changes, code, words",
    [
        ({"fill_factor": D("0.6")}, "PARAM_RANGE", ["fill_factor=0.6", "0.01..0.5", "e.g. fill_factor: 0.4"]),
        ({"fill_factor": D("NaN")}, "PARAM_RANGE", ["fill_factor=NaN"]),
        ({"fill_factor": 0.4}, "PARAM_TYPE", ["fill_factor=0.4 is float", "needs Decimal"]),
        ({"edge_hold_s": D(60)}, "PARAM_TYPE", ["needs int"]),
        ({"edge_hold_s": True}, "PARAM_TYPE", ["needs int"]),
        ({"max_order_quote": D(-5)}, "PARAM_RANGE", ["max_order_quote=-5"]),
        ({"edge_gate_enabled": "yes"}, "PARAM_TYPE", ["allowed true or false"]),
        ({"variant_mode": "on"}, "PARAM_CHOICE", ["live, paper_only, disabled, no_trade"]),
        ({"variant": "z"}, "PARAM_CHOICE", ["a, b, c, d"]),
        ({"leverage": 6}, "LEVERAGE_TOO_HIGH", ["leverage=6", "1..5"]),
        ({"min_net_edge_bps": D(7)}, "PARAM_ORDER", ["min_net_edge_bps=7", "edge_resume_bps=6"]),
        ({"derisk_until_pct": D("0.7")}, "PARAM_ORDER", ["derisk_until_pct=0.7"]),
        ({"regimes": PERP_REGIMES[:4]}, "PARAM_TABLE", ["4 rows, needs 5"]),
        ({"regimes": SPOT_REGIMES}, "PARAM_ORDER", ["regimes.up.target_base_pct=0.65", "max_base_pct=0.60"]),
        ({"max_active_executors": 4}, "PARAM_ORDER", ["max_active_executors=4"]),
        ({"edge_gate_enabled": False, "desk_mode": "live"}, "PARAM_LIVE", ["must be true"]),
    ],
)
def test_what_is_wrong_is_refused_with_value_range_and_example(changes, code, words):
    with pytest.raises(ParamsRefused) as refused:
        check_params(EppParams(**changes))
    text = str(refused.value)
    assert any(error.startswith(code) for error in refused.value.errors), text
    for word in words:
        assert word in text


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"spread_min_pct": D(0)}, "regimes.up.spread"),
        ({"spread_min_pct": D("0.01")}, "regimes.up.spread"),
        ({"spread_max_pct": D("0.5")}, "regimes.up.spread"),
        ({"levels_min": 0}, "regimes.up.levels"),
        ({"levels_max": 11}, "regimes.up.levels"),
        ({"refresh_s": 0}, "regimes.up.refresh_s"),
        ({"size_min_pct": D(0)}, "regimes.up.size"),
        ({"size_max_pct": D(2)}, "regimes.up.size"),
        ({"target_base_pct": D(9)}, "regimes.up.target_base_pct"),
        ({"one_sided": 2}, "regimes.up.one_sided"),
        ({"size_min_pct": 0.001}, "regimes.up has a number"),
    ],
)
def test_a_row_of_the_regime_table_is_refused_by_its_path(changes, words):
    table = (PERP_REGIMES[0], PERP_REGIMES[1]._replace(**changes), *PERP_REGIMES[2:])
    assert any(words in error for error in param_errors(EppParams(regimes=table)))


def test_everything_wrong_is_told_at_once():
    assert len(param_errors(EppParams(fill_factor=D(2), edge_hold_s=-1, variant="q"))) == 3
