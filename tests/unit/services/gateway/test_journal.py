import os
import signal
import sqlite3
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from services.common import venue
from services.gateway.accounts import VirtualAccount
from services.gateway.journal import Batch, Journal, JournalBroken
from services.gateway.journal_reading import bots_with_open_orders
from services.gateway.records import AccountRecord, BillRecord, FillRecord
from tests.fakes.gateway_desk import Desk

REPO = Path(__file__).resolve().parents[4]


def records(n: int = 1):
    """Order records as the state machine makes them."""
    desk = Desk().start()
    for index in range(n):
        desk.placed(level=f"b{index}")
    return [record for key, record in desk.durable.items() if key[0] == "order"]


class Writer:
    def __init__(self, path: Path) -> None:
        self.journal = Journal(path)
        self.recovered = self.journal.open(0)
        self.done: list[tuple[object, int]] = []
        self.failed: list[str] = []
        self.event = threading.Event()
        self.journal.start(self._on_committed, self._on_failed)

    def _on_committed(self, done) -> None:
        self.done.extend(done)
        self.event.set()

    def _on_failed(self, detail: str) -> None:
        self.failed.append(detail)
        self.event.set()

    def write(self, records=(), events=(), tag: object = None) -> None:
        self.journal.write(Batch(list(records), list(events), tag))


def test_what_was_written_is_read_by_the_next_life(tmp_path):
    rows = records(3)
    writer = Writer(tmp_path / "j.sqlite")
    for row in rows:
        writer.write([row])
    writer.journal.close()
    recovered = Journal(tmp_path / "j.sqlite").open(rows[0].updated_ts_ms)
    assert [r for r in recovered.records if r in rows] == rows


def test_whose_orders_are_open_is_asked_before_the_life_begins(tmp_path):
    path = tmp_path / "j.sqlite"
    assert bots_with_open_orders(path) == ()
    assert not path.exists(), "asking makes no journal"
    (row,) = records()
    others = [
        msgspec.structs.replace(row, gateway_order_id=f"{number}", account_id=bot, bot_id=bot, state=state)
        for number, (bot, state) in enumerate((("bot2", "UNKNOWN"), ("bot3", "FILLED"), ("bot4", "SUBMITTING")), 1)
    ]
    writer = Writer(path)
    writer.write([row, *others])
    writer.journal.close()
    assert bots_with_open_orders(path) == ("bot1", "bot2", "bot4")


def test_a_journal_that_cannot_be_read_names_nobody_and_is_refused_where_it_is_opened(tmp_path):
    path = tmp_path / "j.sqlite"
    path.write_bytes(b"not a database" * 100)
    assert bots_with_open_orders(path) == ()
    with pytest.raises(JournalBroken):
        Journal(path).open(0)


def test_a_later_row_replaces_the_earlier_and_the_steps_are_all_kept(tmp_path):
    (row,) = records()
    later = msgspec.structs.replace(row, state="FILLED")
    writer = Writer(tmp_path / "j.sqlite")
    writer.write([row])
    writer.write([later])
    writer.journal.close()
    journal = Journal(tmp_path / "j.sqlite")
    assert journal.open(0).records == [later]
    steps = journal._connection.execute("SELECT state FROM order_steps ORDER BY id").fetchall()
    assert [state for (state,) in steps] == ["ACCEPTED", "FILLED"]


def test_everything_handed_in_during_a_commit_goes_into_the_next_one(tmp_path):
    writer = Writer(tmp_path / "j.sqlite")
    for row in records(3) * 50:
        writer.write([row], tag=row.gateway_order_id)
    writer.journal.close()
    assert len(writer.done) == 150
    assert writer.journal.batches == 150
    assert writer.journal.commits < 150


def unpublished(recovered) -> list[bytes]:
    return [event for _, events in recovered.unpublished for event in events]


def test_events_not_known_to_be_published_come_back_in_order(tmp_path):
    writer = Writer(tmp_path / "j.sqlite")
    writer.write(events=[b"one", b"two"], tag="a")
    writer.write(events=[b"three"], tag="b")
    writer.journal.close()
    second = Writer(tmp_path / "j.sqlite")
    assert unpublished(second.recovered) == [b"one", b"two", b"three"]
    second.journal.note_published(writer.done[-1][1])
    second.write(events=[b"four"])
    second.journal.close()
    assert unpublished(Journal(tmp_path / "j.sqlite").open(0)) == [b"four"]


def test_it_is_durable_by_the_settings_it_says(tmp_path):
    journal = Journal(tmp_path / "j.sqlite")
    journal.open(0)
    assert journal._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert journal._connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_a_file_that_is_no_journal_is_refused(tmp_path):
    (tmp_path / "j.sqlite").write_bytes(b"not a database, and longer than a header would be" * 20)
    with pytest.raises(JournalBroken, match="JOURNAL_UNREADABLE"):
        Journal(tmp_path / "j.sqlite").open(0)


def test_a_journal_of_a_newer_release_is_refused(tmp_path):
    journal = Journal(tmp_path / "j.sqlite")
    journal.open(0)
    journal._connection.execute("UPDATE meta SET value='99' WHERE name='schema'")
    journal.close()
    with pytest.raises(JournalBroken, match="JOURNAL_NEWER"):
        Journal(tmp_path / "j.sqlite").open(0)


