"""The venue's limits per endpoint and caller."""

from services.dialects.bitget.endpoints import ENDPOINTS
from services.dialects.bitget.rate_limits import Ban, RateLimits

NOW_MS = 1_763_640_000_000
PLACE = "mix/order/place-order"  # ten a second


def test_within_the_limit_every_request_passes_and_the_next_one_waits_for_the_window():
    limits = RateLimits()
    assert [limits.take("bot1", PLACE, NOW_MS + n) for n in range(10)] == [None] * 10
    assert limits.take("bot1", PLACE, NOW_MS + 10) == 990
    assert limits.take("bot1", PLACE, NOW_MS + 1_000) is None


def test_accounts_and_endpoints_are_counted_apart():
    limits = RateLimits()
    for n in range(10):
        limits.take("bot1", PLACE, NOW_MS + n)
    assert limits.take("bot2", PLACE, NOW_MS + 10) is None
    assert limits.take("bot1", "mix/order/cancel-order", NOW_MS + 10) is None


def test_who_goes_on_regardless_is_banned_from_everything_for_a_while():
    limits = RateLimits(Ban(refusals=3, within_ms=1_000, for_ms=5_000))
    for n in range(13):
        limits.take("bot1", PLACE, NOW_MS + n)
    assert limits.take("bot1", "mix/order/detail", NOW_MS + 20) == 4_992
    assert limits.take("bot2", "mix/order/detail", NOW_MS + 20) is None
    assert limits.take("bot1", "mix/order/detail", NOW_MS + 5_012) is None


def test_every_endpoint_has_a_limit():
    assert all(endpoint.per_second >= 1 for endpoint in ENDPOINTS)
