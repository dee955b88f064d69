import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.common import files
from services.common.files import read_state
from services.gateway.latch_file import LatchFile
from services.gateway.messages import LatchEntry
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


@pytest.mark.parametrize("gateway_first", [True, False])
def test_gateway_and_kill_switch_write_the_file_at_one_time_and_neither_loses_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gateway_first: bool
) -> None:
    """Each reads, changes and writes: a halt written in between was undone by the one who had read before it."""
    (tmp_path / "gateway").mkdir()
    file = LatchFile(tmp_path / "gateway" / "latch.json")
    file.create_if_first(is_first_start=True)
    kill = GatewayLatch("", "token", tmp_path)

    def tighten() -> None:
        file.set("bot:bot1", LatchEntry("REDUCING", "RUNAWAY", "gateway", 1))

    def halt() -> None:
        kill._halt_by_file("desk", "MANUAL", 2, "no gateway url")

    first, second = (tighten, halt) if gateway_first else (halt, tighten)
    other = threading.Thread(target=second)
    write = files.write_state

    def while_the_other_comes(path: Path, payload: object) -> None:
        if threading.current_thread() is not other and not other.is_alive():
            other.start()
            other.join(0.1)
        write(path, payload)

    for module in ("services.gateway.latch_file", "services.kill_switch.latch"):
        monkeypatch.setattr(f"{module}.write_state", while_the_other_comes)
    first()
    other.join(2)
    assert set(LatchFile(file.path).read() or {}) == {"bot:bot1", "desk"}


def test_a_stopped_writer_does_not_keep_a_halt_from_being_written(tmp_path: Path) -> None:
    (tmp_path / "gateway").mkdir()
    path = tmp_path / "gateway" / "latch.json"
    with files.turn(path) as is_mine:
        assert is_mine
        assert GatewayLatch("", "token", tmp_path)._halt_by_file("desk", "MANUAL", 2, "")[0] == "file"
    assert LatchFile(path).read() == {"desk": LatchEntry("HALTED", "MANUAL", "kill_switch", 2)}
