"""A bot's configuration: one value per name, with its origin; what is wrong is refused with range and example."""

import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from services.bot.catalog import check_catalog, hash_of_bundle
from services.bot.config import resolve_bot, validate_file
from services.common.errors import ConfigError, ExitCode
from services.common.yaml_file import read_yaml

REPO = Path(__file__).resolve().parents[4]


@pytest.fixture
def data_dir(tmp_path):
    for name in ("bot0", "bot1", "bot2", "bot3", "catalog"):
        shutil.copytree(REPO / "data" / name, tmp_path / name)
    return tmp_path


def override(data_dir, text, bot="bot0"):
    path = data_dir / bot / "conf" / "controllers" / "epp_v2_4.yml"
    path.write_text(path.read_text().replace("overrides: {}\n", f"overrides:\n{text}"))
    return path


def change(path, old, new):
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    return path


def refusal(data_dir, bot="bot0", flags=()):
    with pytest.raises(ConfigError) as caught:
        resolve_bot(data_dir, bot, flags)
    assert caught.value.exit_code == ExitCode.CONFIG
    return caught.value.text


def test_each_value_knows_where_it_comes_from(data_dir):
    override(data_dir, "  max_base_pct: 0.5\n")
    bot = resolve_bot(data_dir, "bot0", ["daily_loss_pct_max=0.01"])
    assert bot.values["edge_gate_enabled"] == (False, "catalog/demo_tight.yml")
    assert bot.values["max_base_pct"] == (Decimal("0.5"), "bot0/conf/controllers/epp_v2_4.yml")
    assert bot.values["daily_loss_pct_max"] == (Decimal("0.01"), "flag")
    assert bot.values["ema_period"] == (50, "default")
    assert bot.values["variant_mode"] == ("live", "bot0/desk.yml")
    assert bot.params.max_base_pct == Decimal("0.5")
    assert bot.overridden == ("max_base_pct", "daily_loss_pct_max")


def test_all_regimes_are_set_at_once_and_one_differs(data_dir):
    bundle = data_dir / "catalog" / "demo_tight.yml"
    change(bundle, "  regimes:\n", "  regimes:\n    up: {refresh_s: 3}\n")
    change(bundle, "      refresh_s: 1\n", "      refresh_s: 2\n")
    bot = resolve_bot(data_dir, "bot0")
    assert [spec.refresh_s for spec in bot.params.regimes] == [2, 3, 2, 2, 2]


def test_a_flag_runs_another_bundle_of_the_catalogue(data_dir):
    bot = resolve_bot(data_dir, "bot0", ["bundle=epp_perp_default", "max_base_pct=0.5"])
    assert (bot.bundle.name, bot.params.edge_gate_enabled, bot.params.max_base_pct) == (
        "epp_perp_default", True, Decimal("0.5"),
    )  # fmt: skip
    assert "allowed: demo_tight" in refusal(data_dir, flags=["bundle=nothing"])


def test_the_hash_names_the_values_and_nothing_else(data_dir):
    before = resolve_bot(data_dir, "bot0").config_hash
    assert resolve_bot(data_dir, "bot0").config_hash == before
    change(data_dir / "bot0" / "desk.yml", "variant: a\n", "variant: a\nrearm_token: x\n")
    assert resolve_bot(data_dir, "bot0").config_hash == before
    override(data_dir, "  max_base_pct: 0.5\n")
    assert resolve_bot(data_dir, "bot0").config_hash != before


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("max_base_pc: 0.5", ("max_base_pc is not a name", "did you mean max_base_pct?")),
        ("max_base_pct: 60", ("out of range (a fraction: 0.05 is 5 %)", "0.01 to 5", "example: max_base_pct: 0.60")),
        ("max_base_pct: 60 %", ("carries a unit", "fraction")),
        ("min_net_edge_bps: 5 bps", ("carries a unit", "bps")),
        ("max_base_pct: -0.1", ("out of range", "allowed")),
        ("max_base_pct: lots", ("is not a number",)),
        ("ema_period: 50.5", ("is not a whole number", "example: ema_period: 50")),
        ("edge_gate_enabled: 1", ("is not true or false", "true | false")),
        ("regimes: {sideways: {refresh_s: 1}}", ("regimes.sideways is not a regime", "neutral_low_vol")),
        ("regimes: {all: {refresh: 1}}", ("regimes.all.refresh is not a name", "refresh_s")),
        ("regimes: {up: {size_min_pct: -1}}", ("regimes.up.size_min_pct=-1", "out of range")),
        ("min_net_edge_bps: 9", ("PARAM_ORDER", "min_net_edge_bps=9", "edge_resume_bps")),
    ],
)
def test_a_wrong_value_is_refused_with_path_value_range_and_example(data_dir, line, expected):
    change(data_dir / "catalog" / "epp_perp_no_trade.yml", "overridable: []", "overridable: [min_net_edge_bps]")
    path = override(data_dir, f"  {line}\n", bot="bot2")
    text = refusal(data_dir, "bot2")
    assert all(part in text for part in expected), text
    assert str(path) in text or "desk.yml" in text