def test_a_write_that_fails_is_told_once_and_nothing_after_it_is_confirmed(tmp_path):
    writer = Writer(tmp_path / "j.sqlite")
    writer.journal._connection.execute("DROP TABLE orders")
    writer.write(records(), tag="lost")
    assert writer.event.wait(5)
    writer.write(tag="later")
    assert "no such table" in writer.failed[0]
    assert writer.done == []


def test_what_was_confirmed_is_there_after_kill_9(tmp_path):
    """A child confirms ids on its standard output as its commits return, and is killed in the middle."""
    code = (
        "import sys; sys.path.insert(0, '.');"
        "from tests.unit.services.gateway.test_journal import confirm_forever; confirm_forever(sys.argv[1])"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "j.sqlite")], cwd=REPO, stdout=subprocess.PIPE, text=True
    )
    confirmed = [int(child.stdout.readline()) for _ in range(200)]
    os.kill(child.pid, signal.SIGKILL)
    confirmed += [int(line) for line in child.stdout.read().split("\n")[:-1]]
    child.wait(timeout=10)
    survived = set(unpublished(Journal(tmp_path / "j.sqlite").open(0)))
    assert {str(number).encode() for number in confirmed} <= survived


def confirm_forever(path: str) -> None:
    def on_committed(done) -> None:
        for tag, _ in done:
            os.write(1, f"{tag}\n".encode())

    journal = Journal(Path(path))
    journal.open(0)
    journal.start(on_committed, print)
    number = 0
    while True:
        number += 1
        journal.write(Batch([], [str(number).encode()], number))
        if number % 50 == 0:
            threading.Event().wait(0.005)


def account(bot_id: str) -> AccountRecord:
    return VirtualAccount(bot_id=bot_id, capital_quote=Decimal(1)).record()


def trade(bot_id: str, number: int) -> FillRecord:
    fill = venue.Fill(
        trade_id=f"{bot_id}-{number}",
        symbol="BTC-USDT",
        client_order_id="hb1-b0-a.1",
        venue_order_id="v1",
        side="buy",
        price=Decimal(60_000),
        qty_base=Decimal("0.001"),
        fee_quote=Decimal(0),
        fee_asset="USDT",
        liquidity="maker",
        realized_pnl_quote=Decimal(0),
        ts_exch_ms=number,
    )
    return FillRecord(
        account_id=bot_id, gateway_order_id="7", fill=fill, source="stream", is_suspense=False, ts_ms=number
    )


def bill(bot_id: str, number: int) -> BillRecord:
    of_venue = venue.Bill(
        bill_id=f"{bot_id}-{number}",
        symbol="BTC-USDT",
        kind="funding",
        amount_quote=Decimal(1),
        balance_quote=Decimal(1),
        ts_ms=number,
    )
    return BillRecord(account_id=bot_id, bill=of_venue)


@pytest.mark.parametrize("made", [trade, bill])
def test_what_a_quiet_bot_did_is_remembered_however_much_the_others_did_since(tmp_path, made):
    """The next life reads a bot again from its last trade and bill on: unknown by then, they would be booked twice."""
    writer = Writer(tmp_path / "j.sqlite")
    quiet = made("bot2", 1)
    writer.write([account("bot1"), account("bot2"), quiet, *(made("bot1", number) for number in range(2, 2_200))])
    writer.journal.close()
    a_week_later = Journal(tmp_path / "j.sqlite").open(7 * 86_400_000)
    assert quiet in a_week_later.records


def test_an_order_under_an_id_that_was_used_before_leaves_the_row_of_the_first(tmp_path):
    """A person's script says "test1" every day; the records of orders are kept five years."""
    (first,) = records()
    again = msgspec.structs.replace(first, gateway_order_id=str(int(first.gateway_order_id) + 1))
    writer = Writer(tmp_path / "j.sqlite")
    writer.write([first])
    writer.write([again])
    writer.journal.close()
    assert orders_in(tmp_path / "j.sqlite") == [first.gateway_order_id, again.gateway_order_id]


def test_a_journal_that_knew_an_order_by_its_client_order_id_is_taken_over_whole(tmp_path):
    path = tmp_path / "j.sqlite"
    rows = records(3)
    writer = Writer(path)
    writer.write(rows)
    writer.journal.close()
    with sqlite3.connect(path) as old:
        (table,) = old.execute("SELECT sql FROM sqlite_master WHERE name = 'orders'").fetchone()
        unique = table.replace(
            "body BLOB NOT NULL)", "body BLOB NOT NULL, UNIQUE (account_id, client_order_id, attempt))"
        )
        old.execute(unique.replace("TABLE orders", "TABLE orders_then"))
        old.execute("INSERT INTO orders_then SELECT * FROM orders")
        old.execute("DROP TABLE orders")
        old.execute("ALTER TABLE orders_then RENAME TO orders")
        old.execute("CREATE INDEX orders_by_time ON orders (updated_ts_ms)")
        old.execute("CREATE INDEX orders_open ON orders (state)")
    again = Writer(path)
    assert [r for r in again.recovered.records if r in rows] == rows
    again.write([msgspec.structs.replace(rows[0], gateway_order_id="7000000000000000999")])
    again.journal.close()
    assert len(orders_in(path)) == 4


def orders_in(path: Path) -> list[str]:
    with sqlite3.connect(path) as journal:
        return [row[0] for row in journal.execute("SELECT gateway_order_id FROM orders ORDER BY gateway_order_id")]
