"""What --market and --speed mean, and what they refuse before anything is started."""

import pytest

from scripts.desk.market import market_of, market_speed, speed_of
from services.common.errors import ConfigError


@pytest.mark.parametrize(
    ("header", "speed", "told"),
    [
        ("timestamp,open,high,low,close,volume", None, ("gateway.market_speed=60",)),
        ("timestamp,open,high,low,close,volume", "10", ("gateway.market_speed=10",)),
        ("timestamp,price,amount,side", None, ("gateway.market_speed=1",)),
        ("not,a,tape", None, ()),
    ],
)
def test_the_gateway_is_told_how_fast_a_replay_plays(tmp_path, header, speed, told):
    """A replay plays faster than the clock; the gateway's limits over a period have to know."""
    tape = tmp_path / "tape.csv"
    tape.write_text(header + "\n")
    assert market_speed(f"replay:{tape}", speed) == told


def test_a_preset_market_plays_at_the_speed_of_the_clock():
    assert market_speed("lively", None) == ()


@pytest.mark.parametrize(("market", "says"), [("garbage", "MARKET_INVALID"), ("replay:/no/file.csv", "does not exist")])
def test_a_market_that_is_none_is_refused_with_what_is_allowed(market, says):
    with pytest.raises(ConfigError, match=says):
        market_of(market)


def test_a_replay_of_nothing_says_that_it_names_a_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"REPLAY_MISSING: --market replay:: .* is a directory, not a tape"):
        market_of("replay:")


@pytest.mark.parametrize(("text", "speed"), [("60", "60"), ("60x", "60"), ("0.5", "0.5"), ("3600", "3600")])
def test_a_speed_may_be_written_as_people_write_it(text, speed):
    assert speed_of(text, "replay:x.csv") == speed


@pytest.mark.parametrize("text", ["0", "-1", "abc", "nan", "inf", "3601", "x"])
def test_a_speed_out_of_range_is_refused_by_the_name_of_the_flag(text):
    with pytest.raises(ConfigError, match=f"SPEED_INVALID: --speed {text}; allowed: above 0 to 3600"):
        speed_of(text, "replay:x.csv")


def test_a_preset_market_has_no_speed():
    with pytest.raises(ConfigError, match="only a replay has a speed"):
        speed_of("10", "lively")
