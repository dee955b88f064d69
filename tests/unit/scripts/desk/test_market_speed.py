"""A replay plays faster than the clock; the gateway's limits over a period have to know."""

import pytest

from scripts.desk.up import _market_speed


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
    tape = tmp_path / "tape.csv"
    tape.write_text(header + "\n")
    assert _market_speed(f"replay:{tape}", speed) == told


def test_a_preset_market_plays_at_the_speed_of_the_clock():
    assert _market_speed("lively", None) == ()
