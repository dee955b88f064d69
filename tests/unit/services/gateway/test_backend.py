"""Nothing that moves money exists behind the door: every path of the venue's API list is tried."""

import json
import re
from types import SimpleNamespace

import ccxt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from services.common import venue
from services.common.clock import SystemClock
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.common.secrets import KeyTriple
from services.contracts import events as e
from services.dialects.bitget.endpoints import BY_ROUTE
from services.dialects.bitget.server import DialectServer
from services.dialects.bitget.signing import Credentials, rest_headers
from services.gateway import messages as m
from services.gateway.backend import BotFront
from services.gateway.metrics import GatewayMetrics

KEY = KeyTriple("key-of-bot1", "secret", "passphrase")
MONEY = re.compile("withdraw|transfer|sub-?account|deposit|borrow|convert|redeem|loan", re.IGNORECASE)


def public_api_list() -> list[tuple[str, str]]:
    """(method, path) of everything the ccxt client knows of this venue, old versions included."""
    found: list[tuple[str, str]] = []

    def walk(node: object, method: str) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                if key in ("get", "post", "put", "delete"):
                    walk_paths(value, key.upper())
                else:
                    walk(value, method)

    def walk_paths(paths: object, method: str) -> None:
        for path in paths:
            found.append((method, "/api/" + str(path).lstrip("/")))

    walk(ccxt.bitget().describe()["api"], "")
    return sorted(set(found))


class Engine:
    """Answers nothing, remembers what was published."""

    is_running = True

    def __init__(self) -> None:
        self.published: list[tuple[type, str, dict]] = []
        self.gateway = SimpleNamespace(state=None)
        self.asked: list[object] = []
        self.fed: list[object] = []

    def feed(self, message: object) -> None:
        self.fed.append(message)

    def publish(self, kind: type, bot_id: str, **fields: object) -> None:
        self.published.append((kind, bot_id, fields))

    async def request(self, bot_id: str, request: object, claims: object) -> object:

        self.asked.append(request)
        return venue.Refused(code="DOOR_SHUT", text="DOOR_SHUT: test")


@pytest.fixture
async def door():
    clock = SystemClock()
    front = BotFront({"bot1": KEY}, clock=clock, log=get_logger("test"), metrics=GatewayMetrics(Metrics()))
    front.engine = Engine()  # type: ignore[assignment]
    app = web.Application()
    DialectServer(front).add_to(app)
    async with TestClient(TestServer(app)) as client:

        async def call(method: str, path: str) -> tuple[int, dict]:
            body = "{}" if method == "POST" else ""
            headers = rest_headers(Credentials(*KEY), method, path, body, clock.now_ms())
            async with client.request(method, path, headers=headers, data=body or None) as answer:
                return answer.status, json.loads(await answer.read())

        yield call, front.engine


async def test_no_path_that_moves_money_exists_and_each_try_is_an_alarm(door):
    call, engine = door
    money = [(method, path) for method, path in public_api_list() if MONEY.search(path)]
    assert len(money) > 100, "the list lost its withdrawals"
    for method, path in money:
        status, body = await call(method, path)
        assert status == 404, path
        assert body["msg"].startswith("NOT_IN_DIALECT"), path
    alarmed = {fields["theirs"].split()[1] for kind, _, fields in engine.published if kind is e.BreakV1}
    assert alarmed == {path for _, path in money}
    assert all(bot_id == "bot1" for _, bot_id, _ in engine.published)
    assert len({fields["break_id"] for _, _, fields in engine.published}) == len(engine.published)
    assert engine.asked == []


async def test_every_act_of_the_list_that_does_not_exist_here_is_an_alarm_whatever_it_is_called(door):
    call, engine = door
    acts = [(method, path) for method, path in public_api_list() if method != "GET"]
    unknown = {path for method, path in acts if (method, path) not in BY_ROUTE}
    assert len(unknown) > 150
    for method, path in acts:
        await call(method, path)
    assert {fields["theirs"].split()[1] for kind, _, fields in engine.published if kind is e.BreakV1} == unknown


async def test_a_look_at_something_that_does_not_exist_here_is_no_alarm(door):
    call, engine = door
    assert (await call("GET", "/api/v2/spot/market/tickers"))[0] == 404
    assert engine.published == []


async def test_everything_else_of_the_list_is_either_known_or_refused_without_reaching_the_venue(door):
    call, _ = door
    outcomes: dict[str, int] = {}
    for method, path in public_api_list():
        if MONEY.search(path):
            continue
        status, body = await call(method, path)
        kind = body["msg"].split(":")[0]
        outcomes[kind] = outcomes.get(kind, 0) + 1
        assert status in (200, 400, 404, 503), (method, path, body)
        assert kind != "success" or method == "GET", (method, path)  # lists that are empty by nature
    assert outcomes["NOT_IN_DIALECT"] > 200
    assert 5 < outcomes["DOOR_SHUT"] < 60, outcomes


async def test_the_same_forbidden_path_alarms_once_a_minute(door):
    call, engine = door
    for _ in range(5):
        await call("POST", "/api/v2/spot/wallet/withdrawal")
    assert len(engine.published) == 1


def front_of(engine: Engine | None) -> BotFront:
    front = BotFront({"bot1": KEY}, clock=SystemClock(), log=get_logger("test"), metrics=GatewayMetrics(Metrics()))
    if engine is not None:
        front.engine = engine  # type: ignore[assignment]
    return front


def session(number: int) -> SimpleNamespace:
    return SimpleNamespace(account_id="bot1", session_id=number)


def test_a_session_that_was_open_before_the_engine_was_there_counts_once_it_is():
    """Bots come back the moment the port is open; the journal is still being read."""
    front, engine = front_of(None), Engine()
    front.on_private_opened(session(1))
    front.on_private_opened(session(2))
    front.on_private_closed(session(2), "gone")
    front.engine = engine  # type: ignore[assignment]
    assert engine.fed == [m.BotSession("bot1", "opened")]


def test_a_second_login_on_one_socket_is_not_a_second_session():
    """Closed once and opened twice, a bot would never be gone again."""
    engine = Engine()
    front = front_of(engine)
    front.on_private_opened(session(1))
    front.on_private_opened(session(1))
    front.on_private_closed(session(1), "gone")
    assert [fed.what for fed in engine.fed] == ["opened", "closed"]


def test_a_bot_is_silent_when_the_last_of_its_living_sessions_is():
    """A dead socket that nobody has closed must not lock out the bot that came back on another."""
    engine = Engine()
    front = front_of(engine)
    front.on_private_opened(session(1))
    front.on_private_opened(session(2))
    front.on_private_silent(session(1), 3_000)
    assert [fed.what for fed in engine.fed] == ["opened", "opened"]
    front.on_private_silent(session(2), 3_000)
    front.on_private_heard(session(2), 4_000)
    assert [fed.what for fed in engine.fed[2:]] == ["silent", "heard"]
    front.on_private_closed(session(2), "gone")
    assert [fed.what for fed in engine.fed[4:]] == ["closed", "silent"], "the other one is dead"
