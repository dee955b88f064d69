from decimal import Decimal
from pathlib import Path

import pytest

from services.common.errors import ConfigError
from services.common.service import ServiceContext
from services.common.settings import load_settings
from services.gateway.arming import CONFIRM_VARIABLE, bots_out_of_place, for_upstream, is_loopback, missing_conditions
from services.gateway.limits.policy import load_policy
from services.gateway.service import GatewayService
from services.gateway.settings import GatewaySettings
from tests.fakes.gateway_desk import POLICY_PATH
from tests.fakes.service_context import make_context

LIVE = [
    "venue_url=https://api.venue.example",
    "bots=bot1",
    "armed=true",
    "mode=live",
    "live_pairs=BTC-USDT",
    "live_order_value_quote_max=50",
    "unattended_policy=hold",
    "dead_man=watchdog",
    "watchdog_url=http://10.0.0.2:8400",
]


LOOPBACK = ["venue_url=http://127.0.0.1:1"]


def make_context_with_policies(run_dir: Path) -> ServiceContext:
    """The repository's policies, a run directory of its own."""
    context = make_context(run_dir)
    context.data_dir = POLICY_PATH.parents[1]
    return context


def make_context_with_modes(run_dir: Path, modes: list[str]) -> ServiceContext:
    """The repository's limits, and bot1 allowed to run in these modes."""
    context = make_context(run_dir)
    context.data_dir = run_dir / "data"
    path = context.data_dir / "policies" / "limits.yml"
    path.parent.mkdir(parents=True)
    named = f"bots:\n  bot1: {{modes: [{', '.join(modes)}]}}\n"
    path.write_text(f"{POLICY_PATH.read_text(encoding='utf-8')}\n{named}", encoding="utf-8")
    return context


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
    ]
    assert all("needed" in one.text() for one in missing)


@pytest.mark.parametrize("left_out", LIVE[2:], ids=lambda setting: setting.split("=")[0])
def test_each_condition_alone_keeps_it_from_arming(left_out):
    assert missing_conditions(settings(LIVE), {CONFIRM_VARIABLE: "1"}) == []
    without = missing_conditions(settings([s for s in LIVE if s != left_out]), {CONFIRM_VARIABLE: "1"})
    assert [one.condition for one in without] == [left_out.split("=")[0]]


@pytest.mark.parametrize(
    ("wrong", "condition"),
    [
        ("mode=sim", "mode"),
        ("mode=paper", "mode"),
        ("dead_man=native", "dead_man"),  # this venue has no such timer for these accounts
        ("watchdog_url=http://127.0.0.1:8400", "watchdog_url"),  # it would die with this machine
    ],
)
def test_a_condition_that_is_there_and_does_not_hold_is_missing(wrong, condition):
    missing = missing_conditions(settings([*LIVE, wrong]), {CONFIRM_VARIABLE: "1"})
    assert [one.condition for one in missing] == [condition]


async def test_a_gateway_that_may_not_arm_does_not_start(tmp_path):
    with pytest.raises(ConfigError) as refused:
        GatewayService(make_context(tmp_path), settings(LIVE))
    assert refused.value.code == "NOT_ARMED"
    assert "ALLOW_MAINNET_TRADE: found ''" in str(refused.value)
    assert not (tmp_path / "gateway").exists()


@pytest.mark.parametrize("value", ["", "true", "yes", "01", " 1"])
def test_the_confirmation_must_be_exactly_one(value):
    missing = missing_conditions(settings(LIVE), {CONFIRM_VARIABLE: value})
    assert CONFIRM_VARIABLE in [one.condition for one in missing]


@pytest.mark.parametrize(("mode", "is_demo"), [("testnet", True), ("live", False), ("sim", False)])
def test_on_the_test_network_every_request_says_that_it_is_one(tmp_path, mode, is_demo):
    """The venue has one address for both: without the header a test order is a real one."""
    context = make_context_with_modes(tmp_path, [mode])
    service = GatewayService(context, settings([*LIVE, *LOOPBACK, f"mode={mode}"]))
    assert service._venue_side._upstream._settings.demo_trading is is_demo


def test_armed_limits_are_the_narrower_ones():
    policy = for_upstream(load_policy(POLICY_PATH), settings(LIVE))
    assert list(policy.instruments) == ["BTC-USDT"]
    members = {"bot": "bot1", "account": "bot1", "venue": "bitget", "desk": "desk"}
    assert policy.tightest("order_value_quote_max", members) == Decimal(50)


@pytest.mark.parametrize("mode", ["testnet", "live"])
def test_ks_08_a_bot_whose_policy_does_not_name_an_exchange_keeps_the_gateway_from_starting(tmp_path, mode):
    wanted = settings([*LIVE, *LOOPBACK, f"mode={mode}"])
    with pytest.raises(ConfigError, match="BOT_MODE_NOT_ALLOWED") as refused:
        GatewayService(make_context_with_policies(tmp_path), wanted)
    assert f"mode={mode}; allowed for bot1: sim, paper, shadow" in str(refused.value)
    assert "bots.<bot>.modes" in str(refused.value)


def test_ks_08_a_bot_for_tests_only_does_not_run_in_paper(tmp_path):
    context = make_context_with_modes(tmp_path, ["sim"])
    with pytest.raises(ConfigError, match="BOT_MODE_NOT_ALLOWED"):
        GatewayService(context, settings([*LOOPBACK, "bots=bot1", "mode=paper"]))


def test_ks_08_every_bot_of_the_repository_may_run_where_money_is_not_real():
    policy = load_policy(POLICY_PATH)
    for mode in ("sim", "paper", "shadow"):
        assert bots_out_of_place(policy, settings([*LOOPBACK, "bots=bot0,bot1,bot2,bot3", f"mode={mode}"])) == []


@pytest.mark.parametrize(("mode", "persons"), [("live", 2), ("sim", 1), ("testnet", 1)])
def test_two_persons_loosen_in_live_and_one_elsewhere(tmp_path, mode, persons):
    context = make_context_with_modes(tmp_path, [mode])
    service = GatewayService(context, settings([*LIVE, *LOOPBACK, f"mode={mode}"]))
    assert service._admin._persons_to_loosen == persons


def test_a_named_figure_of_the_desk_does_not_lead_past_what_was_armed():
    settings = load_settings(GatewaySettings, service="gateway", data_dir=Path("/nowhere"), overrides=LIVE).settings
    policy = load_policy(POLICY_PATH)
    wide = {**policy.by_scope, "desk:desk": {"order_value_quote_max": Decimal(900)}}
    narrowed = for_upstream(policy._replace(by_scope=wide), settings)
    assert narrowed.limit("order_value_quote_max", "desk", "desk") == Decimal(50)
