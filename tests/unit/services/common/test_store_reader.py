from decimal import Decimal
from pathlib import Path

import pytest

from services.common.clock import ManualClock
from services.common.envelope import Source
from services.common.event_files import Position, day_path, events_dir
from services.common.ids import SeededIds
from services.common.store_reader import analytics, follow, read_events
from services.contracts import events as e
from services.contracts.codec import encode

DAY_MS = 86_400_000
NOON_MS = 1_767_268_800_000  # 2026-01-01T12:00:00Z


class Files:
    """Two days of events, written as the store writes them."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self.clock = ManualClock(NOON_MS)
        self.source = Source("gateway", clock=self.clock, ids=SeededIds(self.clock, 1))
        events_dir(run_dir).mkdir()
        self.first = [self.fill("bot1", "60000.1"), self.latch(), self.fill("bot2", "60000.2")]
        self.append("20260101", self.first)
        self.clock.step_wall(DAY_MS)
        self.second = [self.fill("bot1", "60000.3")]
        self.append("20260102", self.second)

    def fill(self, bot_id: str, price: str) -> e.FillV1:
        return self.source.make(
            e.FillV1, bot_id=bot_id, symbol="BTC-USDT", trade_id="1", client_order_id="c", gateway_order_id="g",
            venue_order_id="v", side="buy", price=Decimal(price), base_qty=Decimal("0.001"), fee_quote=Decimal("0.01"),
            liquidity="maker", realized_pnl_quote=Decimal(0), ts_exch_ms=NOON_MS,
        )  # fmt: skip

    def latch(self) -> e.LatchV1:
        return self.source.make(e.LatchV1, bot_id="desk", scope="desk", state="ACTIVE", reason="MANUAL", actor="t")

    def append(self, day: str, events: list[e.AnyEvent]) -> None:
        with day_path(events_dir(self.run_dir), day).open("ab") as file:
            file.writelines(encode(event) + b"\n" for event in events)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_everything_in_the_order_of_storing(files: Files) -> None:
    assert list(read_events(files.run_dir)) == [*files.first, *files.second]


def test_by_kind_day_bot_and_time(files: Files) -> None:
    assert list(read_events(files.run_dir, kinds=[e.LatchV1])) == files.first[1:2]
    assert list(read_events(files.run_dir, day="20260102")) == files.second
    assert list(read_events(files.run_dir, bot_id="bot2")) == files.first[2:]
    assert list(read_events(files.run_dir, from_ms=NOON_MS + 1)) == files.second
    assert list(read_events(files.run_dir, until_ms=NOON_MS + 1)) == files.first
    assert list(read_events(files.run_dir, day="20300101")) == []


def test_a_kind_named_inside_another_event_is_not_taken_for_one(files: Files) -> None:
    letter = files.source.make(
        e.DeadLetterV1,
        bot_id="desk",
        stream="s",
        entry_id="1",
        reader="r",
        error="x",
        raw=encode(files.first[1]).decode(),
    )
    files.append("20260102", [letter])
    assert list(read_events(files.run_dir, kinds=[e.LatchV1])) == files.first[1:2]


def test_what_cannot_be_read_or_is_still_being_written_is_left_out(files: Files) -> None:
    with day_path(events_dir(files.run_dir), "20260102").open("ab") as file:
        file.write(b"not json\n" + encode(files.first[0])[:40])
    assert list(read_events(files.run_dir, day="20260102")) == files.second


def test_following_goes_on_where_it_stopped_over_days(files: Files) -> None:
    seen = list(follow(files.run_dir, Position()))
    assert [event for event, _ in seen] == [*files.first, *files.second]
    assert [event for event, _ in follow(files.run_dir, seen[1][1])] == [files.first[2], *files.second]
    later = files.latch()
    files.append("20260102", [later])
    assert [event for event, _ in follow(files.run_dir, seen[-1][1])] == [later]


def test_sql_sees_typed_columns_and_exact_decimals(files: Files) -> None:
    connection = analytics(files.run_dir)
    assert connection.execute("SELECT kind, count(*) FROM events GROUP BY 1 ORDER BY 1").fetchall() == [
        ("fill.v1", 3),
        ("latch.v1", 1),
    ]
    total, first = connection.execute("SELECT sum(price * base_qty), min(ts_ms) FROM fill_v1").fetchone()
    assert (total, first) == (Decimal("180.0006"), NOON_MS)
    assert connection.execute("SELECT count(*) FROM order_v1").fetchone() == (0,)
    connection.close()


def test_sql_over_an_empty_store_has_every_view(tmp_path: Path) -> None:
    connection = analytics(tmp_path)
    assert connection.execute("SELECT count(price) FROM fill_v1").fetchone() == (0,)
    connection.close()
