"""Decisions, gateway and venue in one process: invariants hold under faults, runs repeat, planted bugs are found."""

import pytest

from scripts.simulate import planted
from scripts.simulate.desk import DeskRun, quoting_params, simulate
from scripts.simulate.faults import CATALOGUE, names

ALL = names("all")
TEN_MINUTES_MS = 600_000


@pytest.mark.parametrize("seed", range(1, 13))
def test_no_invariant_breaks_under_the_faults_of_a_seed(seed):
    run = simulate(seed, faults=ALL, length_ms=TEN_MINUTES_MS)
    assert not run.violations, [violation.text() for violation in run.violations]
    assert run.orders > 0


def test_two_bots_share_one_desk_without_meeting():
    run = simulate(5, faults=ALL, length_ms=TEN_MINUTES_MS, bots=2)
    assert not run.violations, [violation.text() for violation in run.violations]


def test_a_seed_repeats_bit_for_bit():
    first, second = (simulate(3, faults=ALL, length_ms=TEN_MINUTES_MS) for _ in range(2))
    assert first.digest == second.digest
    assert first.faults_injected == second.faults_injected


def test_every_fault_of_the_catalogue_is_injected_by_some_seed():
    drawn = set()
    for seed in range(1, 60):
        plan = DeskRun(seed, faults=ALL, length_ms=TEN_MINUTES_MS).weather.plan
        drawn |= {window.name for window in plan.windows} | {moment.name for moment in plan.moments}
    assert drawn == set(CATALOGUE)


def found(seed: int, **changes) -> set[str]:
    return {v.invariant for v in DeskRun(seed, length_ms=TEN_MINUTES_MS, **changes).run().violations}


def test_a_missing_limit_check_is_found():
    large = quoting_params()._replace(max_order_quote=2_000, total_amount_quote=0)
    large = large._replace(
        regimes=tuple(
            spec._replace(size_min_pct=spec.size_min_pct * 5, size_max_pct=spec.size_max_pct * 5)
            for spec in large.regimes
        )
    )
    assert "I7" in found(1, faults=(), params=large, make_gateway=planted.gateway_without_the_value_limit)
    assert not found(1, faults=(), params=large)


def test_a_fill_counted_twice_is_found():
    assert found(5, faults=(), market="lively", make_gateway=planted.CountsAFillTwice) & {"I2", "I3"}


def test_a_resend_on_timeout_is_found():
    assert "I9" in found(2, faults=("lose_reply", "lose_request"), make_gateway=planted.ResendsOnTimeout)


def test_a_stale_priced_resend_at_restart_is_found():
    assert "I9" in found(2, faults=("kill_gateway",), make_gateway=planted.ResendsAtRestart)


def test_a_level_quoted_twice_is_found():
    twice = {"faults": (), "make_bot": planted.QuotesALevelTwice}
    assert found(1, **twice, make_gateway=planted.gateway_without_the_level_limit) & {"I1", "I9"}
    assert not found(1, **twice), "the gateway lets no second order of a level through"
