"""The run report opens from a file, draws its charts, asks nobody and does not complain."""

import time

import pytest

from scripts.analysis.run_report import render
from services.contracts.codec import encode
from tests.fakes.desk_events import TalkingDesk

pytestmark = pytest.mark.browser

START_MS = 1_763_640_000_000


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_it_draws_every_bot_and_asks_nobody(browser, tmp_path, scheme):
    directory = tmp_path / "events"
    directory.mkdir()
    day = time.strftime("%Y%m%d", time.gmtime(START_MS / 1000))
    events = TalkingDesk(START_MS, bots=("bot1", "bot2")).hour(600)
    (directory / f"events_{day}.jsonl").write_bytes(b"".join(encode(event) + b"\n" for event in events))
    url = render(tmp_path, tmp_path).as_uri()

    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    requests, complaints = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(url)
    page.wait_for_function("() => document.documentElement.dataset.drawn === '2'")
    assert page.locator(".plot canvas").count() >= 6
    assert requests == [url]
    assert complaints == []
    context.close()
