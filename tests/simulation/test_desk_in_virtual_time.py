"""Decisions, gateway and venue in one process: invariants hold under faults, runs repeat, planted bugs are found."""

import pytest

from scripts.simulate import planted
from scripts.simulate.campaign import report
from scripts.simulate.desk import MARKETS, DeskRun, quoting_params, simulate
from scripts.simulate.faults import CATALOGUE, Moment, Plan, names

ALL = names("all")
TEN_MINUTES_MS = 600_000


@pytest.mark.parametrize("seed", range(1, 13))
def test_no_invariant_breaks_under_the_faults_of_a_seed(seed):
    run = simulate(seed, faults=ALL, length_ms=TEN_MINUTES_MS)
    assert not run.violations, [violation.text() for violation in run.violations]
    assert run.orders > 0


def test_two_bots_share_the_limits_of_one_desk():
    run = simulate(5, faults=ALL, length_ms=TEN_MINUTES_MS, bots=2)
    assert not run.violations, [violation.text() for violation in run.violations]
    assert run.refusals.get("OPEN_ORDERS_LIMIT"), "the desk's limit was never reached"


def test_seeds_draw_one_or_two_bots_and_every_market():
    drawn = [DeskRun(seed, faults=(), length_ms=TEN_MINUTES_MS) for seed in range(1, 31)]
    assert {len(desk.bots) for desk in drawn} == {1, 2}
    assert {desk.market for desk in drawn} == set(MARKETS)


def test_the_speed_of_a_campaign_is_that_of_one_bot():
    runs = [simulate(seed, faults=(), length_ms=60_000, bots=bots) for seed, bots in ((1, 1), (2, 2))]
    alone = report(runs[:1], (), 1.0)
    both = report(runs, (), 1.0)
    assert both["runs_with_two_bots"] == 1
    assert (both["speedup"], both["speedup_cpu"]) == (alone["speedup"], alone["speedup_cpu"])
    assert both["virtual_hours"] > alone["virtual_hours"]


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


def test_a_shared_limit_that_is_not_counted_together_is_found():
    assert "I7" in found(1, faults=(), bots=2, make_gateway=planted.gateway_without_the_shared_limit)


def test_a_lost_fill_is_found():
    assert found(5, faults=(), market="lively", make_gateway=planted.LosesAFill) >= {"I2", "I3", "I8"}


def test_a_halt_that_nothing_follows_is_found():
    assert "I6" in found(1, faults=("halt",), make_gateway=planted.ObeysNoHalt)


def test_an_order_with_the_token_of_an_earlier_life_is_found():
    moments = [Moment("kill_bot", 60_000, 2_000)] + [
        Moment("old_leader", at_ms, 0) for at_ms in range(100_000, 200_000, 5_000)
    ]
    plan = Plan((), tuple(moments))
    assert "I4" in found(1, faults=(), plan=plan, make_gateway=planted.IgnoresTokens)
    assert not found(1, faults=(), plan=plan)
