from decimal import Decimal

import pytest

from services.common.settings import load_settings
from services.gateway.arming import CONFIRM_VARIABLE, for_upstream, is_loopback, missing_conditions
from services.gateway.limits.policy import load_policy
from services.gateway.settings import GatewaySettings
from tests.fakes.gateway_desk import POLICY_PATH

LIVE = [
    "venue_url=https://api.venue.example",
    "bots=bot1",
    "armed=true",
    "mode=live",
    "live_pairs=BTC-USDT",
    "live_order_value_quote_max=50",
    "unattended_policy=hold",
    "dead_man=watchdog",
]


def settings(overrides: list[str]) -> GatewaySettings:
    return load_settings(GatewaySettings, service="gateway", overrides=overrides, environ={}).settings


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8100", True),
        ("http://127.9.9.9", True),
        ("http://localhost:1", True),
        ("http://[::1]:8100", True),
        ("https://api.bitget.com", False),
        ("http://127.0.0.1.evil.example", False),
        ("http://10.0.0.1", False),
        ("http://localhost.example", False),
    ],
)
def test_only_this_machine_is_this_machine(url, expected):
    assert is_loopback(url) is expected


def test_a_venue_on_this_machine_needs_nothing():
    assert missing_conditions(settings(["venue_url=http://127.0.0.1:1", "bots=bot1"]), {}) == []


def test_every_missing_condition_is_named_at_once():
    missing = missing_conditions(settings(LIVE[:2]), {})
    assert [one.condition for one in missing] == [
        "armed",
        "mode",
        CONFIRM_VARIABLE,
        "live_pairs",
        "live_order_value_quote_max",
        "unattended_policy",
        "dead_man",
        "key_rights",
    ]
    assert all("needed" in one.text() for one in missing)


@pytest.mark.parametrize("left_out", LIVE[2:], ids=lambda setting: setting.split("=")[0])
def test_each_condition_alone_keeps_it_from_arming(left_out):
    complete = {one.condition for one in missing_conditions(settings(LIVE), {CONFIRM_VARIABLE: "1"})}
    without = missing_conditions(settings([s for s in LIVE if s != left_out]), {CONFIRM_VARIABLE: "1"})
    assert {one.condition for one in without} - complete == {left_out.split("=")[0]}


@pytest.mark.parametrize("value", ["", "true", "yes", "01", " 1"])
def test_the_confirmation_must_be_exactly_one(value):
    missing = missing_conditions(settings(LIVE), {CONFIRM_VARIABLE: value})
    assert CONFIRM_VARIABLE in [one.condition for one in missing]


def test_a_key_whose_rights_cannot_be_read_is_refused_whatever_else_is_there():
    missing = missing_conditions(settings(LIVE), {CONFIRM_VARIABLE: "1"})
    assert [one.condition for one in missing] == ["key_rights"]


def test_armed_limits_are_the_narrower_ones():
    policy = for_upstream(load_policy(POLICY_PATH), settings(LIVE))
    assert list(policy.instruments) == ["BTC-USDT"]
    members = {"bot": "bot1", "account": "bot1", "venue": "bitget", "desk": "desk"}
    assert policy.tightest("order_value_quote_max", members) == Decimal(50)
