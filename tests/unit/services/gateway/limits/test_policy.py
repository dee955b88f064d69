import copy
from decimal import Decimal
from typing import Any

import pytest

from services.common.errors import ConfigError, ExitCode
from services.common.yaml_file import read_yaml
from services.gateway.limits.policy import load_policy, parse_policy
from services.gateway.limits.registry import LIMITS
from tests.fakes.gateway_desk import POLICY_PATH

TREE = read_yaml(POLICY_PATH)


def tree() -> dict[str, Any]:
    return copy.deepcopy(TREE)


def test_the_policy_of_the_repository_is_complete():
    policy = load_policy(POLICY_PATH)
    assert policy.limit("order_value_quote_max", "bot", "bot1") == Decimal(1000)
    assert policy.account.capital_quote == Decimal(100_000)


@pytest.mark.parametrize(
    ("scope", "name"), [(scope, limit.name) for limit in LIMITS for scope in limit.required_in], ids="-".join
)
def test_a_missing_limit_refuses_the_start_with_what_to_write(scope, name):  # RTS 6, article 8
    broken = tree()
    del broken["limits"][scope][name]
    with pytest.raises(ConfigError) as refused:
        parse_policy(broken, "limits.yml")
    assert refused.value.exit_code == ExitCode.CONFIG
    text = str(refused.value)
    assert f"limits.{scope}" in text
    assert name in text or not broken["limits"][scope]
    assert "e.g." in text or "expected" in text


@pytest.mark.parametrize(
    ("where", "value", "code"),
    [
        (("limits", "bot", "order_value_quote_max"), -1, "POLICY_OUT_OF_RANGE"),
        (("limits", "bot", "order_value_quote_max"), "many", "POLICY_BAD_VALUE"),
        (("limits", "bot", "order_value_quote_max"), True, "POLICY_BAD_VALUE"),
        (("limits", "bot", "order_value_quote_max"), "NaN", "POLICY_BAD_VALUE"),
        (("limits", "bot", "order_valu_max"), 1, "POLICY_UNKNOWN_KEY"),
        (("limits", "trader"), {"open_orders_max": 1}, "POLICY_UNKNOWN_SCOPE"),
        (("limits_", "bot"), 1, "POLICY_UNKNOWN_KEY"),
        (("account", "leverage"), 500, "POLICY_OUT_OF_RANGE"),
        (("account", "position_mode"), "hedge_mode", "POLICY_BAD_VALUE"),
        (("first_connect",), "perhaps", "POLICY_BAD_VALUE"),
        (("instruments", "BTC-USDT"), {"order_qty_base_max": 0}, "POLICY_OUT_OF_RANGE"),
        (("instruments",), {}, "POLICY_SECTION_MISSING"),
        (("overrides",), {"broker:x": {"open_orders_max": 1}}, "POLICY_UNKNOWN_SCOPE"),
    ],
)
def test_what_is_wrong_is_named_with_its_path_and_what_is_allowed(where, value, code):
    broken = tree()
    node = broken
    for key in where[:-1]:
        node = node.setdefault(key, {})
    node[where[-1]] = value
    with pytest.raises(ConfigError, match=code) as refused:
        parse_policy(broken, "limits.yml")
    assert "limits.yml" in str(refused.value)


def test_an_override_replaces_the_figure_of_its_member_only():
    changed = tree()
    changed["overrides"] = {"bot:bot2": {"order_value_quote_max": 500}}
    policy = parse_policy(changed)
    members = {"bot": "bot2", "account": "bot2", "venue": "bitget", "desk": "desk"}
    assert policy.tightest("order_value_quote_max", members) == Decimal(500)
    assert policy.tightest("order_value_quote_max", {**members, "bot": "bot1", "account": "bot1"}) == Decimal(1000)


def test_for_one_order_the_tightest_of_its_scopes_holds():
    changed = tree()
    changed["limits"]["desk"]["order_value_quote_max"] = 10
    members = {"bot": "bot1", "account": "bot1", "venue": "bitget", "desk": "desk"}
    assert parse_policy(changed).tightest("order_value_quote_max", members) == Decimal(10)


def test_decimals_stay_exact():
    changed = tree()
    changed["instruments"] = {"BTC-USDT": {"order_qty_base_max": "0.1"}}
    assert parse_policy(changed).instruments["BTC-USDT"].order_qty_base_max == Decimal("0.1")


@pytest.mark.parametrize(
    ("bots", "said"),
    [
        ({"bot2": {"instruments": ["DOGE-USDT"]}}, "POLICY_UNKNOWN_KEY"),
        ({"bot2": {"instruments": "ETH-USDT"}}, "POLICY_BAD_VALUE"),
        ({"bot2": ["ETH-USDT"]}, "POLICY_BAD_VALUE"),
        ({"bot2": {"instruments": ["ETH-USDT"], "leverage": 9}}, "POLICY_BAD_VALUE"),
        ({"bot2": {"modes": ["real"]}}, "POLICY_UNKNOWN_KEY"),
        ({"bot2": {"modes": "live"}}, "POLICY_BAD_VALUE"),
        ({"bot2": {}}, "POLICY_BAD_VALUE"),
    ],
)
def test_what_a_bot_is_given_must_be_pairs_of_the_policy_and_modes_of_the_desk(bots, said):
    changed = {**tree(), "bots": bots}
    with pytest.raises(ConfigError, match=said):
        parse_policy(changed)


def test_an_override_names_its_member_or_it_would_take_all_other_limits_of_the_scope_away():
    broken = tree()
    broken["overrides"] = {"bot": {"order_value_quote_max": 500}}
    with pytest.raises(ConfigError, match=r"overrides\.bot"):
        parse_policy(broken)


@pytest.mark.parametrize(
    ("name", "value"), [("orders_per_second", "0.5"), ("orders_per_second", "0"), ("cancel_reserve_pct", 1)]
)
def test_a_budget_of_the_venue_is_whole_and_a_share_is_one(name, value):
    broken = tree()
    broken["venue_budget"][name] = value
    with pytest.raises(ConfigError, match=f"venue_budget.{name}"):
        parse_policy(broken)


def test_a_maintenance_that_is_no_time_is_named():
    broken = tree()
    broken["maintenance"] = [{"start_ms": "tomorrow", "end_ms": 1_760_000_000_000}]
    with pytest.raises(ConfigError, match=r"maintenance\[0\]"):
        parse_policy(broken)
