"""The floor under the bench: one HTTP exchange with a server that does nothing, at the same rate, in the same run.

A machine that sleeps between two orders wakes up slowly, and the same exchange back to back is several times as fast.
An order that goes through the door makes one such exchange more than one that goes straight to the venue.
"""

import argparse
import asyncio

import aiohttp
from aiohttp import web

from scripts.desk.bench_gateway_side import SLICE_S, at_rate
from services.common.clock import stopwatch_ns

_BODY = b'{"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginMode":"crossed","side":"buy","size":"0.001"}'


class Bare:
    """Everything measured against the server at ``url``."""

    def __init__(self, url: str) -> None:
        self.samples_ns: list[int] = []
        self._url = f"{url}/bare"

    async def slice(self, rate: int) -> None:
        async with aiohttp.ClientSession() as http:
            await self._exchange(http)  # the first one connects
            self.samples_ns.pop()
            await at_rate(rate * SLICE_S, rate, lambda: self._exchange(http))

    async def _exchange(self, http: aiohttp.ClientSession) -> None:
        started_ns = stopwatch_ns()
        async with http.post(self._url, data=_BODY, headers={"Content-Type": "application/json"}) as answer:
            await answer.read()
        self.samples_ns.append(stopwatch_ns() - started_ns)


async def _answer(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(body=b'{"code":"00000","data":{}}', content_type="application/json")


async def _serve(port: int) -> None:
    app = web.Application()
    app.router.add_post("/bare", _answer)
    app.router.add_get("/readyz", _answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    asyncio.run(_serve(parser.parse_known_args()[0].port))
