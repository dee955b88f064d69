"""The routes: only GET, only for this machine, strict headers, a stream that ends when asked."""

import asyncio
import json

import httpx
import pytest

from services.desk_api.assets import CHART_PATH, CHART_VERSION, chart_library, load_assets
from services.desk_api.logic import Board, BoardLimits
from services.desk_api.pages import BoardPages
from services.desk_api.readings import Now
from services.desk_api.web import STREAMS_MAX, create_app, host_name
from tests.fakes.desk_events import TalkingDesk
from tests.fakes.page_server import HeldClock, RecordingHand

START_MS = 1_700_000_000_000


class Page:
    def __init__(self):
        self.desk = TalkingDesk(START_MS)
        self.clock = HeldClock(START_MS)
        self.board = Board(BoardLimits())
        self.stopping = asyncio.Event()
        self.problem = ""
        pages = BoardPages(
            self.board,
            clock=self.clock,
            life="life-1",
            version="1.2.3",
            period_ms=100,
            blind_ms=lambda: 0,
            problem=lambda: self.problem,
            metrics=lambda: (b"hbot_up 1\n", "text/plain"),
            token="the-token",
        )
        self.open_streams = 0
        self.hand = RecordingHand()
        self.app = create_app(
            pages,
            assets=load_assets(),
            version="1.2.3",
            period_ms=20,
            stopping=self.stopping,
            streams_open=lambda count: setattr(self, "open_streams", count),
            hand=self.hand,
            token="the-token",
        )

    def run(self, seconds):
        for event in self.desk.hour(seconds):
            self.board.apply(event, Now(event.ts_ms, event.ts_ms - START_MS + 1_000))
        self.clock.advance(seconds * 1_000)

    def client(self, base_url="http://127.0.0.1:8000"):
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=base_url)


@pytest.fixture
async def page():
    return Page()


async def test_the_board_carries_source_age_and_limit_of_every_number(page):
    page.run(30)
    async with page.client() as client:
        board = (await client.get("/api/board")).json()
    readings = board["bots"][0]["readings"]
    assert readings["mid"]["unit"] == "USDT"
    for name, reading in readings.items():
        assert set(reading) == {"value", "unit", "source", "ts_ms", "age_ms", "max_age_ms", "stale"}, name
        if reading["value"] is not None:
            assert reading["source"] and reading["age_ms"] is not None, name


async def test_numbers_grow_old_on_the_server_when_nothing_is_heard(page):
    page.run(30)
    page.clock.advance(14_000)
    async with page.client() as client:
        board = (await client.get("/api/board")).json()
    equity = board["bots"][0]["readings"]["equity"]
    assert (equity["stale"], equity["age_ms"]) == (True, 14_000)


async def test_the_last_hour_is_given_for_one_bot(page):
    page.run(90)
    async with page.client() as client:
        found = await client.get("/api/history", params={"bot": "bot1"})
        missing = await client.get("/api/history", params={"bot": "nobody"})
    assert len(found.json()["mid"]) == 90
    assert missing.status_code == 404


async def test_health_has_status_version_and_time(page):
    async with page.client() as client:
        health = (await client.get("/api/health")).json()
        assert health == {"status": "ok", "version": "1.2.3", "ts": "2023-11-14T22:13:20.000Z"}
        page.problem = "bus out of reach for 9000 ms"
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/api/health")).json()["status"] == "bus out of reach for 9000 ms"
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/metrics")).text == "hbot_up 1\n"


@pytest.mark.parametrize("path", ["/", "/api/board", "/static/board.js", "/healthz", "/no/such/page"])
async def test_a_foreign_host_name_is_refused_everywhere(page, path):
    async with page.client("http://desk.attacker.example:8000") as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (421, "HOST_REFUSED")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:9000", "localhost:8000", "[::1]:8000", "LOCALHOST"])
