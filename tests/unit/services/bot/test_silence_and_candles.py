"""Small pure parts of the host: the watch for silence, candles, the loopback rule."""

from decimal import Decimal

import pytest

from services.bot.candles import decode_candles
from services.bot.loopback import require_loopback
from services.bot.silence import why_silent
from services.common.errors import ConfigError

NOW = 1_700_000_040_000


@pytest.mark.parametrize(
    ("book_age_ms", "plan_age_ms", "expected"),
    [(0, 0, None), (10_000, 10_000, None), (10_001, 0, "ORDER_BOOK_STALE"), (0, 10_001, "HEARTBEAT_LOST")],
)
def test_silence_of_the_market_or_of_the_strategy_is_noticed(book_age_ms, plan_age_ms, expected):
    reason = why_silent(
        now_ms=NOW, monotonic_ms=50_000, book_heard_ms=NOW - book_age_ms, last_plan_ms=50_000 - plan_age_ms,
        age_ms_max=10_000,
    )  # fmt: skip
    assert reason == expected


def test_only_minutes_that_are_over_warm_the_strategy_oldest_first():
    minute = NOW // 60_000 * 60_000
    rows = [
        [str(minute), "3", "3", "3", "3", "0", "0"],  # still running
        [str(minute - 60_000), "2", "2", "2", "2", "0", "0"],
        [str(minute - 120_000), "1", "1.5", "0.5", "1.25", "0", "0"],
        [str(minute - 180_000), "NaN", "1", "1", "1"],
        ["x"],
    ]
    candles = decode_candles(rows, NOW)
    assert [candle.ts_ms for candle in candles] == [minute - 120_000, minute - 60_000]
    assert candles[0][1:] == (Decimal(1), Decimal("1.5"), Decimal("0.5"), Decimal("1.25"))


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost:1", "http://[::1]:9"])
def test_a_gateway_on_this_machine_is_taken(url):
    assert require_loopback(url) == url


@pytest.mark.parametrize(
    "url", ["", "https://api.bitget.com", "http://10.0.0.1:80", "http://127.0.0.1.evil.example:80", "ftp://127.0.0.1"]
)
def test_any_other_gateway_is_refused(url):
    with pytest.raises(ConfigError, match="GATEWAY_NOT_LOOPBACK"):
        require_loopback(url)
