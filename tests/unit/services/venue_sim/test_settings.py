"""Bad settings are refused at start, with what is allowed."""

import pytest
from pydantic import ValidationError

from services.venue_sim.settings import VenueSimSettings


def test_the_defaults_are_good():
    settings = VenueSimSettings()
    assert settings.market == "lively"
    assert settings.starting_quote == 100_000


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("market", "sideways", "allowed: calm"),
        ("market", "replay:/nowhere.csv", "does not exist"),
        ("starting_quote", -1, "greater than 0"),
        ("pairs", "", "at least one pair"),
        ("pairs", "BTC-USDT,BTC-USDT", "each once"),
        ("speed", 60, "replay"),
        ("faults", "/nowhere.yml", "scenario file /nowhere.yml does not exist"),
        ("tick_ms", 0, "greater than or equal to 5"),
        ("paper_queue_participation", 1.5, "less than or equal to 1"),
        ("paper_partial_fill_ratio_max", 0.2, "paper_partial_fill_ratio_min=0.3, allowed: at most"),
        ("markt", "calm", "not permitted"),
    ],
)
def test_a_bad_value_is_refused_with_what_is_allowed(key, value, words):
    with pytest.raises(ValidationError, match=words):
        VenueSimSettings(**{key: value})


def test_pairs_may_be_given_as_one_text():
    assert VenueSimSettings(pairs="BTC-USDT, ETH-USDT").pairs == ("BTC-USDT", "ETH-USDT")


def test_the_paper_engine_is_on_where_the_other_side_is_a_recording(tmp_path):
    tape = tmp_path / "tape.csv"
    tape.write_text("timestamp,price,quantity,side\n")
    assert VenueSimSettings(market=f"replay:{tape}").is_paper
    assert not VenueSimSettings().is_paper
    assert VenueSimSettings(paper_engine="on").is_paper
    assert not VenueSimSettings(market=f"replay:{tape}", paper_engine="off").is_paper