async def test_this_machine_by_any_of_its_names_and_ports_is_served(page, host):
    async with page.client() as client:
        assert (await client.get("/", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host", ["", "127.0.0.1.nip.io", "localhost.evil.example", "127.0.0.2", "0.0.0.0", "[::2]:8000"]
)
def test_names_that_only_look_like_this_machine_do_not_pass(host):
    assert host_name(host) not in ("127.0.0.1", "localhost", "[::1]")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/api/board", "/api/control", "/static/board.js"])
async def test_nothing_but_reading_is_possible(page, method, path):
    async with page.client() as client:
        answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (405, "READ_ONLY")


async def test_another_site_may_not_read_through_the_browser(page):
    async with page.client() as client:
        for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
            answer = await client.get("/api/board", headers={"sec-fetch-site": site})
            assert answer.status_code == status, site


async def test_every_answer_has_a_strict_content_policy(page):
    async with page.client() as client:
        for path in ("/", "/api/board", "/static/board.js", "/nowhere"):
            headers = (await client.get(path)).headers
            policy = headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; script-src 'self';"), path
            assert "unsafe" not in policy and "http" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-store"


async def test_the_page_names_no_address_but_its_own_and_the_notice(page):
    for name, asset in load_assets().items():
        if name == CHART_PATH:
            continue
        text = asset.body.decode().replace("http://www.w3.org/2000/svg", "").replace("https://www.tradingview.com/", "")
        assert "http://" not in text and "https://" not in text, name


async def test_the_page_has_no_inline_script_or_style(page):
    async with page.client() as client:
        html = (await client.get("/")).text
    assert "<script>" not in html and "style=" not in html and "onclick" not in html
    assert "TradingView Lightweight Charts" in html and "https://www.tradingview.com/" in html


def test_the_chart_library_is_the_reviewed_build():
    assert f"TradingView Lightweight Charts™ v{CHART_VERSION}".encode() in chart_library()[:400]


async def test_a_stream_gives_frames_and_ends_when_the_service_stops(page):
    page.run(5)

    async def read():
        async with page.client() as client, client.stream("GET", "/api/stream") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            return "".join([chunk async for chunk in answer.aiter_text()])

    reading = asyncio.create_task(read())
    await asyncio.sleep(0.1)
    assert page.open_streams == 1
    page.stopping.set()
    text = await asyncio.wait_for(reading, 5)
    blocks = [block for block in text.split("\n\n") if block.startswith("event: board")]
    assert len(blocks) >= 2
    assert json.loads(blocks[0].split("data: ", 1)[1])["life"] == "life-1"
    assert "event: stopping" in text
    assert page.open_streams == 0


async def test_only_so_many_streams_are_served(page):
    async def read():
        async with page.client() as client, client.stream("GET", "/api/stream") as answer:
            return answer.status_code, [chunk async for chunk in answer.aiter_bytes()]

    reading = [asyncio.create_task(read()) for _ in range(STREAMS_MAX)]
    await asyncio.sleep(0.2)
    async with page.client() as client:
        refused = await client.get("/api/stream")
    assert (refused.status_code, refused.json()["code"]) == (503, "TOO_MANY_STREAMS")
    page.stopping.set()
    assert {status for status, _ in await asyncio.wait_for(asyncio.gather(*reading), 10)} == {200}


# --------------------------------------------------------------------------------------------- the two routes that act

FREEZE = {"switch": "freeze_feed", "on": True, "for_ms": 20_000}
OWN = {"x-hbot-page": "the-token", "origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}


async def test_the_page_itself_may_set_and_end_faults_and_kill_a_bot(page):
    async with page.client() as client:
        said = await client.post("/api/faults", json=FREEZE, headers=OWN)
        assert (said.status_code, said.json()["text"]) == (200, "freeze_feed set")
        await client.post("/api/faults", json={"switch": "freeze_feed", "on": False}, headers=OWN)
        await client.post("/api/kill-bot", json={"bot": "bot1"}, headers=OWN)
    assert page.hand.asked == [("freeze_feed", True, 20_000), ("freeze_feed", False, None), ("kill_bot", "bot1")]


@pytest.mark.parametrize("path", ["/api/faults", "/api/kill-bot"])
@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"x-hbot-page": ""}, 403, "PAGE_TOKEN"),
        ({"x-hbot-page": "of-an-earlier-life"}, 403, "PAGE_TOKEN"),
        ({"origin": "https://attacker.example"}, 403, "CROSS_SITE"),
        ({"origin": "null"}, 403, "CROSS_SITE"),
        ({"origin": "http://127.0.0.1:9000"}, 403, "CROSS_SITE"),
        ({"sec-fetch-site": "cross-site"}, 403, "CROSS_SITE"),
        ({"sec-fetch-site": "none"}, 403, "CROSS_SITE"),
        ({"host": "desk.attacker.example"}, 421, "HOST_REFUSED"),
        ({"content-type": "text/plain"}, 415, "NOT_JSON"),
    ],
    ids=str,
)
async def test_nobody_but_the_page_may_act(page, path, changed, status, code):
    async with page.client() as client:
        headers = {**OWN, "content-type": "application/json", **changed}
        answer = await client.post(path, content=b'{"switch": "freeze_feed", "on": true}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert page.hand.asked == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b'{"switch": "freeze_feed"}', 400),
        (b'{"switch": "freeze_feed", "on": true, "for_ms": 5}', 400),
        (b'{"switch": "freeze_feed", "on": true, "price": 1}', 400),
        (b"x" * 2_000, 413),
    ],
)
async def test_a_body_that_is_none_is_refused(page, body, status):
    async with page.client() as client:
        headers = {**OWN, "content-type": "application/json"}
        assert (await client.post("/api/faults", content=body, headers=headers)).status_code == status
    assert page.hand.asked == []


async def test_the_token_is_in_the_frame_and_in_no_other_answer(page):
    async with page.client() as client:
        assert (await client.get("/api/board")).json()["faults"]["token"] == "the-token"
        for path in ("/", "/api/health", "/static/board.js"):
            assert "the-token" not in (await client.get(path)).text