def test_every_fault_is_told_at_once(data_dir):
    override(data_dir, "  max_base_pct: 60\n  ema_period: x\n")
    assert len(refusal(data_dir).splitlines()) == 2


def test_a_value_outside_the_envelope_of_its_bundle_is_refused(data_dir):
    override(data_dir, "  daily_loss_pct_max: 0.05\n")
    text = refusal(data_dir)
    assert "daily_loss_pct_max=0.05 is outside the envelope of bundle demo_tight" in text
    assert "to 0.02" in text


@pytest.mark.parametrize("bot", ["bot0", "bot1", "bot2", "bot3"])
def test_a_bot_that_sets_what_its_bundle_does_not_let_it_set_does_not_start(data_dir, bot):
    override(data_dir, "  fill_factor: 0.3\n", bot)
    with pytest.raises(ConfigError) as caught:
        resolve_bot(data_dir, bot)
    refused = caught.value
    assert (refused.code, refused.exit_code) == ("OVERRIDE_NOT_ALLOWED", ExitCode.CONFIG)
    bundle = read_yaml(data_dir / bot / "desk.yml")["bundle"]
    allowed = ", ".join(read_yaml(data_dir / "catalog" / f"{bundle}.yml")["overridable"]) or "nothing"
    assert refused.text == (
        f"{bot}/conf/controllers/epp_v2_4.yml: fill_factor=0.3, which bundle {bundle} does not let a bot set;"
        f" allowed: {allowed}"
    )
    assert "remove the line, or name it under overridable of" in refused.next_step


def test_a_bundle_that_sets_the_same_for_all_needs_no_grant(data_dir):
    change(data_dir / "catalog" / "demo_tight.yml", "params:\n", "params:\n  fill_factor: 0.3\n")
    assert resolve_bot(data_dir, "bot0").params.fill_factor == Decimal("0.3")


@pytest.mark.parametrize(("mode", "may_try"), [("sim", True), ("shadow", True), ("testnet", False), ("live", False)])
def test_a_flag_of_one_run_tries_any_value_only_where_nobodys_money_is_at_stake(data_dir, mode, may_try):
    change(data_dir / "bot1" / "desk.yml", "variant: a\n", f"variant: a\ndesk_mode: {mode}\n")
    assert resolve_bot(data_dir, "bot1", ["max_base_pct=0.5"]).params.max_base_pct == Decimal("0.5")
    if may_try:
        assert resolve_bot(data_dir, "bot1", ["fill_factor=0.3"]).params.fill_factor == Decimal("0.3")
    else:
        assert "flag: fill_factor=0.3" in refusal(data_dir, "bot1", ["fill_factor=0.3"])


def test_a_half_written_file_is_refused(data_dir):
    path = data_dir / "bot0" / "desk.yml"
    path.write_text(path.read_text().rstrip("\n")[:-3])
    with pytest.raises(ConfigError, match="E_CFG_HALF_WRITTEN"):
        resolve_bot(data_dir, "bot0")


def test_a_missing_key_is_refused_with_an_example(data_dir):
    change(data_dir / "bot0" / "desk.yml", "pair: BTC-USDT\n", "")
    assert "pair is missing; example: pair: BTC-USDT" in refusal(data_dir)


def test_an_unknown_bundle_names_those_there_are(data_dir):
    change(data_dir / "bot0" / "desk.yml", "bundle: demo_tight", "bundle: demo_tigth")
    assert "allowed: demo_tight, epp_paper_smoke" in refusal(data_dir)


