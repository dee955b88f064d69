"""Debian's chromium, driven headless by playwright. Without it these tests skip and say what to install."""

import shutil
from collections.abc import Iterator

import pytest

from tests.fakes.desk_events import TalkingDesk
from tests.fakes.page_server import HeldClock, PageServer

START_MS = 1_763_640_000_000
# As root in a closed network: no sandbox, and none of the look-ups a browser makes on its own account.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium_path() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture
def browser() -> Iterator[object]:
    """One per test: playwright keeps its event loop running in this thread, where asynchronous tests need their own."""
    path = chromium_path()
    if path is None:
        pytest.skip("no chromium on this machine: apt-get install -y chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is in requirements/dev.txt")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture
def world() -> Iterator["World"]:
    made = World()
    yield made
    made.server.stop()


class World:
    """A page server and a desk whose words it shows. Time runs, and jumps when the desk is silent."""

    def __init__(self, minutes: int = 10) -> None:
        self.desk = TalkingDesk(START_MS, bots=("bot1", "bot2"))
        self.clock = HeldClock(START_MS + minutes * 60_000)
        self.server = PageServer(self.clock)
        self.server.say(self.desk.hour(minutes * 60))
        self.clock.running = True
        self.server.start()

    def sync(self) -> None:
        """What the desk says next, it says now."""
        self.desk.now_ms = self.clock.now_ms()

    def silence(self, ms: int) -> None:
        """Time goes on and nobody speaks."""
        self.clock.advance(ms)

    def speak(self, seconds: int = 1) -> None:
        """Time goes on and the desk speaks."""
        for _ in range(seconds):
            self.sync()
            self.clock.advance(1_000)
            self.server.say(self.desk.second())
