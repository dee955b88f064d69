from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.common.files import read_state
from services.kill_switch.latch import GatewayLatch


class Gateway:
    def __init__(self) -> None:
        self.status = 200
        self.scopes: dict[str, dict[str, str]] = {}

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/desk/latch", self._post)
        app.router.add_get("/desk/latch", self._get)
        return app

    async def _post(self, request: web.Request) -> web.Response:
        assert request.headers["X-Hbot-Admin"] == "token"
        body = await request.json()
        if self.status == 200:
            self.scopes[body["scope"]] = {name: body[name] for name in ("state", "reason", "actor")}
        return web.json_response({}, status=self.status)

    async def _get(self, _request: web.Request) -> web.Response:
        return web.json_response({"readable": True, "scopes": self.scopes})


@pytest.fixture
async def gateway() -> AsyncIterator[tuple[Gateway, str]]:
    fake = Gateway()
    server = TestServer(fake.app())
    await server.start_server()
    yield fake, str(server.make_url("")).rstrip("/")
    await server.close()


async def test_a_gateway_that_answers_is_halted_by_http(gateway: tuple[Gateway, str], tmp_path: Path) -> None:
    fake, url = gateway
    latch = GatewayLatch(url, "token", tmp_path)
    assert (await latch.halt("bot:bot1", "MANUAL", 1))[0] == "http"
    expected = {"state": "HALTED", "reason": "MANUAL", "actor": "kill_switch"}
    assert fake.scopes == {"bot:bot1": expected}
    assert await latch.entry("bot:bot1") == expected
    assert await latch.entry("desk") is None


@pytest.mark.parametrize("status", [403, 500, 503])
async def test_a_gateway_that_refuses_is_halted_by_file(
    gateway: tuple[Gateway, str], tmp_path: Path, status: int
) -> None:
    fake, url = gateway
    fake.status = status
    (tmp_path / "gateway").mkdir()
    way, said = await GatewayLatch(url, "token", tmp_path).halt("desk", "MANUAL", 5)
    assert way == "file"
    assert f"status={status}" in said
    assert read_state(tmp_path / "gateway" / "latch.json")["desk"]["state"] == "HALTED"


async def test_a_dead_gateway_is_halted_by_file_and_other_scopes_stay(tmp_path: Path) -> None:
    (tmp_path / "gateway").mkdir()
    latch = GatewayLatch("http://127.0.0.1:1", "token", tmp_path)
    await latch.halt("bot:bot1", "MANUAL", 1)
    await latch.halt("bot:bot2", "MANUAL", 2)
    assert set(read_state(tmp_path / "gateway" / "latch.json")) == {"bot:bot1", "bot:bot2"}
    assert await latch.entry("bot:bot1") is None


async def test_where_neither_way_exists_it_says_so(tmp_path: Path) -> None:
    way, said = await GatewayLatch("", "token", tmp_path).halt("desk", "MANUAL", 1)
    assert way == ""
    assert "no gateway url" in said
