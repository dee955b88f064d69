"""The exchange's instruments: the owner's file, else the built-in ones; a bad file is refused by its path."""

import pytest

from services.common.errors import ConfigError
from services.simulation.instruments import default_instruments
from services.venue_sim.listing import listed_instruments
from tests.tidy.sources import REPO

POLICY = REPO / "data" / "policies" / "instruments.yml"


def test_without_a_file_the_built_in_ones_are_listed(tmp_path):
    assert listed_instruments(tmp_path / "instruments.yml") == default_instruments()


def test_the_owners_file_is_listed():
    assert [one.rules.symbol for one in listed_instruments(POLICY)] == ["BTC-USDT", "ETH-USDT", "SOL-USDT"]


@pytest.mark.parametrize(
    ("old", "new"),
    [('tick_size: "0.1"', 'tick_size: "0"'), ("start_price:", "price:"), ("instruments:\n", "instruments: 3\nx:\n")],
)
def test_a_file_that_no_market_can_be_made_of_is_refused_by_its_path(tmp_path, old, new):
    path = tmp_path / "instruments.yml"
    text = POLICY.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(ConfigError) as refused:
        listed_instruments(path)
    assert refused.value.code == "E_CFG_INVALID" and str(path) in refused.value.text
