"""One-minute history from the gateway, for the indicators of a cold start. A plain public REST call."""

import logging
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import aiohttp

from controllers.core.values import Candle
from services.common.ports import Clock

_log = logging.getLogger(__name__)

_PATH = "/api/v2/mix/market/candles"
_MINUTE_MS = 60_000


async def fetch_candles(
    gateway_url: str, trading_pair: str, clock: Clock, *, count: int = 240, within_s: float = 5.0
) -> tuple[Candle, ...]:
    """Minutes that are over, oldest first. Empty when the gateway has none or does not answer in time: the strategy
    then warms up by itself and says so."""
    params = {
        "symbol": trading_pair.replace("-", ""),
        "productType": "USDT-FUTURES",
        "granularity": "1m",
        "limit": str(count),
    }
    deadline_ms = clock.monotonic_ms() + int(within_s * 1000)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=within_s)) as session:
        while clock.monotonic_ms() < deadline_ms:
            try:
                async with session.get(gateway_url + _PATH, params=params) as answer:
                    body = await answer.json(content_type=None)
                    if answer.status == 200 and body.get("data"):
                        return decode_candles(body["data"], clock.now_ms())
                    _log.info("no candles yet: HTTP %s", answer.status)
            except (TimeoutError, aiohttp.ClientError, ValueError, AttributeError) as error:
                _log.info("no candles yet: %r", error)
            await clock.sleep_until(clock.monotonic_ms() + 300)
    _log.warning("WARMUP_INSUFFICIENT: the gateway gave no candles of %s within %.0f s", trading_pair, within_s)
    return ()


def decode_candles(rows: Sequence[Sequence[Any]], now_ms: int) -> tuple[Candle, ...]:
    """Rows of [ts, open, high, low, close, …]; the minute still running and rows that cannot be read are left out."""
    candles: dict[int, Candle] = {}
    for row in rows:
        try:
            candle = Candle(int(row[0]), *(Decimal(str(cell)) for cell in row[1:5]))
        except (ValueError, TypeError, IndexError, InvalidOperation):
            continue
        is_over = candle.ts_ms + _MINUTE_MS <= now_ms
        if is_over and all(price.is_finite() and price > 0 for price in candle[1:]):
            candles[candle.ts_ms] = candle
    return tuple(candles[ts_ms] for ts_ms in sorted(candles))
