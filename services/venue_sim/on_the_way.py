"""How long things travel to and from the simulated exchange, in real time: the library's distributions, waited for.

Requests reach the exchange in the order of their arrival, not of sending. Pushes of one kind about one account or pair
never overtake each other; those that a fault delays may be overtaken.
"""

import asyncio
from collections.abc import Callable

from services.common import venue
from services.simulation.latency import Latency, LatencySettings
from services.simulation.rng import Streams


class OnTheWay:
    """Without a latency nothing is drawn and nothing waits."""

    def __init__(self, settings: LatencySettings, seed: int) -> None:
        self._latency = Latency(settings, Streams(seed)) if settings != LatencySettings() else None
        self._last_s: dict[tuple[str, str], float] = {}  # when the last push of a stream arrives, by the loop's clock

    async def arrive(self, request: venue.Request) -> None:
        """From the sender to the exchange."""
        if self._latency is not None:
            await asyncio.sleep(self._latency.request_ms(request) / 1000)

    async def return_home(self) -> None:
        """From the exchange back to the sender."""
        if self._latency is not None:
            await asyncio.sleep(self._latency.answer_ms() / 1000)

    def send(self, push: venue.Push, deliver: Callable[[venue.Push], None], fault_delay_ms: int = 0) -> None:
        """Deliver after the push has travelled, and after ``fault_delay_ms`` more."""
        if self._latency is None:
            if fault_delay_ms:
                asyncio.get_running_loop().call_later(fault_delay_ms / 1000, deliver, push)
            else:
                deliver(push)
            return
        loop = asyncio.get_running_loop()
        at_s = loop.time() + self._latency.push_ms(push) / 1000
        if not fault_delay_ms:
            stream = _stream(push)
            at_s = self._last_s[stream] = max(
                at_s, self._last_s.get(stream, 0.0) + 1e-6
            )  # the loop breaks ties as it likes
        loop.call_at(at_s + fault_delay_ms / 1000, deliver, push)


def _stream(push: venue.Push) -> tuple[str, str]:
    match push:
        case venue.BookPush(book=book):
            return "book", book.symbol
        case venue.TickerPush(ticker=ticker):
            return "ticker", ticker.symbol
        case venue.TradesPush(trades=trades):
            return "trades", trades[0].symbol if trades else ""
        case _:
            return "private", push.account_id  # orders, positions and balance of an account keep their order
