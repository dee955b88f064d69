"""Staleness by two clocks: what is old never looks new, whichever clock is wrong."""

from decimal import Decimal

import pytest

from services.desk_api.readings import Now, Reading, Stamp, age_ms, as_json, first_fresh, is_stale, younger

NOW = Now(wall_ms=1_000_000, mono_ms=50_000)


def reading(value, stamp, max_age_ms=5_000):
    return Reading(value, "USDT", "bot.bot1 bot_status.v1", stamp, max_age_ms)


@pytest.mark.parametrize(
    "why, stamp, expected_ms",
    [
        ("just heard", Stamp(1_000_000, 50_000), 0),
        ("heard 3 s ago", Stamp(997_000, 47_000), 3_000),
        ("old already when it was heard", Stamp(940_000, 50_000), 60_000),
        ("its source's clock is an hour ahead, heard 7 s ago", Stamp(4_600_000, 43_000), 7_000),
        ("our wall clock was set back by a minute since it was heard 9 s ago", Stamp(1_051_000, 41_000), 9_000),
        ("our wall clock was set forward: it looks older, which is the safe side", Stamp(400_000, 49_000), 600_000),
    ],
)
def test_the_older_of_two_ages_counts(why, stamp, expected_ms):
    assert age_ms(stamp, NOW) == expected_ms


def test_a_number_is_stale_beyond_its_limit_and_not_at_it():
    assert not is_stale(Stamp(995_000, 45_000), 5_000, NOW)
    assert is_stale(Stamp(994_999, 45_000), 5_000, NOW)


def test_a_number_that_no_source_has_said_is_stale():
    assert is_stale(None, 5_000, NOW)
    shown = as_json(reading(None, None), NOW)
    assert (shown["value"], shown["age_ms"], shown["stale"]) == (None, None, True)


def test_the_preferred_source_gives_way_only_when_it_is_stale():
    fresh, other = reading(Decimal(1), Stamp(999_000, 49_000)), reading(Decimal(2), Stamp(1_000_000, 50_000))
    assert first_fresh([fresh, other], NOW) is fresh
    stale = reading(Decimal(3), Stamp(980_000, 30_000))
    assert first_fresh([stale, other], NOW) is other


def test_when_every_source_is_stale_the_youngest_is_shown_with_its_age():
    older, younger_one = reading(Decimal(1), Stamp(900_000, 0)), reading(Decimal(2), Stamp(980_000, 30_000))
    assert first_fresh([older, younger_one], NOW) is younger_one


def test_a_fact_stands_while_its_source_goes_on_speaking():
    fact, heartbeat = Stamp(100_000, 1_000), Stamp(999_000, 49_000)
    assert younger(fact, heartbeat, NOW) == heartbeat
    assert younger(fact, None, NOW) == fact
    assert younger(None, None, NOW) is None


def test_a_stamp_from_the_future_does_not_hold_off_later_words_of_the_source():
    from_the_future, honest = Stamp(4_600_000, 43_000), Stamp(999_500, 49_500)
    assert younger(from_the_future, honest, NOW) == honest


def test_small_amounts_are_written_without_an_exponent():
    assert as_json(reading(Decimal("1E-8"), Stamp(1_000_000, 50_000)), NOW)["value"] == "0.00000001"
