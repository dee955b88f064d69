"""The page as a process of its own on a real Redis: shows the hour after a restart, survives kill -9, stops in time."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import redis

from services.common.addresses import Addresses, DeskProcess, ProcessAddress, write_addresses
from services.common.embedded.redis_server import RedisServer
from services.common.net import free_port
from services.contracts.codec import encode
from services.contracts.streams import BY_KIND
from tests.e2e.venue_process import VenueProcess
from tests.fakes.desk_events import TalkingDesk

pytestmark = pytest.mark.e2e

REPO = Path(__file__).resolve().parents[2]


class PageProcess:
    def __init__(self, run_dir, redis_url):
        self.run_dir = run_dir
        self.redis_url = redis_url
        self.port = 0
        self.process = None

    def start(self):
        command = [sys.executable, "-m", "services.desk_api", "--run-dir", str(self.run_dir)]
        command += ["--data-dir", str(self.run_dir / "data"), "--port", str(self.port), "--redis-url", self.redis_url]
        self.process = subprocess.Popen(command, cwd=REPO)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"http://127.0.0.1:{self.port}/readyz").status_code == 200:
                    return
            assert self.process.poll() is None, f"the page ended with {self.process.returncode}"
            time.sleep(0.05)
        raise AssertionError("the page was not ready within 30 s")

    def board(self):
        return httpx.get(f"http://127.0.0.1:{self.port}/api/board").json()

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(5)


@pytest.fixture
def bus(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("p")
    server = RedisServer(run_dir)
    server.start()
    yield run_dir, server
    server.stop()


@pytest.fixture
def page(bus):
    run_dir, server = bus
    made = PageProcess(run_dir, server.url)
    made.port = free_port()
    yield made
    made.kill()


def publish(server, events):
    client = redis.Redis(unix_socket_path=str(server.socket_path))
    pipe = client.pipeline(transaction=False)
    for event in events:
        pipe.xadd(BY_KIND[type(event)].name, {b"e": encode(event)})
    pipe.execute()
    client.close()


def eventually(check, within_s=10):
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if found := check():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {within_s} s: {check.__doc__ or check}")


def wall_ms():
    return int(time.time() * 1000)


def test_the_page_follows_the_bus_and_shows_the_past_after_kill_9(bus, page):
    _, server = bus
    desk = TalkingDesk(wall_ms() - 300_000)
    publish(server, desk.hour(300))
    page.start()
    before = page.board()["bots"][0]
    assert before["readings"]["guard"]["value"] == "RUNNING"
    assert before["fill_counts"]["gateway"] > 0
    history = httpx.get(f"http://127.0.0.1:{page.port}/api/history", params={"bot": "bot1"}).json()
    assert len(history["mid"]) == 300

    page.kill()
    missed = desk.hour(20)
    publish(server, missed)
    page.start()
    again = page.board()
    assert again["bots"][0]["fill_counts"]["gateway"] == desk.counts["bot1"]["fills"]
    assert again["desk"]["gaps"] == 0
    publish(server, desk.hour(5))
    live = eventually(
        lambda: page.board()["bots"][0]["readings"]["fills"]["value"] == str(desk.counts["bot1"]["fills"])
    )
    assert live
    assert page.board()["desk"]["gaps"] == 0


def test_the_past_comes_from_the_store_when_the_bus_lost_its_memory(bus, page):
    run_dir, _ = bus
    events = TalkingDesk(wall_ms() - 120_000).hour(120)
    day = time.strftime("%Y%m%d", time.gmtime())
    (run_dir / "events").mkdir()
    (run_dir / "events" / f"events_{day}.jsonl").write_bytes(b"".join(encode(event) + b"\n" for event in events))
    page.start()
    history = httpx.get(f"http://127.0.0.1:{page.port}/api/history", params={"bot": "bot1"}).json()
    assert len(history["mid"]) == 120
    assert page.board()["desk"]["events"] >= len(events)


def test_numbers_of_a_desk_that_stopped_an_hour_ago_are_an_hour_old(bus, page):
    _, server = bus
    publish(server, TalkingDesk(wall_ms() - 3_660_000).hour(60))
    page.start()
    guard = page.board()["bots"][0]["readings"]["guard"]
    assert guard["stale"] is True
    assert guard["age_ms"] >= 3_590_000


def test_the_page_says_that_it_is_blind_when_redis_dies_and_recovers(bus, page):
    _, server = bus
    page.start()
    server.stop()
    blind = eventually(lambda: page.board()["desk"]["bus_blind_ms"] > 0)
    assert blind
    assert httpx.get(f"http://127.0.0.1:{page.port}/healthz").status_code == 200
    server.start()
    eventually(lambda: page.board()["desk"]["bus_blind_ms"] == 0, within_s=15)


def test_sigterm_ends_it_with_0_though_a_browser_holds_a_stream(page):
    page.start()
    with httpx.stream("GET", f"http://127.0.0.1:{page.port}/api/stream", timeout=20) as stream:
        lines = stream.iter_lines()
        next(lines)
        started = time.monotonic()
        page.process.send_signal(signal.SIGTERM)
        assert page.process.wait(10) == 0
        assert time.monotonic() - started < 10


def test_a_taken_port_is_refused_with_its_number(bus, page):
    page.start()
    run_dir, server = bus
    command = [sys.executable, "-m", "services.desk_api", "--run-dir", str(run_dir / "other")]
    command += ["--port", str(page.port), "--redis-url", server.url]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "PORT_TAKEN" in done.stderr and str(page.port) in done.stderr


def test_a_fault_set_on_the_page_strikes_the_venue_and_is_ended_there(bus, page):
    run_dir, _ = bus
    with VenueProcess(run_dir, "--market", "calm") as venue:
        address = ProcessAddress(pid=os.getpid(), url=venue.url, state="ready")
        desk = DeskProcess(pid=os.getpid(), started_ms=wall_ms())
        write_addresses(run_dir, Addresses(desk=desk, processes={"venue_sim": address}))
        page.start()
        faults = eventually(lambda: (f := page.board()["faults"])["why_not"] == "" and f)
        url = f"http://127.0.0.1:{page.port}/api/faults"
        assert httpx.post(url, json={"switch": "429_storm", "on": True}).json()["code"] == "PAGE_TOKEN"
        assert venue.admin("/sim/faults")["rules"] == []

        own = {"x-hbot-page": faults["token"], "origin": f"http://127.0.0.1:{page.port}"}
        said = httpx.post(url, json={"switch": "429_storm", "on": True, "for_ms": 60_000}, headers=own)
        assert (said.status_code, said.json()["code"]) == (200, "DONE")
        assert httpx.get(f"{venue.url}/api/v2/public/time").status_code == 429
        eventually(lambda: [s["name"] for s in page.board()["faults"]["switches"] if s["on"]] == ["429_storm"])
        eventually(lambda: any(i["code"] == "SET_FAULT" for i in page.board()["incidents"]))

        httpx.post(url, json={"switch": "429_storm", "on": False}, headers=own)
        assert httpx.get(f"{venue.url}/api/v2/public/time").status_code == 200
