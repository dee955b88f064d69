"""A log that repeats itself is told once, with the count."""

import asyncio
import logging

from services.bot.log_repeats import RepeatFilter
from services.common.clock import ManualClock


def record(text, name="hummingbot.connector.x"):
    return logging.LogRecord(name, logging.WARNING, "f.py", 1, text, None, None)


def test_repeats_of_hummingbot_are_held_back_and_counted():
    clock = ManualClock()
    repeats = RepeatFilter(clock)
    assert [repeats.filter(record("Could not refresh server time.")) for _ in range(4)] == [True, False, False, False]
    assert repeats.filter(record("Something else"))
    asyncio.run(clock.advance(10_000))
    again = record("Could not refresh server time.")
    assert repeats.filter(again)
    assert again.msg == "Could not refresh server time. (3 like it in the last 10 s)"


def test_the_desks_own_lines_are_never_held_back():
    repeats = RepeatFilter(ManualClock())
    assert all(repeats.filter(record("STALE_MARKET: refused", name="services.bot.execution")) for _ in range(3))
