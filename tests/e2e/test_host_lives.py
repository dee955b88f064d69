"""The real Hummingbot over several lives: kill -9, SIGTERM, a kill intent that holds. One stack, tests in order."""

import signal
import sqlite3
import time
from pathlib import Path

import pytest

from controllers.epp.processed import FILL_COLUMNS, MINUTE_COLUMNS
from services.bot.csv_files import append_rows, read_rows
from services.contracts import streams
from services.contracts.events import BotFillV1, BotMinuteV1, BotStatusV1, FillV1
from tests.e2e.conftest import eventually
from tests.e2e.test_host_quotes import intent, status

pytestmark = pytest.mark.e2e

FIRST_ORDER_S = 20  # on a machine that is not crowded


def ids_at_venue(stack) -> set[str]:
    return {order["client_order_id"] for order in stack.venue_orders()}


def test_after_kill_9_the_old_orders_are_gone_within_5_s_and_new_ones_rest_within_25_s(host_stack):
    old_ids = eventually(lambda: ids_at_venue(host_stack), 20, "orders rest")
    died = time.monotonic()
    host_stack.end_bot(signal.SIGKILL)
    host_stack.start_bot()
    eventually(lambda: not ids_at_venue(host_stack) & old_ids, 5, "the old orders are gone")
    new_ids = eventually(lambda: ids_at_venue(host_stack) - old_ids, 60, "new orders rest")
    took_s = time.monotonic() - died
    assert took_s < 25 * host_stack.slowness(), f"new quotes after {took_s:.1f} s"
    assert not {order_id.split("-")[2].split(".")[0] for order_id in new_ids} & {
        order_id.split("-")[2].split(".")[0] for order_id in old_ids
    }, "ids of two lives share an epoch"


def test_sigterm_leaves_no_order_and_exits_with_0(host_stack):
    eventually(lambda: ids_at_venue(host_stack), 30, "orders rest")
    started = time.monotonic()
    assert host_stack.end_bot(signal.SIGTERM) == 0, host_stack.log_tail()
    assert time.monotonic() - started < 10
    assert ids_at_venue(host_stack) == set()


def test_the_files_hold_the_rows_that_went_over_the_bus(host_stack):
    for name, kind in (("minute", BotMinuteV1), ("fills", BotFillV1)):
        in_file = read_rows(host_stack.home / f"{name}.csv")
        on_bus = [event.row for event in host_stack.events(streams.TELEMETRY, kind)]
        # the life that was killed may have told the bus of rows it had not written yet
        assert [row for row in in_file if row not in on_bus] == [], name
        missing = [row for row in on_bus if row not in in_file]
        assert len(missing) <= 10, f"{name}: {len(missing)} rows of the killed life are not in the file"


def test_no_fill_is_lost_over_the_lives(host_stack):
    by_gateway = {fill.trade_id for fill in host_stack.events(streams.FILL, FillV1)}
    by_bot = {event.row["trade_id"] for event in host_stack.events(streams.TELEMETRY, BotFillV1)}
    assert by_bot == by_gateway


def test_the_first_order_comes_soon_also_after_seven_days_of_stored_history(host_stack):
    host_stack.end_bot(signal.SIGTERM)
    store_seven_days(host_stack.home)
    before = status(host_stack).source_epoch
    host_stack.start_bot()

    def first_order_s():
        newest = status(host_stack)
        return newest.first_order_s if newest.source_epoch != before else None

    took_s = eventually(first_order_s, 120, "the first order of the new life")
    print(f"first order {took_s:.1f} s after the process was started, slowness {host_stack.slowness():.2f}")
    assert took_s < FIRST_ORDER_S * host_stack.slowness()


def store_seven_days(home: Path) -> None:
    """A week of minutes, fifty thousand fills, and the database a Hummingbot would have filled meanwhile."""
    append_rows(home / "minute.csv", MINUTE_COLUMNS, [dict.fromkeys(MINUTE_COLUMNS, "1.2345")] * 10_080, aside="x")
    append_rows(home / "fills.csv", FILL_COLUMNS, [dict.fromkeys(FILL_COLUMNS, "1.2345")] * 50_000, aside="x")
    with sqlite3.connect(home / "data" / "bot0.sqlite") as database:
        columns = [row[1] for row in database.execute('PRAGMA table_info("OrderStatus")')]
        marks = ", ".join("?" for _ in columns)
        rows = ([i, *["x" * 40] * (len(columns) - 1)] for i in range(1_000_000, 1_200_000))
        database.executemany(f'INSERT INTO "OrderStatus" VALUES ({marks})', rows)
    assert (home / "data" / "bot0.sqlite").stat().st_size > 20_000_000


def test_a_kill_intent_stops_the_bot_for_good_also_over_a_restart(host_stack):
    eventually(lambda: ids_at_venue(host_stack), 60, "orders rest")
    intent(host_stack, "kill_switch")
    eventually(lambda: status(host_stack).guard == "HARD_STOP", 10, "the guard stops hard")
    eventually(lambda: not ids_at_venue(host_stack), 10, "no order rests")
    saved = host_stack.home / "daily_state.json"  # written off the tick, so a moment later
    eventually(lambda: "INTENT_KILL" in saved.read_text(), 20, "the stop is on disk")
    host_stack.end_bot(signal.SIGKILL)
    host_stack.start_bot()

    def decided_in_new_life():
        newest = host_stack.events(streams.TELEMETRY, BotStatusV1)[-1]
        return newest.source_epoch != before and newest.mid_price is not None and newest

    before = status(host_stack).source_epoch
    assert eventually(decided_in_new_life, 60, "the new life decides").guard == "HARD_STOP"
    assert ids_at_venue(host_stack) == set()
    assert host_stack.end_bot(signal.SIGTERM) == 0
