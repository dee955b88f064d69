"""The floor of the bench measures what it says: exchanges with a real server, as many as the rate asks for."""

from aiohttp import web

from scripts.desk.bench_bare import Bare, _answer


async def test_a_second_at_a_rate_is_so_many_exchanges_and_the_connecting_one_is_not_counted():
    asked = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return await _answer(request)

    app = web.Application()
    app.router.add_post("/bare", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bare = Bare(f"http://127.0.0.1:{runner.addresses[0][1]}")
    await bare.slice(20)
    await runner.cleanup()
    assert len(asked) == 21
    assert len(bare.samples_ns) == 20 and min(bare.samples_ns) > 0
