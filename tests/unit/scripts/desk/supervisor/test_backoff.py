import pytest

from scripts.desk.supervisor.backoff import LONGEST_S, deaths_in_a_row, restart_delay_s


@pytest.mark.parametrize(("deaths", "delay_s"), [(1, 0.5), (2, 1), (3, 2), (4, 4), (7, 30), (100, 30)])
def test_each_death_in_a_row_doubles_the_wait_up_to_the_longest(deaths, delay_s):
    assert restart_delay_s(deaths) == delay_s <= LONGEST_S


def test_a_long_life_is_forgiven():
    assert deaths_in_a_row(5, lived_s=61) == 1
    assert deaths_in_a_row(5, lived_s=3) == 6