def test_an_unknown_bot_names_those_there_are(data_dir):
    assert "bots here: bot0, bot1, bot2, bot3" in refusal(data_dir, "bot9")


def test_the_controller_file_must_be_the_bots_own(data_dir):
    path = data_dir / "bot0" / "conf" / "controllers" / "epp_v2_4.yml"
    change(path, "trading_pair: BTC-USDT", "trading_pair: ETH-USDT")
    assert "trading_pair='ETH-USDT', allowed: 'BTC-USDT'" in refusal(data_dir)


def test_f43_a_second_bot_made_by_copying_the_first_is_refused_for_its_controller_id(data_dir):
    shutil.copytree(data_dir / "bot0", data_dir / "bot9")
    assert "bot_id='bot0', allowed: the name of its directory" in refusal(data_dir, "bot9")
    change(data_dir / "bot9" / "desk.yml", "bot_id: bot0", "bot_id: bot9")
    assert "id='bot0', allowed: 'bot9'" in refusal(data_dir, "bot9")


def test_the_files_in_the_repository_are_right(data_dir):
    for bundle in (data_dir / "catalog").glob("*.yml"):
        assert validate_file(bundle) == "bundle"
    for bot in ("bot0", "bot1", "bot2", "bot3"):
        assert validate_file(data_dir / bot / "desk.yml") == "bot"
        assert validate_file(data_dir / bot / "conf" / "controllers" / "epp_v2_4.yml") == "controller"
    assert check_catalog(data_dir) == []


def test_the_catalogue_check_finds_an_override_nobody_approved(data_dir):
    override(data_dir, "  fill_factor: 0.3\n")
    [finding] = check_catalog(data_dir)
    assert (finding.kind, finding.where) == ("override", "bot0")
    assert "bot0/conf/controllers/epp_v2_4.yml: fill_factor=0.3" in finding.what
    assert "allowed: total_amount_quote, max_base_pct" in finding.what


def test_the_catalogue_check_finds_a_bundle_that_changed_since_it_was_pinned(data_dir):
    pinned = hash_of_bundle(resolve_bot(data_dir, "bot0").bundle)
    change(data_dir / "bot0" / "desk.yml", "variant: a\n", f"variant: a\nbundle_hash: {pinned}\n")
    assert check_catalog(data_dir) == []
    change(data_dir / "catalog" / "demo_tight.yml", "refresh_s: 1\n", "refresh_s: 2\n")
    [finding] = check_catalog(data_dir)
    assert finding.kind == "drift"


@pytest.mark.parametrize(
    ("break_it", "where"),
    [
        (lambda d: (d / "bot0/conf/scripts/bot0.yml").unlink(), "bot0/conf/scripts/bot0.yml"),
        (
            lambda d: change(d / "bot0/conf/scripts/bot0.yml", "epp_v2_4.yml", "epp_v9.yml"),
            "bot0/conf/scripts/bot0.yml",
        ),
        (lambda d: change(d / "bot2/desk.yml", "epp_perp_no_trade", "gone"), "bot2"),
        (lambda d: change(d / "catalog/demo_tight.yml", "[total_amount_quote,", "[total,"), "catalog/demo_tight.yml"),
    ],
)
def test_the_catalogue_check_finds_references_that_lead_nowhere(data_dir, break_it, where):
    break_it(data_dir)
    [finding] = check_catalog(data_dir)
    assert (finding.kind, finding.where) == ("reference", where)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("maturity: demo", "maturity: done", "allowed: demo, experimental, paper, candidate, approved"),
        ("version: 1", "version: 0", "allowed: 1, 2, 3"),
        ("name: demo_tight", "name: demo", "allowed: the name of the file"),
        ("strategy: epp_v2_4", "strategy: grid", "allowed: epp_v2_4"),
        ("label:", "lable:", "lable is not a key"),
        ("max_order_quote: {max: 1000}", "max_order_quote: 1000", "envelope.max_order_quote"),
        ("max_order_quote: {max: 1000}", "max_orders: {max: 1000}", "envelope.max_orders is not a name"),
    ],
)
def test_a_wrong_bundle_is_refused(data_dir, old, new, expected):
    path = change(data_dir / "catalog" / "demo_tight.yml", old, new)
    with pytest.raises(ConfigError) as caught:
        validate_file(path)
    assert expected in caught.value.text
