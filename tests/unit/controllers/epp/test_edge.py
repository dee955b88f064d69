from decimal import Decimal

import pytest

from controllers.epp import edge

D = Decimal
EPS = D("0.000000001")
MIN, RESUME, HOLD = D("0.0005"), D("0.0006"), 60_000


def step(is_open, bad_ts, now, net, required="0.0020", most="0.0045"):
    return edge.gate_step(is_open, bad_ts, now, D(net), D(required), D(most), MIN, RESUME, HOLD, EPS)


def test_drift_costs_its_share_up_to_the_cap():
    assert edge.drift_cost(D("0.0004"), D("0.5"), D("0.0008")) == D("0.0002")
    assert edge.drift_cost(D("0.0100"), D("0.5"), D("0.0008")) == D("0.0008")


def test_turnover_costs_nothing_up_to_the_cap_and_ten_basis_points_a_turn_above():
    assert edge.turnover_penalty(D(3), D(3), D("0.0010"), D(0)) == 0
    assert edge.turnover_penalty(D("3.5"), D(3), D("0.0010"), D(0)) == D("0.0005")


@pytest.mark.parametrize("rate", ["0.0001", "-0.0001"])
def test_funding_is_a_cost_whatever_its_sign(rate):
    assert edge.funding_cost(D(rate), 90, 28_800) == D("0.0001") * 90 / 28_800


def test_net_edge_is_what_the_fill_keeps_less_costs():
    costs = edge.total_costs(D("0.0002"), D("0.0001"), D("0.0002"), D("0.0001"), D("0.00005"))
    assert costs == D("0.00065")
    assert edge.net_edge(D("0.4"), D("0.0035"), costs) == D("0.00075")


@pytest.mark.parametrize(
    "is_open, bad_ts, now, net, required, expected",
    [
        # open
        (True, 0, 100_000, "0.0007", "0.0020", (True, 0, edge.GATE_OK)),
        (True, 0, 100_000, "0.0005", "0.0020", (True, 0, edge.GATE_OK)),  # exactly at the minimum stays open
        (True, 0, 100_000, "0.00049", "0.0020", (False, 100_000, edge.GATE_BELOW_MIN)),
        (True, 0, 100_000, "0.0007", "0.0046", (False, 100_000, edge.GATE_UNREACHABLE)),
        (True, 0, 100_000, "0.0007", "0.0045", (True, 0, edge.GATE_OK)),  # exactly the maximum is reachable
        # shut
        (False, 90_000, 100_000, "0.0007", "0.0020", (False, 90_000, edge.GATE_HOLDING)),
        (False, 40_000, 100_000, "0.0007", "0.0020", (True, 40_000, edge.GATE_OK)),
        (False, 40_000, 100_000, "0.0006", "0.0020", (False, 100_000, edge.GATE_BELOW_MIN)),  # at resume is not above
        (False, 40_000, 100_000, "0.00055", "0.0020", (False, 100_000, edge.GATE_BELOW_MIN)),
        (False, 40_000, 100_000, "0.0007", "0.0050", (False, 100_000, edge.GATE_UNREACHABLE)),
        (False, 0, 100_000, "0.0007", "0.0020", (True, 0, edge.GATE_OK)),  # the first look opens at once
    ],
)
def test_every_transition_of_the_gate(is_open, bad_ts, now, net, required, expected):
    assert step(is_open, bad_ts, now, net, required) == expected


def test_between_minimum_and_resume_the_gate_keeps_its_state():
    assert step(True, 0, 100_000, "0.00055")[0] is True
    assert step(False, 0, 100_000, "0.00055")[0] is False


def test_a_bad_look_during_the_hold_starts_the_hold_anew():
    is_open, bad_ts, _ = step(False, 0, 50_000, "0.0001")
    is_open, bad_ts, _ = step(is_open, bad_ts, 100_000, "0.0007")
    assert not is_open
    is_open, bad_ts, _ = step(is_open, bad_ts, 105_000, "0.0001")
    is_open, bad_ts, _ = step(is_open, bad_ts, 112_000, "0.0007")
    assert not is_open, "the hold counts from the last bad look"
    assert step(is_open, bad_ts, 165_000, "0.0007")[0] is True
