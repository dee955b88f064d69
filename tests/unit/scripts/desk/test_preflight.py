"""Bad input of `desk up` ends before anything is started, by the name the person gave it."""

import shutil
from pathlib import Path

import pytest

from scripts.desk.places import REPO
from scripts.desk.preflight import refuse_bad_input
from scripts.desk.supervisor.plan import UpOptions
from services.common.errors import ConfigError


@pytest.fixture
def data_dir(tmp_path):
    shutil.copytree(REPO / "data", tmp_path / "data", ignore=shutil.ignore_patterns("run"))
    return tmp_path / "data"


def refusal(data_dir, **options) -> ConfigError:
    with pytest.raises(ConfigError) as refused:
        refuse_bad_input(UpOptions(**{"bots": ("bot0",), "data_dir": data_dir, "run_dir": data_dir / "run"} | options))
    return refused.value


def change(path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_what_the_repository_holds_is_taken(data_dir):
    overrides = ("gateway.hunt_ms=1000", "bot0.max_base_pct=0.5", "bot.stop_wait_s=3", "venue_sim.tick_ms=50")
    options = UpOptions(bots=("bot0", "bot1"), data_dir=data_dir, run_dir=data_dir / "run", overrides=overrides)
    refuse_bad_input(options)


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("x", "it is not <service>"),
        ("nope.x=1", "no process is called 'nope'"),
        ("gateway.hunt=1", "hunt='1' is not a setting; did you mean hunt_ms"),
        ("gateway.hunt_ms=1", "hunt_ms=1"),
        ("bot0.max_base_pct=60", "max_base_pct=60"),
        ("bot.nobody=1", "nobody"),
        ("bot0.stop_wait_s=-1", "stop_wait_s=-1"),
    ],
)
def test_a_setting_for_this_run_is_checked_like_one_in_a_file(data_dir, override, says):
    assert says in refusal(data_dir, overrides=(override,)).text


def test_a_variable_of_the_environment_is_checked_too(data_dir, monkeypatch):
    monkeypatch.setenv("HBOT_GATEWAY_HUNT_MS", "-5")
    assert "env:HBOT_GATEWAY_HUNT_MS: hunt_ms=-5" in refusal(data_dir).text


def test_a_pair_that_the_exchange_does_not_list_names_the_file_and_the_listed_ones(data_dir):
    for name in ("desk.yml", "conf/controllers/epp_v2_4.yml"):
        change(data_dir / "bot0" / name, "BTC-USDT", "DOGE-USDT")
    told = refusal(data_dir)
    assert told.code == "PAIR_UNKNOWN"
    assert "bot0/desk.yml: pair=DOGE-USDT, the simulated exchange lists BTC-USDT" in told.text


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('tick_size: "0.1"', 'tick_size: "-0.1"', "instruments.BTC-USDT: tick_size -0.1"),
        ('tick_size: "0.1"', 'tick_size: "cheap"', "tick_size"),
        ('start_price: "60000.0"', 'start_price: "-1"', "start_price -1, allowed: above 0"),
        ("instruments:", "instrument:", "'instruments' is missing"),
    ],
)
def test_an_instrument_that_cannot_be_traded_is_refused_with_its_file(data_dir, old, new, says):
    path = data_dir / "policies" / "instruments.yml"
    change(path, old, new)
    told = refusal(data_dir)
    assert told.code == "E_CFG_INVALID" and str(path) in told.text and says in told.text


def test_a_policy_that_nobody_reads_is_a_mistyped_name(data_dir):
    (data_dir / "policies" / "gatway.yml").write_text("hunt_ms: 1000\n")
    told = refusal(data_dir)
    assert told.code == "POLICY_UNKNOWN" and "gatway.yml" in told.text and "gateway" in told.text


def test_a_data_directory_without_limits_is_refused(data_dir):
    (data_dir / "policies" / "limits.yml").unlink()
    assert "limits.yml is missing" in refusal(data_dir).text


def test_a_run_directory_that_cannot_be_made_is_refused(data_dir):
    told = refusal(data_dir, run_dir=Path("/proc/nothing/here"))
    assert told.code == "RUN_DIR_UNUSABLE" and "--run-dir /proc/nothing/here cannot be made or written" in told.text


def test_a_seed_out_of_range_is_refused(data_dir):
    assert "seed=-1" in refusal(data_dir, seed=-1).text


@pytest.mark.parametrize(
    ("flag", "url"),
    [
        ("redis_url", "nonsense"),
        ("redis_url", "http://127.0.0.1"),
        ("redis_url", "redis://h:x"),
        ("postgres_url", "foo"),
    ],
)
def test_a_server_address_that_is_none_is_refused_by_its_flag(data_dir, flag, url):
    told = refusal(data_dir, **{flag: url})
    assert told.code == "URL_INVALID"
    assert told.text.startswith(f"--{flag.replace('_', '-')} {url}: ")


def test_a_server_address_in_its_form_is_taken(data_dir):
    urls = {"redis_url": "unix:///tmp/redis.sock", "postgres_url": "postgresql://desk@127.0.0.1/desk"}
    refuse_bad_input(UpOptions(bots=("bot0",), data_dir=data_dir, run_dir=data_dir / "run", **urls))
