"""One way to the venue under load: direct, or through the gateway. Submits are timed, cancels are not."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from services.common import venue
from services.common.clock import SystemClock, stopwatch_ns
from services.common.secrets import KeyTriple
from services.dialects.bitget.client import BitgetUpstream, ClientSettings
from services.dialects.bitget.signing import Credentials

SYMBOL = "BTC-USDT"
SLICE_S = 1
ANSWER_WITHIN_MS = 60_000  # beyond what the machine does, orders queue: late is not lost
CONNECTIONS_MAX = 256


class Sample(NamedTuple):
    latency_ns: int
    outcome: str  # "placed", "refused", "lost"


class Side:
    """Everything measured on one way."""

    def __init__(self, name: str, url: str, key: KeyTriple) -> None:
        self.name = name
        self.samples: list[Sample] = []
        self.refusals: dict[str, int] = {}
        settings = ClientSettings(rest_url=url, connections_max=CONNECTIONS_MAX, request_timeout_ms=ANSWER_WITHIN_MS)
        self.client = BitgetUpstream(settings, _Deaf(), SystemClock())
        self._credentials = Credentials(key.api_key, key.secret, key.passphrase)
        self._sent = 0

    async def slice(self, rate: int, price: Decimal) -> None:
        """One second at the rate, whatever the answers do; then wait for them."""
        await at_rate(rate * SLICE_S, rate, lambda: self._one_order(price))

    def forget(self) -> None:
        self.samples.clear()
        self.refusals.clear()

    def quantiles(self) -> dict[str, Any]:
        """Of the orders that were placed: orders, p50_ms, p99_ms, max_ms."""
        return {"orders": len(self._placed_ns()), **quantiles_ms(self._placed_ns())}

    def count(self, outcome: str) -> int:
        return sum(sample.outcome == outcome for sample in self.samples)

    async def _one_order(self, price: Decimal) -> None:
        self._sent += 1
        request = venue.PlaceOrder(
            symbol=SYMBOL,
            client_order_id=f"bench.{self.name}.{self._sent}",
            side="buy",
            order_type="limit",
            time_in_force="gtc",
            qty_base=Decimal("0.001"),
            price=price - (self._sent % 500) / Decimal(10),
        )
        started_ns = stopwatch_ns()
        answer = await self.client.ask(request, self._credentials)
        latency_ns = stopwatch_ns() - started_ns
        if isinstance(answer, venue.Placed):
            self.samples.append(Sample(latency_ns, "placed"))
            cancel = venue.CancelOrder(symbol=SYMBOL, venue_order_id=answer.venue_order_id)
            await self.client.ask(cancel, self._credentials)
        elif isinstance(answer, venue.Refused):
            self.samples.append(Sample(latency_ns, "refused"))
            self.refusals[answer.code] = self.refusals.get(answer.code, 0) + 1
        else:
            self.samples.append(Sample(latency_ns, "lost"))

    def _placed_ns(self) -> list[int]:
        return [sample.latency_ns for sample in self.samples if sample.outcome == "placed"]


async def at_rate(times: int, rate: int, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Begin ``work`` so many times, ``rate`` a second, whatever becomes of it; then wait for all of it."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    tasks = []
    for number in range(times):
        delay_s = started + number / rate - loop.time()
        if delay_s > 0:
            await asyncio.sleep(delay_s)
        tasks.append(asyncio.create_task(work()))
    await asyncio.gather(*tasks)


def quantiles_ms(durations_ns: Sequence[int]) -> dict[str, float | None]:
    """p50_ms, p99_ms, max_ms; None where there is nothing."""
    ns = sorted(durations_ns)
    if not ns:
        return {"p50_ms": None, "p99_ms": None, "max_ms": None}
    return {
        "p50_ms": ms(ns[len(ns) // 2]),
        "p99_ms": ms(ns[min(len(ns) - 1, len(ns) * 99 // 100)]),
        "max_ms": ms(ns[-1]),
    }


def ms(ns: int) -> float:
    return round(ns / 1e6, 3)


class _Deaf:
    """The bench opens no sessions, so nobody tells it anything."""

    def on_push(self, account_id: str, push: venue.Push, received_ts_ms: int) -> None: ...
    def on_connected(self, account_id: str) -> None: ...
    def on_disconnected(self, account_id: str, reason: str) -> None: ...
    def on_heard(self, account_id: str, received_ts_ms: int) -> None: ...
    def on_event(self, account_id: str, event: object) -> None: ...
