"""One self-contained page per run, from the files alone."""

import re
import time

import pytest

from scripts.analysis.run_report import render
from services.common.addresses import Addresses, DeskProcess, write_addresses
from services.common.errors import NotFound
from services.contracts import events as e
from services.contracts.codec import encode
from tests.fakes.desk_events import TalkingDesk

START_MS = 1_763_640_000_000


def store(run_dir, events):
    directory = run_dir / "events"
    directory.mkdir(parents=True, exist_ok=True)
    day = time.strftime("%Y%m%d", time.gmtime(START_MS / 1000))
    (directory / f"events_{day}.jsonl").write_bytes(b"".join(encode(event) + b"\n" for event in events))


@pytest.fixture
def desk():
    return TalkingDesk(START_MS, bots=("bot1", "bot2"))


def test_the_page_has_summary_charts_edge_events_and_integrity(tmp_path, desk):
    store(tmp_path, desk.hour(600))
    path = render(tmp_path, tmp_path)
    assert path == tmp_path / "reports" / "run.html"
    text = path.read_text()
    for heading in ("Summary", "bot1 · BTC-USDT", "bot2 · ETH-USDT", "Edge, bps of a fill", "Events and integrity"):
        assert heading in text
    assert "integrity PASS" in text
    assert f">{desk.counts['bot1']['submits']}<" in text
    assert "TradingView Lightweight Charts™" in text


def test_it_needs_nothing_but_itself(tmp_path, desk):
    store(tmp_path, desk.hour(60))
    text = render(tmp_path, tmp_path).read_text()
    assert re.findall(r"(?:src|href)\s*=\s*[\"'](?!#)([^\"']*)", text) == ["https://www.tradingview.com/"]
    assert "default-src 'none'" in text


def test_a_missing_event_is_said(tmp_path, desk):
    events = desk.hour(60)
    lost = next(event for event in events if isinstance(event, e.FillV1 | e.OrderV1) and event.seq == 5)
    store(tmp_path, [event for event in events if event is not lost])
    text = render(tmp_path, tmp_path).read_text()
    assert "integrity FAIL" in text
    assert "1 missing" in text


def test_only_the_newest_run_is_told(tmp_path, desk):
    old = desk.hour(60)
    desk.epoch = second_start_ms = desk.now_ms + 500
    desk.seqs.clear()
    new = desk.hour(30)
    store(tmp_path, old + new)
    write_addresses(tmp_path, Addresses(desk=DeskProcess(pid=1, started_ms=second_start_ms, bots=("bot1",))))
    text = render(tmp_path, tmp_path).read_text()
    assert f"0 min 29 s, {len(new)} events" in text
    assert f"in the store: {len(old) + len(new):,} events" in text


def test_words_from_outside_are_escaped(tmp_path, desk):
    evil = "</script><img src=x onerror=alert(1)>"
    refused = desk.order("bot1", "REFUSED", reason=evil, detail=evil)
    store(tmp_path, [desk.status("bot1", guard=evil), refused])
    text = render(tmp_path, tmp_path).read_text()
    assert evil not in text
    assert "&lt;/script&gt;&lt;img" in text


def test_a_day_of_one_second_points_stays_a_small_file(tmp_path):
    desk = TalkingDesk(START_MS)
    store(tmp_path, [_status_at(desk, second) for second in range(0, 43_200, 3)])
    assert render(tmp_path, tmp_path).stat().st_size < 1_000_000


def _status_at(desk, second):
    desk.now_ms = START_MS + second * 1_000
    return desk.status("bot1")


def test_without_events_it_says_what_to_do(tmp_path):
    with pytest.raises(NotFound, match="NO_EVENTS"):
        render(tmp_path, tmp_path)
