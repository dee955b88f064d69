"""A series is the same whatever order its points come in."""

import random
from decimal import Decimal

from services.desk_api.history import Series


def put_all(points, window_ms=3_600_000):
    series = Series(window_ms)
    for ts_ms, value in points:
        series.put(ts_ms, value)
    return [(point.ts_ms, point.value) for point in series.points()]


def test_order_and_repetition_do_not_matter():
    points = [(1_000_000 + 300 * n, Decimal(n)) for n in range(2_000)]
    noisy = points + points[::7]
    random.Random(3).shuffle(noisy)
    assert put_all(noisy) == put_all(points)


def test_the_newest_value_of_a_second_is_kept():
    assert put_all([(1_000, Decimal(1)), (1_900, Decimal(3)), (1_400, Decimal(2))]) == [(1_900, Decimal(3))]


def test_what_is_older_than_the_window_goes():
    points = put_all([(n * 1_000, Decimal(n)) for n in range(10_000)], window_ms=60_000)
    assert points[-1][0] == 9_999_000
    assert 60 <= len(points) <= 60 + 66


def test_a_point_from_before_the_window_is_not_taken():
    assert put_all([(500_000, Decimal(1)), (1_000, Decimal(2))], window_ms=60_000) == [(500_000, Decimal(1))]


def test_points_since_a_moment():
    series = Series(60_000)
    for second in range(10):
        series.put(second * 1_000, Decimal(second))
    assert [point.value for point in series.points(since_ms=8_000)] == [8, 9]
