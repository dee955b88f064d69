"""The floor under the bench: one exchange with a server that does nothing, at the same rate, in the same run.

Client and server are the desk's own short way, so this is what one more process on the way costs by itself. A machine
that sleeps between two orders finds its caches cold, and the same exchange back to back is several times as fast.
"""

import argparse
import asyncio

from aiohttp import web

from scripts.desk.bench_gateway_side import SLICE_S, at_rate
from services.common.clock import stopwatch_ns
from services.common.http_front import HttpFront, PlainReply, PlainRequest, ShortWay
from services.common.http_pool import HttpPool
from services.common.net import LOOPBACK
from services.common.worker import fast_loop

_BODY = '{"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginMode":"crossed","side":"buy","size":"0.001"}'
_WITHIN_MS = 60_000


class Bare:
    """Everything measured against the server at ``url``."""

    def __init__(self, url: str) -> None:
        self.samples_ns: list[int] = []
        self._pool = HttpPool(url)

    async def slice(self, rate: int) -> None:
        await self._exchange()  # the first one connects
        self.samples_ns.pop()
        await at_rate(rate * SLICE_S, rate, self._exchange)

    async def close(self) -> None:
        await self._pool.close()

    async def _exchange(self) -> None:
        started_ns = stopwatch_ns()
        await self._pool.exchange("POST", "/bare", {"Content-Type": "application/json"}, _BODY, _WITHIN_MS)
        self.samples_ns.append(stopwatch_ns() - started_ns)


async def answer(request: PlainRequest) -> PlainReply:
    return PlainReply(200, b'{"code":"00000","data":{}}')


async def start(port: int) -> tuple[HttpFront, int]:
    """Listens; 0 takes a free port."""
    runner = web.AppRunner(web.Application(), access_log=None)
    await runner.setup()
    assert runner.server is not None
    front = HttpFront(ShortWay("/", answer), runner.server)
    return front, await front.start(LOOPBACK, port)


async def _serve(port: int) -> None:
    await start(port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    with asyncio.Runner(loop_factory=fast_loop) as runner:
        runner.run(_serve(parser.parse_known_args()[0].port))
