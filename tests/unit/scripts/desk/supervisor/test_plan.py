import sys
from pathlib import Path

import pytest

from scripts.desk.supervisor.plan import Stage, UpOptions, overrides_by_service, process_names, process_plans
from services.common.errors import ConfigError, ExitCode

OPTIONS = UpOptions(bots=("bot1", "bot2"), data_dir=Path("/d"), run_dir=Path("/d/run"), market="calm", seed=7)


def plans(options: UpOptions = OPTIONS):
    ports = {name: 40_000 + index for index, name in enumerate(process_names(options))}
    return {plan.name: plan for plan in process_plans(options, ports, "unix:///r.sock")}


def test_every_named_process_has_a_plan_and_a_port():
    assert set(plans()) == set(process_names(OPTIONS)) == {
        "venue_sim", "gateway", "bot.bot1", "bot.bot2", "event_store", "kill_switch", "desk_api",
    }  # fmt: skip


def test_bots_stop_before_the_gateway_the_gateway_before_the_venue_and_the_store_after_both():
    stages = {name: plan.stage for name, plan in plans().items()}
    assert (
        stages["bot.bot1"]
        < stages["gateway"]
        < stages["kill_switch"]
        < stages["venue_sim"]
        < stages["event_store"]
        < stages["desk_api"]
    )
    assert min(Stage) == Stage.BOT


def test_the_market_flags_go_to_the_venue_alone():
    found = plans()
    argv = found["venue_sim"].argv
    assert argv[:3] == (sys.executable, "-m", "services.venue_sim")
    assert argv[argv.index("--market") + 1] == "calm"
    assert argv[argv.index("--seed") + 1] == "7"
    assert "--market" not in found["gateway"].argv


def test_a_bot_knows_the_gateway_and_never_the_venue():
    found = plans()
    argv = found["bot.bot1"].argv
    assert argv[argv.index("--gateway-url") + 1] == found["gateway"].url
    assert found["venue_sim"].url not in argv


def test_without_the_page_there_is_no_desk_api():
    assert "desk_api" not in plans(OPTIONS._replace(page=False))


def test_an_override_reaches_its_process_only():
    found = plans(OPTIONS._replace(overrides=("gateway.open_orders_max=5", "bot2.tick_ms=500")))
    assert found["gateway"].argv[-2:] == ("--set", "open_orders_max=5")
    assert found["bot.bot2"].argv[-2:] == ("--set", "tick_ms=500")
    assert "--set" not in found["bot.bot1"].argv


def test_bot_as_head_means_every_bot():
    assert overrides_by_service(("bot.tick_ms=500",), ("bot1", "bot2")) == {
        "bot.bot1": ["tick_ms=500"],
        "bot.bot2": ["tick_ms=500"],
    }


@pytest.mark.parametrize("override", ["gateway", "gateway.x", "gateway.=5", "nobody.x=5", "=5"])
def test_an_override_nobody_can_take_is_refused_with_an_example(override):
    with pytest.raises(ConfigError) as refused:
        overrides_by_service((override,), ("bot1",))
    assert refused.value.exit_code == ExitCode.CONFIG
    assert override in refused.value.text
    assert refused.value.next_step.startswith("desk up --set ")
